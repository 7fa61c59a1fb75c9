/**
 * The settings: each is defined once, with its type, its check, its default, its meaning, and whether a change needs a restart.
 * The loader, the JSON Schema for editors and docs/configuration.md all come from here and the files beside it.
 *
 * Keys are in snake_case, in the file and in `Config` alike: one search finds an operator's word.
 */

import { z } from 'zod'
import type { TrafficClass } from '../../classes.ts'
import { admin, listen } from './access-settings.ts'
import { accounting } from './accounting-settings.ts'
import { duration, durationOr, mapping, NEEDS_RESTART, oneOf, size, whole, wholeOr } from './kinds.ts'
import { classSettings, client, server } from './peer-settings.ts'
import { alarms, health, log, metrics, tps } from './watch-settings.ts'

/** Beyond it the kernel spreads datagrams too coarsely for one thread more to help. */
export const MOST_INSTANCES = 64

/** What may wait of one class. The first `overflow` policy is the default. */
const queue = <Ages extends z.core.$ZodShape, const Words extends readonly [string, ...string[]]>(o: {
  messages: number
  bytes: string
  ages: Ages
  overflow: Words
}) =>
  z.strictObject({
    max_messages: whole(1, 10_000_000)
      .describe('Messages that may wait, in the instance queue and the server queues together.')
      .default(o.messages),
    max_bytes: size({ least: '4KiB', most: '64GiB' })
      .describe('Octets of the messages that may wait.')
      .prefault(o.bytes),
    ...o.ages,
    overflow: oneOf(o.overflow)
      .describe('What a full queue sheds; with `fairness: client`, of the client that holds most by weight.')
      .prefault(o.overflow[0]),
  })

const AGES = { least: '10ms', most: '168h' } as const

/** Of a class whose messages are worth their delivery, whether somebody waits for it or not. */
const oneAge = (age: string) => ({
  max_age: duration(AGES, `write a whole number and a unit (us, ms, s, m, h), as ${age}; auto is for logins only`)
    .describe('A message that waited longer expires.')
    .prefault(age),
})

const queues = mapping('Bounds of what waits, for each instance.', {
  authentication: queue({
    messages: 20_000,
    bytes: '32MiB',
    ages: {
      max_age: durationOr(AGES, 'auto')
        .describe(
          "A message that waited longer expires. `auto`: a login whose client has sent it again expires just before its client's next retransmission is due, judged by the gaps between the ones before (throttling.md).",
        )
        .prefault('auto'),
      max_age_limit: duration(AGES)
        .describe('With `max_age: auto`: a login that came only once expires after so long.')
        .prefault('5s'),
      max_age_most: duration(AGES)
        .describe(
          'With `max_age: auto`: no login waits longer, whatever its client does. It should not be less than `max_age_limit`.',
        )
        .prefault('30s'),
    },
    overflow: ['drop_newest', 'drop_oldest'],
  })
    .describe(
      "Bounds for authentication. If `max_age` is a time, keep it below the clients' patience (9 to 20 s). Otherwise the servers work for clients that are gone.",
    )
    .prefault({}),
  accounting: queue({
    messages: 200_000,
    bytes: '256MiB',
    ages: oneAge('1h'),
    overflow: ['shed_interim_first', 'drop_newest', 'drop_oldest'],
  })
    .describe('Bounds for accounting. `shed_interim_first`: interim updates go first, then the newest message.')
    .prefault({}),
}).prefault({})

const duplicates = mapping('What is remembered of requests that were answered.', {
  answer_cache: duration({ least: '0s', most: '5m' })
    .describe(
      'How long an answer is kept for retransmissions of its request. RFC 5080 section 2.2.2 asks for 5 to 30 s.',
    )
    .prefault('5s'),
  max_answers: whole(1, 10_000_000).describe('The most answers that are kept; the oldest go first.').default(100_000),
  record_cache: duration({ least: '0s', most: '1h' })
    .describe(
      'How long an answered accounting record is known by its content, so that it is not delivered again with a new Acct-Delay-Time.',
    )
    .prefault('60s'),
  max_records: whole(1, 10_000_000)
    .describe(
      'The most records that are known by their content, and as many of which it is remembered what they were given (accounting.md). The oldest go first.',
    )
    .default(200_000),
}).prefault({})

const deadServer = mapping('When a server counts as Down, and how it comes back.', {
  consecutive_failures: whole(1, 1000)
    .describe(
      'A server is Down after this many requests in a row that it left unanswered while nothing valid came from it. With `probe: status_server` it is asked first, and is Down if it does not answer that within `timeout` either.',
    )
    .default(4),
  response_timeout: duration({ least: '0s', most: '1h' })
    .describe('The failures must also have lasted this long; 0s is off.')
    .prefault('0s'),
  dead_time: duration({ least: '1s', most: '24h' })
    .describe('How long a server stays Down before it is tried again. Any valid response ends it at once.')
    .prefault('10m'),
  probe: oneOf(['status_server', 'none'])
    .describe('How a server is asked whether it lives, before and while it is Down: Status-Server, or not at all.')
    .default('status_server'),
  probe_interval: duration({ least: '1s', most: '1h' })
    .describe(
      'Time between probes of a Down server. RFC 3539 section 3.4.1 asks for at least 6 s. A Failing server gets at least one request in that time, as a trial.',
    )
    .prefault('10s'),
}).prefault({})

const farm = mapping('The RADIUS servers behind radsluice.', {
  authentication: classSettings('authentication')
    .describe('Choice of server, and the limits that servers inherit, for authentication.')
    .prefault({}),
  accounting: classSettings('accounting').describe('The same for accounting.').prefault({}),
  identifier_quarantine: duration({ least: '0s', most: '5m' })
    .describe(
      'How long an identifier rests after a time-out before it is used again, so that a late response meets no new request.',
    )
    .prefault('5s'),
  max_attributes: whole(0, 2038)
    .describe(
      'Attributes that the servers take in one request; 0 is no limit. A request with more is dropped as `too-many-attributes`, because FreeRADIUS drops it silently (its `max_attributes`, in `security`). Each value that a vendor attribute packs counts, and so does what radsluice has to add (Message-Authenticator, CHAP-Challenge).',
    )
    .default(200),
  state: mapping('Conversations of several packets (EAP, challenges) stay with the server that began them.', {
    lifetime: duration({ least: '1s', most: '24h' })
      .describe('How long a conversation (State) is bound to its server.')
      .prefault('5m'),
    max_entries: whole(1, 10_000_000)
      .describe('The most conversations that are remembered; the oldest go first.')
      .default(200_000),
  }).prefault({}),
  dead_server: deadServer,
  servers: z.array(server).min(1).describe('The servers, in order of preference.'),
})

/** The configuration file. The order of keys is the order of the reference page. */
export const settings = z.strictObject({
  listen,
  admin,
  instances: wholeOr(1, MOST_INSTANCES, 'auto')
    .describe(
      `Engines that share the work, each on a thread of its own. \`auto\` is one for each core, ${MOST_INSTANCES} at most. The kernel gives each source address and port of a client to one of them. Each has its own queues, duplicates and order of records: see instances.md before you write more than 1.`,
    )
    .meta(NEEDS_RESTART)
    .default(1),
  instances_by: oneOf(['port', 'address'])
    .describe(
      'What decides which instance gets a datagram: the source address and port of the client, or its source address alone. `address` needs batched packet I/O, and has an effect only with more than one instance. instances.md says what each does to duplicates and to the balance.',
    )
    .meta(NEEDS_RESTART)
    .default('port'),
  packet_io: oneOf(['auto', 'batched', 'dgram'])
    .describe(
      'How datagrams are read and sent. `batched`: many with one system call, on Linux with the optional package koffi. `dgram`: one by one, with what Node.js brings. `auto`: batched if it has passed its self-test here, else dgram (operating.md).',
    )
    .meta(NEEDS_RESTART)
    .default('auto'),
  batch_tick: duration({ least: '0us', most: '1000us' })
    .describe(
      'How long batched packet I/O may gather datagrams under load before it handles them together; most responses of near servers do not wait so long (operating.md). At low rates it waits for none; time slots begin on time in any case. 0us: never wait.',
    )
    .meta(NEEDS_RESTART)
    .prefault('500us'),
  throttle: mapping('The grid of time slots, and which message goes first.', {
    slot: duration({ least: '1ms', most: '1s' })
      .describe(
        'The shortest time slot. A rate of R messages per second gets `min(R, floor(1s / slot))` equal slots in a second.',
      )
      .prefault('50ms'),
    scope: oneOf(['host', 'instance'])
      .describe(
        'Whether `max_rate` holds for all instances of this daemon together (what one leaves over, another may use in the same slot), or for each.',
      )
      .meta(NEEDS_RESTART)
      .default('host'),
    service_order: oneOf(['authentication_first', 'fifo'])
      .describe(
        'Which message goes first: authentication before accounting and Access-Requests with State before those without, or the oldest.',
      )
      .default('authentication_first'),
    fairness: oneOf(['client', 'none'])
      .describe(
        'Between messages that may go first equally: `client` gives the clients turns, so that nobody waits for what another client has sent; `none` serves the oldest. `client` needs `service_order: authentication_first`.',
      )
      .optional()
      .meta({ 'x-default': '`client`; `none` with `service_order: fifo`' }),
    adaptive: oneOf(['off', 'window'])
      .describe(
        'Whether the number of unanswered requests follows the pace of each server. `window`: it falls while requests queue inside the server or time out, to 8 at least, and rises again to `max_outstanding` (throttling.md). `max_rate` holds in any case. Not for servers that leave some requests unanswered on purpose: each time-out counts as a sign of overload.',
      )
      .default('off'),
  }).prefault({}),
  clients: z
    .array(client)
    .min(1)
    .describe('Who may send requests. Packets from other addresses are dropped and counted.'),
  queues,
  duplicates,
  accounting,
  farm,
  alarms,
  health,
  metrics,
  tps,
  drain_limit: duration({ least: '0s', most: '1h' })
    .describe('How long a stop (SIGTERM) may wait for what is in hand; 0s stops at once.')
    .prefault('20s'),
  log,
})

/** The file as written, defaults filled in. Secrets are not read yet, and servers do not inherit yet. */
export type Settings = z.output<typeof settings>
export type ServerSettings = z.output<typeof server>
export type ClassSettings = Settings['farm'][TrafficClass]
