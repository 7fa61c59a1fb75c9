/**
 * The settings of what the daemon says of itself: alarms with their thresholds, the health and what costs it, /metrics, the TPS
 * file, the log.
 *
 * An alarm's key is its id with underscores. What it measures, and what to do about it, is in docs/alarms.md.
 */
import { z } from 'zod'
import {
  directory,
  duration,
  keepDays,
  mapping,
  NEEDS_RESTART,
  oneOf,
  orFalse,
  refuse,
  size,
  url,
  whole,
} from './kinds.ts'

const MOST_SAMPLES = 100
const MOST = 1_000_000_000

const inOrder = (o: object, ctx: z.RefinementCtx): void => {
  const { low, high, samples, of_last } = o as { low?: number; high?: number; samples: number; of_last: number }
  if (low !== undefined && high !== undefined && low > high)
    refuse(ctx, 'low is above high, so the alarm would be raised and cleared at once; swap them')
  if (samples > of_last) {
    const message = `samples (${samples}) is more than of_last (${of_last}), so the alarm could never be raised; raise of_last`
    refuse(ctx, message)
  }
}

/** How many of how many last polls raise and clear an alarm. */
type Samples = readonly [samples: number, ofLast: number]
/** A loss is reported at the first poll that sees it, and until twelve polls in a row saw none. */
const LOSS: Samples = [1, 12]
const TWICE: Samples = [2, 3]
/** With the default poll interval. */
const HALF_A_MINUTE: Samples = [6, 6]

const switchable = <Keys extends z.core.$ZodShape>(what: string, keys: Keys, [samples, ofLast]: Samples = [1, 1]) => {
  const polls = {
    samples: whole(1, MOST_SAMPLES)
      .describe('This many polls at a threshold raise or clear it. They need not be in a row.')
      .default(samples),
    of_last: whole(1, MOST_SAMPLES).describe('Among this many of the last polls.').default(ofLast),
  }
  const alarm = z.strictObject({ ...keys, ...polls }).superRefine(inOrder)
  return orFalse(alarm).describe(`${what} \`false\`: it is never raised.`)
}

/** Raised at `high` or above, cleared below `low`. */
const threshold = <Bounds extends z.core.$ZodShape>(what: string, bounds: Bounds, samples?: Samples) =>
  switchable(what, bounds, samples).prefault({} as never)

/** In whole numbers of `unit`. */
const level = (what: string, unit: string, [high, low]: readonly [high: number, low: number], samples?: Samples) =>
  threshold(
    what,
    {
      high: whole(1, MOST).describe(`Raised at this many ${unit} or more.`).default(high),
      low: whole(0, MOST).describe('Cleared below this many.').default(low),
    },
    samples,
  )

/** For a condition that holds or does not hold. */
const isSo = (what: string, samples?: Samples) => switchable(what, {}, samples).prefault({} as never)

const offeredRate = switchable('The messages that come in, both classes together, reach a limit that you know.', {
  high: whole(1, MOST).describe('Raised at this many messages a second or more.'),
  low: whole(0, MOST).describe('Cleared below this many.'),
}).default(false)

export const alarms = mapping(
  'When an operator is told: in the log, at /alarms, as a metric and by the webhook. See alarms.md.',
  {
    poll_interval: duration({ least: '100ms', most: '1m' })
      .describe(
        'How often alarms and health are judged. The counters that a crashed instance leaves are at most this old.',
      )
      .prefault('5s'),
    webhook: mapping('Who is told besides the log. By default nobody.', {
      url: url().describe(
        'Where alarms are sent by HTTP POST, in the form that an Alertmanager takes: `http://127.0.0.1:9093/api/v2/alerts`.',
      ),
      resend_interval: duration({ least: '1s', most: '1h' })
        .describe(
          'How often alarms that stay raised are sent again. Three intervals after the last one, the receiver takes them for cleared.',
        )
        .prefault('1m'),
    }).optional(),
    queue_fill: level('The fullest queue of a class is close to its bounds.', 'per cent', [80, 60]),
    queue_age: level(
      'A message of a class has waited for most of the time that it may (max_age).',
      'per cent',
      [80, 50],
      TWICE,
    ),
    server_down: isSo('A server is Down for a class.'),
    server_failing: isSo('A server lives but answers hardly any request in time.'),
    never_answered: level('No valid response has ever come from a server.', 'transmissions that timed out', [3, 1]),
    unanswered_by_live_server: level(
      'A server leaves requests unanswered while it answers others.',
      'a minute',
      [10, 3],
      TWICE,
    ),
    all_servers_down: isSo('All servers are Down for a class.'),
    ceiling: level('More is offered to a server than its effective ceiling.', 'per cent of it', [100, 90], [3, 3]),
    window_too_wide: isSo('A server could not work off `max_outstanding` in half its time-out at its slowest pace.'),
    window_collapsed: isSo(
      'An adaptive window is at a tenth of `max_outstanding` or less, or at its floor.',
      HALF_A_MINUTE,
    ),
    shed: level(
      "Messages are shed from a full queue, or records beyond their client's max_share.",
      'a minute',
      [1, 1],
      LOSS,
    ),
    expired: level('Messages expire.', 'a minute', [10, 3], LOSS),
    given_up: level('Requests end without an answer.', 'a minute', [10, 3], LOSS),
    retries: level('Many transmissions to a server are retries.', 'per cent', [20, 10], TWICE),
    client_secret: level('Datagrams of a client do not verify.', 'a minute', [10, 1], LOSS),
    client_drops: level('Datagrams of a client are dropped for another reason.', 'a minute', [10, 1], LOSS),
    server_secret: level('Responses of a server do not verify.', 'a minute', [10, 1], LOSS),
    server_drops: level('Responses of a server are dropped for another reason.', 'a minute', [10, 1], LOSS),
    missing_message_authenticator: isSo('Unsigned Access-Requests of a client are dropped.'),
    server_missing_message_authenticator: isSo('Unsigned answers of a server are dropped.'),
    mixed_signing: isSo('A client sends signed and unsigned Access-Requests from one address.'),
    server_mixed_signing: isSo('A server sends signed and unsigned answers to Access-Requests.'),
    kernel_drops: level('The kernel drops datagrams because a receive buffer is full.', 'a minute', [1, 1], LOSS),
    send_failures: level('The system refuses to send datagrams.', 'a minute', [10, 1], LOSS),
    internal_errors: level('Packets are dropped because of a bug.', 'a minute', [1, 1], LOSS),
    sessions_log_lost: level('Lines of the sessions log are lost.', 'a minute', [1, 1], LOSS),
    log_lines_lost: level('Lines of the log or the TPS file are lost.', 'a minute', [1, 1], LOSS),
    event_loop_delay: threshold(
      'An event loop is late.',
      {
        high: duration({ least: '1ms', most: '1m' }).describe('Raised at this much or more.').prefault('50ms'),
        low: duration({ least: '0s', most: '1m' }).describe('Cleared below this much.').prefault('20ms'),
      },
      TWICE,
    ),
    memory: threshold('The process uses much memory.', {
      high: size({ least: '1MiB', most: '1024GiB' }).describe('Raised at this much or more.').prefault('4GiB'),
      low: size({ least: '0B', most: '1024GiB' }).describe('Cleared below this much.').prefault('3GiB'),
    }),
    offered_rate: offeredRate,
    listener_missing: isSo('The machine lacks an address of `listen` that is not optional.'),
    instance_down: isSo('An instance crashed or does not run.'),
    ledger_imbalance: isSo('The ledger does not add up.'),
    reload_refused: isSo('The last reload was refused.'),
    webhook_failing: isSo('The webhook takes no alarms.'),
  },
).prefault({})

/** From `warning` on it costs 1, from `error` on it costs `cost`. */
const factor = <T extends z.ZodType>(what: string, [warning, error]: readonly [warning: T, error: T], cost: number) =>
  orFalse(
    z
      .strictObject({
        warning: warning.describe('The warning threshold.'),
        error: error.describe('The error threshold.'),
        cost: whole(1, 10)
          .describe('What the health loses at the error threshold. At the warning threshold it loses 1.')
          .default(cost),
      })
      .superRefine((o, ctx) => {
        const { warning, error } = o as unknown as { readonly warning: number; readonly error: number }
        if (warning > error) refuse(ctx, 'warning is above error; swap them')
      }),
  )
    .describe(`${what} \`false\`: it costs nothing.`)
    .prefault({} as never)

const counted = (of: number) => whole(0, MOST).default(of)
const lateness = (of: string) => duration({ least: '0s', most: '1m' }).prefault(of)
const octets = (of: string) => size({ least: '0B', most: '1024GiB' }).prefault(of)

export const health = mapping('One number for people: 10 is healthy, and each problem costs some of it.', {
  degraded_below: whole(0, 10)
    .describe('Below this health `radsluice status` exits with 1 and lists it as a concern.')
    .default(8),
  ready_at_least: whole(0, 10)
    .describe(
      'Has no effect any more. It is accepted so that older files still load: /readyz never answers 503 because of the health. Strangers can lower the health with a few packets, and the proxy is needed most in a storm.',
    )
    .optional(),
  queue_fill: factor('Per cent of the fullest queue.', [counted(50), counted(90)], 2),
  queue_age: factor('How long a message has waited, in per cent of its max_age.', [counted(50), counted(90)], 2),
  shed: factor(
    "Messages shed a minute: from full queues, and records beyond their client's max_share.",
    [counted(1), counted(600)],
    3,
  ),
  timeouts: factor('Per cent of the transmissions that time out.', [counted(10), counted(50)], 2),
  servers: factor('Per cent of the servers of a class that are Down or Failing.', [counted(1), counted(100)], 10),
  instances: factor('Per cent of the instances that crashed or do not run.', [counted(1), counted(100)], 10),
  bad_authenticators: factor('Datagrams a minute that do not verify.', [counted(10), counted(600)], 2),
  event_loop_delay: factor('How late an event loop is.', [lateness('20ms'), lateness('200ms')], 2),
  memory: factor('Memory of the process.', [octets('3GiB'), octets('6GiB')], 2),
}).prefault({})

/** Up to this many clients `auto` is `all`. */
export const MOST_CLIENTS_FOR_ALL = 1_000

/** A client has some 44 series in each instance. With 10,000 clients that is 24 MB a scrape, and seconds of processor time. */
export const metrics = mapping('What /metrics shows (metrics.md).', {
  per_client: oneOf(['auto', 'all', 'active', 'off'])
    .describe(
      `Which clients have series of their own in /metrics: all of them; those with traffic in the last hour (active); or none (off). auto is all for up to ${MOST_CLIENTS_FOR_ALL.toLocaleString('en')} clients, else active. The totals of all clients are always there.`,
    )
    .default('auto'),
}).prefault({})

export type PerClient = 'all' | 'active' | 'off'

/** `auto` decided. */
export const perClientOf = (written: PerClient | 'auto', clients: number): PerClient =>
  written === 'auto' ? (clients <= MOST_CLIENTS_FOR_ALL ? 'all' : 'active') : written

export const tps = mapping('A file of rates for spreadsheets. By default there is none.', {
  directory: directory()
    .describe(
      'Where a file `tps-MM-DD-YYYY.csv` gets a line every 15 s: date, time, messages accepted and messages shed per second. A relative path starts at the directory of the configuration file.',
    )
    .meta(NEEDS_RESTART),
  keep_days: keepDays(),
}).optional()

export const log = mapping('The log.', {
  level: oneOf(['error', 'warn', 'info', 'debug', 'trace'])
    .describe('The least important lines that are written.')
    .default('info'),
  directory: directory()
    .describe(
      'Where the log is written, in a file `radsluice-YYYY-MM-DD.log` for each day. A relative path starts at the directory of the configuration file. By default it goes to standard output.',
    )
    .meta(NEEDS_RESTART)
    .optional(),
  keep_days: keepDays(),
}).prefault({})

export type AlarmSettings = z.output<typeof alarms>
export type HealthSettings = z.output<typeof health>
