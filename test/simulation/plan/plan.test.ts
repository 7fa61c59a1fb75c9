/**
 * The plan: its sums, its sentences, the promises behind them, and that what it proposes is a configuration.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadSimulatedConfig } from '../../../src/config/load/read.io.ts'
import { engineOptions } from '../../../src/config/outward/engine-options.ts'
import { ageWithin, type Demand, planFor, yamlOf } from '../../../src/simulation/plan/plan.ts'
import { proposalFor } from '../../../src/simulation/rehearsal/proposal.ts'
import { micros, millis, seconds } from '../../../src/units.ts'
import { played as run, scenario } from '../kit.ts'

const demand = (over: Partial<Demand> = {}): Demand => ({
  sessions: 40_000,
  storm: 40_000,
  bngs: 1,
  interimPeriod: seconds(600),
  hasAccounting: true,
  servers: 1,
  capacity: 422,
  instances: 1,
  algorithm: 'round_robin',
  timeout: seconds(3),
  tries: 6,
  roundTrip: millis(50),
  outage: seconds(600),
  ...over,
})

const anyDemand = fc
  .record({
    sessions: fc.integer({ min: 1, max: 1_000_000 }),
    bngs: fc.constantFrom(1, 2, 20, 10_000),
    stormShare: fc.double({ min: 0.001, max: 1, noNaN: true }),
    interimPeriod: fc.constantFrom(0, 60, 600, 3_600).map(seconds),
    hasAccounting: fc.boolean(),
    servers: fc.integer({ min: 1, max: 50 }),
    capacity: fc.integer({ min: 1, max: 100_000 }),
    instances: fc.integer({ min: 1, max: 20 }),
    algorithm: fc.constantFrom('first_server' as const, 'round_robin' as const, 'hash' as const),
    timeout: fc.integer({ min: 100, max: 30_000 }).map(millis),
    tries: fc.integer({ min: 1, max: 12 }),
    roundTrip: fc.integer({ min: 1, max: 5_000 }).map(millis),
    outage: fc.integer({ min: 0, max: 86_400 }).map(seconds),
  })
  .map(({ stormShare, ...rest }): Demand => ({ ...rest, storm: Math.max(1, Math.floor(rest.sessions * stormShare)) }))

const sentencesOf = (of: Demand, holds: boolean): string[] =>
  planFor(of)
    .findings.filter((finding) => finding.holds === holds)
    .map(({ sentence }) => sentence)

describe('the plan says which promise breaks', () => {
  it('a storm that takes longer than the clients wait', () => {
    expect(sentencesOf(demand(), false)).toContain(
      'at 300/s a storm of 40,000 takes 133 s; your clients give up after 18 s: 34,600 sessions will retry',
    )
  })

  it('and that it holds where all are up in time', () => {
    expect(sentencesOf(demand({ storm: 3_000 }), true)).toContain(
      'at 300/s a storm of 3,000 takes 10 s; your clients give up after 18 s: every session is up before',
    )
  })

  it('interim updates that are more than the servers can do', () => {
    expect(sentencesOf(demand({ interimPeriod: seconds(60) }), false)).toContain(
      'interim updates alone are 667/s, and 300/s go out: the queue only grows; make the period 134 s or longer, or add servers',
    )
  })

  it('servers that stand idle', () => {
    expect(sentencesOf(demand({ servers: 2, algorithm: 'first_server' }), false)).toContain(
      'first_server uses one of your 2 servers; round_robin would send 600/s and take the storm in 67 s',
    )
  })

  it('answers that take longer than max_outstanding allows', () => {
    const slow = demand({ capacity: 100_000, roundTrip: seconds(2) })
    expect(sentencesOf(slow, false)).toContain(
      'with a round trip of 2 s, 4000 outstanding allow 2,000/s and not 71,250/s',
    )
  })
})

describe('the plan says what the storm of one BNG means for the others', () => {
  const turns = (of: Partial<Demand>): string[] => sentencesOf(demand(of), true).filter((one) => one.includes('turns'))

  it('if there are others: one message of each BNG, and not the storm', () => {
    expect(turns({ bngs: 20 })).toEqual([
      "while one of 20 BNGs has a storm of 2,000, the other 19 BNGs have turns: a login there waits for one message of each BNG and a slot, 117 ms at most, and the server's own time; and not for the storm, 6.7 s",
    ])
    expect(turns({ bngs: 2, storm: 900 })).toEqual([
      "while one of 2 BNGs has a storm of 900, the other BNG has turns: a login there waits for one message of each BNG and a slot, 57 ms at most, and the server's own time; and not for the storm, 3 s",
    ])
    expect(turns({})).toEqual([])
  })

  it('for each instance, which has turns of its own', () => {
    expect(turns({ bngs: 20, instances: 4 })[0]).toContain('one message of each BNG and a slot, 317 ms at most, ')
  })

  it('with the slot, which is longer at a low rate', () => {
    expect(turns({ bngs: 2, capacity: 12, hasAccounting: false })[0]).toContain(' a slot, 273 ms at most, ')
  })

  it('which a simulation of the proposal keeps', () => {
    const of = scenario({ begin: 'up', bngs: 20, sessions: 4_000, sessionTime: seconds(600), length: seconds(60) })
    const reboot = { kind: 'reboot', at: seconds(10), bng: 1, within: seconds(2) } as const
    const played = { ...of, servers: { ...of.servers, capacity: 40 }, events: [reboot] }
    const proposal = proposalFor(played)
    const read = loadSimulatedConfig(yamlOf(proposal), 'plan.yaml')
    if (!read.ok) throw new Error(JSON.stringify(read.problems))
    const { bngs = [] } = run(played, 'withRadsluice', engineOptions(read.config)).summary
    const [storm, ...others] = bngs.map(({ waitP99 }) => waitP99 ?? 0)
    expect(storm).toBeGreaterThan(1)
    // One message of each of 20 BNGs at the rate of one server.
    expect(Math.max(...others)).toBeLessThan(20 / proposal.classes.authentication.maxRate)
    expect(Math.min(...others)).toBeGreaterThan(0)
  })

  it('and proposes turns for each address, since one entry stands for all of them', () => {
    const keyOf = (bngs: number): unknown => {
      const read = loadSimulatedConfig(yamlOf(planFor(demand({ bngs }))), 'plan.yaml')
      return read.ok && engineOptions(read.config).clients[0]?.fairnessKey
    }
    expect([keyOf(1), keyOf(2)]).toEqual(['client', 'address'])
  })
})

describe('what is proposed', () => {
  it('lets four times as many be unanswered as are under way, 32 at least and 4000 at most', () => {
    fc.assert(
      fc.property(anyDemand, (of) => {
        for (const { maxRate, maxOutstanding } of Object.values(planFor(of).classes)) {
          const fourTimes = Math.ceil((4 * maxRate * of.roundTrip) / 1_000_000)
          expect(maxOutstanding).toBe(Math.min(4_000, Math.max(32, fourTimes)))
        }
      }),
    )
  })

  it('never sends a server more than it can do, all instances together', () => {
    fc.assert(
      fc.property(anyDemand, (of) => {
        fc.pre(of.capacity >= 4 * of.instances)
        const { authentication, accounting } = planFor(of).classes
        const sent = authentication.maxRate + (of.hasAccounting ? accounting.maxRate : 0)
        expect(sent * of.instances).toBeLessThanOrEqual(of.capacity)
        expect(Math.min(authentication.maxRate, accounting.maxRate)).toBeGreaterThanOrEqual(1)
      }),
    )
  })

  it('says so where a server is too weak for all the instances', () => {
    const { classes, findings } = planFor(demand({ capacity: 3, instances: 4 }))
    expect((classes.authentication.maxRate + classes.accounting.maxRate) * 4).toBeGreaterThan(3)
    expect(findings[0]).toMatchObject({ holds: false })
  })

  it('has room for what is under way by Little: rate times round trip', () => {
    fc.assert(
      fc.property(anyDemand, (of) => {
        for (const { maxRate, maxOutstanding } of Object.values(planFor(of).classes)) {
          const underWay = (maxRate * of.roundTrip) / 1_000_000
          expect(maxOutstanding).toBeGreaterThanOrEqual(Math.min(4_000, underWay))
          expect(maxOutstanding).toBeLessThanOrEqual(4_000)
        }
      }),
    )
  })

  it('is a configuration, with the same numbers in it, whatever is asked', () => {
    fc.assert(
      fc.property(anyDemand, (of) => {
        const proposal = planFor(of)
        const read = loadSimulatedConfig(yamlOf(proposal), 'plan.yaml')
        if (!read.ok) throw new Error(JSON.stringify(read.problems))
        const options = engineOptions(read.config)
        expect(options.servers).toHaveLength(of.servers)
        for (const each of ['authentication', 'accounting'] as const) {
          const { maxRate, maxOutstanding, maxMessages, maxAge } = proposal.classes[each]
          const lane = options.servers[0]?.lanes[each]
          if (each === 'accounting' && !of.hasAccounting) expect(lane).toBeUndefined()
          else expect(lane).toMatchObject({ maxRate, maxOutstanding })
          expect(options.queues[each]).toMatchObject({ maxMessages, maxAge })
        }
      }),
    )
  })
})

/**
 * A client sends at 0, T, 2T...; while a copy waits, others are absorbed; it expires `age` after it came in. The latest
 * moment at which a copy can still be sent to a server.
 */
const lastChance = (timeout: number, tries: number, age: number): number => {
  let expires = Number.NEGATIVE_INFINITY
  for (let sent = 0; sent < tries; sent += 1) {
    if (sent * timeout >= expires) expires = sent * timeout + age
  }
  return expires
}

describe('how long an Access-Request may wait', () => {
  it('is never longer than its client still waits, whatever its time-out and tries', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 300_000 }), fc.integer({ min: 1, max: 100 }), (timeout, tries) => {
        const age = ageWithin({ timeout: millis(timeout), tries })
        expect(age).toBeGreaterThan(0)
        if (timeout > 10) expect(lastChance(timeout * 1_000, tries, age)).toBeLessThan(timeout * 1_000 * tries)
      }),
    )
  })

  it('is about 5 s for the clients that most BNGs are', () => {
    expect(ageWithin({ timeout: seconds(3), tries: 4 })).toBe(millis(5_400))
    expect(ageWithin({ timeout: seconds(5), tries: 3 })).toBe(seconds(4))
  })

  it('has an oracle that would find a fault: 8 s are too long for 4 tries of 3 s', () => {
    expect(lastChance(3, 4, 8)).toBeGreaterThan(12)
    expect(lastChance(3, 4, micros(5))).toBe(11)
  })
})
