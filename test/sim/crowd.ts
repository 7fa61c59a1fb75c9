/**
 * An engine with many waiting messages: a thousand or 100,000, of ten clients or 20,000, for one server or fifty, all silent.
 * Each entry into it is then counted in steps.
 *
 * The messages can only come in through the engine's methods, so they are small and signed with `node:crypto`. Policy,
 * algorithm and order are changed by a reload, so one crowd serves for all of them.
 */
import { createHash } from 'node:crypto'
import type { Peer } from '../../src/proxy/border/events.ts'
import type { ClientOptions, EngineOptions, ServerOptions } from '../../src/proxy/border/options.ts'
import { Engine } from '../../src/proxy/engine.ts'
import { StrictOutbox } from '../../src/simulation/world/strict-outbox.ts'
import { after, type Duration, type Instant, instant, seconds } from '../../src/units.ts'
import { classes, client, defaults, queues, server } from '../proxy/options.ts'

export const STATUS = { start: 1, stop: 2, interim: 3 } as const

const CLIENT_SECRET = 'between-crowd-and-engine'
const SERVER_SECRET = 'between-engine-and-server'
/** Unanswered at one time; all others wait. */
const OUTSTANDING = 4
/** So many move in the step in which their server goes Down (src/proxy/serving/failover.ts). */
const MOVED_AT_ONCE = 32
export const TIMEOUT = seconds(100)
/** Share of what waits that is looked at anew after a reload, 32 at each wake: the records. */
const CATCHING_UP = 0.2

/** How many wait in the larger worlds: `CROWD=1000000 npm test -- sim/steps` takes two minutes. */
export const CROWD = Number(process.env['CROWD'] ?? 100_000)

export interface CrowdSize {
  readonly waiting: number
  readonly clients: number
  readonly servers: number
}

interface Forwarded {
  readonly lane: number
  readonly port: number
  readonly bytes: Uint8Array
}

export class Crowd {
  readonly size: CrowdSize
  readonly engine: Engine
  readonly forwarded: Forwarded[] = []
  readonly probes: { readonly lane: number; readonly bytes: Uint8Array }[] = []
  now: Instant = instant(1_000_000_000_000)
  options: EngineOptions
  #serial = 0
  #done = 0
  #addresses: string[]

  constructor(size: CrowdSize) {
    this.size = size
    this.#addresses = Array.from({ length: size.clients }, (_, number) => addressOf(number))
    this.options = optionsFor(size)
    let seed = 1
    this.engine = new Engine(
      this.options,
      {
        outbox: new StrictOutbox({
          forward: (lane, port, bytes) => this.forwarded.push({ lane, port, bytes }),
          probe: (lane, bytes) => this.probes.push({ lane, bytes }),
          reply: () => undefined,
        }),
        journal: {
          note: (event) => {
            if (event.kind === 'shed' || event.kind === 'expired') this.#done += 1
            else if (event.kind === 'server-state' && event.to === 'down') this.#done += MOVED_AT_ONCE
          },
        },
        random: (target) => {
          for (let at = 0; at < target.length; at += 1) {
            seed = (Math.imul(seed, 1_103_515_245) + 12_345) | 0
            target[at] = seed >>> 16
          }
        },
      },
      this.now,
    )
    // One server has a crowd of Starts and Stops alone: the first interim update that waits is a change of its own.
    const kinds = size.servers === 1 ? 2 : 3
    for (let number = 0; number < size.waiting; number += 1) {
      // Five in six are logins, which cost least to fill in; half of the records are of a session that has others waiting.
      if (number % 6 > 0) this.login()
      else this.record({ status: 1 + ((number / 6) % kinds), session: number % 12 === 0 ? number : number >> 5 })
      if (number % 4_096 === 0) this.settle()
    }
    this.settle()
  }

  /**
   * What was due so far and done, many at once: sheds, expiries, time-outs, ends of quarantines, promotions, and what moved
   * in the step in which its server went Down.
   */
  get done(): number {
    let sum = this.#done
    // The overview says the same, and would cost more than the entry that is counted.
    for (const { counters, limits } of this.engine.inspection.lanes) {
      // Each time-out puts an identifier into quarantine, and some are still there.
      sum += 2 * counters.timeouts - limits.identifiers.view().quarantined + counters.promotions
    }
    return sum
  }

  record(o: { readonly status: number; readonly session: number }): void {
    const { from, bytes } = this.makeRecord(o)
    this.engine.receive('accounting', from, bytes, this.now)
  }

  login(): void {
    const { from, bytes } = this.makeLogin()
    this.engine.receive('authentication', from, bytes, this.now)
  }

  makeRecord({ status, session }: { readonly status: number; readonly session: number }): Sent {
    // A session is always the same client's.
    const place = this.#nextPlace(session)
    return { ...place, bytes: accountingRequest(place.identifier, status, session, place.serial) }
  }

  /** A login at a client that is always the same for one number. */
  makeLogin(client = this.#serial): Sent {
    const place = this.#nextPlace(client)
    return { ...place, bytes: accessRequest(place.identifier, place.serial) }
  }

  /** All that may go at this moment goes. */
  settle(): void {
    while (this.engine.serve(this.now, 32));
  }

  pass(by: Duration): void {
    this.now = after(this.now, by)
  }

  /** Other options. What they change in each server, and in each message, is then caught up with. */
  reload(changes: Partial<EngineOptions>): void {
    this.options = { ...this.options, ...changes }
    this.engine.reconfigure(this.options, this.now)
    for (let wakes = 0; wakes < CATCHING_UP * (1 + this.size.waiting / 32); wakes += 1) this.engine.wake(this.now)
    this.engine.serve(this.now, 1)
  }

  #nextPlace(owner: number): { readonly from: Peer; readonly identifier: number; readonly serial: number } {
    const serial = this.#serial
    this.#serial += 1
    const address = this.#addresses[owner % this.#addresses.length] as string
    return {
      from: { link: 0, address, port: 1_024 + ((serial >> 8) % 60_000) },
      identifier: serial & 0xff,
      serial,
    }
  }
}

interface Sent {
  readonly from: Peer
  readonly bytes: Uint8Array
}

const addressOf = (number: number): string => `10.${number >> 16}.${(number >> 8) & 0xff}.${number & 0xff}`

const optionsFor = ({ waiting, clients, servers }: CrowdSize): EngineOptions => ({
  ...defaults(),
  clients: Array.from(
    { length: clients },
    (_, number): ClientOptions =>
      client({ name: `client-${number}`, network: addressOf(number), secret: CLIENT_SECRET }),
  ),
  servers: Array.from({ length: servers }, (_, number) => serverOf(number)),
  // The crowd waits for all of them.
  classes: classes({ algorithm: 'round_robin' }),
  queues: queues({
    authentication: { maxMessages: 2 * waiting, maxBytes: 2 ** 30, maxAge: seconds(86_400) },
    accounting: { maxMessages: 2 * waiting, maxBytes: 2 ** 30, maxAge: seconds(86_400) },
  }),
})

const serverOf = (number: number): ServerOptions =>
  server(`server-${number}`, {
    address: `192.0.2.${number + 1}`,
    secret: SERVER_SECRET,
    rate: 1_000,
    maxOutstanding: OUTSTANDING,
    timeout: TIMEOUT,
    maxRetries: 0,
  })

const accountingRequest = (identifier: number, status: number, session: number, serial: number): Uint8Array => {
  const bytes = Buffer.alloc(20 + 6 + 10 + 6 + 6)
  bytes.writeUInt8(4, 0)
  bytes.writeUInt8(identifier, 1)
  bytes.writeUInt16BE(bytes.length, 2)
  bytes.set([40, 6, 0, 0, 0, status, 44, 10], 20)
  bytes.write(session.toString(16).padStart(8, '0'), 28, 'latin1')
  bytes.set([55, 6], 36)
  // Event-Timestamp and Acct-Session-Time rise with each record, so each is newer than what came before.
  bytes.writeUInt32BE(1_700_000_000 + serial, 38)
  bytes.set([46, 6], 42)
  bytes.writeUInt32BE(serial, 44)
  bytes.set(md5(bytes, CLIENT_SECRET), 4)
  return bytes
}

const accessRequest = (identifier: number, serial: number): Uint8Array => {
  const bytes = Buffer.alloc(20 + 10)
  bytes.writeUInt8(1, 0)
  bytes.writeUInt8(identifier, 1)
  bytes.writeUInt16BE(bytes.length, 2)
  bytes.writeUInt32BE(serial, 4)
  bytes.set([1, 10], 20)
  bytes.write(serial.toString(16).padStart(8, '0'), 22, 'latin1')
  return bytes
}

/** The server's answer to what was forwarded. */
export const answerTo = (request: Uint8Array): Uint8Array => {
  const bytes = Buffer.alloc(20)
  bytes.writeUInt8(request[0] === 4 ? 5 : 2, 0)
  bytes.writeUInt8(request[1]!, 1)
  bytes.writeUInt16BE(bytes.length, 2)
  bytes.set(request.subarray(4, 20), 4)
  bytes.set(md5(bytes, SERVER_SECRET), 4)
  return bytes
}

const md5 = (bytes: Uint8Array, secret: string): Uint8Array => createHash('md5').update(bytes).update(secret).digest()
