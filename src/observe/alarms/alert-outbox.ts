/**
 * Which alarms a webhook has to deliver, and when: the state of each alarm, not a queue of messages.
 *
 * A raised alarm is delivered at once and again at each resend interval, a cleared one once. So the memory for a receiver that
 * is gone is bounded by the number of alarms, and one that comes back gets the present state, not the past. Failed deliveries
 * are tried again after 1, 2, 4, ... 60 s.
 */
import { type Alarm, keyOf } from '../view/alarm.ts'
import type { WebhookView } from '../view/view.ts'

const MOST_ALERTS = 1_000
const FIRST_RETRY_SECONDS = 1
const LONGEST_RETRY_SECONDS = 60
const INTERVALS_UNTIL_CLEARED = 3

export interface Alert {
  readonly alarm: Alarm
  /** Unix time; undefined while it is raised. */
  readonly clearedUnixSeconds: number | undefined
}

interface Entry {
  readonly alert: Alert
  /** Unix time of the last delivery of this state. */
  deliveredAt: number | undefined
}

export class AlertOutbox {
  readonly #entries = new Map<string, Entry>()
  #retrySeconds = 0
  #notBefore = 0
  /** Why the last delivery failed. */
  #failing: string | undefined
  #deliveries = { ok: 0, failed: 0 }
  /** Alarms that are not delivered, since too many were waiting. */
  #lost = 0

  get view(): WebhookView {
    return { ...this.#deliveries, waiting: this.waiting, lost: this.#lost, failing: this.#failing }
  }

  /** What a poll found: the alarms that are raised now, and those that were cleared. */
  update(raised: readonly Alarm[], cleared: readonly Alarm[], unixSeconds: number): void {
    for (const alarm of cleared) {
      const key = keyOf(alarm.id, alarm.subject)
      const alert = { alarm, clearedUnixSeconds: unixSeconds }
      if (this.#entries.has(key)) this.#entries.set(key, { alert, deliveredAt: undefined })
    }
    for (const alarm of raised) this.#raise(alarm)
  }

  /** How many states were not delivered yet. */
  get waiting(): number {
    return [...this.#entries.values()].filter(({ deliveredAt }) => deliveredAt === undefined).length
  }

  /** What is to be delivered now; empty after a failed delivery until the next try. */
  due(unixSeconds: number, resendSeconds: number): Alert[] {
    if (unixSeconds < this.#notBefore) return []
    return [...this.#entries.values()]
      .filter(({ deliveredAt }) => deliveredAt === undefined || unixSeconds - deliveredAt >= resendSeconds)
      .map(({ alert }) => alert)
  }

  delivered(alerts: readonly Alert[], unixSeconds: number): void {
    this.#deliveries.ok += 1
    this.#failing = undefined
    this.#retrySeconds = 0
    this.#notBefore = 0
    for (const alert of alerts) {
      const key = keyOf(alert.alarm.id, alert.alarm.subject)
      const entry = this.#entries.get(key)
      // It changed while it was under way: the new state is still to be delivered.
      if (entry === undefined || entry.alert.clearedUnixSeconds !== alert.clearedUnixSeconds) continue
      if (alert.clearedUnixSeconds === undefined) entry.deliveredAt = unixSeconds
      else this.#entries.delete(key)
    }
  }

  /** Returns whether to say so: only the first failure after a success is worth a line. */
  failed(unixSeconds: number, why: string): boolean {
    const isFirst = this.#failing === undefined
    this.#failing = why
    this.#deliveries.failed += 1
    const next = this.#retrySeconds === 0 ? FIRST_RETRY_SECONDS : 2 * this.#retrySeconds
    this.#retrySeconds = Math.min(next, LONGEST_RETRY_SECONDS)
    this.#notBefore = unixSeconds + this.#retrySeconds
    return isFirst
  }

  #raise(alarm: Alarm): void {
    const key = keyOf(alarm.id, alarm.subject)
    const entry = this.#entries.get(key)
    if (entry === undefined && this.#entries.size >= MOST_ALERTS) {
      this.#lost += 1
      return
    }
    const wasRaised = entry !== undefined && entry.alert.clearedUnixSeconds === undefined
    const deliveredAt = wasRaised ? entry.deliveredAt : undefined
    this.#entries.set(key, { alert: { alarm, clearedUnixSeconds: undefined }, deliveredAt })
  }
}

/** Unix time. A raised alarm ends some intervals from now, so that the alarms of a daemon that died end, too. */
export const endOf = ({ clearedUnixSeconds }: Alert, unixSeconds: number, resendSeconds: number): number =>
  clearedUnixSeconds ?? unixSeconds + INTERVALS_UNTIL_CLEARED * resendSeconds
