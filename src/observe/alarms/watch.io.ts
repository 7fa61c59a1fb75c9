/**
 * The daemon's watch over itself: polls its own view, and writes to the log and to the webhook what `Judge` found to have
 * changed.
 */

import type { Boundary } from '../boundary/boundary.io.ts'
import type { Log } from '../log/log.io.ts'
import type { DaemonView, WatchView } from '../view/view.ts'
import { adviceOf, alarmFields, alarmText } from './alarm-text.ts'
import type { Judgement } from './alarms.ts'
import { Judge, type JudgeOptions } from './judge.ts'
import { Webhook, type WebhookOptions } from './webhook.io.ts'

const MICROS_PER_MILLI = 1_000

export interface WatchOptions extends JudgeOptions {
  readonly webhook: WebhookOptions | undefined
}

interface WatchedDaemon {
  view(): Promise<DaemonView>
  readonly log: Pick<Log, 'write'>
  /** The address that the webhook's alerts point to. */
  admin(): string
  readonly boundary: Boundary
}

export class Watch {
  readonly #judge: Judge
  readonly #daemon: WatchedDaemon
  #options: WatchOptions
  #webhook: Webhook | undefined
  #timer: NodeJS.Timeout | undefined
  /** Milliseconds of the process. */
  #polledAt = 0
  #isStopped = false

  constructor(options: WatchOptions, daemon: WatchedDaemon) {
    this.#options = options
    this.#judge = new Judge(options, daemon.boundary)
    this.#daemon = daemon
    this.#useWebhook(options.webhook)
  }

  /** As found at the last poll. */
  get latest(): WatchView {
    return this.#judge.found(this.#webhook?.view)
  }

  /** The same view with the alarms as they are now, and those that the next poll will raise. Every view passes here. */
  upToDate(view: DaemonView): DaemonView {
    return this.#judge.upToDate(view, Date.now() / 1_000)
  }

  start(): void {
    this.#daemon.boundary.start('poll', () => this.#poll())
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** Other thresholds from the next poll on, which comes one new interval after the last one, however often they change. */
  reconfigure(options: WatchOptions): void {
    this.#options = options
    this.#judge.reconfigure(options)
    this.#useWebhook(options.webhook)
    if (this.#timer !== undefined) this.#wait()
  }

  async #poll(): Promise<void> {
    this.#timer = undefined
    try {
      const view = await this.#daemon.view()
      if (!this.#isStopped) this.#judgeView(view, Date.now() / 1_000)
    } finally {
      // Whatever failed: the next poll comes.
      this.#polledAt = performance.now()
      if (!this.#isStopped) this.#wait()
    }
  }

  #wait(): void {
    clearTimeout(this.#timer)
    const dueAt = this.#polledAt + this.#options.pollInterval / MICROS_PER_MILLI
    this.#timer = this.#daemon.boundary.after('poll', Math.max(0, dueAt - performance.now()), () => this.#poll())
  }

  #judgeView(view: DaemonView, unixSeconds: number): void {
    const { score: from } = this.#judge.health
    const judgement = this.#judge.judge(view, unixSeconds)
    if (judgement === undefined) return
    this.#writeAlarms(judgement, unixSeconds)
    this.#daemon.boundary.run('webhook', () => this.#webhook?.notify(this.#judge.alarms, judgement, unixSeconds))
    const { score, reasons } = this.#judge.health
    if (score === from) return
    const words = reasons.map(({ says }) => says).join('; ')
    this.#daemon.log.write('health-changed', { score, from, reasons: words === '' ? 'all is well' : words })
  }

  #writeAlarms({ raised, cleared }: Judgement, unixSeconds: number): void {
    for (const alarm of raised) {
      const what = alarmText(alarm.id, alarm.value, alarm.detail)
      this.#daemon.log.write('alarm-raised', { ...alarmFields(alarm), what, advice: adviceOf(alarm) })
    }
    for (const alarm of cleared) {
      const raisedSeconds = Math.round(unixSeconds - alarm.sinceUnixSeconds)
      this.#daemon.log.write('alarm-cleared', { ...alarmFields(alarm), raisedSeconds })
    }
  }

  #useWebhook(options: WebhookOptions | undefined): void {
    if (options === undefined) this.#webhook = undefined
    else if (this.#webhook !== undefined) this.#webhook.reconfigure(options)
    else {
      const failed = (why: string, waiting: number): void =>
        this.#daemon.log.write('webhook-failed', { url: this.#options.webhook?.url ?? '', why, waiting })
      this.#webhook = new Webhook(options, { ...this.#daemon, failed })
    }
  }
}
