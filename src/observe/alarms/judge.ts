/**
 * Judges the daemon by its views: alarms, health, and how much of max_rate is used.
 *
 * At the end of each poll interval the view of that moment is compared with the one before. A view in between is judged as if
 * nothing more came until the interval's end; this changes nothing. An instance reports the delay of its event loop to one
 * view only, so every view passes here, and the worst delay of an interval is kept.
 */
import { MICROS_PER_SECOND } from '../../units.ts'
import type { Boundary } from '../boundary/boundary.io.ts'
import { ALARM_IDS, type Alarm, type AlarmId, type HealthScore, type Reading, type Threshold } from '../view/alarm.ts'
import { NONE_BUSY } from '../view/client-use.ts'
import { Interval } from '../view/interval.ts'
import type { DaemonView, WatchView } from '../view/view.ts'
import { type AlarmDefinition, severityOf } from './alarm-definition.ts'
import { ALARMS } from './alarm-definitions.ts'
import { type AlarmReadings, Alarms, type Judgement } from './alarms.ts'
import { BEST_SCORE, type HealthFactor, healthScoreOf, type Penalty } from './health-score.ts'

export interface JudgeOptions {
  /** Microseconds. */
  readonly pollInterval: number
  readonly alarms: Readonly<Record<AlarmId, Threshold | undefined>>
  readonly penalties: Readonly<Record<HealthFactor, Penalty | undefined>>
  readonly degradedBelow: number
}

export class Judge {
  readonly #alarms = new Alarms()
  readonly #boundary: Pick<Boundary, 'value'>
  #options: JudgeOptions
  #health: HealthScore = { score: BEST_SCORE, reasons: [] }
  #lanes: WatchView['lanes'] = []
  #busiest = NONE_BUSY
  #before: DaemonView | undefined
  #hasJudged = false
  /** By instance, seconds, since the last poll. */
  #worstDelay = new Map<number, number>()

  /** If something throws within the boundary, its former value stays. */
  constructor(options: JudgeOptions, boundary: Pick<Boundary, 'value'>) {
    this.#options = options
    this.#boundary = boundary
  }

  /** Other thresholds from the next poll on. */
  reconfigure(options: JudgeOptions): void {
    this.#options = options
  }

  get alarms(): Alarm[] {
    return this.#alarms.current()
  }

  get health(): HealthScore {
    return this.#health
  }

  /** As found at the last poll. */
  found(webhook: WatchView['webhook']): WatchView {
    return {
      alarms: this.alarms,
      foreseen: [],
      health: this.#health,
      degradedBelow: this.#options.degradedBelow,
      thresholds: ALARM_IDS.flatMap((id) => {
        const threshold = this.#options.alarms[id]
        return threshold === undefined ? [] : [{ id, high: threshold.high, low: threshold.low }]
      }),
      lanes: this.#lanes,
      busiest: this.#busiest,
      webhook,
    }
  }

  /** The same view with the alarms as they are now, and those that the next poll will raise. */
  upToDate(view: DaemonView, unixSeconds: number): DaemonView {
    for (const { number, loopDelay } of view.instances) {
      this.#worstDelay.set(number, Math.max(this.#worstDelay.get(number) ?? 0, loopDelay.p99))
    }
    if (this.#before === undefined) return view
    const leastSeconds = this.#options.pollInterval / MICROS_PER_SECOND
    const interval = new Interval(this.#before, view, this.#worstDelay, leastSeconds)
    const readings = this.#readings(interval)
    const alarms = this.#alarms.betweenPolls(readings, unixSeconds)
    const foreseen = this.#alarms.foresee(readings, unixSeconds)
    const health = this.#hasJudged ? view.watch.health : healthScoreOf(interval, this.#options.penalties)
    return { ...view, watch: { ...view.watch, alarms, foreseen, health } }
  }

  /** The end of a poll interval; undefined at the first view, with which none ends. */
  judge(view: DaemonView, unixSeconds: number): Judgement | undefined {
    const [before, loopDelay] = [this.#before, this.#worstDelay]
    this.#before = view
    this.#worstDelay = new Map()
    if (before === undefined) return undefined
    const interval = new Interval(before, view, loopDelay)
    this.#hasJudged = true
    const judgement = this.#alarms.judge(this.#readings(interval), unixSeconds)
    this.#health = this.#boundary.value('poll', () => healthScoreOf(interval, this.#options.penalties), this.#health)
    this.#lanes = this.#boundary.value('poll', () => interval.lanes(), this.#lanes)
    this.#busiest = this.#boundary.value('poll', () => interval.busiestClients(), this.#busiest)
    return judgement
  }

  #readings(interval: Interval): AlarmReadings[] {
    return ALARM_IDS.map((id) => {
      const { grade, read, isNow = false }: AlarmDefinition = ALARMS[id]
      const readings = this.#boundary.value<readonly Reading[] | 'unknown'>('alarms', () => read(interval), 'unknown')
      return { id, severity: severityOf({ grade }), threshold: this.#options.alarms[id], readings, isNow }
    })
  }
}
