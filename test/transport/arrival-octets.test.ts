/**
 * The engine behind the loop on a network in memory, whose transport overwrites what arrived after each call: whoever keeps octets
 * without a copy sends or verifies rubbish here.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Endpoint } from '../../src/addresses.ts'
import { CLASS_TRAITS, perClass, TRAFFIC_CLASSES, type TrafficClass } from '../../src/classes.ts'
import type { EngineEvent } from '../../src/proxy/border/events.ts'
import { Engine } from '../../src/proxy/engine.ts'
import { Links } from '../../src/transport/links.io.ts'
import { Loop } from '../../src/transport/loop.io.ts'
import { instant, millis } from '../../src/units.ts'
import {
  accessRequest,
  accountingRequest,
  answers,
  CODE,
  responseTo,
  STATUS,
  statusServer,
  tagOf,
} from '../proxy/datagrams.ts'
import { client, defaults, server } from '../proxy/options.ts'
import { MemoryNetwork, MemoryTransport } from './memory-network.ts'
import { ALONE } from './rig.ts'

const HERE = '127.0.0.1'
const PORTS = perClass((each) => CLASS_TRAITS[each].port)
const SERVER = '127.0.0.2'

/** Two clients, the proxy, and one server that takes ten messages a second in slots of 50 ms. */
class Chain {
  readonly events: EngineEvent[] = []
  /** What reached the server. */
  readonly served: Uint8Array[] = []
  /** What each client got. */
  readonly got: Uint8Array[] = []
  /** Whether the server answers. */
  isAnswering = true
  readonly #network = new MemoryNetwork()
  readonly #links: Links
  readonly #loop: Loop
  readonly #engine: Engine
  readonly #client: ReturnType<MemoryNetwork['bind']>

  constructor(rate = 10) {
    const transport = new MemoryTransport(this.#network)
    this.#links = new Links({
      transport,
      share: ALONE,
      notes: { sendFailed: () => undefined, listener: () => undefined },
      localAddresses: () => [HERE],
    })
    const journal = { note: (event: EngineEvent) => this.events.push(event) }
    const clock = () => instant(Date.now() * 1_000)
    let seed = 1
    const random = (target: Uint8Array): void => {
      for (let at = 0; at < target.length; at += 1) {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff
        target[at] = seed >> 16
      }
    }
    const options = {
      ...defaults(),
      clients: [client({ network: '127.0.0.0/8' })],
      servers: [server('s1', { rate, address: SERVER, timeout: millis(500), maxRetries: 1 })],
    }
    this.#engine = new Engine(options, { outbox: this.#links, journal, random }, clock())
    this.#loop = new Loop({ engine: this.#engine, transport, journal, clock })
    for (const { port } of this.#engine.plan()) {
      const receive = (octets: Uint8Array, from: Endpoint): void => {
        this.served.push(octets.slice())
        if (this.isAnswering) this.#network.send(home, from, responseTo(octets))
      }
      const home = this.#bind(SERVER, port, receive)
    }
    this.#client = this.#bind(HERE, 5_000, (octets) => this.got.push(octets.slice()))
  }

  async open(): Promise<void> {
    await this.#links.openLanes(this.#engine.plan(), this.#loop)
    const at = perClass((each) => [{ address: HERE, port: PORTS[each] }])
    await this.#links.openListeners({ at, mustHaveAll: true }, this.#loop)
  }

  send(trafficClass: TrafficClass, octets: Uint8Array): void {
    this.#network.send(this.#client, { address: HERE, port: PORTS[trafficClass] }, octets)
  }

  /** Lets so many milliseconds pass, and everything arrive meanwhile. */
  pass(milliseconds: number): void {
    for (let passed = 0; passed < milliseconds; passed += 1) {
      this.#network.settle()
      vi.advanceTimersByTime(1)
      this.#engine.inspection.check()
    }
  }

  #bind(address: string, port: number, receive: (octets: Uint8Array, from: Endpoint) => void) {
    return this.#network.bind({ address, port }, 'a test', { server: undefined, receive, refused: () => undefined })
  }
}

describe('octets that are valid for one call', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 2_000_000 })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const login = (identifier: number, o: { readonly state?: string } = {}): Buffer =>
    accessRequest({ tag: `user ${identifier}`, identifier, serial: identifier, proxyStates: ['a', 'b'], ...o })
  const record = (tag: string, identifier: number, delay = 0): Buffer =>
    accountingRequest({ tag, identifier, delay, status: STATUS.stop, signed: true, proxyStates: ['c'] })

  it('harm nobody who waits in the queues, is sent again or is answered from the cache', async () => {
    const chain = new Chain()
    await chain.open()
    const requests = {
      ...perClass((): Buffer[] => []),
      authentication: Array.from({ length: 12 }, (_, identifier) => login(identifier)),
      accounting: Array.from({ length: 12 }, (_, identifier) => record(`session ${identifier}`, identifier)),
    }
    for (const each of TRAFFIC_CLASSES) for (const request of requests[each]) chain.send(each, request)
    // Their clients send them again while they wait, and after that.
    for (let round = 0; round < 3; round += 1) {
      chain.pass(1_000)
      for (const each of TRAFFIC_CLASSES) for (const request of requests[each]) chain.send(each, request)
    }
    chain.pass(10)
    for (const each of TRAFFIC_CLASSES) {
      for (const request of requests[each]) {
        const tag = tagOf(request)
        expect(chain.served.filter((octets) => tagOf(octets) === tag && octets[0] === request[0])).toHaveLength(1)
        expect(chain.got.filter((answer) => answers(answer, request)).length, tag).toBeGreaterThanOrEqual(1)
      }
      const all = requests[each]
      const codes: readonly number[] = each === 'authentication' ? [CODE.accept] : [CODE.accountingResponse]
      const theirs = chain.got.filter(([code]) => codes.includes(code ?? 0))
      expect(theirs.every((answer) => all.some((request) => answers(answer, request)))).toBe(true)
    }
    expect(chain.events).toEqual([])
  })

  it('harm no retry, and no record that comes again under another identifier', async () => {
    const chain = new Chain(0)
    await chain.open()
    chain.isAnswering = false
    const first = record('session', 1)
    chain.send('accounting', first)
    chain.pass(100)
    const again = record('session', 2, 1)
    chain.send('accounting', again)
    chain.send('authentication', login(3))
    chain.pass(600)
    // The retries are the same octets.
    const [sentFirst, , ...retried] = chain.served
    expect(retried.map((octets) => Buffer.from(octets).toString('hex'))).toContain(
      Buffer.from(sentFirst!).toString('hex'),
    )
    chain.isAnswering = true
    chain.pass(1_500)
    for (const asked of [first, again]) expect(chain.got.filter((answer) => answers(answer, asked))).toHaveLength(1)
    expect(chain.events.filter(({ kind }) => kind === 'internal-error')).toEqual([])
  })

  it('harm no State, no probe of a client, and no rubbish', async () => {
    const chain = new Chain(0)
    await chain.open()
    const asks = statusServer({ identifier: 9 })
    chain.send('authentication', asks)
    for (const length of [0, 1, 19, 20, 300]) chain.send('authentication', Buffer.alloc(length, 1))
    chain.send('authentication', login(4, { state: 'unknown' }))
    chain.pass(50)
    expect(chain.got.filter((answer) => answers(answer, asks))).toHaveLength(1)
    expect(chain.got.filter((answer) => answers(answer, login(4)))).toHaveLength(1)
    expect(chain.events.every(({ kind }) => kind === 'dropped')).toBe(true)
  })
})
