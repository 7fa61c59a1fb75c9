/**
 * The daemon's watch over itself: at the end of each poll interval it judges alarms and health, says on the log what
 * changed, and tells the webhook.
 *
 * It reads the view that everybody else reads, on the main thread. Alarms and health are judged in pure files. A thread
 * tells once only how late its event loop was, to whoever asks for a view; so every view passes here, and the worst of an
 * interval is kept.
 */

import type { Boundary } from '../boundary/boundary.io.ts'
import type { Log } from '../log/log.io.ts'
import type { Reading, Threshold } from '../view/alarm.ts'
import { ALARM_IDS, type Alarm, type AlarmId, type HealthScore, subjectText } from '../view/alarm.ts'
import { Interval } from '../view/interval.ts'
import type { DaemonView, WatchView } from '../view/view.ts'
import { type AlarmDefinition, severityOf } from './alarm-definition.ts'
import { ALARMS } from './alarm-definitions.ts'
import { alarmText } from './alarm-text.ts'
import { Alarms, type Judged, type Judgement } from './alarms.ts'
import { BEST_SCORE, type HealthFactor, healthScoreOf, type Penalty } from './health-score.ts'
import { Webhook, type WebhookOptions } from './webhook.io.ts'

const MICROS_PER_MILLI = 1_000
const MICROS_PER_SECOND = 1_000_000
const DAEMON = 'the daemon'

export interface WatchOptions {
  /** Microseconds. */
  readonly pollInterval: number
  readonly alarms: Readonly<Record<AlarmId, Threshold | undefined>>
  readonly penalties: Readonly<Record<HealthFactor, Penalty | undefined>>
  readonly degradedBelow: number
  readonly webhook: WebhookOptions | undefined
}

export class Watch {
  readonly #alarms = new Alarms<AlarmId>()
  readonly #view: () => Promise<DaemonView>
  readonly #log: Pick<Log, 'write'>
  readonly #admin: () => string
  readonly #boundary: Boundary
  #options: WatchOptions
  #webhook: Webhook | undefined
  #health: HealthScore = { score: BEST_SCORE, reasons: [] }
  #lanes: WatchView['lanes'] = []
  #before: DaemonView | undefined
  #hasJudged = false
  /** Of each instance, seconds, since the last poll. */
  #worstDelay = new Map<number, number>()
  #timer: NodeJS.Timeout | undefined
  /** Milliseconds of the process. */
  #polledAt = 0
  #isStopped = false

  /** `admin` is the address that the webhook's alerts point to. */
  constructor(
    options: WatchOptions,
    o: {
      readonly view: () => Promise<DaemonView>
      readonly log: Pick<Log, 'write'>
      readonly admin: () => string
      readonly boundary: Boundary
    },
  ) {
    this.#options = options
    this.#view = o.view
    this.#log = o.log
    this.#admin = o.admin
    this.#boundary = o.boundary
    this.#useWebhook(options.webhook)
  }

  /** The same view with the alarms as they are now, and those that the next poll will raise. Every view passes here. */
  upToDate(view: DaemonView): DaemonView {
    for (const { number, loopDelay } of view.instances) {
      this.#worstDelay.set(number, Math.max(this.#worstDelay.get(number) ?? 0, loopDelay.p99))
    }
    const interval = this.#unfinished(view)
    if (interval === undefined) return view
    const [rules, unixSeconds] = [this.#rules(interval), Date.now() / 1_000]
    const alarms = this.#alarms.seenAt(rules, unixSeconds)
    const foreseen = this.#alarms.foresee(rules, unixSeconds)
    const health = this.#hasJudged ? view.watch.health : healthScoreOf(interval, this.#options.penalties)
    return { ...view, watch: { ...view.watch, alarms, foreseen, health } }
  }

  /** As found at the last poll. */
  get latest(): WatchView {
    return {
      alarms: this.#alarms.current(),
      foreseen: [],
      health: this.#health,
      degradedBelow: this.#options.degradedBelow,
      thresholds: ALARM_IDS.flatMap((id) => {
        const threshold = this.#options.alarms[id]
        return threshold === undefined ? [] : [{ id, high: threshold.high, low: threshold.low }]
      }),
      lanes: this.#lanes,
      webhook: this.#webhook?.view,
    }
  }

  /** The interval so far, as if nothing more came until its end. */
  #unfinished(now: DaemonView): Interval | undefined {
    const before = this.#before
    if (before === undefined) return undefined
    return new Interval(before, now, this.#worstDelay, this.#options.pollInterval / MICROS_PER_SECOND)
  }

  start(): void {
    this.#boundary.start('poll', () => this.#poll())
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** Other thresholds from the next poll on; that is one of the new intervals after the last poll, however often one changes. */
  change(options: WatchOptions): void {
    this.#options = options
    this.#useWebhook(options.webhook)
    if (this.#timer !== undefined) this.#wait()
  }

  async #poll(): Promise<void> {
    this.#timer = undefined
    try {
      const view = await this.#view()
      if (!this.#isStopped) this.#saw(view)
    } finally {
      // Whatever failed: the next poll comes.
      this.#polledAt = performance.now()
      if (!this.#isStopped) this.#wait()
    }
  }

  #saw(view: DaemonView): void {
    const [before, loopDelay] = [this.#before, this.#worstDelay]
    this.#before = view
    this.#worstDelay = new Map()
    if (before !== undefined) this.#judge(new Interval(before, view, loopDelay), Date.now() / 1_000)
  }

  #wait(): void {
    clearTimeout(this.#timer)
    const dueAt = this.#polledAt + this.#options.pollInterval / MICROS_PER_MILLI
    this.#timer = this.#boundary.after('poll', Math.max(0, dueAt - performance.now()), () => this.#poll())
  }

  #rules(interval: Interval): Judged<AlarmId>[] {
    return ALARM_IDS.map((id) => {
      const { grade, read, isNow = false }: AlarmDefinition = ALARMS[id]
      const readings = this.#boundary.value<readonly Reading[] | 'unknown'>('alarms', () => read(interval), 'unknown')
      return { id, severity: severityOf({ grade }), threshold: this.#options.alarms[id], readings, isNow }
    })
  }

  #judge(interval: Interval, unixSeconds: number): void {
    this.#hasJudged = true
    const judgement = this.#alarms.judge(this.#rules(interval), unixSeconds)
    this.#sayAlarms(judgement, unixSeconds)
    this.#boundary.run('webhook', () => this.#webhook?.tell(this.#alarms.current(), judgement, unixSeconds))
    this.#boundary.run('poll', () => this.#setHealth(healthScoreOf(interval, this.#options.penalties)))
    this.#boundary.run('poll', () => {
      this.#lanes = interval
        .lanes()
        .map(({ lane, utilisation, load }) => ({ server: lane.server, class: lane.class, utilisation, load }))
    })
  }

  #sayAlarms({ raised, cleared }: Judgement<AlarmId>, unixSeconds: number): void {
    for (const alarm of raised) {
      const what = alarmText(alarm.id, alarm.value, alarm.detail)
      this.#log.write('alarm-raised', { ...fieldsOf(alarm), what, advice: alarm.advice ?? ALARMS[alarm.id].advice })
    }
    for (const alarm of cleared) {
      const raisedSeconds = Math.round(unixSeconds - alarm.sinceUnixSeconds)
      this.#log.write('alarm-cleared', { ...fieldsOf(alarm), raisedSeconds })
    }
  }

  #setHealth(health: HealthScore): void {
    const from = this.#health.score
    this.#health = health
    if (health.score === from) return
    const reasons = health.reasons.map(({ says }) => says).join('; ')
    this.#log.write('health-changed', { score: health.score, from, reasons: reasons === '' ? 'all is well' : reasons })
  }

  #useWebhook(options: WebhookOptions | undefined): void {
    if (options === undefined) this.#webhook = undefined
    else if (this.#webhook !== undefined) this.#webhook.change(options)
    else {
      const failed = (why: string, waiting: number): void =>
        this.#log.write('webhook-failed', { url: this.#options.webhook?.url ?? '', why, waiting })
      this.#webhook = new Webhook(options, { admin: this.#admin, failed, boundary: this.#boundary })
    }
  }
}

const fieldsOf = ({ id, severity, subject, value }: Alarm<AlarmId>) => ({
  alarm: id,
  severity,
  subject: subjectText(subject) || DAEMON,
  value,
})
