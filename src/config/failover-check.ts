/**
 * Whether a login can leave a silent server for another one before it is too old: `timeout`, `max_retries` and `max_age`
 * are three settings that only together say so.
 */
import { timeoutWithin, timeToLeave } from '../throttle/failover-time.ts'
import { durationText } from '../units.ts'
import type { Draft } from './draft.ts'
import type { Findings } from './findings.ts'
import { inheritLane } from './schema.ts'
import { type Path, pathText, valueAt } from './source.ts'

const MAX_AGE: Path = ['queues', 'authentication', 'max_age']

/** A login must have left a silent server before its age ends, or no other server is ever asked. */
export function checkFailoverTime({ root, outline, servers }: Draft, findings: Findings): void {
  if (outline === undefined || outline.listen.authentication.length === 0) return
  const { max_age: maxAge } = outline.queues.authentication
  const lanes = servers.flatMap((server, i) => {
    const lane = server === undefined ? undefined : inheritLane(server.authentication, outline.farm.authentication)
    return lane === undefined ? [] : [{ lane, at: ['farm', 'servers', i, 'authentication'] as Path }]
  })
  if (lanes.length < 2) return
  const farm: Path = ['farm', 'authentication']
  const told = new Set<string>()
  for (const { lane, at } of lanes) {
    if (timeToLeave(lane.timeout, lane.max_retries) <= maxAge) continue
    const places: Path[] = [at, farm].flatMap((above) => ['max_retries', 'timeout'].map((key) => [...above, key]))
    const path = [...places, MAX_AGE].find((place) => valueAt(root, place) !== undefined) ?? farm
    if (told.has(pathText(path))) continue
    told.add(pathText(path))
    const tries = `${durationText(lane.timeout)} x ${1 + lane.max_retries}`
    findings.warn(
      path,
      `timeout x (max_retries + 1) is ${tries}: with max_age ${durationText(maxAge)} a login expires at a silent server before another one is asked; write max_retries: 1 and a timeout of ${durationText(timeoutWithin(maxAge))} or less, or raise max_age if your clients wait so long`,
    )
  }
}
