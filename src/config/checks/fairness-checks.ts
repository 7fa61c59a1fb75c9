/**
 * What of the clients' turns, rates and ages cannot be, or has no effect.
 *
 * A value that is the default says nothing new, so nothing is said about it. A value that the schema refuses has its error.
 */
import { TRAFFIC_CLASSES } from '../../classes.ts'
import { durationText } from '../../units.ts'
import { fairnessOf, inheritLane } from '../schema/config.ts'
import { client } from '../schema/peer-settings.ts'
import { settings } from '../schema/schema.ts'
import { type SettingPath, valueAt } from '../source/source.ts'
import { entriesOf, type Outline, type PartialConfig } from './partial-config.ts'
import type { Findings } from './result.ts'

const OF_TURNS = ['weight', 'max_rate', 'fairness_key', 'flow_key'] as const
type OfTurns = (typeof OF_TURNS)[number]

export function checkFairness({ root, outline, servers }: PartialConfig, findings: Findings): void {
  if (outline === undefined) return
  const { service_order: order, fairness } = outline.throttle
  if (fairness === 'client' && order === 'fifo') {
    const message =
      'with service_order: fifo the oldest goes first, whoever sent it; remove this, or write service_order: authentication_first'
    findings.error(['throttle', 'fairness'], message)
  }
  const isFair = fairnessOf(outline.throttle) === 'client'
  const most = isFair ? mostOfServers(root, outline, servers) : undefined
  const remedy = order === 'fifo' ? 'write service_order: authentication_first' : 'write fairness: client'
  for (const i of entriesOf(root, ['clients']).keys()) {
    const at = ['clients', i]
    for (const key of OF_TURNS) {
      if (isFair || !asksFor(key, valueAt(root, [...at, key]))) continue
      findings.warn([...at, key], `has no effect while clients have no turns; ${remedy}, or remove it`)
    }
    if (most !== undefined) checkRate(valueAt(root, [...at, 'max_rate']), most, [...at, 'max_rate'], findings)
  }
  checkAges(root, outline, findings)
}

/** Whether this is a possible value, and not the default. */
function asksFor(key: OfTurns, written: unknown): boolean {
  const { success, data } = client.shape[key].safeParse(written)
  return success && data !== client.shape[key].parse(undefined)
}

function checkAges(root: unknown, outline: Outline, findings: Findings): void {
  const { max_age: age, max_age_limit: limit, max_age_most: most } = outline.queues.authentication
  for (const key of ['max_age_limit', 'max_age_most']) {
    const path = ['queues', 'authentication', key]
    if (age === 'auto' || valueAt(root, path) === undefined) continue
    const message = `has no effect, since max_age is ${durationText(age)} and not auto; write max_age: auto, or remove this`
    findings.warn(path, message)
  }
  if (age === 'auto' && limit > most) {
    const message = `is less than max_age_limit (${durationText(limit)}), which then has no effect; write ${durationText(limit)} or more`
    findings.warn(['queues', 'authentication', 'max_age_most'], message)
  }
}

/**
 * How much the servers take a second, of the class in which they take most. Undefined where an error says that a class has no
 * server, or that an entry of one is wrong: then nobody knows what they will take.
 */
function mostOfServers(root: unknown, outline: Outline, servers: PartialConfig['servers']): number | undefined {
  const entries = entriesOf(root, ['farm', 'servers'])
  if (entries.some((entry) => !settings.shape.farm.shape.servers.element.safeParse(entry).success)) return undefined
  const rates = TRAFFIC_CLASSES.filter((each) => outline.listen[each].length > 0).map((each) => {
    const lanes = servers.flatMap((server) =>
      server === undefined ? [] : (inheritLane(server[each], outline.farm[each]) ?? []),
    )
    if (lanes.length === 0) return undefined
    if (lanes.some(({ max_rate: unlimited }) => unlimited === 0)) return Number.POSITIVE_INFINITY
    return lanes.reduce((sum, lane) => sum + lane.max_rate, 0)
  })
  const known = rates.filter((rate) => rate !== undefined)
  return known.length === 0 || known.length < rates.length ? undefined : Math.max(...known)
}

/** A client's own rate limits nothing if no class that is listened for has servers that take more. */
function checkRate(rate: unknown, most: number, path: SettingPath, findings: Findings): void {
  if (!asksFor('max_rate', rate) || (rate as number) < most) return
  findings.warn(path, `all servers together take ${most} a second, so ${rate} limits nothing; write less, or remove it`)
}
