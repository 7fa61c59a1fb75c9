/**
 * The alarms of losses: requests and records that nobody answers, packets that are dropped, lines that are in no file.
 *
 * Every way in which something is lost for users or for records raises one of these, or one of a server or an instance
 * (`test/observe/losses.test.ts` goes through all of them); what strangers send is none of ours.
 */

import { causeOfClass } from '../view/diagnosis.ts'
import type { Interval } from '../view/interval.ts'
import type { DaemonView } from '../view/view.ts'
import { type AlarmDefinition, mostOf, ofEachClass } from './alarm-definition.ts'

/** What the servers of a class are known to suffer from comes before the general advice. */
const causeIn = ({ now }: Interval, name: 'authentication' | 'accounting'): { readonly advice?: string } => {
  const cause = causeOfClass(now.engine.lanes, name)
  return cause === undefined ? {} : { advice: cause }
}

/** One counter of the whole daemon, a minute. */
const ofDaemon = (read: (view: DaemonView) => number): AlarmDefinition['read'] => {
  return (interval) => [{ subject: {}, value: interval.aMinute(read) }]
}

export const LOSS_ALARMS = {
  shed: {
    grade: 'critical',
    unit: 'a minute',
    per: ['class'],
    measures: 'Queued messages removed because the queue was full.',
    says: 'messages are shed: {value}',
    advice:
      'the queue is full: look at the servers and at max_rate, and raise max_messages or max_bytes if memory allows',
    read: (interval) => ofEachClass((name) => ({ value: interval.losses[name].shed, ...causeIn(interval, name) })),
  },
  expired: {
    grade: 'loss',
    unit: 'a minute',
    per: ['class'],
    measures: 'Messages that waited longer than max_age.',
    says: 'messages expire unanswered: {value}',
    advice: 'the servers are too slow for what comes, or Down: look at them and at max_rate',
    read: (interval) => ofEachClass((name) => ({ value: interval.losses[name].expired, ...causeIn(interval, name) })),
  },
  'given-up': {
    grade: 'loss',
    unit: 'a minute',
    per: ['class'],
    measures:
      'Requests that ended without an answer: given up after all their tries, or superseded: their client gave them up for a newer one.',
    says: 'requests end without an answer: {value} ({detail})',
    advice: 'the log line given-up says what was tried where; look at these servers, then at timeout and max_retries',
    read: (interval) =>
      ofEachClass((name) => {
        const { givenUp, superseded } = interval.ends(name)
        const detail = mostOf({ 'given up': givenUp, superseded })
        return { value: (60 * (givenUp + superseded)) / interval.seconds, detail, ...causeIn(interval, name) }
      }),
  },
  'client-secret': {
    grade: 'loss',
    unit: 'a minute',
    per: ['client'],
    measures:
      'Datagrams of a client whose authenticator does not verify. An Access-Request without Message-Authenticator proves nothing: a wrong secret shows there only as rejects.',
    says: 'datagrams do not verify: {value}',
    advice: 'the client has another shared secret than we: compare the two',
    read: (interval) =>
      interval.clientDrops().map(({ client, wrongProofs }) => ({ subject: { client }, value: wrongProofs })),
  },
  'client-drops': {
    grade: 'loss',
    unit: 'a minute',
    per: ['client'],
    measures:
      'Datagrams of a client that are dropped for another reason than a wrong secret: malformed, without a Message-Authenticator that is required, or of a request whose server is Down. 0 while it drains.',
    says: 'datagrams of the client are dropped: {value} (the last: {detail})',
    advice:
      'the log line dropped names the reason and the address; for missing-message-authenticator update the client, or set require_message_authenticator: no for it',
    read: (interval) =>
      interval.clientDrops().map(({ client, others, last }) => ({
        subject: { client },
        value: interval.now.engine.draining ? 0 : others,
        detail: last ?? 'none',
      })),
  },
  'kernel-drops': {
    grade: 'loss',
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
  'send-failures': {
    grade: 'loss',
    unit: 'a minute',
    per: [],
    measures: 'Datagrams to clients and servers that the system refused to send.',
    says: 'datagrams can not be sent: {value}',
    advice:
      "the log line send-failed has the place and the system's reason: a route, a firewall of this machine, or EMSGSIZE",
    read: ofDaemon((view) => view.sendFailures),
  },
  'internal-errors': {
    grade: 'critical',
    unit: 'a minute',
    per: [],
    measures: 'Packets in which our own code threw; they are dropped, nothing else is affected.',
    says: 'packets meet a bug and are dropped: {value}',
    advice: 'keep the log line internal-error and report it; log level debug shows the packet',
    read: ofDaemon((view) => view.internalErrors),
  },
  'sessions-log-lost': {
    grade: 'loss',
    unit: 'a minute',
    per: [],
    measures: 'Lines of the sessions log that could not be written: sessions that are in no file.',
    says: 'lines of the sessions log are lost: {value}',
    advice: 'look at the space and the mode of accounting.sessions_log.directory',
    read: ofDaemon((view) => view.sessionsLogLinesLost ?? 0),
  },
  'log-lines-lost': {
    grade: 'notice',
    unit: 'a minute',
    per: [],
    measures: 'Lines of the log and of the TPS file that could not be written.',
    says: 'lines of the log or the TPS file are lost: {value}',
    advice: 'look at the space and the mode of log.directory and tps.directory, or at what reads standard output',
    read: ofDaemon((view) => view.logLinesLost + view.tpsLinesLost),
  },
} as const satisfies Readonly<Record<string, AlarmDefinition>>
