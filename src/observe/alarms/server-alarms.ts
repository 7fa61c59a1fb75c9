/**
 * The alarms of servers: Down, silent, failing, at their ceiling, with a wrong secret.
 *
 * If the cause is known (`diagnosis.ts`), it replaces the general advice: "look at the network" does not help against a wrong
 * secret, nor "lower max_rate" against late answers.
 */

import { type LaneSnapshot, laneIdentity } from '../../proxy/border/snapshot.ts'
import { isRefused, latenessOf } from '../../proxy/work/silence.ts'
import { WINDOW_FLOOR } from '../../throttle/adaptive-window.ts'
import { durationText } from '../../units.ts'
import {
  causeOf,
  causeOfClass,
  causeOfRetries,
  effectiveCeiling,
  fittingOutstanding,
  whatLimits,
} from '../view/diagnosis.ts'
import type { DaemonView } from '../view/view.ts'
import { type AlarmDefinition, mostOf, ofEachClass, ofEachLane } from './alarm-definition.ts'

/** An adaptive window of this share of max-outstanding has collapsed, and one at its floor where max-outstanding is twice that. */
const COLLAPSED = 0.1

const hasCollapsed = ({ window, maxOutstanding }: LaneSnapshot): boolean =>
  window !== undefined &&
  maxOutstanding >= 2 * WINDOW_FLOOR &&
  window <= Math.max(WINDOW_FLOOR, COLLAPSED * maxOutstanding)

/** The same server in each instance, which has max-outstanding, a window and a pace of its own. */
const ofInstances = (lane: LaneSnapshot, { instances }: DaemonView): LaneSnapshot[] => {
  const identity = laneIdentity(lane)
  return instances.flatMap(({ engine }) => engine.lanes.filter((one) => laneIdentity(one) === identity))
}

/** Max-outstanding, of what fits; 0 if that is not known. */
const excessOf = (lane: LaneSnapshot): number => {
  const fitting = fittingOutstanding(lane)
  return fitting === undefined ? 0 : lane.maxOutstanding / fitting
}

export const SERVER_ALARMS = {
  'server-down': {
    isNow: true,
    grade: 'loss',
    unit: 'state',
    measures: 'Whether every instance sees the server Down; one that an operator holds Down is none.',
    says: 'the server is Down, {detail}',
    advice: 'look at the server and the way to it; its messages go to the others, if any serves',
    ...ofEachLane(({ lane }) => ({
      // The operator knows of a server that is held Down.
      value: lane.state === 'down' && !lane.isHeldDown,
      detail: `${lane.consecutiveFailures} request${lane.consecutiveFailures === 1 ? '' : 's'} in a row unanswered`,
      advice: causeOf(lane),
    })),
  },
  'never-answered': {
    isNow: true,
    grade: 'loss',
    unit: 'transmissions',
    measures:
      'Transmissions that timed out while no valid response has ever come from the server: since the start, or since its address, port or secret changed. 0 once one came.',
    says: 'never a valid response to {value}, {detail}',
    advice:
      "compare the secret, the server's entry for radsluice (address of the client) and the firewalls; the server's own log says what it drops",
    ...ofEachLane(({ lane }) => ({
      value: lane.isHeldDown ? 0 : (lane.unheard?.timeouts ?? 0),
      detail: isRefused(lane) ? 'nothing listens there' : 'probably the secret, the client entry or a firewall',
      advice: isRefused(lane) ? causeOf(lane) : undefined,
    })),
  },
  'server-failing': {
    isNow: true,
    grade: 'loss',
    unit: 'state',
    measures: 'Whether every instance sees the server Failing or worse, and one sees it Failing.',
    says: 'the server answers hardly any request in time, {detail}',
    advice:
      'look at what the server itself asks (its database, its directory, its home servers); new messages go to the other servers, one in 20 tries whether it serves again',
    ...ofEachLane(({ lane }) => ({
      value: lane.state === 'failing',
      // A closed port is no sign of life.
      detail: isRefused(lane) ? 'its port is closed' : 'though it lives',
      advice: causeOf(lane),
    })),
  },
  'unanswered-by-live-server': {
    grade: 'loss',
    unit: 'a minute',
    measures: 'Requests that used up their tries at a server although it answered others meanwhile.',
    says: 'the server leaves requests unanswered while it answers others: {value}',
    advice:
      'it drops them in silence: the log line unanswered-by-live-server names the client, realm or kind of record that most of them share; look there, then at the log of the server',
    ...ofEachLane(({ lane, unanswered }) => ({
      value: unanswered,
      advice: latenessOf(lane) === 'no' ? undefined : causeOf(lane),
    })),
  },
  'all-servers-down': {
    isNow: true,
    grade: 'critical',
    unit: 'state',
    measures: 'Whether all servers of a class are Down, of themselves or because an operator holds them.',
    says: 'all servers are Down ({detail}), messages wait within their bounds',
    advice: 'look at the servers and the network between; nothing is answered until one is back',
    ...ofEachClass((name, { now }) => {
      const lanes = now.engine.lanes.filter((lane) => lane.class === name && !lane.retiring)
      const held = lanes.filter(({ isHeldDown }) => isHeldDown).length
      return {
        value: lanes.length > 0 && lanes.every(({ state }) => state === 'down'),
        detail: `${lanes.length} of ${lanes.length}${held === 0 ? '' : `, ${held} held by an operator`}`,
        advice: causeOfClass(lanes, name),
      }
    }),
  },
  ceiling: {
    grade: 'notice',
    unit: 'percent',
    measures:
      'What is offered to a server, of its effective ceiling: the smaller of max_rate and max_outstanding / holding time. Messages that wait for the max_rate of their client do not count.',
    says: 'what is offered is {value} of what the server can be sent, {detail}',
    advice:
      'where max_outstanding is the limit, the server is slow or silent: mend it or raise max_outstanding; where max_rate is, the servers are at the limit you gave them',
    ...ofEachLane(({ lane, load }) => ({
      value: 100 * (load ?? 0),
      detail: `${Math.floor(effectiveCeiling(lane) ?? 0)} a second because of ${whatLimits(lane)}`,
      advice: whatLimits(lane) === 'max_rate' ? undefined : causeOf(lane),
    })),
  },
  'window-too-wide': {
    isNow: true,
    grade: 'notice',
    unit: 'state',
    measures:
      'Whether max_outstanding is more than the server works off in half its time-out at its slowest pace: answers in the slowest second of the last 24 hours in which requests waited for this server, or as many as may were unanswered.',
    says: 'max_outstanding is too wide for the slowest pace of the server, {detail}',
    advice:
      'when the server is that slow again, it will work for requests whose time-out is over, and hardly for others: lower max_outstanding to what fits, or raise timeout (throttling.md)',
    ...ofEachLane(({ lane }, { now }) => {
      const [tightest = lane] = ofInstances(lane, now).toSorted((a, b) => excessOf(b) - excessOf(a))
      const fitting = fittingOutstanding(tightest)
      const { maxOutstanding, slowestPace, answers } = tightest
      return {
        value: excessOf(tightest) > 1,
        detail: `${maxOutstanding} unanswered at ${slowestPace ?? 0} a second, and timeout is ${durationText(answers.timeout)}: ${fitting ?? maxOutstanding} would fit`,
      }
    }),
  },
  'window-collapsed': {
    isNow: true,
    grade: 'notice',
    unit: 'state',
    measures:
      'Whether the adaptive window of a server (throttle.adaptive) is at a tenth of max_outstanding or less, or at its floor of 8. Not where max_outstanding is less than 16.',
    says: 'the window of the server has fallen to a tenth of max_outstanding or to its floor, {detail}',
    advice:
      'the server is much slower than it was, or leaves requests unanswered: look at the server and what it asks itself; if it leaves some requests unanswered on purpose, set throttle.adaptive to off',
    ...ofEachLane(({ lane }, { now }) => {
      const share = ({ window, maxOutstanding }: LaneSnapshot): number => (window ?? maxOutstanding) / maxOutstanding
      const [narrowest = lane] = ofInstances(lane, now).toSorted((a, b) => share(a) - share(b))
      const { window, maxOutstanding } = narrowest
      return {
        value: hasCollapsed(narrowest),
        detail: `${window ?? maxOutstanding} of ${maxOutstanding}`,
        advice: causeOf(lane),
      }
    }),
  },
  retries: {
    grade: 'notice',
    unit: 'percent',
    measures: 'Retries among the transmissions to a server.',
    says: '{value} of the transmissions are retries',
    advice:
      'packets are lost on the way to the server or back, or it drops some in silence: capture at the server what arrives, and look in its log',
    ...ofEachLane(({ lane, retries }) => ({ value: 100 * retries, advice: causeOfRetries(lane) })),
  },
  'server-secret': {
    grade: 'loss',
    unit: 'a minute',
    measures: 'Responses of a server whose authenticator does not verify.',
    says: 'responses do not verify: {value}',
    advice: 'the server has another shared secret for us, or somebody else answers in its name: compare the secrets',
    ...ofEachLane(({ wrongProofs }) => wrongProofs),
  },
  'server-drops': {
    grade: 'loss',
    unit: 'a minute',
    measures:
      'Responses of a server that are thrown away for another reason than a wrong secret: malformed, or without a Message-Authenticator that is required. Late ones do not count.',
    says: 'responses of the server are dropped: {value} ({detail})',
    advice:
      'their requests stay unanswered: the log line response-dropped says why; for missing-message-authenticator update the server, or set require_message_authenticator: no for it',
    ...ofEachLane(({ drops }, interval) => ({
      value: interval.aMinute(Object.values(drops).reduce((a, b) => a + b, 0)),
      detail: mostOf(drops),
    })),
  },
} as const satisfies Readonly<Record<string, AlarmDefinition>>
