/**
 * What holds for each class of traffic, whatever its name is. `test/e2e/additions.test.ts` adds a class to a copy of the
 * repository and runs this there, so the engine must ask for no class by name where a trait would do.
 */
import { describe, expect, it } from 'vitest'
import { CLASS_TRAITS, perClass, RECORD_CLASS, TRAFFIC_CLASSES, type TrafficClass } from '../../src/classes.ts'
import { PROBE_PORT } from '../../src/proxy/border/ports.ts'
import { laneOptions } from '../../src/simulation/world/basic-options.ts'
import { sourceOf } from '../../src/transport/source-endpoints.ts'
import { millis, seconds } from '../../src/units.ts'
import { attribute, packetOf, sign, ZERO } from '../radius/oracle.ts'
import { accessRequest, CLIENT_SECRET, CODE } from './datagrams.ts'
import { type Asked, World } from './kit.ts'
import { queues, server } from './options.ts'

const PEER = { link: 0, address: '10.1.1.1', port: 40_000 }
/** A request keeps its class and its preference in two bits each. */
const MOST = 4

const ask = (world: World, its: TrafficClass, identifier: number): Asked => {
  const tag = `${its} ${identifier}`
  const code = CLASS_TRAITS[its].request
  const bytes =
    code === CODE.accessRequest
      ? accessRequest({ tag, identifier, serial: identifier })
      : sign(packetOf(code, identifier, ZERO, [attribute(1, tag), attribute(44, tag)]), CLIENT_SECRET)
  return world.deliver(its, PEER, bytes)
}

describe('the traits of the classes', () => {
  it('tell the classes apart', () => {
    const all = TRAFFIC_CLASSES.map((each) => CLASS_TRAITS[each])
    for (const trait of ['request', 'port', 'short', 'rfc'] as const) {
      expect(new Set(all.map((of) => of[trait])).size, trait).toBe(all.length)
    }
    expect(new Set(all.map(({ responses }) => responses[0])).size).toBe(all.length)
    expect(new Set(all.flatMap(({ nouns }) => nouns)).size).toBe(2 * all.length)
  })

  it('fit into the bits that a request has for them, and no two classes share a preference', () => {
    expect(TRAFFIC_CLASSES.length).toBeLessThanOrEqual(MOST)
    const preferences = TRAFFIC_CLASSES.flatMap((each) => {
      const { plain, withState } = CLASS_TRAITS[each].preference
      return [...new Set([plain, withState])]
    })
    expect(preferences.toSorted()).toEqual(preferences.map((_, at) => at))
    expect(preferences.length).toBeLessThanOrEqual(MOST)
  })
})

describe.each(TRAFFIC_CLASSES)('a request of %s', (its) => {
  it('waits for its turn, leaves on the lane of its class, and is answered', () => {
    const world = new World({ servers: [server('s1', { rate: 20, timeout: seconds(10) })] })
    const asked = Array.from({ length: 3 }, (_, identifier) => ask(world, its, identifier))
    world.settle()
    expect(world.account(its)).toMatchObject({ received: 3, queued: 2, outstanding: 1 })
    // Its client still wants the answer.
    for (const one of asked) world.again(one)
    expect(world.account(its)).toMatchObject({ duplicate: 3 })
    world.advance(seconds(1))
    expect(world.sent.map(({ class: of, tag }) => [of, tag])).toEqual(asked.map(({ tag }) => [its, tag]))
    expect(world.sent.map(({ bytes }) => bytes[0])).toEqual(asked.map(() => CLASS_TRAITS[its].request))
    for (const sent of [...world.sent]) world.answer(sent, { code: CLASS_TRAITS[its].responses[0] })
    for (const one of asked) expect(world.answersTo(one), one.tag).toHaveLength(1)
    expect(world.account(its)).toMatchObject({ received: 6, duplicate: 3, answered: 3 })
    for (const other of TRAFFIC_CLASSES) if (other !== its) expect(world.account(other)).toEqual({})
  })

  it('is refused at the port of another class', () => {
    for (const other of TRAFFIC_CLASSES) {
      if (other === its) continue
      const world = new World()
      world.deliver(other, PEER, ask(new World(), its, 1).bytes)
      expect(world.account(other)).toEqual({ received: 1, 'wrong-port': 1 })
    }
  })
})

// A record is set aside instead, and not given up because its servers are silent.
describe.each(TRAFFIC_CLASSES.filter((each) => each !== RECORD_CLASS))(
  'a request of %s, which is no record,',
  (its) => {
    it('is not sent to another server after the max-age of its own class', () => {
      const maxAges = perClass((each) => ({ maxAge: each === its ? seconds(1) : seconds(3_600) }))
      const world = new World({
        servers: ['s1', 's2'].map((name) => server(name, { timeout: seconds(2), maxRetries: 0 })),
        queues: queues(maxAges),
      })
      ask(world, its, 1)
      world.advance(seconds(10))
      expect(world.sent).toHaveLength(1)
      expect(world.account(its)).toEqual({ received: 1, givenUp: 1 })
    })

    it('is of use as long as its client asks: max-age counts from its latest copy', () => {
      const world = new World({
        servers: ['s1', 's2'].map((name) => server(name, { timeout: seconds(2), maxRetries: 0 })),
        queues: queues(perClass(() => ({ maxAge: seconds(1) }))),
      })
      const asked = ask(world, its, 1)
      world.advance(millis(1_500))
      world.again(asked)
      world.advance(seconds(1))
      expect(world.sent.map(({ server: name }) => name)).toEqual(['s1', 's2'])
    })

    it('is sent to another server before that, and given up when both were silent', () => {
      const maxAges = perClass((each) => ({ maxAge: each === its ? seconds(3_600) : millis(10) }))
      const world = new World({
        servers: ['s1', 's2'].map((name) => server(name, { timeout: seconds(2), maxRetries: 0 })),
        queues: queues(maxAges),
      })
      ask(world, its, 1)
      world.advance(seconds(10))
      // No other server is left, so the last one may still answer.
      expect(world.account(its)).toEqual({ received: 1, outstanding: 1 })
      world.advance(seconds(200))
      expect(world.sent.map(({ server: name }) => name)).toEqual(['s1', 's2'])
      expect(world.account(its)).toEqual({ received: 1, givenUp: 1 })
    })
  },
)

describe("a server's range of source ports", () => {
  const INSTANCES = 3
  const portsOf = (sourcePorts: readonly [number, number]): number[] => {
    const one = server('s1')
    const maxOutstanding = (of: TrafficClass): number => 300 * (1 + TRAFFIC_CLASSES.indexOf(of))
    const lanes = perClass((each) => laneOptions(each, { maxOutstanding: maxOutstanding(each) }))
    const plans = new World({ servers: [{ ...one, lanes, sourcePorts }] }).engine.plan()
    expect(plans).toHaveLength(TRAFFIC_CLASSES.length)
    return plans.flatMap((plan) =>
      Array.from({ length: INSTANCES }, (_, number) =>
        Array.from(
          { length: plan.ports + 1 },
          (_, at) => sourceOf(plan, PROBE_PORT + at, { number, of: INSTANCES })!.port,
        ),
      ).flat(),
    )
  }

  it('is used once by all lanes and instances together, from one end to the other', () => {
    const needed = portsOf([20_000, 40_000]).length
    const ports = portsOf([20_000, 20_000 + needed - 1]).toSorted((a, b) => a - b)
    expect(ports).toEqual(Array.from({ length: needed }, (_, at) => 20_000 + at))
  })
})
