/**
 * Alarms by HTTP POST in the form of an Alertmanager (its API v2, POST /api/v2/alerts): a list of alerts, each with labels
 * that identify it, annotations for people, and when it began and ends.
 *
 * One request is under way at a time; without an answer within five seconds it has failed. `AlertOutbox` says what is sent when.
 */
import { hostname } from 'node:os'
import { type Duration, MICROS_PER_SECOND } from '../../units.ts'
import type { Boundary } from '../boundary/boundary.io.ts'
import type { Alarm } from '../view/alarm.ts'
import type { WebhookView } from '../view/view.ts'
import { alertOf } from './alarm-text.ts'
import type { Judgement } from './alarms.ts'
import { type Alert, AlertOutbox, endOf } from './alert-outbox.ts'

const PATIENCE_MS = 5_000

export interface WebhookOptions {
  readonly url: string
  readonly resendInterval: Duration
}

interface AlertingDaemon {
  /** The address for people. */
  admin(): string
  /** Called at the first failure after a success. */
  failed(why: string, waiting: number): void
  readonly boundary: Boundary
}

export class Webhook {
  readonly #outbox = new AlertOutbox()
  readonly #daemon: AlertingDaemon
  #options: WebhookOptions
  #isSending = false

  constructor(options: WebhookOptions, daemon: AlertingDaemon) {
    this.#options = options
    this.#daemon = daemon
  }

  get view(): WebhookView {
    return this.#outbox.view
  }

  reconfigure(options: WebhookOptions): void {
    this.#options = options
  }

  /** Sends what is due after a poll, without waiting for it. */
  notify(raised: readonly Alarm[], { cleared }: Judgement, unixSeconds: number): void {
    this.#outbox.update(raised, cleared, unixSeconds)
    if (!this.#isSending) this.#daemon.boundary.start('webhook', () => this.#send(unixSeconds))
  }

  async #send(unixSeconds: number): Promise<void> {
    const resendSeconds = this.#options.resendInterval / MICROS_PER_SECOND
    const due = this.#outbox.due(unixSeconds, resendSeconds)
    if (due.length === 0) return
    this.#isSending = true
    let why: string | undefined
    try {
      why = await this.#post(due.map((alert) => this.#written(alert, unixSeconds, resendSeconds)))
    } finally {
      this.#isSending = false
    }
    if (why === undefined) this.#outbox.delivered(due, unixSeconds)
    else if (this.#outbox.failed(unixSeconds, why)) this.#daemon.failed(why, this.#outbox.waiting)
  }

  /** Undefined if it was accepted, else why not. */
  async #post(body: readonly object[]): Promise<string | undefined> {
    try {
      const answer = await fetch(this.#options.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(PATIENCE_MS),
      })
      await answer.body?.cancel()
      return answer.ok ? undefined : `it answers ${answer.status}`
    } catch (error) {
      return error instanceof Error ? String(error.cause instanceof Error ? error.cause.message : error.message) : '?'
    }
  }

  #written(alert: Alert, unixSeconds: number, resendSeconds: number): object {
    return {
      ...alertOf(alert.alarm, hostname()),
      startsAt: timeOf(alert.alarm.sinceUnixSeconds),
      endsAt: timeOf(endOf(alert, unixSeconds, resendSeconds)),
      generatorURL: `http://${this.#daemon.admin()}/alarms`,
    }
  }
}

const timeOf = (unixSeconds: number): string => new Date(unixSeconds * 1_000).toISOString()
