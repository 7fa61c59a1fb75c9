/**
 * The settings of what the daemon says of itself: alarms with their thresholds, the health and what costs it, the TPS file,
 * the log.
 *
 * They are a part of the schema (`schema.ts`) with a file of their own. An alarm's key is its id with underscores; what
 * it measures and what to do about it stands in docs/alarms.md.
 */
import { z } from 'zod'
import { directory, duration, keepDays, oneOf, size, url, whole } from './kinds.ts'

const MOST_SAMPLES = 100
const MOST = 1_000_000_000

/** By how many of the last polls an alarm is raised and cleared. */
const samplesOf = (samples: number, ofLast: number) => ({
  samples: whole(1, MOST_SAMPLES)
    .describe('It takes so many polls at a threshold to raise or to clear it, not necessarily in a row.')
    .default(samples),
  of_last: whole(1, MOST_SAMPLES).describe('Among so many of the last polls.').default(ofLast),
})

const inOrder = (ctx: z.RefinementCtx, o: { low?: number; high?: number; samples: number; of_last: number }): void => {
  if (o.low !== undefined && o.high !== undefined && o.low > o.high) {
    ctx.addIssue({
      code: 'custom',
      message: 'low is above high, so the alarm would be raised and cleared at once; swap them',
    })
  }
  if (o.samples > o.of_last) {
    const message = `samples (${o.samples}) is more than of_last (${o.of_last}), so the alarm could never be raised; raise of_last`
    ctx.addIssue({ code: 'custom', message })
  }
}

interface Edges<Written> {
  readonly high: Written
  readonly low: Written
  readonly samples?: readonly [samples: number, ofLast: number]
}

const switchable = <T extends z.ZodType>(type: T, what: string) =>
  z.union([z.literal(false), type]).describe(`${what} \`false\`: it is never raised.`)

/** A loss: told of at the first poll that sees it, and until twelve polls in a row saw none. */
const LOSS = [1, 12] as const

/** Raised at `high` or above, cleared under `low`, in whole numbers of `unit`. */
const level = (what: string, unit: string, { high, low, samples = [1, 1] }: Edges<number>) =>
  switchable(
    z
      .strictObject({
        high: whole(1, MOST).describe(`Raised at so many ${unit} or more.`).default(high),
        low: whole(0, MOST).describe('Cleared under so many.').default(low),
        ...samplesOf(...samples),
      })
      .superRefine((o, ctx) => inOrder(ctx, o)),
    what,
  ).prefault({})

const inDurations = (what: string, { high, low, samples = [1, 1] }: Edges<string>) =>
  switchable(
    z
      .strictObject({
        high: duration({ least: '1ms', most: '1m' }).describe('Raised at so much or more.').prefault(high),
        low: duration({ least: '0s', most: '1m' }).describe('Cleared under so much.').prefault(low),
        ...samplesOf(...samples),
      })
      .superRefine((o, ctx) => inOrder(ctx, o)),
    what,
  ).prefault({})

const inSizes = (what: string, { high, low, samples = [1, 1] }: Edges<string>) =>
  switchable(
    z
      .strictObject({
        high: size({ least: '1MiB', most: '1024GiB' }).describe('Raised at so much or more.').prefault(high),
        low: size({ least: '0B', most: '1024GiB' }).describe('Cleared under so much.').prefault(low),
        ...samplesOf(...samples),
      })
      .superRefine((o, ctx) => inOrder(ctx, o)),
    what,
  ).prefault({})

/** It is so or it is not. */
const isSo = (what: string) =>
  switchable(
    z.strictObject(samplesOf(1, 1)).superRefine((o, ctx) => inOrder(ctx, o)),
    what,
  ).prefault({})

const offeredRate = switchable(
  z
    .strictObject({
      high: whole(1, MOST).describe('Raised at so many messages a second or more.'),
      low: whole(0, MOST).describe('Cleared under so many.'),
      ...samplesOf(1, 1),
    })
    .superRefine((o, ctx) => inOrder(ctx, o)),
  'Messages that come in, both classes together, reach a limit that you know.',
).default(false)

export const alarms = z
  .strictObject({
    poll_interval: duration({ least: '100ms', most: '1m' })
      .describe(
        'How often alarms and health are judged. What a crashed instance leaves of its counters is at most that old.',
      )
      .prefault('5s'),
    webhook: z
      .strictObject({
        url: url().describe(
          'Where alarms are sent by HTTP POST, in the form that an Alertmanager takes: `http://127.0.0.1:9093/api/v2/alerts`.',
        ),
        resend_interval: duration({ least: '1s', most: '1h' })
          .describe(
            'How often alarms that stay raised are sent again. Three of these after the last one they count as cleared.',
          )
          .prefault('1m'),
      })
      .describe('Who is told beside the log. By default nobody.')
      .optional(),
    queue_fill: level('The fullest queue of a class is near its bounds.', 'per cent', { high: 80, low: 60 }),
    queue_age: level('The oldest message of a class is near max_age.', 'per cent', {
      high: 80,
      low: 50,
      samples: [2, 3],
    }),
    server_down: isSo('A server is Down for a class.'),
    server_failing: isSo('A server lives and answers hardly any request in time.'),
    never_answered: level('No valid response has ever come from a server.', 'transmissions that timed out', {
      high: 3,
      low: 1,
    }),
    unanswered_by_live_server: level('A server leaves requests unanswered while it answers others.', 'a minute', {
      high: 10,
      low: 3,
      samples: [2, 3],
    }),
    all_servers_down: isSo('All servers are Down for a class.'),
    ceiling: level('More is offered to a server than its effective ceiling.', 'per cent of it', {
      high: 100,
      low: 90,
      samples: [3, 3],
    }),
    shed: level('Messages are shed from a full queue.', 'a minute', { high: 1, low: 1, samples: LOSS }),
    expired: level('Messages expire.', 'a minute', { high: 10, low: 3, samples: LOSS }),
    given_up: level('Requests end without an answer.', 'a minute', { high: 10, low: 3, samples: LOSS }),
    retries: level('Many transmissions to a server are retries.', 'per cent', { high: 20, low: 10, samples: [2, 3] }),
    client_secret: level('Datagrams of a client do not verify.', 'a minute', { high: 10, low: 1, samples: LOSS }),
    client_drops: level('Datagrams of a client are dropped for another reason.', 'a minute', {
      high: 10,
      low: 1,
      samples: LOSS,
    }),
    server_secret: level('Responses of a server do not verify.', 'a minute', { high: 10, low: 1, samples: LOSS }),
    server_drops: level('Responses of a server are dropped for another reason.', 'a minute', {
      high: 10,
      low: 1,
      samples: LOSS,
    }),
    missing_message_authenticator: isSo('Unsigned Access-Requests of a client are dropped.'),
    server_missing_message_authenticator: isSo('Unsigned answers of a server are dropped.'),
    mixed_signing: isSo('A client sends signed and unsigned Access-Requests from one address.'),
    server_mixed_signing: isSo('A server sends signed and unsigned answers to Access-Requests.'),
    kernel_drops: level('The kernel drops datagrams for a full receive buffer.', 'a minute', {
      high: 1,
      low: 1,
      samples: LOSS,
    }),
    send_failures: level('The system refuses to send datagrams.', 'a minute', { high: 10, low: 1, samples: LOSS }),
    internal_errors: level('Packets meet a bug and are dropped.', 'a minute', { high: 1, low: 1, samples: LOSS }),
    sessions_log_lost: level('Lines of the sessions log are lost.', 'a minute', { high: 1, low: 1, samples: LOSS }),
    log_lines_lost: level('Lines of the log or the TPS file are lost.', 'a minute', { high: 1, low: 1, samples: LOSS }),
    event_loop_delay: inDurations('An instance comes late to its work.', {
      high: '50ms',
      low: '20ms',
      samples: [2, 3],
    }),
    memory: inSizes('The process holds much memory.', { high: '4GiB', low: '3GiB' }),
    offered_rate: offeredRate,
    listener_missing: isSo('The machine lacks an address of `listen` that is not optional.'),
    instance_down: isSo('An instance crashed or does not run.'),
    ledger_imbalance: isSo('The ledger does not add up.'),
    reload_refused: isSo('The last reload was refused.'),
    webhook_failing: isSo('The webhook takes no alarms.'),
  })
  .describe('When an operator is told: on the log, at /alarms, as a metric and by the webhook. See alarms.md.')
  .prefault({})

interface Penalties<Written> {
  readonly warning: Written
  readonly error: Written
  readonly cost: number
}

const costOf = (cost: number) =>
  whole(1, 10)
    .describe('What the health loses at the error threshold; at the warning threshold it loses 1.')
    .default(cost)

const factor = <T extends z.ZodType>(what: string, threshold: (written: 'warning' | 'error') => T, cost: number) =>
  z
    .union([
      z.literal(false),
      z
        .strictObject({ warning: threshold('warning'), error: threshold('error'), cost: costOf(cost) })
        .superRefine((o, ctx) => {
          const { warning, error } = o as unknown as { readonly warning: number; readonly error: number }
          if (warning <= error) return
          ctx.addIssue({ code: 'custom', message: 'warning is above error; swap them' })
        }),
    ])
    .describe(`${what} \`false\`: it costs nothing.`)
    .prefault({} as never)

const wholeFactor = (what: string, of: Penalties<number>) =>
  factor(what, (written) => whole(0, MOST).describe(`The ${written} threshold.`).default(of[written]), of.cost)

export const health = z
  .strictObject({
    degraded_below: whole(0, 10)
      .describe('Under this health `radsluice status` exits with 1, and says so among its concerns.')
      .default(8),
    ready_at_least: whole(0, 10)
      .describe(
        'Has no effect any more, and is taken so that older files still load: /readyz never answers 503 for the health. Strangers can lower that with a few packets, and a proxy that is there for storms must not leave in one.',
      )
      .optional(),
    queue_fill: wholeFactor('Per cent of the fullest queue.', { warning: 50, error: 90, cost: 2 }),
    queue_age: wholeFactor('Age of the oldest message in per cent of max_age.', { warning: 50, error: 90, cost: 2 }),
    shed: wholeFactor('Messages shed a minute.', { warning: 1, error: 600, cost: 3 }),
    timeouts: wholeFactor('Per cent of the transmissions that time out.', { warning: 10, error: 50, cost: 2 }),
    servers: wholeFactor('Per cent of the servers of a class that are Down or Failing.', {
      warning: 1,
      error: 100,
      cost: 10,
    }),
    instances: wholeFactor('Per cent of the instances that crashed or do not run.', {
      warning: 1,
      error: 100,
      cost: 10,
    }),
    bad_authenticators: wholeFactor('Datagrams a minute that do not verify.', { warning: 10, error: 600, cost: 2 }),
    event_loop_delay: factor(
      'How late an instance comes to its work.',
      (written) =>
        duration({ least: '0s', most: '1m' })
          .describe(`The ${written} threshold.`)
          .prefault({ warning: '20ms', error: '200ms' }[written]),
      2,
    ),
    memory: factor(
      'Memory of the process.',
      (written) =>
        size({ least: '0B', most: '1024GiB' })
          .describe(`The ${written} threshold.`)
          .prefault({ warning: '3GiB', error: '6GiB' }[written]),
      2,
    ),
  })
  .describe('One number for people: 10 is well, and each reason against it costs some.')
  .prefault({})

export const tps = z
  .strictObject({
    directory: directory().meta({
      description:
        'Where a file `tps-MM-DD-YYYY.csv` gets a line each 15 s: date, time, messages taken in and messages shed a second. A relative path starts at the directory of the configuration file.',
      'x-restart': true,
    }),
    keep_days: keepDays().meta({ 'x-restart': true }),
  })
  .describe('A file of rates for spreadsheets. By default there is none.')
  .optional()

export const log = z
  .strictObject({
    level: oneOf(['error', 'warn', 'info', 'debug', 'trace'])
      .describe('The least important lines that are written.')
      .default('info'),
    directory: directory()
      .meta({
        description:
          'Where the log goes, in a file `radsluice-YYYY-MM-DD.log` for each day. A relative path starts at the directory of the configuration file. By default it goes to standard output.',
        'x-restart': true,
      })
      .optional(),
    keep_days: keepDays().meta({ 'x-restart': true }),
  })
  .describe('The log.')
  .prefault({})

export type AlarmSettings = z.output<typeof alarms>
export type HealthSettings = z.output<typeof health>
