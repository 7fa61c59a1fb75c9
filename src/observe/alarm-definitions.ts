/**
 * The alarms: what each measures, how grave it is, what it says and what to do about it. docs/alarms.md and the Prometheus
 * rules in deploy/ are made from this table; the thresholds are the configuration's (`alarms`).
 *
 * A definition reads an interval and gives one reading for each subject it watches, also where all is well: an alarm is
 * cleared by a reading under its lower threshold.
 */
import { TRAFFIC_CLASSES, type TrafficClass } from '../units.ts'
import type { Reading, Severity, Subject } from './alarm.ts'
import { effectiveCeiling, whatLimits } from './ceiling.ts'
import type { Interval, LaneRates } from './interval.ts'
import { queueShares } from './queue-shares.ts'
import { imbalance } from './view.ts'

/** How a value is written. `state` is 0 or 1 and is not written at all. */
export type Unit = 'percent' | 'a minute' | 'a second' | 'seconds' | 'bytes' | 'requests' | 'state'

export interface AlarmDefinition {
  readonly severity: Severity
  /** Whether `radsluice status` exits with 1 while it is raised: always if critical, or if users or records suffer a loss. */
  readonly failsStatus: boolean
  readonly unit: Unit
  /** The labels that it has. */
  readonly per: readonly (keyof Subject)[]
  /** What its value is, for the page and the log. */
  readonly measures: string
  /** What is wrong when it is raised; `{value}` and `{detail}` are filled in. */
  readonly says: string
  readonly advice: string
  readonly read: (interval: Interval) => readonly Reading[]
}

const state = (subject: Subject, isSo: boolean, detail?: string): Reading => ({
  subject,
  value: isSo ? 1 : 0,
  ...(detail === undefined ? {} : { detail }),
})

const perClass = (read: (name: TrafficClass) => number): Reading[] =>
  TRAFFIC_CLASSES.map((name) => ({ subject: { class: name }, value: read(name) }))

/** Of itself, that is; what an operator holds Down is no news to anybody. */
const isDown = ({ lane }: LaneRates): boolean => lane.state === 'down' && !lane.isHeldDown

const ofLane = ({ lane }: LaneRates): Subject => ({ server: lane.server, class: lane.class })

/** Each row in the order of the page. */
export const ALARMS = {
  'queue-fill': {
    severity: 'warning',
    failsStatus: false,
    unit: 'percent',
    per: ['class'],
    measures: 'How full the fullest instance is of what may wait: messages or bytes, whichever is fuller.',
    says: 'the queue is filled to {value}',
    advice:
      'more comes in than the servers may take: look at their state and at max_rate; a storm passes by itself, else raise max_rate or add a server',
    read: ({ now }) => perClass((name) => 100 * queueShares(now, name).fill),
  },
  'queue-age': {
    severity: 'warning',
    failsStatus: false,
    unit: 'percent',
    per: ['class'],
    measures: 'Age of the oldest message that waits, of max_age.',
    says: 'the oldest message has waited for {value} of max_age',
    advice: 'messages are about to expire: look at the state of the servers and at max_rate',
    read: ({ now }) => perClass((name) => 100 * queueShares(now, name).age),
  },
  'server-down': {
    severity: 'warning',
    failsStatus: true,
    unit: 'state',
    per: ['server', 'class'],
    measures: 'Whether every instance sees the server Down; one that an operator holds Down is none.',
    says: 'the server is Down',
    advice: 'look at the server and the way to it; its messages go to the others',
    read: (interval) => interval.lanes().map((rates) => state(ofLane(rates), isDown(rates))),
  },
  'server-failing': {
    severity: 'warning',
    failsStatus: true,
    unit: 'state',
    per: ['server', 'class'],
    measures: 'Whether every instance sees the server Failing or worse, and one sees it Failing.',
    says: 'the server lives and answers hardly any request in time',
    advice:
      'look at what the server itself asks (its database, its directory, its home servers); new messages go to the other servers, one in 20 tries whether it serves again',
    read: (interval) => interval.lanes().map((rates) => state(ofLane(rates), rates.lane.state === 'failing')),
  },
  'unanswered-by-live-server': {
    severity: 'warning',
    failsStatus: true,
    unit: 'a minute',
    per: ['server', 'class'],
    measures: 'Requests that used up their tries at a server although it answered others meanwhile.',
    says: 'the server leaves requests unanswered while it answers others: {value}',
    advice:
      'it drops them in silence: the log line unanswered-by-live-server names the client, realm or kind of record that most of them share; look there, then at the log of the server',
    read: (interval) => interval.lanes().map((rates) => ({ subject: ofLane(rates), value: rates.unanswered })),
  },
  'all-servers-down': {
    severity: 'critical',
    failsStatus: true,
    unit: 'state',
    per: ['class'],
    measures: 'Whether all servers of a class are Down.',
    says: 'all servers are Down, messages wait within their bounds',
    advice: 'look at the servers and the network between; nothing is answered until one is back',
    read: (interval) =>
      TRAFFIC_CLASSES.map((name) => {
        const lanes = interval.lanes().filter(({ lane }) => lane.class === name)
        return state({ class: name }, lanes.length > 0 && lanes.every(({ lane }) => lane.state === 'down'))
      }),
  },
  ceiling: {
    severity: 'warning',
    failsStatus: false,
    unit: 'percent',
    per: ['server', 'class'],
    measures:
      'What is offered to a server, of its effective ceiling: the smaller of max_rate and max_outstanding / holding time.',
    says: 'what is offered is {value} of what the server can be sent, {detail}',
    advice:
      'where max_outstanding is the limit, the server is slow or silent: mend it or raise max_outstanding; where max_rate is, the servers are at the limit you gave them',
    read: (interval) =>
      interval.lanes().map((rates) => ({
        subject: ofLane(rates),
        value: 100 * (rates.load ?? 0),
        detail: `${Math.floor(effectiveCeiling(rates.lane) ?? 0)} a second because of ${whatLimits(rates.lane)}`,
      })),
  },
  shed: {
    severity: 'critical',
    failsStatus: true,
    unit: 'a minute',
    per: ['class'],
    measures: 'Queued messages removed because the queue was full.',
    says: 'messages are shed: {value}',
    advice:
      'the queue is full: look at the servers and at max_rate, and raise max_messages or max_bytes if memory allows',
    read: ({ losses }) => perClass((name) => losses[name].shed),
  },
  expired: {
    severity: 'warning',
    failsStatus: true,
    unit: 'a minute',
    per: ['class'],
    measures: 'Messages that waited longer than max_age.',
    says: 'messages expire unanswered: {value}',
    advice: 'the servers are too slow for what comes, or Down: look at them and at max_rate',
    read: ({ losses }) => perClass((name) => losses[name].expired),
  },
  retries: {
    severity: 'warning',
    failsStatus: false,
    unit: 'percent',
    per: ['server', 'class'],
    measures: 'Retries among the transmissions to a server.',
    says: '{value} of the transmissions are retries',
    advice:
      'the server or the network loses packets, or the server answers later than timeout: look at its load, lower max_rate',
    read: (interval) => interval.lanes().map((rates) => ({ subject: ofLane(rates), value: 100 * rates.retries })),
  },
  'client-secret': {
    severity: 'warning',
    failsStatus: true,
    unit: 'a minute',
    per: ['client'],
    measures:
      'Datagrams of a client whose authenticator does not verify. An Access-Request without Message-Authenticator proves nothing: a wrong secret shows there only as rejects.',
    says: 'datagrams do not verify: {value}',
    advice: 'the client has another shared secret than we: compare the two',
    read: (interval) =>
      interval.clientWrongProofs().map(({ client, aMinute }) => ({ subject: { client }, value: aMinute })),
  },
  'server-secret': {
    severity: 'warning',
    failsStatus: true,
    unit: 'a minute',
    per: ['server', 'class'],
    measures: 'Responses of a server whose authenticator does not verify.',
    says: 'responses do not verify: {value}',
    advice: 'the server has another shared secret for us, or somebody else answers in its name: compare the secrets',
    read: (interval) => interval.lanes().map((rates) => ({ subject: ofLane(rates), value: rates.wrongProofs })),
  },
  'kernel-drops': {
    severity: 'warning',
    failsStatus: true,
    unit: 'a minute',
    per: [],
    measures: 'Datagrams that the kernel dropped because a receive buffer of ours was full.',
    says: 'the kernel drops datagrams before we see them: {value}',
    advice:
      'raise the limit of receive buffers, sysctl net.core.rmem_max, and restart; if it stays, use more instances',
    read: (interval) => {
      const value = interval.kernelDrops()
      return value === undefined ? [] : [{ subject: {}, value }]
    },
  },
  'event-loop-delay': {
    severity: 'warning',
    failsStatus: false,
    unit: 'seconds',
    per: ['instance'],
    measures: 'How late an instance comes to its work, 99th percentile.',
    says: 'the instance comes to its work {value} late',
    advice: 'the machine has too little processor time for it: look what else runs, use more instances on more cores',
    read: ({ loopDelay }) =>
      [...loopDelay].map(([number, value]) => ({ subject: { instance: String(number) }, value })),
  },
  memory: {
    severity: 'warning',
    failsStatus: false,
    unit: 'bytes',
    per: [],
    measures: 'Resident memory of the process.',
    says: 'the process holds {value} of memory',
    advice: 'compare with the bounds of queues and tables in the configuration; lower them, or raise this threshold',
    read: ({ residentBytes: value }) => (value === undefined ? [] : [{ subject: {}, value }]),
  },
  'offered-rate': {
    severity: 'warning',
    failsStatus: false,
    unit: 'a second',
    per: [],
    measures: 'Messages taken in, both classes together.',
    says: 'messages come in at {value}: the limit is reached',
    advice: 'look which client sends so much (radsluice_client_requests_received_total)',
    read: ({ traffic }) => [{ subject: {}, value: traffic.received }],
  },
  'listener-missing': {
    severity: 'critical',
    failsStatus: true,
    unit: 'state',
    per: ['class'],
    measures:
      'Whether this machine lacks an address of `listen` that is not `optional`: it was taken away, or its interface is down.',
    says: 'this machine lacks an address that it shall listen at, {detail}',
    advice:
      'look at "ip address" and at the link; the address is served again within a second of its return. One that comes and goes by itself is written with optional: true',
    read: ({ now }) =>
      TRAFFIC_CLASSES.map((name) => {
        const missing = now.listeners.filter(
          (one) => one.class === name && one.presence === 'absent' && !one.isOptional,
        )
        return state({ class: name }, missing.length > 0, missing.map(({ address }) => address).join(', '))
      }),
  },
  'instance-down': {
    severity: 'critical',
    failsStatus: true,
    unit: 'state',
    per: ['instance'],
    measures: 'Whether an instance crashed since the last poll, or does not run.',
    says: 'the instance crashed or does not run',
    advice: 'a bug: the log has instance-crashed with the stack, report it; it is started again by itself',
    read: (interval) =>
      interval.instancesDown().map(({ number, isDown }) => state({ instance: String(number) }, isDown)),
  },
  'ledger-imbalance': {
    severity: 'critical',
    failsStatus: true,
    unit: 'requests',
    per: ['class'],
    measures: 'What the law of the ledger leaves over.',
    says: 'the ledger is off by {value}',
    advice: 'a bug: keep the log and report it',
    read: ({ now }) => perClass((name) => Math.abs(imbalance(now.engine.classes[name]))),
  },
  'reload-refused': {
    severity: 'warning',
    failsStatus: true,
    unit: 'state',
    per: [],
    measures: 'Whether the last reload was refused.',
    says: 'the configuration on disk is not the one in force, the last reload was refused',
    advice: 'run "radsluice check" on the file, mend it, reload',
    read: ({ now }) => [state({}, now.config.refused !== undefined)],
  },
} as const satisfies Readonly<Record<string, AlarmDefinition>>

export type AlarmId = keyof typeof ALARMS
export const ALARM_IDS = Object.keys(ALARMS) as AlarmId[]

/** A value with its unit, for people. */
export function shownValue(unit: Unit, value: number): string {
  switch (unit) {
    case 'percent':
      return `${Math.floor(value)} %`
    case 'a minute':
    case 'a second':
      return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} ${unit}`
    case 'seconds':
      return `${(value * 1_000).toFixed(1)} ms`
    case 'bytes':
      return `${Math.round(value / 1024 ** 2)} MiB`
    case 'requests':
      return `${value} requests`
    case 'state':
      return ''
  }
}

/** What is wrong, in one sentence without its advice. */
export function alarmText(id: AlarmId, value: number, detail: string | undefined): string {
  const { says, unit }: AlarmDefinition = ALARMS[id]
  return says.replace('{value}', shownValue(unit, value)).replace('{detail}', detail ?? '')
}

/** `RadsluiceQueueFill`: the name in an Alertmanager, whether it comes by the webhook or by a rule of Prometheus. */
export const alertNameOf = (id: AlarmId): string =>
  `Radsluice${id.replace(/(?:^|-)(\w)/g, (_all, letter: string) => letter.toUpperCase())}`
