/**
 * Settings that an older file may have and that do nothing any more: the file still loads, and a warning says why.
 */

import { valueAt } from '../source/source.ts'
import type { Findings } from './findings.ts'
import type { PartialConfig } from './partial-config.ts'

export function checkLeftOvers({ root }: PartialConfig, findings: Findings): void {
  const path = ['health', 'ready_at_least']
  if (valueAt(root, path) === undefined) return
  findings.warn(
    path,
    'has no effect any more: /readyz never answers 503 for the health, which strangers can lower with a few packets; take it out, and watch radsluice_health or the alarms instead',
  )
}
