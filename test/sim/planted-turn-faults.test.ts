/**
 * The laws of turns and of ages by copies name faults that are planted into the real engine. Without the fault no law is broken.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { RoundRobin, type Taker } from '../../src/queues/containers/round-robin.ts'
import { FreshMessages } from '../../src/queues/fresh-messages.ts'
import { Patience } from '../../src/queues/patience.ts'
import { withBooks } from '../../src/simulation/books/books.ts'
import { WaitingLaw } from '../../src/simulation/laws/all-laws.ts'
import { FairnessLaw } from '../../src/simulation/laws/network/fairness-law.ts'
import { RequestLaw } from '../../src/simulation/laws/network/request-law.ts'
import { SlotLaw } from '../../src/simulation/laws/network/slot-law.ts'
import { BrokenLaw } from '../../src/simulation/world/observer.ts'
import { START, World, type WorldPlan } from '../../src/simulation/world/world.ts'
import { instant, millis, perSecond, seconds } from '../../src/units.ts'
import { bng, homeServer, options } from './rig.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** One client storms, and another has a few logins all the time. */
const storm = (engine: Partial<EngineOptions> = {}): WorldPlan & { readonly engine: EngineOptions } => {
  const authentication = { timeout: seconds(1), tries: 4, redialAfter: seconds(3), redialSpread: 0.2 }
  const accounting = { isOn: false, timeout: seconds(1), tries: 1, newDelayTime: false, interimPeriod: seconds(0) }
  const clients = [
    bng({ name: 'storms', address: '10.0.0.1', sessions: 400, dialWithin: seconds(1), authentication, accounting }),
    bng({ name: 'drips', address: '10.0.0.2', sessions: 100, dialEvery: millis(60), authentication, accounting }),
  ]
  const servers = [homeServer('one', { capacity: 200 })]
  const plain = options(clients, servers, {
    limits: { rate: 30, maxOutstanding: 8, maxRetries: 2, timeout: seconds(1) },
  })
  const queues = { ...plain.queues, authentication: { ...plain.queues.authentication, maxAge: seconds(5) } }
  return { seed: 'turns', engine: { ...plain, queues, ...engine }, servers, clients }
}

const brokenLaw = (plan: ReturnType<typeof storm>): string | undefined => {
  const laws = withBooks(plan.engine, (books) => {
    const slots = new SlotLaw(books)
    return [slots, new RequestLaw(books), new FairnessLaw(books), new WaitingLaw(books, slots)]
  })
  try {
    new World(plan, laws).run(seconds(30))
    return undefined
  } catch (error) {
    if (error instanceof BrokenLaw) return error.law
    throw error
  }
}

describe('turns', () => {
  it('break no law by themselves, with weights and rates of their own too', () => {
    expect(brokenLaw(storm())).toBeUndefined()
    const plan = storm()
    const [one, other] = plan.engine.clients
    const clients = [
      { ...one!, weight: 3, maxRate: perSecond(20) },
      { ...other!, flowKey: 'user' as const },
    ]
    expect(brokenLaw(storm({ clients }))).toBeUndefined()
  })

  it('are found unfair if a turn never ends', () => {
    vi.spyOn(RoundRobin.prototype, 'spend').mockImplementation(() => undefined)
    expect(brokenLaw(storm())).toBe('fairness')
  })

  it('are found unfair if who joins goes first: who sends in drips would win', () => {
    const { join, leave } = RoundRobin.prototype
    vi.spyOn(RoundRobin.prototype, 'join').mockImplementation(function (this: RoundRobin<Taker>, taker: Taker) {
      const others = [...this]
      for (const other of others) leave.call(this, other)
      for (const one of [taker, ...others]) join.call(this, one)
    })
    expect(brokenLaw(storm())).toBe('fairness')
  })

  it('are found to waste a slot if who rests is not woken', () => {
    vi.spyOn(FreshMessages.prototype, 'restsUntil').mockReturnValue(instant(START + seconds(3_600)))
    expect(brokenLaw(storm())).toBe('work-conserving')
  })
})

describe('ages by copies', () => {
  const auto = (): Partial<EngineOptions> => {
    const { queues } = storm().engine
    return { queues: { ...queues, authentication: { ...queues.authentication, maxAgeMost: seconds(30) } } }
  }

  it('break no law by themselves', () => {
    expect(brokenLaw(storm(auto()))).toBeUndefined()
  })

  it('are found too long if nothing is forgotten before the next copy is due', () => {
    vi.spyOn(Patience.prototype, 'justBeforeDue', 'get').mockImplementation(function (this: Patience) {
      return (this.latestAt + seconds(20)) as Patience['latestAt']
    })
    expect(brokenLaw(storm(auto()))).toBe('age')
  })
})
