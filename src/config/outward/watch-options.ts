/**
 * From the settings of `alarms` and `health` to the options of the watch: ids with dashes, seconds and octets as plain numbers,
 * `undefined` for what is switched off.
 */
import type { Penalty } from '../../observe/alarms/health-score.ts'
import type { WatchOptions } from '../../observe/alarms/watch.io.ts'
import type { Threshold } from '../../observe/view/alarm.ts'
import { MICROS_PER_SECOND } from '../../units.ts'
import type { Config } from '../schema/config.ts'
import type { AlarmSettings, HealthSettings } from '../schema/watch-settings.ts'

/** `queue_fill` in the file is `queue-fill` everywhere else. */
type Dashed<Key extends string> = Key extends `${infer Head}_${infer Rest}` ? `${Head}-${Dashed<Rest>}` : Key
type AlarmKey = Exclude<keyof AlarmSettings, 'poll_interval' | 'webhook'>
type FactorKey = Exclude<keyof HealthSettings, 'degraded_below' | 'ready_at_least'>

export function watchOptions({ alarms, health }: Pick<Config, 'alarms' | 'health'>): WatchOptions {
  const { poll_interval, webhook, ...thresholds } = alarms
  const { degraded_below, ready_at_least: _, ...factors } = health
  const inSeconds = { 'event-loop-delay': MICROS_PER_SECOND } as Readonly<Record<string, number>>
  return {
    pollInterval: poll_interval,
    alarms: dashed(thresholds, (id, of) => thresholdOf(of, inSeconds[id] ?? 1)),
    penalties: dashed(factors, (id, of) => penaltyOf(of, inSeconds[id] ?? 1)),
    degradedBelow: degraded_below,
    webhook: webhook === undefined ? undefined : { url: webhook.url, resendInterval: webhook.resend_interval },
  }
}

/** A condition that holds is 1, one that does not is 0. */
function thresholdOf(of: AlarmSettings[AlarmKey], unit: number): Threshold | undefined {
  if (of === false) return undefined
  const { high, low } = 'high' in of ? of : { high: 1, low: 1 }
  return { high: high / unit, low: low / unit, samples: of.samples, ofLast: of.of_last }
}

function penaltyOf(of: HealthSettings[FactorKey], unit: number): Penalty | undefined {
  if (of === false) return undefined
  return { warning: of.warning / unit, error: of.error / unit, cost: of.cost }
}

function dashed<Key extends string, From, To>(
  of: Readonly<Record<Key, From>>,
  convert: (id: string, value: From) => To,
): Record<Dashed<Key>, To> {
  const entries = Object.entries<From>(of).map(([key, value]) => {
    const id = key.replaceAll('_', '-')
    return [id, convert(id, value)] as const
  })
  return Object.fromEntries(entries) as Record<Dashed<Key>, To>
}
