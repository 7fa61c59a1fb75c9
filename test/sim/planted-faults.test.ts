/**
 * A checker that was never seen to fail checks nothing: for each law a fault is planted into the real engine, or into what
 * leaves it, and the law must name it. The same worlds without the fault break no law.
 */

import { afterEach, describe, expect, it, vi } from 'vitest'
import { perClass } from '../../src/classes.ts'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { Engine } from '../../src/proxy/engine.ts'
import { Exchanges } from '../../src/proxy/register/exchanges.ts'
import { ENTRY, Ledger } from '../../src/proxy/register/ledger.ts'
import { Records } from '../../src/proxy/register/records.ts'
import { Backlog } from '../../src/queues/backlog.ts'
import { ServerQueue } from '../../src/queues/server-queue.ts'
import { booksFor, withBooks } from '../../src/simulation/books/books.ts'
import { AnswerLaw, checkLiveness, LedgerLaw, WaitingLaw } from '../../src/simulation/laws/all-laws.ts'
import { IdentifierLaw } from '../../src/simulation/laws/network/identifier-law.ts'
import { RequestLaw } from '../../src/simulation/laws/network/request-law.ts'
import { LaneCount, SlotLaw } from '../../src/simulation/laws/network/slot-law.ts'
import type { NasPlan } from '../../src/simulation/peers/nas-plan.ts'
import { deadServerOptions } from '../../src/simulation/world/basic-options.ts'
import { BrokenLaw, type Observer } from '../../src/simulation/world/observer.ts'
import { type ScriptEntry, START, World, type WorldPlan } from '../../src/simulation/world/world.ts'
import { Identifiers } from '../../src/throttle/identifiers.ts'
import { OwnSlots } from '../../src/throttle/own-slots.ts'
import { instant, micros, millis, seconds } from '../../src/units.ts'
import { bng, homeServer, only, options, reporting } from './rig.ts'

/** Everything a plan can be varied by here. */
interface Variation {
  readonly client?: Partial<NasPlan>
  readonly engine?: Partial<EngineOptions>
  readonly rate?: number
  readonly maxOutstanding?: number
  readonly maxRetries?: number
  readonly capacity?: number
  readonly latency?: number
  readonly script?: readonly ScriptEntry[]
}

/** Forty log-ins with their records, a server that takes its time, and limits that are reached. */
const busy = (o: Variation = {}): WorldPlan & { readonly engine: EngineOptions } => {
  const accounting = { isOn: true, timeout: seconds(2), tries: 5, newDelayTime: true, interimPeriod: seconds(3) }
  const authentication = { timeout: seconds(2), tries: 4, redialAfter: seconds(3) }
  const clients = [bng({ sessions: 40, dialWithin: seconds(3), authentication, accounting, ...o.client })]
  const servers = [homeServer('one', { capacity: o.capacity ?? 40, latency: micros(o.latency ?? 0) })]
  const { rate = 30, maxOutstanding = 8, maxRetries = 2 } = o
  const limits = { rate, maxOutstanding, maxRetries, timeout: seconds(1) }
  const engine = options(clients, servers, { limits, ...o.engine })
  return { seed: 'planted faults', engine, servers, clients, script: o.script ?? [] }
}

/** The law that is the first to be broken within twenty seconds, or undefined. */
const brokenLaw = (plan: WorldPlan, ...laws: readonly Observer[]): string | undefined => {
  try {
    new World(plan, laws).run(seconds(20))
    return undefined
  } catch (error) {
    if (error instanceof BrokenLaw) return error.law
    throw error
  }
}

/** The law of what waits, and the slots that it reads. */
const waiting = ({ engine }: { readonly engine: EngineOptions }): Observer[] =>
  withBooks(engine, (books) => {
    const slots = new SlotLaw(books)
    return [slots, new WaitingLaw(books, slots)]
  })

/** What left, written down so that a script can send it once more. */
class Recorder implements Observer {
  readonly sent: { readonly lane: number; readonly port: number; readonly bytes: Uint8Array }[] = []
  forwarded(lane: number, port: number, bytes: Uint8Array): void {
    this.sent.push({ lane, port, bytes })
  }
}

/** After `at`, something else leaves beside what the engine sends. */
const alsoLeaves = (at: number, recorder: Recorder, change: (bytes: Uint8Array) => Uint8Array): ScriptEntry => ({
  at: millis(at),
  run: (world) => {
    const { lane, port, bytes } = recorder.sent.at(-1)!
    world.forward(lane, port, change(bytes))
  },
})

const as =
  (identifier: number) =>
  (bytes: Uint8Array): Uint8Array => {
    const copy = bytes.slice()
    copy[1] = identifier
    return copy
  }

afterEach(() => {
  vi.restoreAllMocks()
})

describe('without a planted fault', () => {
  it('no law is broken in these worlds', () => {
    for (const variation of [{}, { latency: 1_500_000 }, { rate: 0 }, { maxOutstanding: 1 }]) {
      const plan = busy(variation)
      const others = withBooks(plan.engine, (books) => [new IdentifierLaw(books), new RequestLaw(books)])
      expect(brokenLaw(plan, ...waiting(plan), new LedgerLaw(), ...others, new AnswerLaw())).toBeUndefined()
    }
  })
})

describe('the ledger', () => {
  it('is found wrong where an ending is not counted', () => {
    const real = Ledger.prototype.count
    vi.spyOn(Ledger.prototype, 'count').mockImplementation(function (this: Ledger, entry) {
      if (entry !== ENTRY.answered || this.counted(entry) < 5) real.call(this, entry)
    })
    expect(brokenLaw(busy(), new LedgerLaw())).toBe('ledger')
  })

  it('is found wrong by its published numbers, and by what really came', () => {
    const world = new World(busy(), [])
    world.run(seconds(5))
    const now = world.now
    const snapshot = world.engine!.inspection.snapshot(now)
    const received = Object.fromEntries(
      (['authentication', 'accounting'] as const).map((each) => [each, snapshot.classes[each].ledger.received]),
    ) as Record<'authentication' | 'accounting', number>
    const lawAfter = (missing: number): LedgerLaw => {
      const law = new LedgerLaw()
      for (const each of ['authentication', 'accounting'] as const) {
        for (let count = missing; count < received[each]; count += 1) law.received(each)
      }
      return law
    }
    const { authentication } = snapshot.classes
    const doctored = { ...authentication, queued: authentication.queued + 1 }
    expect(() => lawAfter(0).check(snapshot, now)).not.toThrow()
    expect(() => lawAfter(1).check(snapshot, now)).toThrow(/^ledger: .* came, .* are counted/)
    expect(() =>
      lawAfter(0).check({ ...snapshot, classes: { ...snapshot.classes, authentication: doctored } }, now),
    ).toThrow(/^ledger: .* received/)
  })
})

describe('slots and rates', () => {
  it('are found overrun where a slot is never used up', () => {
    vi.spyOn(OwnSlots.prototype, 'tryTake').mockReturnValue(true)
    vi.spyOn(OwnSlots.prototype, 'left').mockReturnValue(100)
    const plan = busy({ maxOutstanding: 256, capacity: 10_000 })
    expect(brokenLaw(plan, ...only(plan.engine, SlotLaw))).toBe('slot')
  })

  it('are found overrun where one message more leaves than the slot has', () => {
    const recorder = new Recorder()
    const script = Array.from({ length: 40 }, (_, index) => alsoLeaves(2_000 + index * 50, recorder, as(200 + index)))
    const plan = busy({ script })
    expect(brokenLaw(plan, recorder, ...only(plan.engine, SlotLaw))).toBe('slot')
  })

  it('are counted in seconds that begin anywhere, too', () => {
    const count = new LaneCount(5, 5)
    expect(count.slidingLimit).toBe(6)
    const agoOf = [100, 300, 500, 700, 900, 1_099].map((ms) => count.count(instant(START + ms * 1_000)))
    expect(Math.min(...agoOf)).toBeGreaterThan(1_000_000)
    // The seventh comes 950 ms after the first: more than max-rate and one quota within a second.
    expect(count.count(instant(START + 1_050_000))).toBe(950_000)
    expect(count.inSlot).toBe(2)
    expect(count.inSecond).toBe(2)
  })

  it('are found to be left unused where a message waits that could go', () => {
    vi.spyOn(ServerQueue.prototype, 'promote').mockReturnValue(0)
    const plan = busy()
    expect(brokenLaw(plan, ...waiting(plan))).toBe('work-conserving')
  })

  it('are found to be left unused where a quota is one too small', () => {
    const { tryTake, left } = OwnSlots.prototype
    vi.spyOn(OwnSlots.prototype, 'tryTake').mockImplementation(function (this: OwnSlots, now) {
      return left.call(this, now) > 1 && tryTake.call(this, now)
    })
    vi.spyOn(OwnSlots.prototype, 'left').mockImplementation(function (this: OwnSlots, now) {
      return this.view(now).quota - this.view(now).sent - 1
    })
    const plan = busy({ rate: 100, capacity: 10_000, maxOutstanding: 256, client: { dialWithin: micros(0) } })
    expect(brokenLaw(plan, ...waiting(plan))).toBe('work-conserving')
  })
})

describe('identifiers', () => {
  it('are found in use twice', () => {
    const recorder = new Recorder()
    // The same identifier again for other octets, a moment after the real one left.
    const again = alsoLeaves(3_001, recorder, (bytes) => bytes.map((octet, at) => (at === 4 ? octet ^ 1 : octet)))
    const plan = busy({ script: [again], latency: 500_000 })
    expect(brokenLaw(plan, recorder, ...only(plan.engine, IdentifierLaw))).toBe('identifier')
  })

  it('are found used again before their rest is over', () => {
    vi.spyOn(Identifiers.prototype, 'quarantine').mockImplementation(function (this: Identifiers<unknown>, identifier) {
      this.release(identifier as Parameters<Identifiers<unknown>['release']>[0])
    })
    // 8 places and 256 identifiers on one port: a time-out of 50 ms brings each of them back within 2 s.
    const limits = { rate: 0, maxOutstanding: 8, maxRetries: 0, timeout: millis(50) }
    const clients = [reporting({ sessions: 5_000, upAtStart: { interimWithin: seconds(10) } })]
    const servers = [homeServer('one')]
    const deadServer = deadServerOptions({ consecutiveFailures: 100_000 })
    const engine = options(clients, servers, { limits, deadServer })
    const die: ScriptEntry = { at: micros(0), run: (world) => world.servers[0]?.die() }
    const plan = { seed: 'no rest', engine, servers, clients, script: [die] }
    expect(brokenLaw(plan, ...only(engine, IdentifierLaw))).toBe('identifier')
    vi.restoreAllMocks()
    expect(brokenLaw(plan, ...only(engine, IdentifierLaw))).toBeUndefined()
  })

  it('are found beyond max-outstanding, at the network and in the snapshot', () => {
    vi.spyOn(Identifiers.prototype, 'room').mockReturnValue(100)
    const plan = busy({ rate: 0, latency: 800_000 })
    expect(brokenLaw(plan, ...only(plan.engine, IdentifierLaw))).toBe('max-outstanding')
    expect(brokenLaw(plan, ...waiting(plan))).toBe('max-outstanding')
  })

  it('are found to send a request again that was answered, too soon, or too often', () => {
    const same = (bytes: Uint8Array): Uint8Array => bytes
    for (const [at, words] of [
      [3_000, /answered and is sent again|too soon/],
      [9_000, /answered and is sent again|too soon/],
    ] as const) {
      const recorder = new Recorder()
      const plan = busy({ script: [alsoLeaves(at, recorder, same)] })
      const run = (): void => new World(plan, [recorder, ...only(plan.engine, IdentifierLaw)]).run(seconds(20))
      expect(run).toThrow(words)
    }
    // A login may go out once more for each copy of its client; these send one each ten seconds.
    const authentication = { timeout: seconds(10), tries: 4, redialAfter: seconds(3) }
    const often = busy({ latency: 60_000_000, maxRetries: 3, client: { authentication } })
    expect(brokenLaw(often, ...only(often.engine, IdentifierLaw))).toBeUndefined()
    const fewer = { ...often.engine, servers: busy({ maxRetries: 2 }).engine.servers }
    expect(brokenLaw(often, ...only(fewer, IdentifierLaw))).toBe('retry')
  })

  it('are found to be used by a lane whose server a reload took away', () => {
    const recorder = new Recorder()
    const plan = busy()
    const without = { ...plan.engine, servers: [] }
    const script: ScriptEntry[] = [
      { at: millis(3_000), run: (world, now) => world.reconfigure(without, now) },
      alsoLeaves(3_000, recorder, as(222)),
    ]
    expect(brokenLaw({ ...plan, script }, recorder, ...only(plan.engine, IdentifierLaw))).toBe('removed')
  })
})

describe('order', () => {
  it('is found broken where two that leave change places', () => {
    const real = World.prototype.forward
    let held: Parameters<typeof real> | undefined
    vi.spyOn(World.prototype, 'forward').mockImplementation(function (this: World, ...message) {
      if (held === undefined) {
        held = message
        return
      }
      real.apply(this, message)
      real.apply(this, held)
      held = undefined
    })
    const plan = busy({ client: { dialWithin: micros(0) } })
    expect(brokenLaw(plan, ...only(plan.engine, RequestLaw))).toBe('order')
  })

  it('is judged for each lane and preference apart', () => {
    const law = new RequestLaw(booksFor(busy().engine))
    law.checkOrder('1 1 a', 10, START)
    law.checkOrder('1 2 a', 5, START)
    law.checkOrder('2 1 a', 7, START)
    law.checkOrder('1 1 b', 6, START)
    expect(() => law.checkOrder('1 1 a', 9, START)).toThrow(/^order: /)
  })
})

describe('age', () => {
  const old = (): WorldPlan & { readonly engine: EngineOptions } => {
    const { queues } = options([], [])
    const short = perClass((each) => ({ ...queues[each], maxAge: seconds(2) }))
    return busy({ rate: 3, client: { dialWithin: micros(0) }, engine: { queues: short } })
  }

  it('is found out where nothing expires: at the network and in the snapshot', () => {
    vi.spyOn(Backlog.prototype, 'overdue').mockReturnValue(undefined)
    vi.spyOn(Backlog.prototype, 'isOverdue').mockReturnValue(false)
    vi.spyOn(Backlog.prototype, 'nextWakeAt').mockReturnValue(undefined)
    const plan = old()
    expect(brokenLaw(plan, ...only(plan.engine, RequestLaw))).toBe('age')
    expect(brokenLaw(plan, ...waiting(plan))).toBe('bounds')
  })
})

describe('repetition', () => {
  it('is found out where a retransmission is taken for a new request', () => {
    vi.spyOn(Exchanges.prototype, 'find').mockReturnValue(undefined)
    const plan = busy({
      latency: 800_000,
      client: { authentication: { timeout: millis(400), tries: 4, redialAfter: seconds(3) } },
    })
    expect(brokenLaw(plan, ...only(plan.engine, RequestLaw))).toBe('repetition')
  })

  it('is found out where an answer is forgotten at once', () => {
    const real = Exchanges.prototype.keepAnswer
    vi.spyOn(Exchanges.prototype, 'keepAnswer').mockImplementation(function (this: Exchanges, exchange, answer, now) {
      real.call(this, exchange, answer, instant(now - seconds(3_600)))
    })
    const network = { proxyToClient: { delay: micros(200), spread: micros(0), loss: 0.5, duplicate: 0 } }
    const plan = { ...busy(), network }
    expect(brokenLaw(plan, ...only(plan.engine, RequestLaw))).toBe('repetition')
    vi.restoreAllMocks()
    expect(brokenLaw(plan, ...only(plan.engine, RequestLaw))).toBeUndefined()
  })

  it('is found out where a record that was taken is not known by its content', () => {
    vi.spyOn(Records.prototype, 'find').mockReturnValue(undefined)
    const network = { proxyToClient: { delay: micros(200), spread: micros(0), loss: 0.5, duplicate: 0 } }
    const plan = {
      ...busy({ client: { authentication: { timeout: seconds(1), tries: 9, redialAfter: seconds(3) } } }),
      network,
    }
    expect(brokenLaw(plan, ...only(plan.engine, RequestLaw))).toBe('repetition')
  })
})

describe('bounds', () => {
  it('are found passed, in messages and in octets', () => {
    vi.spyOn(Backlog.prototype, 'excess').mockReturnValue(undefined)
    const { queues } = options([], [])
    for (const bound of [{ maxMessages: 5 }, { maxBytes: 500 }]) {
      const authentication = { ...queues.authentication, ...bound }
      const engine = { queues: { ...queues, authentication } }
      const plan = busy({ rate: 3, client: { dialWithin: micros(0) }, engine })
      expect(brokenLaw(plan, ...waiting(plan))).toBe('bounds')
    }
  })
})

describe('answers', () => {
  it('are found to go to the wrong client', () => {
    const plan = busy()
    const swap: ScriptEntry = { at: millis(100), run: (world) => meddleWithReplies(world) }
    expect(brokenLaw({ ...plan, script: [swap] }, new AnswerLaw())).toBe('answer')
  })

  it('are found broken on their way', () => {
    const plan = busy()
    const cut: ScriptEntry = {
      at: seconds(1),
      run: (world, now) =>
        world.links.proxyToClient.send({ nas: 0, class: 'authentication', port: 20_000 }, new Uint8Array(19), now),
    }
    expect(brokenLaw({ ...plan, script: [cut] }, new AnswerLaw())).toBe('answer')
  })
})

/** From now on each answer goes to where the one before it should have gone. */
const meddleWithReplies = (world: World): void => {
  const send = world.links.proxyToClient.send.bind(world.links.proxyToClient)
  let held: Parameters<typeof send>[1] | undefined
  vi.spyOn(world.links.proxyToClient, 'send').mockImplementation((envelope, bytes, now) => {
    const other = held?.slice() ?? bytes
    other[1] = bytes[1]!
    held = bytes
    send(envelope, other, now)
  })
}

describe('liveness', () => {
  it('is found missing where something waits for ever', () => {
    const world = new World(busy({ rate: 1 }), [])
    world.run(seconds(10))
    expect(() => checkLiveness(world)).toThrow(/^liveness: .* still wait/)
  })

  it('is found missing where a server stays Down', () => {
    const { deadServer } = options([], [])
    const engine = { deadServer: { ...deadServer, consecutiveFailures: 1 } }
    const quiet: ScriptEntry = {
      at: seconds(5),
      run: (world) => {
        world.servers[0]?.die()
      },
    }
    const client = { accounting: { ...bng().accounting, tries: 1 }, dialWithin: seconds(6) }
    const world = new World(busy({ engine, client, script: [quiet], maxRetries: 0 }), [])
    world.run(seconds(400))
    expect(() => checkLiveness(world)).toThrow(/^liveness: /)
  })
})

describe('progress', () => {
  it('is found missing where the engine wants to be woken again and again', () => {
    vi.spyOn(Engine.prototype, 'nextWakeAt').mockImplementation((now) => now)
    expect(brokenLaw(busy(), {})).toBe('progress')
  })

  it('is found missing where service comes to no end', () => {
    vi.spyOn(Engine.prototype, 'serve').mockReturnValue(true)
    expect(brokenLaw(busy(), {})).toBe('progress')
  })
})
