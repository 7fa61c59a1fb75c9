/**
 * The metrics of messages as such: the ledger of each class with what its law leaves over, and what waits.
 */

import { TRAFFIC_CLASSES } from '../../classes.ts'
import { ENDINGS, imbalance, PLACES } from '../../proxy/border/endings.ts'
import type { QueueLimits } from '../view/view.ts'
import { counter, gauge, type Metric, type MetricGroup, type SampleReader } from './metric.ts'
import { inSeconds, ofClass, ofClassBy } from './metric-readers.ts'

const ofLimit = (read: (limits: QueueLimits) => number): SampleReader => ({
  labels: ['class'],
  read: ({ limits }) => TRAFFIC_CLASSES.map((name) => ({ labels: { class: name }, value: read(limits[name]) })),
})

/** `deliveredUnanswered` as `delivered_unanswered`. */
export const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)

const ofEnding = (ending: (typeof ENDINGS)[number]): SampleReader =>
  'reasons' in ending ? ofClassBy('reason', (c) => c.ledger[ending.name]) : ofClass((c) => c.ledger[ending.name])

const LEDGER: readonly Metric[] = [
  counter(
    'requests_received',
    'Datagrams of clients that entered the ledger.',
    ofClass((c) => c.ledger.received),
  ),
  ...ENDINGS.map((ending) => counter(`requests_${snakeCase(ending.name)}`, ending.help, ofEnding(ending))),
  ...PLACES.map(({ name, help }) =>
    gauge(
      `requests_${name}`,
      help,
      ofClass((c) => c[name]),
    ),
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
