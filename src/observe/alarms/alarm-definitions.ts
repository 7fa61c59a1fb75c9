/**
 * The alarms: what each measures, how serious it is, what it says and what to do. docs/alarms.md and the Prometheus rules in
 * deploy/ are made from this table; the thresholds are in the configuration (`alarms`).
 *
 * A definition gives one reading of an interval for each subject, also if all is well: an alarm is cleared by a reading under
 * its lower threshold.
 */

import { imbalance } from '../../proxy/border/endings.ts'
import type { AlarmId } from '../view/alarm.ts'
import { type AlarmDefinition, ofDaemon, ofEachClass, ofEachInstance } from './alarm-definition.ts'
import { LOSS_ALARMS } from './loss-alarms.ts'
import { SERVER_ALARMS } from './server-alarms.ts'
import { SIGNING_ALARMS } from './signing-alarms.ts'

/** Of the problems of a refused reload; `check` prints all of them. */
const LONGEST_REFUSAL = 600

export const ALARMS = {
  'queue-fill': {
    isNow: true,
    grade: 'notice',
    unit: 'percent',
    measures: 'How full the fullest instance is of what may wait: messages or bytes, whichever is fuller.',
    says: 'the queue is filled to {value}',
    advice:
      'more comes in than the servers may take: look at their state and at max_rate; a storm passes by itself, else raise max_rate or add a server',
    ...ofEachClass((name, interval) => 100 * interval.queueShares(name).fill),
  },
  'queue-age': {
    isNow: true,
    grade: 'notice',
    unit: 'percent',
    measures:
      'How much of the time that it may wait (max_age) is over, of the message that expires first. With `max_age: auto` each login has a time of its own, and that of the login that came first of those that were sent again counts too.',
    says: 'a message has waited for {value} of its time (max_age)',
    advice: 'messages are about to expire: look at the state of the servers and at max_rate',
    ...ofEachClass((name, interval) => 100 * interval.queueShares(name).age),
  },
  ...SERVER_ALARMS,
  ...SIGNING_ALARMS,
  ...LOSS_ALARMS,
  'event-loop-delay': {
    grade: 'notice',
    unit: 'seconds',
    measures: 'How late an instance comes to its work, 99th percentile.',
    says: 'the instance comes to its work {value} late',
    advice: 'the machine has too little processor time for it: look what else runs, use more instances on more cores',
    ...ofEachInstance(({ number }, { loopDelay }) => loopDelay.get(number) ?? 0),
  },
  memory: {
    isNow: true,
    grade: 'notice',
    unit: 'bytes',
    measures: 'Resident memory of the process.',
    says: 'the process holds {value} of memory',
    advice: 'compare with the bounds of queues and tables in the configuration; lower them, or raise this threshold',
    ...ofDaemon(({ now: { process: vitals } }) => vitals.residentBytes),
  },
  'offered-rate': {
    grade: 'notice',
    unit: 'a second',
    measures: 'Messages taken in, both classes together.',
    says: 'messages come in at {value}: the limit is reached',
    advice: 'look which client asks for most: "radsluice top" (or radsluice_client_requests_received_total)',
    ...ofDaemon(({ traffic }) => traffic.received),
  },
  'listener-missing': {
    isNow: true,
    grade: 'critical',
    unit: 'state',
    measures:
      'Whether this machine lacks an address of `listen` that is not `optional`: it was taken away, or its interface is down.',
    says: 'this machine lacks an address that it shall listen at, {detail}',
    advice:
      'look at "ip address" and at the link; the address is served again within a second of its return. One that comes and goes by itself is written with optional: true',
    ...ofEachClass((name, { now }) => {
      const missing = now.listeners.filter((one) => one.class === name && one.presence === 'absent' && !one.isOptional)
      return { value: missing.length > 0, detail: missing.map(({ address }) => address).join(', ') }
    }),
  },
  'instance-down': {
    grade: 'critical',
    unit: 'state',
    measures: 'Whether an instance crashed since the last poll, or does not run.',
    says: 'the instance crashed or does not run ({detail})',
    advice: 'a bug: the log has instance-crashed with the stack, report it; it is started again by itself',
    ...ofEachInstance(({ isDown, isRunning, crashes }) => ({
      value: isDown,
      detail: isRunning ? `it runs again, crashes so far: ${crashes}` : 'it does not run now',
    })),
  },
  'ledger-imbalance': {
    isNow: true,
    grade: 'critical',
    unit: 'requests',
    measures: 'What the law of the ledger leaves over.',
    says: 'the ledger is off by {value}',
    advice: 'a bug: keep the log and report it',
    ...ofEachClass((name, { now }) => Math.abs(imbalance(now.engine.classes[name]))),
  },
  'reload-refused': {
    isNow: true,
    grade: 'loss',
    unit: 'state',
    measures: 'Whether the last reload was refused.',
    says: 'the configuration on disk is not the one in force, the last reload was refused: {detail}',
    advice: 'run "radsluice check" on the file, mend it, reload',
    ...ofDaemon(({ now: { config } }) => ({
      value: config.refused !== undefined,
      detail: shortened(config.refused ?? 'none', LONGEST_REFUSAL),
    })),
  },
  'webhook-failing': {
    isNow: true,
    grade: 'notice',
    unit: 'state',
    measures: 'Whether the last request to the webhook failed.',
    says: 'alarms can not be sent to the webhook: {detail}',
    advice: 'look at the receiver and at alarms.webhook.url; nobody but the log and this command tells of alarms now',
    ...ofDaemon(({ now: { watch } }) => ({
      value: watch.webhook?.failing !== undefined,
      detail: watch.webhook?.failing ?? 'it is taken',
    })),
  },
} as const satisfies Readonly<Record<AlarmId, AlarmDefinition>>

/** At most so many characters: cut behind a whole word, with `…`. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text.slice(0, most - 2).replace(/\s+\S*$/u, '')} …`
}
