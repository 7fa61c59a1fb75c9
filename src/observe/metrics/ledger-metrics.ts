/**
 * The metrics of messages as such: the ledger of each class with what its law leaves over, and what waits.
 */

import { TRAFFIC_CLASSES } from '../../classes.ts'
import { ENDINGS, imbalance, PLACES } from '../../proxy/border/endings.ts'
import type { ClassSnapshot } from '../../proxy/border/snapshot.ts'
import type { QueueLimits } from '../view/view.ts'
import { counter, type Metric, type MetricGroup, metricsOf, type NumberIn, snakeCase } from './metric.ts'
import { classes, inSeconds, ofClassBy } from './metric-readers.ts'

const limits = metricsOf<QueueLimits>((read) => ({
  labels: ['class'],
  read: (view) => TRAFFIC_CLASSES.map((name) => ({ labels: { class: name }, value: read(view.limits[name]) })),
}))

const endingCounter = (ending: (typeof ENDINGS)[number]): Metric => {
  const name = `requests_${snakeCase(ending.name)}`
  if (!('reasons' in ending)) return classes.counter(name, ending.help, (c) => c.ledger[ending.name])
  return counter(
    name,
    ending.help,
    ofClassBy('reason', (c) => c.ledger[ending.name]),
  )
}

const classCounter = (key: NumberIn<ClassSnapshot['counters']>, help: string): Metric =>
  classes.counter(snakeCase(key), help, ({ counters }) => counters[key])

const LEDGER: readonly Metric[] = [
  classes.counter('requests_received', 'Datagrams of clients that entered the ledger.', (c) => c.ledger.received),
  ...ENDINGS.map(endingCounter),
  ...PLACES.map(({ name, help }) => classes.gauge(`requests_${name}`, help, name)),
  classes.gauge('ledger_imbalance_requests', 'What the law leaves over; anything but 0 is a bug.', imbalance),
]

const CLASSES: readonly Metric[] = [
  classes.gauge('queue_bytes', 'Bytes of the requests that wait.', 'queuedBytes'),
  limits.gauge('queue_limit_requests', 'Requests that may wait in each instance (max_messages).', 'messages'),
  limits.gauge('queue_limit_bytes', 'Bytes that may wait in each instance (max_bytes).', 'bytes'),
  limits.gauge(
    'queue_limit_age_seconds',
    'How long a request may wait: max_age. With `max_age: auto` it is max_age_most; most logins expire sooner, each at a time of its own (`radsluice_queue_age_ratio`).',
    ({ age }) => inSeconds(age),
  ),
  classes.gauge('queue_oldest_age_seconds', 'Age of the oldest request that waits.', (c) => inSeconds(c.oldestAge)),
  classes.gauge(
    'queue_age_ratio',
    'Of the time that the first to expire may wait, or with `max_age: auto` the one that waits for longest, what is over: 1 is all of it.',
    'ageShare',
  ),
  classes.gauge('instance_queue_requests', 'Requests in the instance queue itself.', 'instanceQueued'),
  classes.gauge('instance_queue_bytes', 'Bytes of the requests in the instance queue itself.', 'instanceQueuedBytes'),
  classes.gauge(
    'instance_queue_oldest_age_seconds',
    'Age of the oldest request in the instance queue itself that was never sent.',
    (c) => inSeconds(c.instanceOldestAge),
  ),
  classes.gauge('parked_requests', 'Requests that wait because every server is Down.', 'parked'),
  classes.gauge(
    'set_aside_requests',
    'Accounting records that a living server left unanswered, until they are tried again.',
    'setAside',
  ),
  classCounter('cachedAnswers', 'Duplicates answered from the answer cache.'),
  classCounter('contentDuplicates', 'Duplicates known by their content (a new Acct-Delay-Time).'),
  classCounter('statusServerAnswered', 'Status-Server requests of clients that were answered.'),
  classCounter('statusServerIgnored', 'Status-Server requests left unanswered: too many of one source, or draining.'),
]

export const LEDGER_METRICS: MetricGroup = { title: 'The law of the ledger', metrics: LEDGER }
export const QUEUE_METRICS: MetricGroup = { title: 'Queues and duplicates', metrics: CLASSES }
