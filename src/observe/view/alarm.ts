/**
 * What an alarm is: the types that its definition, its judge, the log, `/alarms`, the metric and the webhook share.
 */
import type { TrafficClass } from '../../classes.ts'

/** Every alarm, in the order of docs/alarms.md; `alarm-definitions.ts` has a row for each. */
export const ALARM_IDS = [
  'queue-fill',
  'queue-age',
  'server-down',
  'never-answered',
  'server-failing',
  'unanswered-by-live-server',
  'all-servers-down',
  'ceiling',
  'window-too-wide',
  'window-collapsed',
  'retries',
  'server-secret',
  'server-drops',
  'missing-message-authenticator',
  'server-missing-message-authenticator',
  'mixed-signing',
  'server-mixed-signing',
  'shed',
  'expired',
  'given-up',
  'client-secret',
  'client-drops',
  'kernel-drops',
  'send-failures',
  'internal-errors',
  'sessions-log-lost',
  'log-lines-lost',
  'event-loop-delay',
  'memory',
  'offered-rate',
  'listener-missing',
  'instance-down',
  'ledger-imbalance',
  'reload-refused',
  'webhook-failing',
] as const
export type AlarmId = (typeof ALARM_IDS)[number]

export type Severity = 'warning' | 'critical'

/** What an alarm is about; empty for the daemon as a whole. Only names of the configuration, and numbers of instances. */
export interface Subject {
  readonly server?: string
  readonly client?: string
  readonly class?: TrafficClass
  readonly instance?: string
}

/** A measured value at the end of a poll interval. */
export interface Reading {
  readonly subject: Subject
  readonly value: number
  /** More than the value says: what limits a server, for example. */
  readonly detail?: string | undefined
  /** What to do, if it is known better than in the alarm's own advice. */
  readonly advice?: string | undefined
}

/** Raised at `high` or above, cleared under `low`; both take `samples` of the last `ofLast` polls. */
export interface Threshold {
  readonly high: number
  readonly low: number
  readonly samples: number
  readonly ofLast: number
}

/** Value and detail are those of the latest reading at `high` or above, the advice is that of the latest reading. */
export interface Alarm extends Reading {
  readonly id: AlarmId
  readonly severity: Severity
  readonly sinceUnixSeconds: number
  /** Since the latest reading at `high` or above; undefined if the latest one is. */
  readonly quietSeconds?: number | undefined
}

export interface HealthReason {
  readonly factor: string
  readonly level: 'warning' | 'error'
  readonly cost: number
  /** `the fullest queue: 93 %` */
  readonly says: string
}

export interface HealthScore {
  /** 0 to 10. */
  readonly score: number
  /** The most expensive first. */
  readonly reasons: readonly HealthReason[]
}

/** `server fr-1, accounting`; empty for the daemon as a whole. */
export const subjectText = ({ server, client, class: name, instance }: Subject): string =>
  [server && `server ${server}`, client && `client ${client}`, instance && `instance ${instance}`, name]
    .filter(Boolean)
    .join(', ')

/** Identifies an alarm. */
export const keyOf = (id: string, { server, client, class: name, instance }: Subject): string =>
  [id, server, client, name, instance].join(' ')
