/**
 * The metrics of the engine: the ledger of each class, and what each server takes and answers.
 *
 * docs/metrics.md explains them and states the law that the ledger's metrics keep. A lane that a reload removed is not
 * shown by its server's name any more (its successor may bear it); it is counted in `radsluice_retiring_lanes`.
 */
import type { ClassSnapshot, EngineSnapshot, LaneCounters, LaneSnapshot } from '../proxy/snapshot.ts'
import { MICROS_PER_SECOND, TRAFFIC_CLASSES } from '../units.ts'
import { counter, gauge, type Metric, type Sample, type SampleReader, single } from './metric.ts'
import { type DaemonView, imbalance } from './view.ts'

const CLASS_LABELS = ['class', 'instance']
const LANE_LABELS = ['server', 'class', 'instance']
const STATES = ['active', 'not_responding', 'down'] as const

const inSeconds = (microseconds: number): number => microseconds / MICROS_PER_SECOND

/** The samples of each instance, which is a label. */
const ofInstances =
  (read: (engine: EngineSnapshot, instance: string) => readonly Sample[]) =>
  ({ instances }: DaemonView): Sample[] =>
    instances.flatMap(({ number, engine }) => read(engine, String(number)))

const ofClass = (read: (of: ClassSnapshot) => number): SampleReader => ({
  labels: CLASS_LABELS,
  read: ofInstances((engine, instance) =>
    TRAFFIC_CLASSES.map((name) => ({ labels: { class: name, instance }, value: read(engine.classes[name]) })),
  ),
})

/** One sample for each name of a record, as label `label`. */
const ofClassBy = (label: string, read: (of: ClassSnapshot) => Readonly<Record<string, number>>): SampleReader => ({
  labels: [...CLASS_LABELS, label],
  read: ofInstances((engine, instance) =>
    TRAFFIC_CLASSES.flatMap((name) =>
      Object.entries(read(engine.classes[name])).map(([key, value]) => ({
        labels: { class: name, instance, [label]: key },
        value,
      })),
    ),
  ),
})

const laneLabels = ({ server, class: name }: LaneSnapshot, instance: string): Record<string, string> => ({
  server,
  class: name,
  instance,
})

const ofLane = (read: (lane: LaneSnapshot) => number): SampleReader => ({
  labels: LANE_LABELS,
  read: ofInstances((engine, instance) =>
    engine.lanes
      .filter(({ retiring }) => !retiring)
      .map((lane) => ({ labels: laneLabels(lane, instance), value: read(lane) })),
  ),
})

const ofLaneBy = (label: string, read: (lane: LaneSnapshot) => Readonly<Record<string, number>>): SampleReader => ({
  labels: [...LANE_LABELS, label],
  read: ofInstances((engine, instance) =>
    engine.lanes
      .filter(({ retiring }) => !retiring)
      .flatMap((lane) =>
        Object.entries(read(lane)).map(([key, value]) => ({
          labels: { ...laneLabels(lane, instance), [label]: key },
          value,
        })),
      ),
  ),
})

const laneCounter = (name: string, key: keyof Omit<LaneCounters, 'dropped'>, help: string): Metric =>
  counter(
    `server_${name}`,
    help,
    ofLane(({ counters }) => counters[key]),
  )

const LEDGER: readonly Metric[] = [
  counter(
    'requests_received',
    'Datagrams of clients that entered the ledger.',
    ofClass((c) => c.ledger.received),
  ),
  counter(
    'requests_answered',
    'Requests whose answer went to the client.',
    ofClass((c) => c.ledger.answered),
  ),
  counter(
    'requests_delivered_unanswered',
    'Accounting records delivered after their client reused the identifier, so that no answer was sent.',
    ofClass((c) => c.ledger.deliveredUnanswered),
  ),
  counter(
    'requests_duplicate',
    'Retransmissions absorbed or answered again.',
    ofClass((c) => c.ledger.duplicate),
  ),
  counter(
    'requests_dropped',
    'Datagrams refused, by reason.',
    ofClassBy('reason', (c) => c.ledger.dropped),
  ),
  counter(
    'requests_shed',
    'Queued requests removed by an overflow policy.',
    ofClassBy('reason', (c) => c.ledger.shed),
  ),
  counter(
    'requests_expired',
    'Requests that waited longer than max_age.',
    ofClass((c) => c.ledger.expired),
  ),
  counter(
    'requests_superseded',
    'Requests that the client gave up for a newer one.',
    ofClass((c) => c.ledger.superseded),
  ),
  counter(
    'requests_given_up',
    'Requests that no server answered.',
    ofClass((c) => c.ledger.givenUp),
  ),
  counter(
    'requests_lost',
    'Requests that an instance had in hand when it crashed.',
    ofClass((c) => c.ledger.lost),
  ),
  gauge(
    'requests_queued',
    'Requests that wait anywhere.',
    ofClass((c) => c.queued),
  ),
  gauge(
    'requests_outstanding',
    'Requests at a server, unanswered so far.',
    ofClass((c) => c.outstanding),
  ),
  gauge('ledger_imbalance_requests', 'What the law leaves over; anything but 0 is a bug.', ofClass(imbalance)),
]

const CLASSES: readonly Metric[] = [
  gauge(
    'queue_bytes',
    'Bytes of the requests that wait.',
    ofClass((c) => c.queuedBytes),
  ),
  gauge(
    'queue_oldest_age_seconds',
    'Age of the oldest request that waits.',
    ofClass((c) => inSeconds(c.oldestAge)),
  ),
  gauge(
    'instance_queue_requests',
    'Requests in the instance queue itself.',
    ofClass((c) => c.instanceQueued),
  ),
  gauge(
    'parked_requests',
    'Requests that wait because every server is Down.',
    ofClass((c) => c.parked),
  ),
  counter(
    'cached_answers',
    'Duplicates answered from the answer cache.',
    ofClass((c) => c.counters.cachedAnswers),
  ),
  counter(
    'content_duplicates',
    'Duplicates known by their content (a new Acct-Delay-Time).',
    ofClass((c) => c.counters.contentDuplicates),
  ),
  counter(
    'status_server_answered',
    'Status-Server requests of clients that were answered.',
    ofClass((c) => c.counters.statusServerAnswered),
  ),
  counter(
    'status_server_ignored',
    'Status-Server requests left unanswered: too many of one source, or draining.',
    ofClass((c) => c.counters.statusServerIgnored),
  ),
]

const SERVER_COUNTERS: readonly Metric[] = [
  laneCounter('requests', 'requests', 'First transmissions to the server.'),
  laneCounter('retransmissions', 'retransmissions', 'Further transmissions of the same request to the server.'),
  laneCounter('accepts', 'accepts', 'Access-Accepts of the server.'),
  laneCounter('rejects', 'rejects', 'Access-Rejects of the server.'),
  laneCounter('challenges', 'challenges', 'Access-Challenges of the server.'),
  laneCounter('responses', 'responses', 'Valid responses of any code.'),
  laneCounter('timeouts', 'timeouts', 'Transmissions that were not answered in time.'),
  laneCounter('promotions', 'promotions', 'Requests moved from the server queue to the head of the instance queue.'),
  laneCounter('failures', 'failures', 'Requests that used up their tries at the server.'),
  laneCounter('probes_sent', 'probesSent', 'Status-Server probes sent.'),
  laneCounter('probes_answered', 'probesAnswered', 'Status-Server probes answered.'),
  laneCounter('refused', 'refused', 'Times that the server reported its port closed (ICMP).'),
  counter(
    'server_responses_dropped',
    'Datagrams of the server that were thrown away, by reason.',
    ofLaneBy('reason', ({ counters }) => counters.dropped),
  ),
]

const SERVER_GAUGES: readonly Metric[] = [
  gauge(
    'server_state',
    '1 for the state that the server is in, 0 for the others.',
    ofLaneBy('state', (lane) => Object.fromEntries(STATES.map((state) => [state, lane.state === state ? 1 : 0]))),
  ),
  gauge(
    'server_consecutive_failures',
    'Failures since the last response.',
    ofLane((lane) => lane.consecutiveFailures),
  ),
  gauge(
    'server_round_trip_seconds',
    'Of the last valid response, 0 before the first.',
    ofLane((lane) => inSeconds(lane.roundTripTime)),
  ),
  gauge(
    'server_max_rate',
    'Messages per second that may be sent, 0 is unlimited.',
    ofLane((lane) => lane.slots.maxRate),
  ),
  gauge(
    'server_slots_per_second',
    'Slots in a second, 0 where the rate is unlimited.',
    ofLane((lane) => lane.slots.slotsPerSecond),
  ),
  gauge(
    'server_slot_quota_messages',
    'Messages that the current slot may take.',
    ofLane((lane) => lane.slots.quota),
  ),
  gauge(
    'server_slot_sent_messages',
    'Messages sent in the current slot.',
    ofLane((lane) => lane.slots.sent),
  ),
  gauge(
    'server_queue_requests',
    'Requests in the server queue.',
    ofLane((lane) => lane.queued),
  ),
  gauge(
    'server_queue_bytes',
    'Bytes of the requests in the server queue.',
    ofLane((lane) => lane.queuedBytes),
  ),
  gauge(
    'server_queue_oldest_age_seconds',
    'Age of the oldest request in the server queue.',
    ofLane((lane) => inSeconds(lane.oldestAge)),
  ),
  gauge(
    'server_outstanding_requests',
    'Requests that the server has not answered yet.',
    ofLane((lane) => lane.outstanding),
  ),
  gauge(
    'server_max_outstanding_requests',
    'The most that may be outstanding.',
    ofLane((lane) => lane.maxOutstanding),
  ),
  gauge(
    'server_waiting_retries',
    'Due retries that wait for quota.',
    ofLane((lane) => lane.waitingRetries),
  ),
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
]

const CLIENTS_AND_TABLES: readonly Metric[] = [
  counter('client_requests_received', 'Datagrams received from a configured client.', {
    labels: ['client', 'class', 'instance'],
    read: ofInstances(({ clients }, instance) =>
      clients.flatMap(({ name, received }) =>
        TRAFFIC_CLASSES.map((of) => ({ labels: { client: name, class: of, instance }, value: received[of] })),
      ),
    ),
  }),
  counter('client_requests_dropped', 'Datagrams of a configured client that were dropped.', {
    labels: ['client', 'instance'],
    read: ofInstances(({ clients }, instance) =>
      clients.map(({ name, dropped }) => ({ labels: { client: name, instance }, value: dropped })),
    ),
  }),
  gauge('table_entries', 'Entries in the bounded tables.', {
    labels: ['table', 'instance'],
    read: ofInstances(({ tables }, instance) =>
      Object.entries(tables).map(([table, value]) => ({ labels: { table, instance }, value })),
    ),
  }),
  gauge('message_authenticator_learned_peers', 'Peers of which auto learned that they send Message-Authenticator.', {
    labels: ['peers', 'instance'],
    read: ofInstances(({ messageAuthenticatorLearned }, instance) =>
      Object.entries(messageAuthenticatorLearned).map(([peers, value]) => ({ labels: { peers, instance }, value })),
    ),
  }),
  gauge(
    'retiring_lanes',
    'Lanes that a reload removed and that still wait for what is outstanding.',
    single(({ engine }) => engine.lanes.filter(({ retiring }) => retiring).length),
  ),
]

export const ENGINE_METRICS: readonly Metric[] = [
  ...LEDGER,
  ...CLASSES,
  ...SERVER_COUNTERS,
  ...SERVER_GAUGES,
  ...CLIENTS_AND_TABLES,
]
