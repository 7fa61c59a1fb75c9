/**
 * The metrics of messages as such: the ledger of each class with what its law leaves over, and what waits.
 */

import { TRAFFIC_CLASSES } from '../../classes.ts'
import { imbalance } from '../../proxy/border/imbalance.ts'
import type { QueueLimits } from '../view/view.ts'
import { counter, gauge, type Metric, type MetricGroup, type SampleReader } from './metric.ts'
import { inSeconds, ofClass, ofClassBy } from './metric-readers.ts'

const ofLimit = (read: (limits: QueueLimits) => number): SampleReader => ({
  labels: ['class'],
  read: ({ limits }) => TRAFFIC_CLASSES.map((name) => ({ labels: { class: name }, value: read(limits[name]) })),
})

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
    'requests_coalesced',
    'Interim updates for which a newer one of their session is sent (`interims: newest`).',
    ofClass((c) => c.ledger.coalesced),
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
    'queue_limit_requests',
    'Requests that may wait in each instance (max_messages).',
    ofLimit(({ messages }) => messages),
  ),
  gauge(
    'queue_limit_bytes',
    'Bytes that may wait in each instance (max_bytes).',
    ofLimit(({ bytes }) => bytes),
  ),
  gauge(
    'queue_limit_age_seconds',
    'How long a request may wait (max_age).',
    ofLimit(({ age }) => inSeconds(age)),
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
    'instance_queue_bytes',
    'Bytes of the requests in the instance queue itself.',
    ofClass((c) => c.instanceQueuedBytes),
  ),
  gauge(
    'instance_queue_oldest_age_seconds',
    'Age of the oldest request in the instance queue itself that was never sent.',
    ofClass((c) => inSeconds(c.instanceOldestAge)),
  ),
  gauge(
    'parked_requests',
    'Requests that wait because every server is Down.',
    ofClass((c) => c.parked),
  ),
  gauge(
    'set_aside_requests',
    'Accounting records that a living server left unanswered, until they are tried again.',
    ofClass((c) => c.setAside),
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

export const LEDGER_METRICS: MetricGroup = { title: 'The law of the ledger', metrics: LEDGER }
export const QUEUE_METRICS: MetricGroup = { title: 'Queues and duplicates', metrics: CLASSES }
