/**
 * Whether /metrics leaves out clients without having been told to: `metrics.per_client: auto` with many of them.
 */

import { perClientOf } from '../schema/metrics-settings.ts'
import type { Findings } from './findings.ts'
import { entriesOf, type PartialConfig } from './partial-config.ts'

/** Its series in one instance, as text. */
const OCTETS_OF_A_CLIENT = 2_700

/** Nothing disappears unsaid: where `auto` shows fewer clients than there are, it is told. */
export function checkMetrics({ root, outline }: PartialConfig, findings: Findings): void {
  if (outline === undefined || outline.metrics.per_client !== 'auto') return
  const count = entriesOf(root, ['clients']).length
  if (perClientOf('auto', count) === 'all') return
  findings.warn(
    ['metrics'],
    `with ${count} clients /metrics shows those with traffic in the last hour, since all of them are some ${Math.round((count * OCTETS_OF_A_CLIENT) / 1e6)} MB a scrape; write per_client: active to agree, or all`,
  )
}
