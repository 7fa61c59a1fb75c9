/**
 * What packet I/O must be able to do before a daemon relies on it, tried on a transport over loopback. No datagram leaves the
 * machine, and what others send to its port meanwhile is passed over.
 *
 * - More datagrams in one turn than a batch holds arrive whole and in order, over IPv4 and over IPv6 if the machine has it.
 * - An answer leaves from the address that was asked. A link is connected, so it gets no other.
 * - If a port refuses a datagram, the error brings that datagram back.
 * - A wait for a moment ends, and not before it.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import type { Endpoint } from '../../addresses.ts'
import { perClass, TRAFFIC_CLASSES } from '../../classes.ts'
import { after, type Instant, millis, seconds } from '../../units.ts'
import { monotonicNow } from '../clock.io.ts'
import { Links } from '../links.io.ts'
import { addressesOfThisMachine } from '../local-addresses.io.ts'
import type { Arrivals, Transport } from '../ports.ts'

/** A step that failed; `systemCode` if it was a call of the system. */
export class StepFailed extends Error {
  readonly step: string
  readonly systemCode: string | undefined

  constructor(step: string, why: string, systemCode?: string) {
    super(why)
    this.step = step
    this.systemCode = systemCode
  }
}

/** More than the 64 that one call takes. */
const DATAGRAMS = 150
const OCTETS = 200
/** Any will do. */
const [CLASS] = TRAFFIC_CLASSES
const STEP_AT_MOST = seconds(1)
const WAIT = millis(20)

/** @throws `StepFailed`, or whatever the transport throws. */
export async function testTransport(transport: Transport): Promise<void> {
  const has = addressesOfThisMachine()
  await testPair(transport, { wildcard: '0.0.0.0', asked: '127.0.0.2' })
  if (has.includes('::1')) await testPair(transport, { wildcard: '::', asked: '::1' })
  await testRefusal(transport)
  await testWait(transport)
}

/** Links of one step, and what comes to them. */
class Scene {
  readonly links: Links
  readonly requests: number[] = []
  readonly responses: number[] = []
  /** Of refused datagrams. */
  readonly quoted: (number | undefined)[] = []
  readonly arrivals: Arrivals = {
    pending: () => undefined,
    request: (_class, from, octets) => {
      const number = numberIn(octets)
      if (number === undefined) return
      this.requests.push(number)
      const answer = this.links.room(OCTETS)
      answer.set(datagram(number))
      this.links.reply(from, answer)
    },
    response: (_lane, _link, octets) => this.responses.push(numberIn(octets) ?? -1),
    probeAnswer: () => undefined,
    linkChanged: (_lane, _link, to, quoted?: Uint8Array) => {
      if (to === 'refused') this.quoted.push(quoted && numberIn(quoted))
    },
  }
  readonly #transport: Transport
  readonly #step: string
  #failed: string | undefined

  constructor(transport: Transport, step: string) {
    this.#transport = transport
    this.#step = step
    this.links = new Links({
      transport,
      share: { number: 0, of: 1 },
      notes: {
        sendFailed: (_where, code) => {
          // A refused port is a step of its own.
          if (code !== 'ECONNREFUSED') this.#failed = code
        },
        listener: () => undefined,
      },
    })
  }

  connect(address: string, port: number): Promise<void> {
    const lane = { lane: 0, server: 'self-test', class: CLASS, address, port, ports: 1 } as const
    return this.links.openLanes([lane], this.arrivals)
  }

  send(number: number): void {
    const octets = this.links.room(OCTETS)
    octets.set(datagram(number))
    this.links.forward(0, 0, octets)
  }

  /** Turns until `isSo`. @throws `StepFailed` if a call of the system fails, or if it takes too long. */
  async until(isSo: () => boolean, state: () => string): Promise<void> {
    const limit = after(monotonicNow(), STEP_AT_MOST)
    while (!isSo()) {
      this.#transport.deliver()
      this.#transport.flush()
      if (this.#failed !== undefined)
        throw new StepFailed(this.#step, `the system answered ${this.#failed}`, this.#failed)
      if (monotonicNow() > limit) throw new StepFailed(this.#step, `${state()} within 1 s`)
      await setImmediate()
    }
  }

  /** Runs the step, and closes its links whatever comes of it. */
  async run(step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      if (error instanceof StepFailed) throw error
      throw new StepFailed(this.#step, error instanceof Error ? error.message : String(error), systemCodeIn(error))
    } finally {
      this.links.close()
    }
  }
}

function testPair(transport: Transport, { wildcard, asked }: { wildcard: string; asked: string }): Promise<void> {
  const scene = new Scene(transport, `datagrams to a listener at ${wildcard} and back`)
  return scene.run(async () => {
    const port = await freePort(asked)
    const at = { ...perClass((): Endpoint[] => []), [CLASS]: [{ address: wildcard, port }] }
    await scene.links.openListeners({ at, mustHaveAll: true }, scene.arrivals)
    await scene.connect(asked, port)
    for (let number = 0; number < DATAGRAMS; number += 1) scene.send(number)
    await scene.until(
      () => scene.responses.length >= DATAGRAMS,
      () => `${scene.requests.length} of ${DATAGRAMS} datagrams came, and ${scene.responses.length} answers`,
    )
    const isInOrder = (numbers: readonly number[]): boolean => numbers.every((number, at) => number === at)
    if (isInOrder(scene.requests) && isInOrder(scene.responses)) return
    throw new StepFailed(`datagrams to ${asked}`, 'they came in another order, or changed')
  })
}

function testRefusal(transport: Transport): Promise<void> {
  const scene = new Scene(transport, 'a refused port')
  return scene.run(async () => {
    await scene.connect('127.0.0.1', await freePort('127.0.0.1'))
    scene.send(7)
    await scene.until(
      () => scene.quoted.length > 0,
      () => 'nothing was told of it',
    )
    if (scene.quoted[0] !== 7) throw new StepFailed('a refused port', 'the refused datagram did not come back')
  })
}

/** The last step: from then on the transport waits in its own way. */
function testWait(transport: Transport): Promise<void> {
  const began = monotonicNow()
  const moment = after(began, WAIT)
  const { promise, resolve } = Promise.withResolvers<Instant>()
  const turn = (): void => {
    const now = monotonicNow()
    if (now < moment && now - began < STEP_AT_MOST) pace.aim(moment, now)
    else resolve(now)
  }
  const pace = transport.pace(turn, monotonicNow)
  pace.aim(moment, began)
  return promise.then((ended) => {
    pace.stop()
    if (ended - began > STEP_AT_MOST) throw new StepFailed('a timed wait', 'it ended much too late')
  })
}

/** A number, and octets that depend on it. */
const datagram = (number: number): Uint8Array => new Uint8Array(OCTETS).fill(number)

/** Undefined if somebody else has sent this. A refused datagram may come back cut short. */
function numberIn(octets: Uint8Array): number | undefined {
  const [number] = octets
  return octets.length <= OCTETS && octets.every((octet) => octet === number) ? number : undefined
}

async function freePort(address: string): Promise<number> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

const systemCodeIn = (error: unknown): string | undefined => {
  const { code } = ((error as Error)?.cause ?? error ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : undefined
}
