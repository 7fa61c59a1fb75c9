/**
 * The settings: each one stands here once, with its type, its check, its default, its meaning, and whether a change needs
 * a restart (`x-restart`). The loader, the JSON Schema for editors and docs/configuration.md all come from this file.
 *
 * Keys are in snake_case, in the file and in `Config` alike, so that an operator's word is found by one search.
 * `Config` is what the daemon gets: defaults filled in, the farm's values inherited by its servers, durations in
 * microseconds, sizes in bytes, secrets read. Only the daemon, the commands and this directory know it.
 */
import { z } from 'zod'
import type { AttributeKey } from '../../proxy/border/options.ts'
import type { Secret } from '../../radius/secret.ts'
import { type Duration, type PerSecond, perSecond } from '../../units.ts'
import { accounting } from './accounting-settings.ts'
import { admin } from './admin-settings.ts'
import { address, duration, name, network, oneOf, port, portRange, whole, wholeOr } from './kinds.ts'
import { listen } from './listen-settings.ts'
import { metrics } from './metrics-settings.ts'
import { queue } from './queue-settings.ts'
import { recordSettings } from './record-settings.ts'
import { alarms, health, log, tps } from './watch-settings.ts'

const restart = { 'x-restart': true } as const
/** Beyond it the kernel's spreading is coarser than a thread more is worth. */
const MOST_INSTANCES = 64

const requireMessageAuthenticator = (of: string) =>
  oneOf(['yes', 'no', 'auto'])
    .describe(
      `Whether ${of} without Message-Authenticator is dropped (CVE-2024-3596, BlastRADIUS). \`auto\` learns of an address that it signs, and then asks for it: see throttling.md.`,
    )
    .default('auto')

/** Of these three ways to give a secret, exactly one; the loader checks that, and reads it. */
export const SECRET_KEYS = ['secret_file', 'secret_env', 'secret'] as const

const secretKeys = {
  secret_file: z
    .string()
    .min(1)
    .describe(
      'A file that holds the shared secret and nothing else; one newline at its end is ignored. A relative path starts at the directory of the configuration file.',
    )
    .optional(),
  secret_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
      error: 'this is no name of an environment variable; write RADIUS_SECRET, say, and set it outside of this file',
    })
    .describe('The environment variable that holds the shared secret.')
    .optional(),
  secret: z
    .string()
    .describe('The shared secret itself. It works and is warned about: files of settings get copied and committed.')
    .optional(),
}

const client = z.strictObject({
  name: name().describe('The name of the client in logs and metrics.'),
  address: network().describe('Where its packets come from. Networks of clients may overlap: the longest prefix wins.'),
  ...secretKeys,
  require_message_authenticator: requireMessageAuthenticator('an Access-Request'),
  limit_proxy_state: z
    .boolean()
    .describe(
      'Drop an Access-Request that has Proxy-State and no Message-Authenticator. For clients that are no proxies themselves.',
    )
    .default(false),
  add_nas_ip_address: oneOf(['when_missing', 'never'])
    .describe(
      "Add the client's address as NAS-IP-Address or NAS-IPv6-Address where a request has neither: the servers see radsluice's address as the source.",
    )
    .default('when_missing'),
  accounting: recordSettings,
})

const maxRate = whole(0, 1_000_000).describe(
  'Messages per second that one server is sent, first transmissions and retries together; 0 is unlimited.',
)
const maxOutstanding = whole(1, 4000).describe(
  'Requests that one server may leave unanswered at one time, for each instance.',
)
const timeout = duration({ least: '10ms', most: '1m' }).describe(
  'How long to wait for a response before a retry, +-10 %, counted from the sending.',
)
const maxRetries = whole(0, 100).describe('Transmissions of a request to one server after the first one.')

/** Where a server's lane has no value of its own, the farm's holds. */
const inherited = <T extends z.ZodType>(type: T) => type.optional().meta({ 'x-default': "the farm's" })

const lane = (of: string, defaultPort: number) =>
  z
    .union([
      z.literal(false),
      z.strictObject({
        port: port().describe('The UDP port.').default(defaultPort),
        max_rate: inherited(maxRate),
        max_outstanding: inherited(maxOutstanding),
        timeout: inherited(timeout),
        max_retries: inherited(maxRetries),
      }),
    ])
    .describe(
      `What the server takes of ${of}; values that are not given are the farm's. \`false\`: the server takes none.`,
    )
    .prefault({})

const server = z.strictObject({
  name: name().describe('The name of the server in logs and metrics.'),
  address: address().describe('The IP address of the server.'),
  ...secretKeys,
  require_message_authenticator: requireMessageAuthenticator('an Access-Accept, -Reject or -Challenge'),
  source_address: address()
    .describe('The address of this machine to send from. By default the system chooses.')
    .optional(),
  source_ports: portRange()
    .describe(
      'The ports to send from, for firewalls. Each class needs `ceil(2 * max_outstanding / 256)` ports and one more for probes, for each instance. By default the system chooses.',
    )
    .optional(),
  authentication: lane('authentication', 1812),
  accounting: lane('accounting', 1813),
})

/** They end before `max_age` of authentication, and before clients give up: there is time for another server. */
const PATIENCE = { timeout: '2s', retries: { authentication: 1, accounting: 2 } } as const

const classSettings = (defaultRetries: number) => ({
  algorithm: oneOf(['first_server', 'round_robin', 'hash'])
    .describe(
      'How a server is chosen: the first that is not Down, each in turn, or always the same one for one `hash_key`. One that is Failing is chosen last.',
    )
    .default('first_server'),
  hash_key: z
    .string()
    .min(1)
    .describe(
      "The attribute that `hash` goes by, as 3GPP-IMSI or Calling-Station-Id; one without a name as Attr-26.VENDOR.TYPE. A request without it goes by its client's address.",
    )
    .optional(),
  max_rate: maxRate.default(0),
  max_outstanding: maxOutstanding.default(256),
  timeout: timeout.prefault(PATIENCE.timeout),
  max_retries: maxRetries.default(defaultRetries),
  max_transmissions: whole(0, 10_000)
    .describe('A cap on the transmissions of one request over all servers together; 0 is no cap.')
    .default(0),
})

/** The configuration file. Order of keys is the order of the reference page. */
export const settings = z.strictObject({
  listen,
  admin,
  instances: wholeOr(1, MOST_INSTANCES, 'auto')
    .meta({
      description: `Engines that share the work, each on a thread of its own; \`auto\` is one for each core, ${MOST_INSTANCES} at most. The kernel gives each source address and port of a client to one of them, and queues, duplicates and the order of records are kept in each for itself: see instances.md before you write more than 1.`,
      ...restart,
    })
    .default(1),
  throttle: z
    .strictObject({
      slot: duration({ least: '1ms', most: '1s' })
        .meta({
          description:
            'The shortest time slot. A rate of R messages per second gets `min(R, floor(1s / slot))` equal slots in a second.',
        })
        .prefault('50ms'),
      scope: oneOf(['host', 'instance'])
        .meta({
          description:
            'Whether `max_rate` holds for all instances of this daemon together (what one leaves over, another may use in the same slot), or for each.',
          ...restart,
        })
        .default('host'),
      service_order: oneOf(['authentication_first', 'fifo'])
        .describe(
          'Who goes first: authentication before accounting and Access-Requests with State before those without, or age alone.',
        )
        .default('authentication_first'),
    })
    .describe('The grid of time slots and who goes first.')
    .prefault({}),
  clients: z
    .array(client)
    .min(1)
    .describe('Who may send requests. Packets from other addresses are dropped and counted.'),
  queues: z
    .strictObject({
      authentication: z
        .strictObject(
          queue({
            messages: 20_000,
            bytes: '32MiB',
            age: '5s',
            overflow: ['drop_newest', 'drop_oldest'],
            first: 'drop_newest',
          }),
        )
        .describe(
          "Bounds for authentication. Keep `max_age` below the clients' patience (9 to 20 s), or the servers work for clients that are gone.",
        )
        .prefault({}),
      accounting: z
        .strictObject(
          queue({
            messages: 200_000,
            bytes: '256MiB',
            age: '1h',
            overflow: ['shed_interim_first', 'drop_newest', 'drop_oldest'],
            first: 'shed_interim_first',
          }),
        )
        .describe('Bounds for accounting. `shed_interim_first`: interim updates go first, then the newest.')
        .prefault({}),
    })
    .describe('Bounds of what waits, for each instance.')
    .prefault({}),
  duplicates: z
    .strictObject({
      answer_cache: duration({ least: '0s', most: '5m' })
        .describe(
          'How long an answer is kept for retransmissions of its request; RFC 5080 section 2.2.2 asks for 5 to 30 s.',
        )
        .prefault('5s'),
      max_answers: whole(1, 10_000_000).describe('Answers kept at most; the oldest go first.').default(100_000),
      record_cache: duration({ least: '0s', most: '1h' })
        .describe(
          'How long an answered accounting record is known by its content, so that it is not delivered again with a new Acct-Delay-Time.',
        )
        .prefault('60s'),
      max_records: whole(1, 10_000_000)
        .describe(
          'Records known by content at most, and as many of which it is remembered what they were given (accounting.md); the oldest go first.',
        )
        .default(200_000),
    })
    .describe('What is remembered of requests that were answered.')
    .prefault({}),
  accounting,
  farm: z
    .strictObject({
      authentication: z
        .strictObject(classSettings(PATIENCE.retries.authentication))
        .describe('Choice of server, and the limits that servers inherit, for authentication.')
        .prefault({}),
      accounting: z
        .strictObject(classSettings(PATIENCE.retries.accounting))
        .describe('The same for accounting.')
        .prefault({}),
      identifier_quarantine: duration({ least: '0s', most: '5m' })
        .describe(
          'How long an identifier rests after a time-out before it is used again, so that a late response meets no new request.',
        )
        .prefault('5s'),
      max_attributes: whole(0, 2038)
        .describe(
          'Attributes that the servers take in one request; 0 is no limit. A request with more is dropped as `too-many-attributes`, since FreeRADIUS drops it in silence (its `max_attributes`, in `security`). Each value that a vendor attribute packs counts, and so does what radsluice has to add (Message-Authenticator, CHAP-Challenge).',
        )
        .default(200),
      state: z
        .strictObject({
          lifetime: duration({ least: '1s', most: '24h' })
            .describe('How long a conversation (State) is bound to its server.')
            .prefault('5m'),
          max_entries: whole(1, 10_000_000)
            .describe('Conversations remembered at most; the oldest go first.')
            .default(200_000),
        })
        .describe('Conversations of several packets (EAP, challenges) stay with the server that began them.')
        .prefault({}),
      dead_server: z
        .strictObject({
          consecutive_failures: whole(1, 1000)
            .describe(
              'Requests in a row that a server left unanswered, while nothing valid came from it, before it is Down. With `probe: status_server` it is asked first, and Down if that is not answered within `timeout` either.',
            )
            .default(4),
          response_timeout: duration({ least: '0s', most: '1h' })
            .describe('The failures must also have lasted this long; 0s is off.')
            .prefault('0s'),
          dead_time: duration({ least: '1s', most: '24h' })
            .describe('How long a server stays Down; then it is tried again. Any valid response ends it at once.')
            .prefault('10m'),
          probe: oneOf(['status_server', 'none'])
            .describe(
              'How a server is asked whether it lives, before and while it is Down: Status-Server, or not at all.',
            )
            .default('status_server'),
          probe_interval: duration({ least: '1s', most: '1h' })
            .describe(
              'Time between probes of a Down server; RFC 3539 section 3.4.1 asks for at least 6 s. A Failing server is tried by one request in that time at least.',
            )
            .prefault('10s'),
        })
        .describe('When a server counts as Down, and how it comes back.')
        .prefault({}),
      servers: z.array(server).min(1).describe('The servers, in order of preference.'),
    })
    .describe('The RADIUS servers behind radsluice.'),
  alarms,
  health,
  metrics,
  tps,
  drain_limit: duration({ least: '0s', most: '1h' })
    .describe('How long a stop (SIGTERM) may wait for what is in hand; 0s stops at once.')
    .prefault('20s'),
  log,
})

/** The file as written, defaults filled in; secrets not yet read, servers not yet inheriting. */
export type Settings = z.output<typeof settings>
type ClientSettings = Settings['clients'][number]
export type ServerSettings = Settings['farm']['servers'][number]
export type ClassSettings = Settings['farm']['authentication']

export const serverSettings = server

/** A client network. `address` is a normal prefix with its length: `192.0.2.0/24`. */
export interface ClientConfig extends Omit<ClientSettings, 'secret' | 'secret_file' | 'secret_env'> {
  readonly secret: Secret
}

/** How one class chooses its server, with the name of the hash key resolved. */
export interface ClassConfig {
  readonly algorithm: ClassSettings['algorithm']
  readonly hash_key: (AttributeKey & { readonly name: string }) | undefined
  readonly max_transmissions: number
}

/** What one server takes of one class, the farm's values inherited. */
export interface LaneConfig {
  readonly port: number
  readonly max_rate: PerSecond
  readonly max_outstanding: number
  readonly timeout: Duration
  readonly max_retries: number
}

/** A server. A lane is undefined where it is switched off. */
export interface ServerConfig {
  readonly name: string
  readonly address: string
  readonly secret: Secret
  readonly require_message_authenticator: ServerSettings['require_message_authenticator']
  readonly source_address: string | undefined
  readonly source_ports: readonly [first: number, last: number] | undefined
  readonly authentication: LaneConfig | undefined
  readonly accounting: LaneConfig | undefined
}

/** Who may change things over TCP. */
export interface AdminToken {
  readonly name: string
  readonly secret: Secret
}

/** The whole configuration, complete and checked. */
export interface Config extends Readonly<Omit<Settings, 'admin' | 'instances' | 'clients' | 'farm'>> {
  readonly admin: Readonly<Settings['admin']> & { readonly tokens: readonly AdminToken[] }
  /** `auto` counted out. */
  readonly instances: number
  readonly clients: readonly ClientConfig[]
  readonly farm: Readonly<Omit<Settings['farm'], 'authentication' | 'accounting' | 'servers'>> & {
    readonly authentication: ClassConfig
    readonly accounting: ClassConfig
    readonly servers: readonly ServerConfig[]
  }
}

/** `auto` is one instance for each core. */
export const instancesOf = (written: Settings['instances'], cores: number): number =>
  written === 'auto' ? Math.min(MOST_INSTANCES, Math.max(1, cores)) : written

/** The limits of one lane: the server's own values over the farm's. */
export function inheritLane(own: ServerSettings['authentication'], farm: ClassSettings): LaneConfig | undefined {
  if (own === false) return undefined
  return {
    port: own.port,
    max_rate: perSecond(own.max_rate ?? farm.max_rate),
    max_outstanding: own.max_outstanding ?? farm.max_outstanding,
    timeout: own.timeout ?? farm.timeout,
    max_retries: own.max_retries ?? farm.max_retries,
  }
}
