/**
 * The settings of the peers: clients with their secrets and how their accounting records are rewritten, servers with their
 * lanes, and the limits that servers inherit from the farm.
 */

import { z } from 'zod'
import { CLASS_TRAITS, perClass, type TrafficClass } from '../../classes.ts'
import {
  address,
  duration,
  flag,
  mapping,
  name,
  network,
  oneOf,
  orFalse,
  port,
  portRange,
  text,
  whole,
} from './kinds.ts'

const requireMessageAuthenticator = (of: string) =>
  oneOf(['yes', 'no', 'auto'])
    .describe(
      `Whether ${of} without Message-Authenticator is dropped (CVE-2024-3596, BlastRADIUS). \`auto\` learns which addresses sign, and requires it from them: see throttling.md.`,
    )
    .default('auto')

/** Three ways to give a secret. The loader checks that there is exactly one, and reads it. */
export const SECRET_KEYS = ['secret_file', 'secret_env', 'secret'] as const
export type SecretKey = (typeof SECRET_KEYS)[number]

const secretKeys = {
  secret_file: text()
    .describe(
      'A file that contains only the shared secret. One newline at its end is ignored. A relative path starts at the directory of the configuration file.',
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
    .describe('The shared secret itself. It works, with a warning: files of settings get copied and committed.')
    .optional(),
}

/** Only Acct-Delay-Time is changed unless more is asked for. */
const recordSettings = mapping(
  'How its accounting records are changed on their way, and which are left out (accounting.md).',
  {
    acct_delay_time: oneOf(['update', 'keep'])
      .describe(
        'Whether a record without Event-Timestamp gets a new Acct-Delay-Time when it is first sent to a server, if it waited here for a second or more.',
      )
      .default('update'),
    synthesize_gigawords: flag()
      .describe(
        'Add Acct-Input-Gigawords and Acct-Output-Gigawords if the client sends none and its 32-bit counters were seen to wrap. Needs `accounting.track_sessions`.',
      )
      .default(false),
    swap_directions: flag()
      .describe('Exchange input and output, for a client that uses them the other way round.')
      .default(false),
    erx_ipv6_zeros: oneOf(['keep', 'drop_on_mlppp'])
      .describe(
        'Whether the six zeros of the ERX IPv6 counters are left out of the record of an MLPPP link. There they mean unknown, and a database should not store them as zero.',
      )
      .default('keep'),
    interims: oneOf(['all', 'newest'])
      .describe(
        'Whether every interim update is delivered, or a newer one replaces an older one of its session that still waits unsent.',
      )
      .default('all'),
  },
).prefault({})

export const client = z.strictObject({
  name: name().describe('The name of the client in logs and metrics.'),
  address: network().describe('Where its packets come from. Networks may overlap: the longest prefix wins.'),
  ...secretKeys,
  require_message_authenticator: requireMessageAuthenticator('an Access-Request'),
  limit_proxy_state: flag()
    .describe(
      'Drop an Access-Request that has Proxy-State but no Message-Authenticator. For clients that are not proxies themselves.',
    )
    .default(false),
  add_nas_ip_address: oneOf(['when_missing', 'never'])
    .describe(
      "Add the client's address as NAS-IP-Address or NAS-IPv6-Address if a request has neither. The servers see the address of radsluice as the source.",
    )
    .default('when_missing'),
  accounting: recordSettings,
  weight: whole(1, 100)
    .describe('With `throttle.fairness: client`: how many messages it may send in each of its turns.')
    .default(1),
  max_rate: whole(0, 1_000_000)
    .describe(
      'Requests per second that it may send to servers, for each class, in time slots as a server has them; 0 is unlimited. If these are used up, its requests wait, and those of others go. Retries and copies for another server are not counted.',
    )
    .default(0),
  max_share: whole(1, 100)
    .describe(
      'How much of `max_messages` of a class it may hold, in per cent. What it sends beyond is shed as `client-share`.',
    )
    .default(100),
  fairness_key: oneOf(['client', 'address'])
    .describe(
      'Who has a turn: this entry as a whole, or each of its addresses, if it is a network of many devices. `weight` and `max_share` are then those of each address, `max_rate` is that of all together.',
    )
    .default('client'),
  flow_key: oneOf(['none', 'user', 'calling_station', 'session'])
    .describe(
      "Whose requests have turns inside of this client's turn: those of each User-Name, Calling-Station-Id or Acct-Session-Id. So one device that loops does not use up the client's turn. Requests without the attribute have turns together: `calling_station` suits logins best, because they often have no Acct-Session-Id (throttling.md).",
    )
    .default('none'),
})

const maxRate = whole(0, 1_000_000).describe(
  'Messages per second to one server, first transmissions and retries together; 0 is unlimited.',
)
const maxOutstanding = whole(1, 4000).describe(
  'Requests that one server may leave unanswered at one time, for each instance.',
)
const timeout = duration({ least: '10ms', most: '1m' }).describe(
  'How long to wait for a response before a retry, +-10 %, counted from the sending.',
)
const maxRetries = whole(0, 100).describe('Transmissions of a request to one server after the first one.')

/** Without a value of its own a server's lane has the farm's. */
const inherited = <T extends z.ZodType>(type: T) => type.optional().meta({ 'x-default': "the farm's" })

const lane = (of: TrafficClass) =>
  orFalse(
    z.strictObject({
      port: port().describe('The UDP port.').default(CLASS_TRAITS[of].port),
      max_rate: inherited(maxRate),
      max_outstanding: inherited(maxOutstanding),
      timeout: inherited(timeout),
      max_retries: inherited(maxRetries),
    }),
  )
    .describe(`What the server takes of ${of}. Missing values are the farm's. \`false\`: the server takes none.`)
    .prefault({})

export const server = z.strictObject({
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
  ...perClass(lane),
})

/** These end before `max_age` of authentication and before clients give up: there is time for another server. */
const PATIENCE = { timeout: '2s', retries: { authentication: 1, accounting: 2 } } as const

/** How one class chooses its server, and the limits that servers inherit. */
export const classSettings = (traffic: keyof typeof PATIENCE.retries) =>
  z.strictObject({
    algorithm: oneOf(['first_server', 'round_robin', 'hash'])
      .describe(
        'How a server is chosen: the first that is not Down, each in turn, or always the same one for one `hash_key`. A server that is Failing is chosen last.',
      )
      .default('first_server'),
    hash_key: text()
      .describe(
        "The attribute that `hash` uses, as 3GPP-IMSI or Calling-Station-Id; one without a name as Attr-26.VENDOR.TYPE. For a request without it the client's address counts.",
      )
      .optional(),
    max_rate: maxRate.default(0),
    max_outstanding: maxOutstanding.default(256),
    timeout: timeout.prefault(PATIENCE.timeout),
    max_retries: maxRetries.default(PATIENCE.retries[traffic]),
    max_transmissions: whole(0, 10_000)
      .describe('The most transmissions of one request to all servers together; 0 is no limit.')
      .default(0),
  })
