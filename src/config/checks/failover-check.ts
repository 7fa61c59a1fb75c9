/**
 * Whether a request can go from a silent server to another one before it is too old or was sent too often. Only `timeout`,
 * `max_retries`, `max_age` and `max_transmissions` together show that.
 */

import { CLASS_TRAITS, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { timeoutWithin, timeToLeave } from '../../throttle/failover-time.ts'
import { type Duration, durationText } from '../../units.ts'
import { ageLimitOf, inheritLane } from '../schema/config.ts'
import { pathText, type SettingPath, valueAt } from '../source/source.ts'
import type { PartialConfig } from './partial-config.ts'
import type { Findings } from './result.ts'

/** A request must leave a silent server before its age ends. Otherwise no other server is ever asked. */
export function checkFailoverTime(partial: PartialConfig, findings: Findings): void {
  for (const name of TRAFFIC_CLASSES) checkClass(partial, name, findings)
}

function checkClass({ root, outline, servers }: PartialConfig, name: TrafficClass, findings: Findings): void {
  if (outline === undefined || outline.listen[name].length === 0) return
  const maxAge = ageLimitOf(outline.queues[name])
  const lanes = servers.flatMap((server, i) => {
    const lane = server === undefined ? undefined : inheritLane(server[name], outline.farm[name])
    return lane === undefined ? [] : [{ lane, at: ['farm', 'servers', i, name] as SettingPath }]
  })
  if (lanes.length < 2) return
  const farm: SettingPath = ['farm', name]
  const [what] = CLASS_TRAITS[name].nouns
  const { max_transmissions: most } = outline.farm[name]
  if (most > 0 && lanes.every(({ lane }) => lane.max_retries + 1 >= most)) {
    const message = `a ${what} is sent ${most} times at most, and each server takes as many tries: another one is never asked; write more than max_retries + 1, or 0 for no cap`
    findings.warn([...farm, 'max_transmissions'], message)
  }
  const warned = new Set<string>()
  for (const { lane, at } of lanes) {
    if (timeToLeave(lane.timeout, lane.max_retries) <= maxAge) continue
    const settings: SettingPath[] = [at, farm].flatMap((above) =>
      ['max_retries', 'timeout'].map((key) => [...above, key]),
    )
    const path = [...settings, ['queues', name, 'max_age']].find((one) => valueAt(root, one) !== undefined) ?? farm
    if (warned.has(pathText(path))) continue
    warned.add(pathText(path))
    const tries = `${durationText(lane.timeout)} x ${1 + lane.max_retries}`
    const message = `timeout x (max_retries + 1) is ${tries}: with max_age ${durationText(maxAge)} a ${what} expires at a silent server before another one is asked; ${remedy(lane, maxAge)}, or raise max_age if your clients wait so long`
    findings.warn(path, message)
  }
}

/** `write max_retries: 1 and a timeout of 2s or less`, or only the one of the two that has to change. */
function remedy(lane: { readonly timeout: Duration; readonly max_retries: number }, maxAge: Duration): string {
  const retries = Math.min(1, lane.max_retries)
  const timeout = timeoutWithin(maxAge, retries)
  const parts = [
    ...(retries < lane.max_retries ? [`max_retries: ${retries}`] : []),
    ...(timeout < lane.timeout ? [`a timeout of ${durationText(timeout)} or less`] : []),
  ]
  return `write ${parts.join(' and ')}`
}
