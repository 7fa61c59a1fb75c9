/**
 * Drives an engine in process, as the loop does, with requests like a BNG's and servers that answer at once. The benches of
 * the engine alone (`engine-cost.ts`, `engine-memory.ts`) share it.
 *
 * Requests and answers are made while the clock does not run, so only the engine is timed. An accounting record has about
 * 300 octets with unique session and ERX attributes, an Access-Request (PAP, Message-Authenticator) about 150.
 */

import type { TrafficClass } from '../src/classes.ts'
import {
  ACCESS_ACCEPT,
  ACCESS_REQUEST,
  ACCOUNTING_REQUEST,
  ACCOUNTING_RESPONSE,
  AUTHENTICATOR_AT,
  HEADER_LENGTH,
} from '../src/codes.ts'
import type { Peer } from '../src/proxy/border/events.ts'
import type { EngineOptions } from '../src/proxy/border/options.ts'
import type { Outbox } from '../src/proxy/border/ports.ts'
import { Engine } from '../src/proxy/engine.ts'
import { signAuthenticator, signMessageAuthenticator } from '../src/radius/authenticator.ts'
import { Secret } from '../src/radius/secret.ts'
import {
  basicOptions,
  classOptions,
  clientOptions,
  deadServerOptions,
  queueOptions,
  serverOptions,
} from '../src/simulation/world/basic-options.ts'
import { type Instant, instant, perSecond, seconds } from '../src/units.ts'

const CLIENT_SECRET = new Secret('between-bench-and-engine')
const SERVER_SECRET = new Secret('between-engine-and-server')
/** A client's port has 256 identifiers; so many ports use one again only after this many requests. */
const CLIENT_PORTS = 4_000
/** Sessions that records are of, one after the other: no two neighbours in a table come one after the other. */
export const SESSIONS = 100_000
const SESSION_STEP = 7_919
/** Octets. */
const SLAB = 256 * 1_024
/** Seconds between two records of a session. */
const INTERIM_EVERY = 300

/** A request that left for a server and was not answered yet. */
interface Forwarded {
  readonly lane: number
  readonly port: number
  readonly bytes: Uint8Array
}

export class EngineLoad {
  readonly engine: Engine
  now: Instant = instant(1_000_000_000_000)
  /** Lanes whose requests get no answer. */
  readonly silent = new Set<TrafficClass>()
  replies = 0
  #classes = new Map<number, TrafficClass>()
  #forwarded: Forwarded[] = []
  /** What is sent is written here, one after the other, and from the begin again once the answers were made. */
  readonly #slab = new Uint8Array(SLAB)
  #used = 0
  #lastLength = 0
  #isGiven = false

  constructor(options: EngineOptions) {
    let seed = 1
    const outbox: Outbox = {
      room: (length) => this.#room(length),
      forward: (lane, port, bytes) => {
        this.#isGiven = false
        this.#forwarded.push({ lane, port, bytes })
      },
      probe: () => undefined,
      reply: () => {
        this.#isGiven = false
        this.replies += 1
      },
      flush: () => undefined,
    }
    const random = (target: Uint8Array): void => {
      for (let at = 0; at < target.length; at += 1) {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) | 0
        target[at] = seed >>> 16
      }
    }
    this.engine = new Engine(options, { outbox, journal: { note: () => undefined }, random }, this.now)
    for (const { lane, class: trafficClass } of this.engine.plan()) this.#classes.set(lane, trafficClass)
  }

  /** Serves until nothing more can go now, as the loop does; answers when the engine wants to be woken. */
  serve(): Instant | undefined {
    while (this.engine.serve(this.now, 32));
    return this.engine.nextWakeAt(this.now)
  }

  #room(length: number): Uint8Array {
    if (!this.#isGiven) this.#used += this.#lastLength
    if (this.#used + length > SLAB) return new Uint8Array(length)
    this.#isGiven = true
    this.#lastLength = length
    return this.#slab.subarray(this.#used, this.#used + length)
  }

  /** The servers' answers to what was forwarded since the last call. */
  pollAnswers(): Forwarded[] {
    const asked = this.#forwarded
    this.#forwarded = []
    this.#used = 0
    this.#lastLength = 0
    this.#isGiven = false
    return asked.flatMap(({ lane, port, bytes }) =>
      this.silent.has(this.#classes.get(lane) as TrafficClass) ? [] : [{ lane, port, bytes: answerTo(bytes) }],
    )
  }
}

/** One client, `servers` servers with two lanes each, the defaults of the configuration but for what is said here. */
export const loadOptions = (o: {
  readonly servers: number
  readonly maxMessages: number
  readonly maxRate: number
}): EngineOptions =>
  basicOptions({
    clients: [clientOptions({ name: 'bng', network: '10.0.0.0/8', secret: CLIENT_SECRET, limitProxyState: true })],
    servers: Array.from({ length: o.servers }, (_, number) =>
      serverOptions({
        name: `server-${number}`,
        address: `192.0.2.${number + 1}`,
        secret: SERVER_SECRET,
        lane: { maxRate: perSecond(o.maxRate), maxOutstanding: 1_000 },
      }),
    ),
    classes: classOptions({ algorithm: 'round_robin' }),
    queues: queueOptions({
      authentication: { maxBytes: 2 ** 30 },
      accounting: { maxMessages: o.maxMessages, maxBytes: 2 ** 31 },
    }),
    deadServer: deadServerOptions({ consecutiveFailures: 1_000_000 }),
    state: { lifetime: seconds(300), maxEntries: 100_000 },
  })

const PEERS: readonly Peer[] = Array.from({ length: CLIENT_PORTS }, (_, place) => ({
  link: 0,
  address: '10.1.2.3',
  port: 10_000 + place,
}))

/** Who sends request `serial`: each has a source port and identifier of its own until all were used. */
export const peerOf = (serial: number): Peer => PEERS[Math.floor(serial / 256) % CLIENT_PORTS] as Peer

export const requestOf = (trafficClass: TrafficClass, serial: number): Uint8Array =>
  trafficClass === 'accounting' ? accountingRequest(serial) : accessRequest(serial)

const accountingRequest = (serial: number): Uint8Array =>
  recordOf({
    serial,
    session: (serial * SESSION_STEP) % SESSIONS,
    status: 3,
    seconds: 3_600 + Math.floor(serial / SESSIONS) * INTERIM_EVERY,
  })

/** A record of a session; `serial` gives it its identifier, `seconds` what the session has lasted and counted. */
export function recordOf(o: {
  readonly serial: number
  readonly session: number
  readonly status: number
  readonly seconds: number
}): Uint8Array {
  const { serial } = o
  const session = `${o.session.toString(16).padStart(10, '0')}`
  const bytes = packetOf(ACCOUNTING_REQUEST, serial, [
    text(1, `subscriber-${session}@isp.example`),
    word(40, o.status),
    text(44, `ge-0/0/1.${session}`),
    text(50, `bundle-${session}`),
    word(4, 0x0a010203),
    word(5, serial),
    text(32, 'bng-01.pop.isp.example'),
    word(8, 0x64400000 + (serial % 0x400000)),
    word(42, o.seconds * 1_000),
    word(43, o.seconds * 100),
    word(46, o.seconds),
    word(52, 6),
    word(53, 4),
    word(47, 30_000_000 + o.seconds * 100),
    word(48, 20_000_000 + o.seconds * 10),
    word(55, 1_700_000_000 + o.seconds + (serial % 100)),
    text(31, `00:11:22:33:${session.slice(-4, -2)}:${session.slice(-2)}`),
    ...[151, 152, 153, 154, 155, 156].map((type) => erx(type, type < 153 ? serial : 0)),
  ])
  signAuthenticator(bytes, CLIENT_SECRET)
  return bytes
}

function accessRequest(serial: number): Uint8Array {
  const session = `${serial.toString(16).padStart(10, '0')}`
  const bytes = packetOf(ACCESS_REQUEST, serial, [
    { type: 80, value: new Uint8Array(16) },
    text(1, `subscriber-${session}@isp.example`),
    { type: 2, value: Uint8Array.from({ length: 16 }, (_, at) => (serial >> (at % 4)) & 0xff) },
    word(4, 0x0a010203),
    word(5, serial),
    text(44, `ge-0/0/1.${session}`),
    text(31, `00:11:22:33:${session.slice(-4, -2)}:${session.slice(-2)}`),
  ])
  for (let at = 0; at < 16; at += 1) bytes[AUTHENTICATOR_AT + at] = (serial * (at + 7)) >> (at % 5)
  signMessageAuthenticator(bytes, HEADER_LENGTH, CLIENT_SECRET)
  return bytes
}

function answerTo(request: Uint8Array): Uint8Array {
  const isAccounting = request[0] === ACCOUNTING_REQUEST
  const bytes = packetOf(
    isAccounting ? ACCOUNTING_RESPONSE : ACCESS_ACCEPT,
    request[1]!,
    isAccounting ? [] : [{ type: 80, value: new Uint8Array(16) }, word(27, 86_400), text(11, 'residential-1000')],
  )
  bytes.set(request.subarray(AUTHENTICATOR_AT, HEADER_LENGTH), AUTHENTICATOR_AT)
  if (!isAccounting) signMessageAuthenticator(bytes, HEADER_LENGTH, SERVER_SECRET)
  signAuthenticator(bytes, SERVER_SECRET)
  return bytes
}

interface Attribute {
  readonly type: number
  readonly value: Uint8Array
}

const text = (type: number, value: string): Attribute => ({ type, value: Buffer.from(value, 'latin1') })

const word = (type: number, value: number): Attribute => ({
  type,
  value: Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value),
})

/** A Vendor-Specific attribute of ERX (4874) with one number in it. */
const erx = (type: number, value: number): Attribute => ({
  type: 26,
  value: Uint8Array.of(0, 0, 0x13, 0x0a, type, 6, value >>> 24, value >>> 16, value >>> 8, value),
})

/** In a Buffer of its own, as dgram hands it over. */
function packetOf(code: number, identifier: number, attributes: readonly Attribute[]): Uint8Array {
  const length = attributes.reduce((sum, { value }) => sum + value.length + 2, HEADER_LENGTH)
  const bytes = Buffer.from(new ArrayBuffer(length))
  bytes[0] = code
  bytes[1] = identifier & 0xff
  bytes.writeUInt16BE(length, 2)
  let at = HEADER_LENGTH
  for (const { type, value } of attributes) {
    bytes[at] = type
    bytes[at + 1] = value.length + 2
    bytes.set(value, at + 2)
    at += value.length + 2
  }
  return bytes
}
