/**
 * Whether a server with `max_outstanding` unanswered requests could answer them in time at all.
 *
 * Nobody can know here how fast a server is. But for long it answers no more than it is sent, which is `max_rate`. So if a full
 * window takes longer than `timeout` even at that pace, it certainly does: the server then works for requests that are sent
 * again meanwhile. At a slower pace the alarm `window-too-wide` says so, since it has seen the server.
 */

import { TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { durationText, MICROS_PER_SECOND } from '../../units.ts'
import { inheritLane } from '../schema/config.ts'
import { pathText, type SettingPath, valueAt } from '../source/source.ts'
import type { PartialConfig } from './partial-config.ts'
import type { Findings } from './result.ts'

/** As few are always allowed: `radsluice plan` proposes no fewer. */
const ALWAYS_ALLOWED = 32

export function checkWindows(partial: PartialConfig, findings: Findings): void {
  for (const name of TRAFFIC_CLASSES) checkClass(partial, name, findings)
}

function checkClass({ root, outline, servers }: PartialConfig, name: TrafficClass, findings: Findings): void {
  if (outline === undefined || outline.listen[name].length === 0) return
  const warned = new Set<string>()
  for (const [i, server] of servers.entries()) {
    const lane = server === undefined ? undefined : inheritLane(server[name], outline.farm[name])
    if (lane === undefined || lane.max_rate === 0) continue
    const { max_outstanding: most, max_rate: rate, timeout } = lane
    const inTime = (rate * timeout) / MICROS_PER_SECOND
    if (most <= Math.max(ALWAYS_ALLOWED, inTime)) continue
    const farm: SettingPath = ['farm', name]
    const settings = [['farm', 'servers', i, name] as SettingPath, farm].flatMap((above) =>
      ['max_outstanding', 'max_rate', 'timeout'].map((key): SettingPath => [...above, key]),
    )
    const path = settings.find((one) => valueAt(root, one) !== undefined) ?? farm
    if (warned.has(pathText(path))) continue
    warned.add(pathText(path))
    const needs = `${(most / rate).toFixed(1)} s`
    const fitting = Math.max(ALWAYS_ALLOWED, Math.floor(inTime / 2))
    const message = `${most} unanswered requests take the server ${needs} even at max_rate ${rate}, and timeout is ${durationText(timeout)}: if it falls behind, it works for requests that are sent again meanwhile; write max_outstanding: ${fitting}`
    findings.warn(path, message)
  }
}
