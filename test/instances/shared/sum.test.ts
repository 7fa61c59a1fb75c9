/**
 * What several instances did together, and one over its lives: what is added, what is the greatest, and what becomes of
 * clients that a reload removed.
 */

import { describe, expect, it } from 'vitest'
import { perClass } from '../../../src/classes.ts'
import { leftBy, sumOf, withCounters } from '../../../src/instances/shared/sum.ts'
import { exposition } from '../../../src/observe/metrics/exposition.io.ts'
import { METRICS } from '../../../src/observe/metrics/metrics.ts'
import type { EngineSnapshot } from '../../../src/proxy/border/snapshot.ts'
import { perSecond, seconds } from '../../../src/units.ts'
import { viewOf } from '../../observe/view-of.ts'
import { World } from '../../proxy/kit.ts'
import { client, server } from '../../proxy/options.ts'

const [a, b] = [client({ name: 'a', network: '10.1.0.0/16' }), client({ name: 'b', network: '10.2.0.0/16' })]
const optionsOf = (clients: readonly (typeof a)[]) => ({ clients, servers: [server('s1')] })

/** `records` of each. */
function busy(records: number): World {
  const world = new World(optionsOf([a, b]))
  send(world, '10.1.0.1', records)
  send(world, '10.2.0.1', records)
  return world
}
function send(world: World, address: string, records: number): void {
  for (let n = 0; n < records; n += 1) world.accounting({ from: { address } })
  world.settle()
}
const reload = (world: World, ...clients: (typeof a)[]): void =>
  world.engine.reconfigure({ ...world.options, clients }, world.now)
const recordsOf = (of: EngineSnapshot): number =>
  [...of.clients, ...(of.formerClients ? [of.formerClients] : [])]
    .flatMap(({ accounting }) => Object.values(accounting.records))
    .reduce((sum, one) => sum + one, 0)

/** Every series of all clients together. */
async function together(engine: EngineSnapshot): Promise<Map<string, number>> {
  const text = await exposition(METRICS, viewOf(engine))
  return new Map(
    [...text.matchAll(/^(radsluice_all_clients_\S+) (\d+)$/gm)].map(([, name = '', n]) => [name, Number(n)]),
  )
}

describe('what all clients did together', () => {
  it('never falls when a reload removes clients, nor when one comes back', async () => {
    const world = busy(3)
    let before = await together(world.snapshot())
    expect(Math.max(...before.values())).toBe(6)
    for (const clients of [[a], [b], [a, b], [], [a]]) {
      reload(world, ...clients)
      const now = await together(world.snapshot())
      for (const [name, value] of before) expect([name, (now.get(name) ?? 0) >= value]).toEqual([name, true])
      before = now
    }
    send(world, '10.1.0.1', 1)
    expect(recordsOf(world.snapshot())).toBe(7)
  })

  it('says nothing of removed clients where none counted anything', () => {
    const world = new World(optionsOf([a, b]))
    reload(world)
    expect(world.snapshot().formerClients).toBeUndefined()
  })

  it('is that of all instances and all lives', () => {
    const [one, other] = [busy(1), busy(10)]
    reload(other, a)
    expect(recordsOf(sumOf([one.snapshot(), other.snapshot()], 'host'))).toBe(22)
    expect(recordsOf(sumOf([other.snapshot(), one.snapshot()], 'host'))).toBe(22)
    const { classes } = other.snapshot()
    const left = leftBy(
      other.snapshot(),
      perClass((each) => classes[each].ledger),
    )
    // The thread that followed the crashed one is reloaded: `b` is back, then both are gone.
    const next = busy(100)
    expect(recordsOf(withCounters(next.snapshot(), left))).toBe(220)
    reload(next)
    const last = withCounters(next.snapshot(), left)
    expect(last.clients).toEqual([])
    expect(recordsOf(last)).toBe(220)
  })
})

describe('a sum of instances', () => {
  /** With records whose client gave up so long ago. */
  const waiting = (longest: number): EngineSnapshot => {
    const snapshot = busy(1).snapshot()
    const { accounting } = snapshot.classes
    const [age, ageShare] = [seconds(longest), longest / 1_000]
    const ages = { longestGivenUp: age, oldestAge: age, ageShare, instanceOldestAge: age }
    return { ...snapshot, classes: { ...snapshot.classes, accounting: { ...accounting, ...ages, clientsGaveUp: 2 } } }
  }

  it('counts records whose clients gave up, and is as old as the oldest', () => {
    for (const order of [
      [40, 700],
      [700, 40],
    ]) {
      const { accounting } = sumOf(order.map(waiting), 'host').classes
      expect(accounting.clientsGaveUp).toBe(4)
      expect(accounting).toMatchObject({
        longestGivenUp: seconds(700),
        oldestAge: seconds(700),
        ageShare: 0.7,
        instanceOldestAge: seconds(700),
      })
    }
  })
})

describe('flows of several engines', () => {
  const flowing = (own: number, shared: number): EngineSnapshot => ({
    ...new World().snapshot(),
    flows: { own, shared },
  })

  it('add up; of an engine that is gone only the requests that shared one count', () => {
    expect(sumOf([flowing(3, 10), flowing(4, 1)], 'host').flows).toEqual({ own: 7, shared: 11 })
    const last = flowing(3, 10)
    const left = leftBy(
      last,
      perClass((each) => last.classes[each].ledger),
    )
    expect(left.flows).toEqual({ own: 0, shared: 10 })
    expect(withCounters(flowing(2, 1), left).flows).toEqual({ own: 2, shared: 11 })
  })
})

describe('an engine that is gone', () => {
  it('has nothing that waits or rests, of no client, and no rate', () => {
    const world = new World({
      clients: [client({ name: 'a', network: '10.1.0.0/16', maxRate: perSecond(1) }), b],
      servers: [server('s1')],
    })
    world.serversAnswerAfter(seconds(0.01))
    send(world, '10.1.0.1', 9)
    world.advance(seconds(0.5))
    const last = world.snapshot()
    const [first] = last.clients
    const lane = ({ lanes }: EngineSnapshot) => lanes.find((one) => one.class === 'accounting')
    expect(lane(last)).toMatchObject({ queued: 8, resting: 8 })
    const left = leftBy(
      { ...last, formerClients: first },
      perClass((each) => last.classes[each].ledger),
    )
    expect(lane(left)).toMatchObject({ queued: 0, resting: 0 })
    expect(left.formerClients?.waiting.accounting).toEqual({ queued: 0, oldestAge: 0 })
    const rates = (['host', 'instance'] as const).flatMap((scope) =>
      [
        [left, last],
        [last, left],
      ].map((both) => sumOf(both, scope).clients[0]?.maxRate),
    )
    expect(rates).toEqual([1, 1, 1, 1])
    expect(withCounters(last, left).clients[0]?.maxRate).toBe(1)
  })
})

describe('the own rate of a client', () => {
  const rateIn = (scope: 'host' | 'instance'): number | undefined => {
    const engine = new World({
      clients: [client({ name: 'a', maxRate: perSecond(7) })],
      servers: [server('s1')],
    }).snapshot()
    return sumOf([engine, engine], scope).clients[0]?.maxRate
  }

  it('is for all instances together with scope host, and for each with scope instance', () => {
    expect([rateIn('host'), rateIn('instance')]).toEqual([7, 14])
  })

  it('is none where clients have no turns', () => {
    const options = { clients: [client({ maxRate: perSecond(7) })], servers: [server('s1')], fairness: 'none' } as const
    expect(new World(options).snapshot().clients[0]?.maxRate).toBe(0)
  })
})
