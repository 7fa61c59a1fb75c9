/**
 * Which alarms a webhook has to be told of, and when: the state of each, not a queue of messages.
 *
 * A raised alarm is told at once and again at each resend interval; a cleared one until it was delivered once. So what a
 * dead receiver leaves behind is bounded by the alarms there are, and one that comes back gets the present, not the past.
 * Failed deliveries are tried again after 1, 2, 4, ... 60 s.
 */
import { type Alarm, keyOf } from '../view/alarm.ts'

const MOST_ALERTS = 1_000
const FIRST_RETRY_SECONDS = 1
const LONGEST_RETRY_SECONDS = 60

/** An alarm as it is told. */
export interface Alert {
  readonly alarm: Alarm
  /** Unix time; undefined while it is raised. */
  readonly clearedUnixSeconds: number | undefined
}

interface Entry {
  alert: Alert
  /** Unix time of the last delivery of this state. */
  toldAt: number | undefined
}

export class AlertOutbox {
  readonly #entries = new Map<string, Entry>()
  #retrySeconds = 0
  #notBefore = 0
  /** Alarms that nobody was told of, since too many were waiting. */
  lost = 0

  /** The outcome of a poll: what is raised now, and what was cleared. */
  update(raised: readonly Alarm[], cleared: readonly Alarm[], unixSeconds: number): void {
    for (const alarm of cleared) {
      const entry = this.#entries.get(keyOf(alarm.id, alarm.subject))
      if (entry === undefined) continue
      entry.alert = { alarm, clearedUnixSeconds: unixSeconds }
      entry.toldAt = undefined
    }
    for (const alarm of raised) this.#raise(alarm)
  }

  /** How many states have not reached anybody. */
  get waiting(): number {
    return [...this.#entries.values()].filter(({ toldAt }) => toldAt === undefined).length
  }

  /** What is to be told now; empty where nothing is, or where a failed delivery has to wait. */
  due(unixSeconds: number, resendSeconds: number): Alert[] {
    if (unixSeconds < this.#notBefore) return []
    return [...this.#entries.values()]
      .filter(({ toldAt }) => toldAt === undefined || unixSeconds - toldAt >= resendSeconds)
      .map(({ alert }) => alert)
  }

  /** These were taken at the other end. */
  delivered(alerts: readonly Alert[], unixSeconds: number): void {
    this.#retrySeconds = 0
    this.#notBefore = 0
    for (const alert of alerts) {
      const key = keyOf(alert.alarm.id, alert.alarm.subject)
      const entry = this.#entries.get(key)
      // It changed while it was under way: the new state is still to be told.
      if (entry === undefined || entry.alert.clearedUnixSeconds !== alert.clearedUnixSeconds) continue
      if (alert.clearedUnixSeconds === undefined) entry.toldAt = unixSeconds
      else this.#entries.delete(key)
    }
  }

  failed(unixSeconds: number): void {
    const next = this.#retrySeconds === 0 ? FIRST_RETRY_SECONDS : 2 * this.#retrySeconds
    this.#retrySeconds = Math.min(next, LONGEST_RETRY_SECONDS)
    this.#notBefore = unixSeconds + this.#retrySeconds
  }

  #raise(alarm: Alarm): void {
    const key = keyOf(alarm.id, alarm.subject)
    const entry = this.#entries.get(key)
    const isNew = entry === undefined || entry.alert.clearedUnixSeconds !== undefined
    if (entry !== undefined) {
      entry.alert = { alarm, clearedUnixSeconds: undefined }
      if (isNew) entry.toldAt = undefined
    } else if (this.#entries.size < MOST_ALERTS) {
      this.#entries.set(key, { alert: { alarm, clearedUnixSeconds: undefined }, toldAt: undefined })
    } else this.lost += 1
  }
}
