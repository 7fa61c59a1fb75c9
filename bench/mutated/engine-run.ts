/**
 * Mutated packets at both sides of an engine, in this process and on a clock of its own: one request, what leaves of it, and
 * what comes back for it, judged at each border by `judge.ts`.
 *
 * A client's packet is sent on only if it was proven, and nothing in it is changed; a client gets an answer only if a server
 * gave a proven one to just this request, and what it gets verifies, is its own, and begins with Message-Authenticator. The
 * packet that nobody touched is answered.
 */

import type { Peer } from '../../src/proxy/border/events.ts'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { Engine } from '../../src/proxy/engine.ts'
import { Secret } from '../../src/radius/secret.ts'
import {
  basicOptions,
  clientOptions,
  deadServerOptions,
  duplicateOptions,
  queueOptions,
  recordOptions,
  serverOptions,
} from '../../src/simulation/world/basic-options.ts'
import { StrictOutbox } from '../../src/simulation/world/strict-outbox.ts'
import { after, type Instant, instant, millis, seconds } from '../../src/units.ts'
import {
  changed,
  isProvenRequest,
  isProvenResponse,
  type Parsed,
  parse,
  showsLife,
  sign,
  startsSigned,
} from './judge.ts'
import { Dice, mutated } from './mutator.ts'
import { originalRequest, originalResponse } from './originals.ts'

export const CLIENT_SECRET = 'between client and proxy'
export const SERVER_SECRET = 'between proxy and server'

export interface EngineRun {
  readonly count: number
  readonly seed: number
  readonly mutatedRequests: number
  readonly mutatedResponses: number
  readonly forwarded: number
  readonly answered: number
  readonly internalErrors: number
  /** What was wrong, by its name, with the number of the first packet. */
  readonly wrong: ReadonlyMap<string, { readonly times: number; readonly first: number }>
  /** Octets of the heap after a collection, at equal distances. */
  readonly heap: readonly number[]
}

const PORTS = 64
/** `record_cache` lasts a second, in which a thousand requests come. */
const MOST_TAKEN = 1_000
const SAMPLES = 10
/** The books are checked as often. */
const CHECK_EVERY = 1_000

export function runEngine(o: {
  count: number
  seed: number
  collect?: (() => void) | undefined
  said?: (line: string) => void
}): EngineRun {
  const trial = new Trial(o.seed)
  const heap: number[] = []
  const each = Math.max(1, Math.floor(o.count / SAMPLES))
  for (let number = 0; number < o.count; number += 1) {
    trial.one(number)
    if (number % CHECK_EVERY === 0) trial.engine.inspection.check()
    if (o.collect === undefined || (number + 1) % each !== 0) continue
    o.collect()
    heap.push(process.memoryUsage().heapUsed)
    o.said?.(`${number + 1} requests, heap ${(heap.at(-1)! / 1e6).toFixed(1)} MB`)
  }
  trial.engine.inspection.check()
  return { count: o.count, seed: o.seed, ...trial.counts, wrong: trial.wrong, heap }
}

interface Sent {
  readonly lane: number
  readonly port: number
  readonly packet: Parsed | undefined
}

class Trial {
  readonly engine: Engine
  readonly counts = { mutatedRequests: 0, mutatedResponses: 0, forwarded: 0, answered: 0, internalErrors: 0 }
  readonly wrong = new Map<string, { times: number; first: number }>()
  readonly #dice: Dice
  #now: Instant = instant(0)
  #sent: Sent[] = []
  #replies: { readonly to: Peer; readonly bytes: Uint8Array }[] = []
  #number = 0
  /** The contents of records that a server has taken, the newest first. */
  #taken: string[] = []

  constructor(seed: number) {
    this.#dice = new Dice(seed)
    const random = (target: Uint8Array): void => target.set(this.#dice.octets(target.length))
    this.engine = new Engine(
      options(),
      {
        random,
        outbox: new StrictOutbox({
          forward: (lane, port, bytes) => this.#sent.push({ lane, port, packet: parse(Buffer.from(bytes)) }),
          probe: () => undefined,
          reply: (to, bytes) => this.#replies.push({ to, bytes }),
        }),
        journal: {
          note: (event) => {
            if (event.kind === 'internal-error') this.counts.internalErrors += 1
          },
        },
      },
      this.#now,
    )
  }

  /** One request and all that becomes of it. */
  one(number: number): void {
    const dice = this.#dice
    this.#number = number
    this.#now = after(this.#now, millis(1))
    this.#sent = []
    this.#replies = []
    const from = { link: 0, address: '10.0.0.1', port: 1_024 + (Math.floor(number / 256) % PORTS) }
    const good = originalRequest({ dice, secret: CLIENT_SECRET, identifier: number % 256, serial: number })
    const isTouched = dice.chance(0.8)
    const bytes = isTouched ? this.#spoilt(good, CLIENT_SECRET, undefined) : good
    if (isTouched) this.counts.mutatedRequests += 1
    const trafficClass = dice.chance(0.97) === (good[0] === 1) ? 'authentication' : 'accounting'
    this.engine.receive(trafficClass, from, Buffer.from(bytes), this.#now)
    this.#serve()
    const asked = parse(bytes)
    this.#judgeSent(asked)
    const isRight = !isTouched && trafficClass === (good[0] === 1 ? 'authentication' : 'accounting')
    if (isRight && this.#sent.length === 0 && !isTooMuch(good)) this.#say('a good request was not forwarded')
    const [sent] = this.#sent
    if (sent?.packet !== undefined && asked !== undefined) this.#respond(sent, sent.packet, asked, from)
    else this.#judgeUncaused(asked, from)
  }

  /** Some of its octets changed; signed anew, or not, or by somebody else. */
  #spoilt(good: Buffer, secret: string, standIn: Uint8Array | undefined): Buffer {
    const dice = this.#dice
    const bytes = mutated(good, dice)
    if (dice.chance(0.6))
      sign(
        bytes,
        dice.chance(0.9) ? secret : 'somebody else',
        standIn ?? (bytes[0] === 4 ? Buffer.alloc(16) : undefined),
      )
    return bytes
  }

  #serve(): void {
    while (this.engine.serve(this.#now, 32));
  }

  #judgeSent(asked: Parsed | undefined): void {
    this.counts.forwarded += this.#sent.length
    if (this.#sent.length > 1) this.#say('one request left twice at once')
    for (const { packet } of this.#sent) {
      if (packet === undefined || !isProvenRequest(packet, SERVER_SECRET, 'signed'))
        this.#say(packet?.code === 4 || packet === undefined ? 'what left does not verify' : this.#unsigned(packet))
      else if (packet.code === 1 && !startsSigned(packet)) this.#say('what left does not begin with its signature')
      if (packet === undefined) continue
      if (asked === undefined || !isProvenRequest(asked, CLIENT_SECRET, 'maybe unsigned'))
        this.#say('something unproven was forwarded')
      else {
        const what = changed(asked, packet, true)
        if (what !== undefined) this.#say(`a request was changed: ${what}`)
      }
    }
  }

  #unsigned(packet: Parsed): string {
    return isProvenRequest(packet, SERVER_SECRET, 'maybe unsigned')
      ? 'an Access-Request left unsigned'
      : 'what left does not verify'
  }

  /** Nothing left, so nothing but a Status-Server, or a record that a server has just taken, can have been answered. */
  #judgeUncaused(asked: Parsed | undefined, from: Peer): void {
    const [reply] = this.#replies
    if (reply === undefined) return
    if (asked === undefined || !isProvenRequest(asked, CLIENT_SECRET, 'maybe unsigned')) {
      this.#say('an unproven request was answered')
      return
    }
    // Mutations make records that are the same, as one without any attribute.
    const isKnown = asked.code === 12 || (asked.code === 4 && this.#taken.includes(contentOf(asked)))
    if (!isKnown) this.#say('an answer that no server gave')
    const code = asked.code === 12 ? (reply.bytes[0] === 5 ? 4 : 1) : asked.code
    this.#judgeAnswer(reply, { ...asked, code }, from)
  }

  /** A few wrong answers, then, most of the time, the right one. */
  #respond(sent: Sent, packet: Parsed, asked: Parsed, from: Peer): void {
    const dice = this.#dice
    for (let left = dice.below(4); left > 0; left -= 1) {
      const bytes = this.#spoilt(
        originalResponse({ dice, secret: SERVER_SECRET, request: packet }),
        SERVER_SECRET,
        packet.authenticator,
      )
      this.counts.mutatedResponses += 1
      if (this.#accept(sent, packet, asked, from, bytes)) return
      // Signed, and still of no use: the server is done with the request, and so is the engine.
      if (showsLife(bytes, packet, SERVER_SECRET)) return
    }
    if (dice.chance(0.02)) {
      this.#passTime()
      return
    }
    const good = originalResponse({ dice, secret: SERVER_SECRET, request: packet })
    if (!this.#accept(sent, packet, asked, from, good) && !isTooMuch(good))
      this.#say('a good response was not passed on')
  }

  /** Nobody answers: tries, time-outs and the end of the request. */
  #passTime(): void {
    const until = after(this.#now, seconds(40))
    for (let turns = 0; turns < 1_000 && this.#now < until; turns += 1) {
      const next = this.engine.nextWakeAt(this.#now) ?? until
      this.#now = next > until ? until : next <= this.#now ? after(this.#now, millis(1)) : next
      this.#serve()
    }
  }

  /** One response comes; true where the client got its answer, which is judged. */
  #accept(sent: Sent, packet: Parsed, asked: Parsed, from: Peer, bytes: Buffer): boolean {
    const before = this.#replies.length
    this.engine.respond(sent.lane, sent.port, Buffer.from(bytes), this.#now)
    this.#serve()
    const replies = this.#replies.slice(before)
    if (replies.length === 0) return false
    if (replies.length > 1) this.#say('one response gave two answers')
    this.counts.answered += 1
    const came = parse(bytes)
    const [reply] = replies
    if (asked.code === 4) this.#taken = [contentOf(asked), ...this.#taken.slice(0, MOST_TAKEN - 1)]
    const answer = this.#judgeAnswer(reply!, asked, from)
    if (came === undefined || came.identifier !== packet.identifier || !isProvenResponse(came, packet, SERVER_SECRET)) {
      // A signed Accounting-Response says that the record was recorded, whatever else stands in it.
      const isRecorded = asked.code === 4 && bytes[0] === 5 && showsLife(bytes, packet, SERVER_SECRET)
      if (!isRecorded) this.#say('an unproven response was passed on')
      else if (answer !== undefined && !isOurOwn(answer, asked)) this.#say('something unproven was passed on')
      return true
    }
    if (answer === undefined) return true
    const what = changed(came, answer, false)
    if (what !== undefined) this.#say(`a response was changed: ${what}`)
    return true
  }

  /** What a client gets must be its own, and verify. */
  #judgeAnswer(
    { to, bytes }: { readonly to: Peer; readonly bytes: Uint8Array },
    asked: Parsed,
    from: Peer,
  ): Parsed | undefined {
    const answer = parse(Buffer.from(bytes))
    if (to.port !== from.port || to.address !== from.address) this.#say('an answer went to somebody else')
    if (answer === undefined || answer.identifier !== asked.identifier)
      this.#say('an answer that belongs to no request')
    else if (!isProvenResponse(answer, asked, CLIENT_SECRET)) this.#say('an answer that does not verify')
    else if (answer.code !== 5 && !startsSigned(answer)) this.#say('an answer that does not begin with its signature')
    return answer
  }

  #say(what: string): void {
    const known = this.wrong.get(what)
    if (known === undefined) this.wrong.set(what, { times: 1, first: this.#number })
    else known.times += 1
  }
}

/** A record by what a retransmission leaves as it is: all but Acct-Delay-Time, Message-Authenticator and Proxy-State. */
const contentOf = ({ attributes }: Parsed): string =>
  attributes
    .flatMap(([type, value]) => ([41, 80, 33].includes(type) ? [] : [`${type} ${value.toString('hex')}`]))
    .join()

/** An answer that says nothing but whose it is. */
const isOurOwn = (answer: Parsed, { attributes }: Parsed): boolean => {
  const own = attributes.filter(([type]) => type === 33)
  return (
    answer.attributes.length === own.length && answer.attributes.every(([, value], at) => value.equals(own[at]![1]))
  )
}

/** A packet that our additions could carry over 4096 octets is dropped by name. */
const isTooMuch = (bytes: Buffer): boolean => bytes.length > 4_000

const options = (): EngineOptions => {
  const queue = { maxMessages: 10_000, maxAge: seconds(20), overflow: 'drop_newest' as const }
  return basicOptions({
    clients: [
      clientOptions({
        name: 'client',
        network: '10.0.0.0/8',
        secret: new Secret(CLIENT_SECRET),
        requireMessageAuthenticator: 'no',
        accounting: recordOptions({ acctDelayTime: 'keep' }),
      }),
    ],
    servers: [
      serverOptions({
        name: 'server',
        address: '192.0.2.1',
        secret: new Secret(SERVER_SECRET),
        requireMessageAuthenticator: 'no',
        lane: { maxRetries: 2 },
      }),
    ],
    queues: queueOptions({ authentication: queue, accounting: queue }),
    // One server that is never given up: what is tried here is packets.
    deadServer: deadServerOptions({
      consecutiveFailures: 1_000,
      responseTimeout: seconds(3_600),
      deadTime: seconds(1),
    }),
    duplicates: duplicateOptions({
      maxAnswers: 1_000,
      recordCache: seconds(1),
      maxRecords: 1_000,
      recordMemory: seconds(1),
    }),
    state: { lifetime: seconds(60), maxEntries: 1_000 },
  })
}
