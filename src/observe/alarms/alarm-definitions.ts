/**
 * The alarms: what each measures, how grave it is, what it says and what to do about it. docs/alarms.md and the Prometheus
 * rules in deploy/ are made from this table; the thresholds are the configuration's (`alarms`).
 *
 * A definition reads an interval and gives one reading for each subject it watches, also where all is well: an alarm is
 * cleared by a reading under its lower threshold.
 */

import { TRAFFIC_CLASSES } from '../../classes.ts'
import { imbalance } from '../../proxy/border/endings.ts'
import type { AlarmId } from '../view/alarm.ts'
import { type AlarmDefinition, ofEachClass, state } from './alarm-definition.ts'
import { LOSS_ALARMS } from './loss-alarms.ts'
import { SERVER_ALARMS } from './server-alarms.ts'
import { SIGNING_ALARMS } from './signing-alarms.ts'

/** Of the problems of a refused reload; `check` has all of them. */
const LONGEST_REFUSAL = 600

export const ALARMS = {
  'queue-fill': {
    isNow: true,
    grade: 'notice',
    unit: 'percent',
    per: ['class'],
    measures: 'How full the fullest instance is of what may wait: messages or bytes, whichever is fuller.',
    says: 'the queue is filled to {value}',
    advice:
      'more comes in than the servers may take: look at their state and at max_rate; a storm passes by itself, else raise max_rate or add a server',
    read: (interval) => ofEachClass((name) => ({ value: 100 * interval.queueShares(name).fill })),
  },
  'queue-age': {
    isNow: true,
    grade: 'notice',
    unit: 'percent',
    per: ['class'],
    measures: 'Age of the oldest message that waits, of max_age.',
    says: 'the oldest message has waited for {value} of max_age',
    advice: 'messages are about to expire: look at the state of the servers and at max_rate',
    read: (interval) => ofEachClass((name) => ({ value: 100 * interval.queueShares(name).age })),
  },
  ...SERVER_ALARMS,
  ...SIGNING_ALARMS,
  ...LOSS_ALARMS,
  'event-loop-delay': {
    grade: 'notice',
    unit: 'seconds',
    per: ['instance'],
    measures: 'How late an instance comes to its work, 99th percentile.',
    says: 'the instance comes to its work {value} late',
    advice: 'the machine has too little processor time for it: look what else runs, use more instances on more cores',
    read: ({ loopDelay }) =>
      [...loopDelay].map(([number, value]) => ({ subject: { instance: String(number) }, value })),
  },
  memory: {
    isNow: true,
    grade: 'notice',
    unit: 'bytes',
    per: [],
    measures: 'Resident memory of the process.',
    says: 'the process holds {value} of memory',
    advice: 'compare with the bounds of queues and tables in the configuration; lower them, or raise this threshold',
    read: ({ residentBytes: value }) => (value === undefined ? [] : [{ subject: {}, value }]),
  },
  'offered-rate': {
    grade: 'notice',
    unit: 'a second',
    per: [],
    measures: 'Messages taken in, both classes together.',
    says: 'messages come in at {value}: the limit is reached',
    advice: 'look which client sends so much (radsluice_client_requests_received_total)',
    read: ({ traffic }) => [{ subject: {}, value: traffic.received }],
  },
  'listener-missing': {
    isNow: true,
    grade: 'critical',
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
        return state({ class: name }, missing.length > 0, {
          detail: missing.map(({ address }) => address).join(', '),
        })
      }),
  },
  'instance-down': {
    grade: 'critical',
    unit: 'state',
    per: ['instance'],
    measures: 'Whether an instance crashed since the last poll, or does not run.',
    says: 'the instance crashed or does not run ({detail})',
    advice: 'a bug: the log has instance-crashed with the stack, report it; it is started again by itself',
    read: (interval) =>
      interval.instancesDown().map(({ number, isDown, isRunning, crashes }) => {
        const detail = isRunning ? `it runs again, crashes so far: ${crashes}` : 'it does not run now'
        return state({ instance: String(number) }, isDown, { detail })
      }),
  },
  'ledger-imbalance': {
    isNow: true,
    grade: 'critical',
    unit: 'requests',
    per: ['class'],
    measures: 'What the law of the ledger leaves over.',
    says: 'the ledger is off by {value}',
    advice: 'a bug: keep the log and report it',
    read: ({ now }) => ofEachClass((name) => ({ value: Math.abs(imbalance(now.engine.classes[name])) })),
  },
  'reload-refused': {
    isNow: true,
    grade: 'loss',
    unit: 'state',
    per: [],
    measures: 'Whether the last reload was refused.',
    says: 'the configuration on disk is not the one in force, the last reload was refused: {detail}',
    advice: 'run "radsluice check" on the file, mend it, reload',
    read: ({ now: { config } }) => [
      state({}, config.refused !== undefined, { detail: shortened(config.refused ?? 'none', LONGEST_REFUSAL) }),
    ],
  },
  'webhook-failing': {
    isNow: true,
    grade: 'notice',
    unit: 'state',
    per: [],
    measures: 'Whether the last request to the webhook failed.',
    says: 'alarms can not be sent to the webhook: {detail}',
    advice: 'look at the receiver and at alarms.webhook.url; nobody but the log and this command tells of alarms now',
    read: ({ now: { watch } }) => [
      state({}, watch.webhook?.failing !== undefined, { detail: watch.webhook?.failing ?? 'it is taken' }),
    ],
  },
} as const satisfies Readonly<Record<AlarmId, AlarmDefinition>>

/** At most so many characters: what is cut off ends behind a whole word, with `…`. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text.slice(0, most - 2).replace(/\s+\S*$/u, '')} …`
}
