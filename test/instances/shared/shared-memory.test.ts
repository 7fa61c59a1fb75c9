/**
 * Two engines on shared memory: one count for a slot, one memory of conversations and of who sends
 * Message-Authenticator, over reloads too. What is not shared is not there.
 */
import { describe, expect, it, vi } from 'vitest'
import { plainOptions } from '../../../src/instances/shared/plain-options.ts'
import { SharedMemories } from '../../../src/instances/shared/shared-memory.ts'
import { SharedParts } from '../../../src/instances/shared/shared-parts.ts'
import type { TraceEvent } from '../../../src/proxy/border/events.ts'
import type { EngineOptions } from '../../../src/proxy/border/options.ts'
import { LastSeenTable } from '../../../src/proxy/signing/last-seen-table.ts'
import { Signer, Signers } from '../../../src/proxy/signing/signers.ts'
import { instant, millis, perSecond, seconds } from '../../../src/units.ts'
import { CODE } from '../../proxy/datagrams.ts'
import { START, World } from '../../proxy/kit.ts'
import { classes, client, deadServer, defaults, queues, server } from '../../proxy/options.ts'

const octets = (text: string): Uint8Array => new TextEncoder().encode(text)

class Host {
  readonly memories: SharedMemories
  readonly parts: SharedParts[] = []
  readonly worlds: World[] = []
  options: EngineOptions

  constructor(options: Partial<EngineOptions>, { scope = 'host' as 'host' | 'instance', instances = 2 } = {}) {
    this.options = { ...defaults(), ...options }
    this.memories = new SharedMemories({ scope, instances })
    const plain = plainOptions(this.options)
    const memory = this.memories.of(plain, START)
    this.memories.announce(plain, memory, START)
    for (let i = 0; i < instances; i += 1) {
      const parts = memory.tables && new SharedParts(memory.budgets, memory.tables)
      if (parts !== undefined) this.parts.push(parts)
      this.worlds.push(new World(this.options, START, parts))
    }
  }

  reload(options: Partial<EngineOptions>): void {
    this.options = { ...this.options, ...options }
    const plain = plainOptions(this.options)
    const memory = this.memories.of(plain, this.worlds[0]!.now)
    this.memories.announce(plain, memory, this.worlds[0]!.now)
    for (const [i, world] of this.worlds.entries()) {
      this.parts[i]?.reconfigure(memory)
      world.engine.reconfigure(this.options, world.now)
    }
  }
}

describe('the slots of a server', () => {
  const sentBy = (host: Host, messages: number): number[] => {
    for (const world of host.worlds) {
      for (let i = 0; i < messages; i += 1) world.access()
      world.settle()
    }
    return host.worlds.map(({ sent }) => sent.length)
  }

  it('are one count for all instances with scope host, also after a reload', () => {
    const host = new Host({ servers: [server('s1', { rate: 100 })] })
    expect(sentBy(host, 3)).toEqual([3, 2])
    host.reload({ servers: [server('s1', { rate: 40 }), server('s2', { rate: 20, address: '192.0.2.11' })] })
    for (const world of host.worlds) world.advanceTo(instant(START + 1_000_000))
    expect(host.worlds[0]!.sent.length + host.worlds[1]!.sent.length).toBeLessThanOrEqual(6)
    const [lane] = host.worlds[0]!.engine.inspection.snapshot(host.worlds[0]!.now).lanes
    expect(lane!.slots).toMatchObject({ maxRate: 40, quota: 2 })
  })

  it('are one count for all instances for the own rate of a client, too', () => {
    const limited = (maxRate: number) => [client({ maxRate: perSecond(maxRate) })]
    const host = new Host({ servers: [server('s1', { rate: 0 })], clients: limited(100) })
    expect(sentBy(host, 3)).toEqual([3, 2])
    host.reload({ clients: limited(0) })
    host.reload({ clients: limited(100) })
    expect(sentBy(host, 3)).toEqual([3, 2])
    for (const world of host.worlds) world.advanceTo(instant(START + 50_000))
    expect(host.worlds.map(({ sent }) => sent.length)).toEqual([6, 4])
  })

  it('are each instance own with scope instance', () => {
    const host = new Host({ servers: [server('s1', { rate: 100 })] }, { scope: 'instance' })
    expect(sentBy(host, 8)).toEqual([5, 5])
  })

  it('need no memory where there is one instance', () => {
    const host = new Host({ servers: [server('s1', { rate: 100 })] }, { instances: 1 })
    expect(host.parts).toEqual([])
    expect(sentBy(host, 8)).toEqual([5])
  })
})

describe('a conversation', () => {
  it('that one instance passed on comes back to its server through another', () => {
    const two = { servers: [server('s1'), server('s2')], classes: classes({ algorithm: 'round_robin' }) }
    const { worlds } = new Host(two)
    const [first, second] = worlds as [World, World]
    first.access({ tag: 'begins' })
    first.settle()
    const home = first.sent[0]!.server
    first.answer(first.sent[0]!, { code: CODE.challenge, state: 'a conversation' })
    for (let i = 0; i < 4; i += 1) {
      second.access({ tag: `goes on ${i}`, state: 'a conversation' })
      second.access({ tag: `another ${i}` })
    }
    second.settle()
    const bound = second.sent.filter(({ tag }) => tag.startsWith('goes on'))
    expect(bound.map((sent) => sent.server)).toEqual(Array.from({ length: 4 }, () => home))
    expect(new Set(second.sent.map((sent) => sent.server)).size).toBe(2)
  })

  it('is remembered for its lifetime, and over a change of the table size', () => {
    const host = new Host({ servers: [server('s1'), server('s2', { address: '192.0.2.11' })] })
    const [a, b] = host.parts.map(({ states }) => states)
    a!.learn(octets('x'), 's2', START)
    expect(b!.serverOf(octets('x'), START)).toBe('s2')
    host.reload({ state: { lifetime: seconds(300), maxEntries: 7 } })
    expect(b!.serverOf(octets('x'), START)).toBe('s2')
    a!.learn(octets('y'), 's1', START)
    expect(b!.serverOf(octets('y'), START)).toBe('s1')
    expect(b!.serverOf(octets('x'), instant(START + 300_000_000))).toBe('s2')
    expect(b!.serverOf(octets('x'), instant(START + 302_000_000))).toBeUndefined()
  })

  it('keeps its server where a reload changes the list of servers', () => {
    const host = new Host({ servers: [server('s1'), server('s2', { address: '192.0.2.11' })] })
    host.parts[0]!.states.learn(octets('x'), 's2', START)
    host.reload({ servers: [server('s3', { address: '192.0.2.12' }), server('s2', { address: '192.0.2.11' })] })
    expect(host.parts[1]!.states.serverOf(octets('x'), START)).toBe('s2')
    host.parts[1]!.states.learn(octets('y'), 's3', START)
    expect(host.parts[0]!.states.serverOf(octets('y'), START)).toBe('s3')
  })
})

describe('Message-Authenticator', () => {
  it('that one instance saw of a client is asked for by another', () => {
    const { worlds } = new Host({ clients: [client({ requireMessageAuthenticator: 'auto' })] })
    const [first, second] = worlds as [World, World]
    const from = { address: '10.1.2.3' }
    first.access({ from, signed: true })
    first.settle()
    second.access({ from })
    second.access({ from: { address: '10.9.9.9' } })
    second.settle()
    expect(second.sent).toHaveLength(1)
    expect(second.snapshot().classes.authentication.ledger.dropped['missing-message-authenticator']).toBe(1)
    expect(second.snapshot().messageAuthenticatorLearned.clients).toBe(1)
  })

  it('that one instance saw missing keeps all from learning for an hour, and each says what it saw', () => {
    const { worlds } = new Host({ clients: [client({ requireMessageAuthenticator: 'auto' })] })
    const [first, second] = worlds as [World, World]
    const from = { address: '10.1.2.3' }
    const taken = (world: World): number => world.snapshot().classes.authentication.queued
    first.access({ from })
    second.access({ from, signed: true })
    first.access({ from })
    expect([taken(first), taken(second)]).toEqual([2, 1])
    expect(worlds.map((world) => world.snapshot().signing.mixed.length)).toEqual([0, 1])
    for (const world of worlds) world.now = instant(START + 3_601_000_000)
    second.access({ from, signed: true })
    first.access({ from })
    expect(worlds.map((world) => world.snapshot().messageAuthenticatorLearned.clients)).toEqual([1, 1])
    expect(first.snapshot().classes.authentication.ledger.dropped['missing-message-authenticator']).toBe(1)
    expect(second.snapshot().signing.mixed).toEqual([])
  })

  it('is known for 30 days from the last signed request to any instance, and forgotten by all at once', () => {
    const { worlds } = new Host({ clients: [client({ requireMessageAuthenticator: 'auto' })] })
    const [first, second] = worlds as [World, World]
    const from = { address: '10.1.2.3' }
    const month = 30 * 86_400_000_000
    first.access({ from, signed: true })
    second.now = instant(START + month)
    second.access({ from, signed: true })
    first.now = instant(START + 2 * month)
    first.access({ from })
    expect(first.snapshot().classes.authentication.ledger.dropped['missing-message-authenticator']).toBe(1)
    expect(second.engine.inspection.learnedAddresses(0, 1_000_000, second.now)).toMatchObject([{ address: '10.1.2.3' }])
    first.engine.forgetLearned()
    expect(second.engine.inspection.learnedAddresses(0, 1_000_000, second.now)).toEqual([])
    second.now = first.now
    second.access({ from })
    expect(second.snapshot().classes.authentication.ledger.dropped['missing-message-authenticator']).toBe(0)
  })

  it('learned in the moment in which another instance takes an unsigned request is learned by none, or that is dropped', () => {
    const memory = Signers.memory(64)
    const journal = { note: () => undefined }
    const [one, other] = [1, 2].map((salt) => new Signers({ peer: 'client', capacity: 64, salt, journal, memory }))
    const key = Int32Array.of(1, 2, 3, 4)
    const of = { name: 'bng', at: '10.1.2.3' }
    const packet = { port: 1, code: 1, identifier: 1 }
    // Between the look and the note of one, the other acts.
    const { put } = LastSeenTable.prototype
    const meanwhile = (act: () => void) =>
      vi.spyOn(LastSeenTable.prototype, 'put').mockImplementationOnce(function (this: LastSeenTable, ...o) {
        act()
        put.apply(this, o)
      })
    meanwhile(() => one!.tryAcceptUnsigned(new Signer(key), of, packet, true, START))
    other!.signed(new Signer(key), of, packet, true, START)
    expect(other!.hasLearned(new Signer(key), of, START)).toBe(false)
    const later = instant(START + 3_601_000_000)
    meanwhile(() => other!.signed(new Signer(key), of, packet, true, later))
    expect(one!.tryAcceptUnsigned(new Signer(key), of, packet, true, later)).toBe(false)
    expect(one!.hasLearned(new Signer(key), of, later)).toBe(true)
    vi.restoreAllMocks()
  })

  it('that one instance saw of a server is asked for by another', () => {
    const { worlds } = new Host({ servers: [server('s1', { requireMessageAuthenticator: 'auto' })] })
    const [first, second] = worlds as [World, World]
    for (const world of [first, second]) {
      world.access()
      world.settle()
    }
    first.answer(first.sent[0]!, { signed: true })
    second.answer(second.sent[0]!)
    const [lane] = second.snapshot().lanes
    expect(lane!.counters.dropped['missing-message-authenticator']).toBe(1)
    expect(second.snapshot().classes.authentication.ledger.answered).toBe(0)
  })
})

describe('that a server has been heard', () => {
  const silent = { maxRetries: 0 }
  const patient = {
    servers: [server('s1', silent)],
    queues: queues({ authentication: { maxAge: seconds(600) } }),
    deadServer: deadServer({ consecutiveFailures: 3 }),
  }
  /** The last instance gets no answers to four requests; what it then says of the cause, in its log and to a trace. */
  const hintsOf = (world: World): (string | undefined)[] => {
    const told: TraceEvent[] = []
    world.engine.follow([{ trace: 1, client: 'bng' }], { note: (_traces, event) => told.push(event) })
    world.onForward = undefined
    for (let i = 0; i < 4; i += 1) {
      world.access()
      world.advance(seconds(8))
    }
    const hints = world.noted('server-state').map(({ hint }) => hint)
    return [...told.filter(({ step }) => step === 'timed-out').map(({ why }) => why), ...hints]
  }
  const hear = (world: World): void => {
    world.serversAnswerAfter(millis(5))
    world.access()
    world.advance(seconds(1))
  }
  const NEVER = [expect.stringMatching(/never a valid response/)]

  it('by one instance is known to all: none says that it never answered', () => {
    const { worlds } = new Host(patient, { scope: 'instance' })
    const [first, second] = worlds as [World, World]
    hear(first)
    expect(hintsOf(second).filter((hint) => hint !== undefined)).toEqual([])
  })

  it('by none is said by each', () => {
    const { worlds } = new Host(patient)
    expect(hintsOf(worlds[1]!)).toEqual(expect.arrayContaining(NEVER))
  })

  it('holds under another name, and not under another secret', () => {
    const host = new Host(patient)
    const [first, second] = host.worlds as [World, World]
    hear(first)
    host.reload({ servers: [server('s2', silent)] })
    expect(second.snapshot().lanes[0]).toMatchObject({ server: 's2', unheard: undefined })
    host.reload({ servers: [server('s2', { ...silent, secret: 'the servers share THAT' })] })
    for (const world of host.worlds) expect(world.snapshot().lanes[0]?.unheard).toEqual({ timeouts: 0 })
    expect(hintsOf(second)).toEqual(expect.arrayContaining(NEVER))
  })
})
