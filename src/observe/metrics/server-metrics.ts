/**
 * The metrics of each server and class, in the terms of RFC 4668 and RFC 4670 where these have one.
 */
import type { LaneCounters } from '../../proxy/border/snapshot.ts'
import { effectiveCeiling, fittingOutstanding } from '../view/diagnosis.ts'
import { STATE_WORDS } from '../view/view.ts'
import { counter, gauge, histogram, type Metric, type MetricGroup, type NumberIn, snakeCase } from './metric.ts'
import { inSeconds, lanes, ofLaneBy, ofLaneHistogram } from './metric-readers.ts'

const laneCounter = (key: NumberIn<LaneCounters>, help: string): Metric =>
  lanes.counter(`server_${snakeCase(key)}`, help, ({ counters }) => counters[key])

const SERVER: readonly Metric[] = [
  laneCounter('requests', 'First transmissions to the server.'),
  laneCounter('retransmissions', 'Further transmissions of the same request to the server.'),
  laneCounter('accepts', 'Access-Accepts of the server.'),
  laneCounter('rejects', 'Access-Rejects of the server.'),
  laneCounter('challenges', 'Access-Challenges of the server.'),
  laneCounter('responses', 'Valid responses of any code.'),
  laneCounter('timeouts', 'Transmissions that were not answered in time.'),
  laneCounter('promotions', 'Requests moved from the server queue to the head of the instance queue.'),
  laneCounter('failures', 'Requests that used up their tries while nothing valid came from the server.'),
  laneCounter('probesSent', 'Status-Server probes sent.'),
  laneCounter('probesAnswered', 'Status-Server probes answered.'),
  laneCounter('refused', 'Times that the server reported its port closed (ICMP).'),
  lanes.counter(
    'unanswered_by_live_server',
    'Requests that used up their tries although the server answered others meanwhile.',
    ({ counters }) => counters.unansweredByLiveServer,
  ),
  counter(
    'server_responses_dropped',
    'Datagrams of the server that were thrown away, by reason.',
    ofLaneBy('reason', ({ counters }) => counters.dropped),
  ),
  gauge(
    'server_state',
    '1 for the state that the server is in, 0 for the others.',
    ofLaneBy('state', (lane) =>
      Object.fromEntries(Object.keys(STATE_WORDS).map((state) => [state, lane.state === state ? 1 : 0])),
    ),
  ),
  lanes.gauge('server_held_down', '1 while an operator holds the server Down.', (lane) => (lane.isHeldDown ? 1 : 0)),
  lanes.gauge(
    'server_heard',
    '1 once a valid response came from the server, since the start or since its secret changed.',
    (lane) => (lane.unheard === undefined ? 1 : 0),
  ),
  lanes.gauge(
    'server_unheard_transmissions',
    'Transmissions that timed out while no valid response ever came; 0 once one came.',
    (lane) => lane.unheard?.timeouts ?? 0,
  ),
  lanes.gauge('server_consecutive_failures', 'Failures since the last response.', 'consecutiveFailures'),
  lanes.gauge(
    'server_round_trip_seconds',
    'Of the last valid response; no sample before the first, and where it answers a retry: nobody knows which transmission then.',
    (lane) => (lane.roundTripTime === undefined ? undefined : inSeconds(lane.roundTripTime)),
  ),
  lanes.gauge(
    'server_holding_time_seconds',
    'How long an identifier is held, tries and silence included: a moving mean, 0 before the first comes back.',
    (lane) => inSeconds(lane.holdingTime),
  ),
  lanes.gauge(
    'server_effective_ceiling',
    'Messages per second that the server can be sent at most: the smaller of max_rate and max_outstanding / holding time.',
    effectiveCeiling,
  ),
  lanes.gauge('server_max_rate', 'Messages per second that may be sent, 0 is unlimited.', (lane) => lane.slots.maxRate),
  lanes.gauge(
    'server_slots_per_second',
    'Slots in a second, 0 where the rate is unlimited.',
    (lane) => lane.slots.slotsPerSecond,
  ),
  lanes.gauge('server_slot_quota_messages', 'Messages that the current slot may take.', (lane) => lane.slots.quota),
  lanes.gauge('server_slot_sent_messages', 'Messages sent in the current slot.', (lane) => lane.slots.sent),
  lanes.gauge('server_queue_requests', 'Requests in the server queue.', 'queued'),
  lanes.gauge('server_queue_bytes', 'Bytes of the requests in the server queue.', 'queuedBytes'),
  lanes.gauge('server_queue_oldest_age_seconds', 'Age of the oldest request in the server queue.', (lane) =>
    inSeconds(lane.oldestAge),
  ),
  lanes.gauge('server_outstanding_requests', 'Requests that the server has not answered yet.', 'outstanding'),
  lanes.gauge('server_max_outstanding_requests', 'The most that may be outstanding.', 'maxOutstanding'),
  lanes.gauge(
    'server_window',
    'The most that may be outstanding now, where throttle.adaptive is window; no sample where it is off.',
    'window',
  ),
  lanes.gauge(
    'server_slowest_pace',
    'Answers in the slowest second of the last 24 hours in which there was always more to do; no sample without one.',
    'slowestPace',
  ),
  lanes.gauge(
    'server_fitting_outstanding_requests',
    'The most that may be outstanding if the server shall work it off in half its time-out at its slowest pace; no sample where that pace is not known.',
    fittingOutstanding,
  ),
  lanes.gauge('server_waiting_retries', 'Due retries that wait for quota.', 'waitingRetries'),
  gauge(
    'server_identifiers',
    'Identifiers of the source ports, by what they do.',
    ofLaneBy('use', ({ identifiers: { total, free, quarantined, abandoned } }) => ({
      free,
      outstanding: total - free - quarantined - abandoned,
      quarantined,
      abandoned,
    })),
  ),
  histogram(
    'server_response_time_seconds',
    'From a transmission to its response, where there was one transmission only.',
    ofLaneHistogram(({ counters }) => counters.roundTrips),
  ),
  histogram(
    'server_queue_wait_seconds',
    'From the arrival of a request to its first transmission.',
    ofLaneHistogram(({ counters }) => counters.queueWaits),
  ),
]

export const SERVER_METRICS: MetricGroup = { title: 'Servers', metrics: SERVER }
