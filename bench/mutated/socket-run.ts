/**
 * Mutated packets at both sides of a daemon that is a process of its own, over UDP: the same originals, changes and judge as
 * in `engine-run.ts`, with what only sockets have (datagrams of any length, several at once).
 *
 * Here the client and the server are this process. What leaves the daemon must verify, what a client gets must verify for what
 * it asked under that port and identifier, and every request that nobody touched is answered.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StatusReport } from '../../src/observe/status-report.ts'
import {
  isProvenRequest,
  isProvenResponse,
  isReadable,
  type Parsed,
  parse,
  showsLife,
  sign,
  startsSigned,
} from './judge.ts'
import { Dice, mutated } from './mutator.ts'
import { originalRequest, originalResponse } from './originals.ts'

export interface SocketPlan {
  readonly count: number
  readonly seed: number
  readonly clientSecret: string
  readonly serverSecret: string
  readonly daemonPorts: { readonly authentication: number; readonly accounting: number }
  readonly serverPorts: { readonly authentication: number; readonly accounting: number }
  status(): Promise<StatusReport>
}

export interface SocketRun {
  readonly count: number
  readonly seed: number
  /** What carried them. */
  readonly packetIo: string
  readonly mutatedRequests: number
  readonly mutatedResponses: number
  readonly forwarded: number
  readonly answered: number
  readonly good: number
  readonly goodUnanswered: number
  readonly wrong: ReadonlyMap<string, number>
  /** Octets of the daemon's memory, at equal distances. */
  readonly memory: readonly number[]
  readonly crashes: number
  readonly internalErrors: number
  readonly imbalance: number
}

const CLIENT_SOCKETS = 64
const AT_ONCE = 16
const MOST_IN_HAND = 96
const SAMPLES = 10
const GOOD_WITHIN_MS = 15_000
const LONGEST = 4_096

interface Asked {
  readonly packet: Parsed | undefined
  readonly isGood: boolean
}

/** The sockets must not be in use; they are open until the run has ended. */
export async function runSockets(plan: SocketPlan): Promise<SocketRun> {
  const ends = new Ends(plan)
  try {
    await ends.open()
    return await ends.run()
  } finally {
    await ends.close()
  }
}

class Ends {
  readonly #plan: SocketPlan
  readonly #dice: Dice
  readonly #servers: Socket[] = []
  readonly #clients: Socket[] = []
  /** What was asked last under a socket and an identifier. */
  readonly #asked: Map<number, Asked>[] = []
  readonly #unanswered = new Set<Asked>()
  readonly #wrong = new Map<string, number>()
  readonly #counts = { mutatedRequests: 0, mutatedResponses: 0, forwarded: 0, answered: 0, good: 0 }

  constructor(plan: SocketPlan) {
    this.#plan = plan
    this.#dice = new Dice(plan.seed)
  }

  async open(): Promise<void> {
    const { authentication, accounting } = this.#plan.serverPorts
    for (const port of [authentication, accounting])
      this.#servers.push(await opened(port, (bytes, from, socket) => this.#serve(bytes, from, socket)))
    for (let index = 0; index < CLIENT_SOCKETS; index += 1) {
      const asked = new Map<number, Asked>()
      this.#asked.push(asked)
      this.#clients.push(await opened(0, (bytes) => this.#receive(asked, bytes)))
    }
  }

  async close(): Promise<void> {
    const sockets = [...this.#servers, ...this.#clients]
    await Promise.all(sockets.map(async (socket) => await new Promise<void>((resolve) => socket.close(resolve))))
  }

  async run(): Promise<SocketRun> {
    const { count, seed, status } = this.#plan
    const memory: number[] = []
    const each = Math.max(AT_ONCE, Math.floor(count / SAMPLES))
    for (let number = 0; number < count; number += 1) {
      if (number % 256 === 0) await this.#untilAnswered(socketOf(number))
      this.#ask(number)
      if ((number + 1) % AT_ONCE === 0) await this.#breathe()
      if ((number + 1) % each < 1) memory.push((await status()).process.residentBytes ?? 0)
    }
    const end = performance.now() + GOOD_WITHIN_MS
    while (this.#unanswered.size > 0 && performance.now() < end) await sleep(50)
    const { classes, instances, internalErrors, packetIo } = await status()
    return {
      count,
      seed,
      packetIo: packetIo.use,
      ...this.#counts,
      goodUnanswered: this.#unanswered.size,
      wrong: this.#wrong,
      memory,
      crashes: instances.reduce((sum, { crashes }) => sum + crashes, 0),
      internalErrors,
      imbalance: Math.abs(classes.authentication.imbalance) + Math.abs(classes.accounting.imbalance),
    }
  }

  #ask(number: number): void {
    const dice = this.#dice
    const socket = socketOf(number)
    const good = originalRequest({ dice, secret: this.#plan.clientSecret, identifier: number % 256, serial: number })
    const isGood = dice.chance(0.2)
    const bytes = isGood ? good : this.#spoilt(good, this.#plan.clientSecret, undefined)
    const asked = { packet: parse(bytes), isGood }
    if (isGood && bytes.length < LONGEST - 100) {
      this.#counts.good += 1
      this.#unanswered.add(asked)
    } else if (!isGood) this.#counts.mutatedRequests += 1
    if (bytes.length > 1) this.#asked[socket]!.set(bytes[1]!, asked)
    this.#clients[socket]!.send(
      bytes,
      this.#plan.daemonPorts[good[0] === 1 ? 'authentication' : 'accounting'],
      '127.0.0.1',
    )
  }

  /** Who uses an identifier again gives its request up: then no answer comes, and that is no fault of the daemon's. */
  async #untilAnswered(socket: number): Promise<void> {
    const end = performance.now() + GOOD_WITHIN_MS
    const isWaiting = (): boolean => [...this.#asked[socket]!.values()].some((asked) => this.#unanswered.has(asked))
    while (isWaiting() && performance.now() < end) await sleep(5)
  }

  /** Lets answers come in; the more is in hand, the longer. */
  async #breathe(): Promise<void> {
    await sleep(1)
    for (let waits = 0; this.#unanswered.size > MOST_IN_HAND && waits < 5_000; waits += 1) await sleep(1)
  }

  #spoilt(good: Buffer, secret: string, standIn: Uint8Array | undefined): Buffer {
    const dice = this.#dice
    const bytes = mutated(good, dice)
    // Another identifier would give up the request that has it: that is no fault of the daemon's.
    if (standIn === undefined && bytes.length > 1) bytes[1] = good[1]!
    const over = standIn ?? (bytes[0] === 4 ? Buffer.alloc(16) : undefined)
    if (dice.chance(0.6)) sign(bytes, dice.chance(0.9) ? secret : 'somebody else', over)
    return bytes
  }

  /** A request or a probe comes to the server. */
  #serve(bytes: Buffer, from: RemoteInfo, socket: Socket): void {
    const dice = this.#dice
    const { serverSecret: secret } = this.#plan
    const packet = parse(bytes)
    if (packet === undefined || !isProvenRequest(packet, secret, 'signed')) {
      this.#say('what left the daemon does not verify')
      return
    }
    if (packet.code === 12) return
    this.#counts.forwarded += 1
    if (packet.code === 1 && !startsSigned(packet)) this.#say('what left the daemon does not begin with its signature')
    const answers: Buffer[] = []
    for (let left = dice.below(3); left > 0; left -= 1) {
      const spoilt = this.#spoilt(originalResponse({ dice, secret, request: packet }), secret, packet.authenticator)
      // Signed, and of no use to a client, it would end the request; the run in the engine has those.
      if (showsLife(spoilt, packet, secret) && !isOfUse(parse(spoilt), packet, secret)) continue
      answers.push(spoilt)
      this.#counts.mutatedResponses += 1
    }
    answers.push(originalResponse({ dice, secret, request: packet }))
    for (const answer of answers) socket.send(answer, from.port, from.address)
  }

  /** Something comes to a client. */
  #receive(asked: Map<number, Asked>, bytes: Buffer): void {
    const answer = parse(bytes)
    const question = answer === undefined ? undefined : asked.get(answer.identifier)
    if (answer === undefined || question?.packet === undefined) {
      this.#say('an answer that belongs to no request')
      return
    }
    const { packet } = question
    const code = packet.code === 12 && answer.code === 5 ? 4 : packet.code
    if (!isProvenResponse(answer, { code, authenticator: packet.authenticator }, this.#plan.clientSecret))
      this.#say('an answer that does not verify')
    else if (answer.code !== 5 && !startsSigned(answer)) this.#say('an answer that does not begin with its signature')
    this.#counts.answered += 1
    this.#unanswered.delete(question)
  }

  #say(what: string): void {
    this.#wrong.set(what, (this.#wrong.get(what) ?? 0) + 1)
  }
}

/** Each socket has its 256 identifiers, one after the other. */
const socketOf = (number: number): number => Math.floor(number / 256) % CLIENT_SOCKETS

const isOfUse = (packet: Parsed | undefined, request: Parsed, secret: string): boolean =>
  packet !== undefined && isProvenResponse(packet, request, secret) && isReadable(packet)

const opened = async (
  port: number,
  receive: (bytes: Buffer, from: RemoteInfo, socket: Socket) => void,
): Promise<Socket> => {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, '127.0.0.1', resolve)
  })
  socket.on('message', (bytes, from) => receive(bytes, from, socket))
  // A port that the daemon has closed for a moment is no end of the run.
  socket.on('error', () => undefined)
  return socket
}
