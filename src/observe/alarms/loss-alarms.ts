/**
 * The alarms of losses: requests and records that nobody answers, packets that are dropped, lines that are in no file.
 *
 * Every way in which users or records suffer a loss raises one of these, or one of a server or an instance
 * (`test/observe/losses.test.ts` tries all of them). What strangers send is no loss, nor a login beyond its client's own max_share:
 * its client tries again. A record beyond it is one.
 */

import type { TrafficClass } from '../../classes.ts'
import { causeOfClass } from '../view/diagnosis.ts'
import type { Interval } from '../view/interval.ts'
import type { DaemonView } from '../view/view.ts'
import { type AlarmDefinition, mostOf, ofDaemon, ofEachClass, ofEachClient } from './alarm-definition.ts'

/** A known cause at the servers of the class is better than the general advice. */
const causeIn = ({ now }: Interval, name: TrafficClass): string | undefined => causeOfClass(now.engine.lanes, name)

/** How fast a counter of the whole daemon rises. */
const rising = (read: (view: DaemonView) => number | undefined) => ofDaemon((interval) => interval.riseAMinute(read))

/** Undefined if the kernel does not say. */
const kernelDropsOf = ({ listeners, upstreamKernelDrops }: DaemonView): number | undefined => {
  const all = [...listeners.map(({ kernelDrops }) => kernelDrops), upstreamKernelDrops]
  const known = all.filter((count) => count !== undefined)
  return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0)
}

/** `max_age: auto`. */
const isAuto = ({ now }: Interval, name: TrafficClass): boolean => now.limits[name].ageIfOnce !== undefined
const FORGOTTEN = "most come back with their clients' next copies: one login may be counted several times"

/** Most of the loss is of clients that hold all they may. */
const isOfShares = (interval: Interval, name: TrafficClass): boolean =>
  2 * interval.shedBeyondShares(name) > interval.ended(name, 'shed') && interval.shedAtALoss(name) > 0
const OF_SHARES =
  'a client holds all that its max_share allows: raise it, or look at what it sends; "radsluice top" says which'

const MOST_NAMED = 3

/** What to do where only the own rates of clients hold them back; undefined without such clients. */
function ownRateText(clients: readonly string[]): string | undefined {
  if (clients.length === 0) return undefined
  const named = clients.slice(0, MOST_NAMED).join(', ')
  const more = clients.length > MOST_NAMED ? ` and ${clients.length - MOST_NAMED} more` : ''
  return `the messages that expire wait for their own client's max_rate (clients[].max_rate of ${named}${more}), and not for the servers: raise it, or look at what the client sends ("radsluice top")`
}

export const LOSS_ALARMS = {
  shed: {
    grade: 'critical',
    unit: 'a minute',
    measures:
      'Queued messages removed because the queue was full, and accounting records beyond the own max_share of their client. Logins beyond it do not count: their client tries again, the others lose nothing, and the limit is one that you set. The log (`shed` with `client-share`) and `radsluice top` tell of both.',
    says: 'messages are shed: {value}',
    advice:
      'the queue is full: look at the servers and at max_rate, and raise max_messages or max_bytes if memory allows',
    ...ofEachClass((name, interval) => ({
      value: interval.aMinute(interval.shedAtALoss(name)),
      advice: causeIn(interval, name) ?? (isOfShares(interval, name) ? OF_SHARES : undefined),
    })),
  },
  expired: {
    grade: 'loss',
    unit: 'a minute',
    measures:
      "Messages that waited longer than max_age. With `max_age: auto` most of them are logins that were forgotten just before their client's next copy: the copy enters anew, so one login may be counted several times. Logins that came only once (max_age_limit) and those that have waited for max_age_most expire too, and no copy of them need follow. In such a storm users give up all the same.",
    says: 'messages expire unanswered: {value} ({detail})',
    advice:
      'more comes than is served in time: look at the servers (slow or Down?) and at max_rate, add a server, and look at "radsluice top": where only one client waits and the servers have room, its own max_rate holds it back (clients[].max_rate)',
    ...ofEachClass((name, interval) => ({
      value: interval.aMinute(interval.ended(name, 'expired')),
      detail: isAuto(interval, name) ? FORGOTTEN : 'they waited longer than max_age',
      advice: causeIn(interval, name) ?? ownRateText(interval.expiredByOwnRate(name)),
    })),
  },
  'given-up': {
    grade: 'loss',
    unit: 'a minute',
    measures:
      'Requests that ended without an answer: given up after all their tries, or superseded: their client gave them up for a newer one.',
    says: 'requests end without an answer: {value} ({detail})',
    advice: 'the log line given-up says what was tried where; look at these servers, then at timeout and max_retries',
    ...ofEachClass((name, interval) => {
      const [givenUp, superseded] = [interval.ended(name, 'givenUp'), interval.ended(name, 'superseded')]
      const detail = mostOf({ 'given up': givenUp, superseded })
      return { value: interval.aMinute(givenUp + superseded), detail, advice: causeIn(interval, name) }
    }),
  },
  'client-secret': {
    grade: 'loss',
    unit: 'a minute',
    measures:
      'Datagrams of a client whose authenticator does not verify. An Access-Request without Message-Authenticator proves nothing: a wrong secret shows there only as rejects.',
    says: 'datagrams do not verify: {value}',
    advice: 'the client has another shared secret than we: compare the two',
    ...ofEachClient(({ wrongProofs }) => wrongProofs),
  },
  'client-drops': {
    grade: 'loss',
    unit: 'a minute',
    measures:
      'Datagrams of a client that are dropped for another reason than a wrong secret: malformed, without a Message-Authenticator that is required, or of a request whose server is Down. 0 while it drains.',
    says: 'datagrams of the client are dropped: {value} (the last: {detail})',
    advice:
      'the log line dropped names the reason and the address; for missing-message-authenticator update the client, or set require_message_authenticator: no for it',
    ...ofEachClient(({ others, last }, { now }) => ({
      value: now.engine.draining ? 0 : others,
      detail: last ?? 'none',
    })),
  },
  'kernel-drops': {
    grade: 'loss',
    unit: 'a minute',
    measures: 'Datagrams that the kernel dropped because a receive buffer of ours was full.',
    says: 'the kernel drops datagrams before we see them: {value}',
    advice:
      'raise the limit of receive buffers, sysctl net.core.rmem_max, and restart; if it stays, use more instances',
    ...rising(kernelDropsOf),
  },
  'send-failures': {
    grade: 'loss',
    unit: 'a minute',
    measures: 'Datagrams to clients and servers that the system refused to send.',
    says: 'datagrams can not be sent: {value}',
    advice:
      "the log line send-failed has the place and the system's reason: a route, a firewall of this machine, or EMSGSIZE",
    ...rising((view) => view.sendFailures),
  },
  'internal-errors': {
    grade: 'critical',
    unit: 'a minute',
    measures: 'Packets in which our own code threw; they are dropped, nothing else is affected.',
    says: 'packets meet a bug and are dropped: {value}',
    advice: 'keep the log line internal-error and report it; log level debug shows the packet',
    ...rising((view) => view.internalErrors),
  },
  'sessions-log-lost': {
    grade: 'loss',
    unit: 'a minute',
    measures: 'Lines of the sessions log that could not be written: sessions that are in no file.',
    says: 'lines of the sessions log are lost: {value}',
    advice: 'look at the space and the mode of accounting.sessions_log.directory',
    ...rising((view) => view.sessionsLogLinesLost ?? 0),
  },
  'log-lines-lost': {
    grade: 'notice',
    unit: 'a minute',
    measures: 'Lines of the log and of the TPS file that could not be written.',
    says: 'lines of the log or the TPS file are lost: {value}',
    advice: 'look at the space and the mode of log.directory and tps.directory, or at what reads standard output',
    ...rising((view) => view.logLinesLost + view.tpsLinesLost),
  },
} as const satisfies Readonly<Record<string, AlarmDefinition>>
