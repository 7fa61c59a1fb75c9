/**
 * What an alarm is: the words that its definition, its judge, the log, `/alarms`, the metric and the webhook share.
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

/** What an alarm is about; empty where it is the daemon as a whole. Only names of the configuration, and our numbers. */
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
  /** More to say of this one than its value: what limits a server, say. */
  readonly detail?: string | undefined
  /** What to do, where more is known than the alarm's own advice. */
  readonly advice?: string | undefined
}

/** Raised at `high` or above, cleared under `low`; each by so many of so many polls. */
export interface Threshold {
  readonly high: number
  readonly low: number
  readonly samples: number
  readonly ofLast: number
}

/** An alarm that is raised. */
export interface Alarm {
  readonly id: AlarmId
  readonly severity: Severity
  readonly subject: Subject
  /** Unix time when it was raised. */
  readonly sinceUnixSeconds: number
  /** The latest that was at `high` or above: what raised it, or keeps it raised. */
  readonly value: number
  /** As the value: of what raised it, or keeps it raised. */
  readonly detail: string | undefined
  /** What is known now; undefined where nothing points to a cause any more. */
  readonly advice: string | undefined
  /** Since the latest reading at `high` or above; undefined while they are. */
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
  /** The dearest first. */
  readonly reasons: readonly HealthReason[]
}

/** `server fr-1, accounting`; empty where it is the daemon as a whole. */
export const subjectText = ({ server, client, class: name, instance }: Subject): string =>
  [
    server === undefined ? [] : [`server ${server}`],
    client === undefined ? [] : [`client ${client}`],
    instance === undefined ? [] : [`instance ${instance}`],
    name === undefined ? [] : [name],
  ]
    .flat()
    .join(', ')

/** Tells one alarm from another, wherever it is written down. */
export const keyOf = (id: string, { server, client, class: name, instance }: Subject): string =>
  [id, server, client, name, instance].join(' ')
