/**
 * The properties of docs/throttling.md under anything: random limits, arrivals, answers, losses, duplicates, refusals and
 * steps of time, judged at the network and by the ledger after every step. fast-check prints the seed of a failure.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { perClass } from '../../src/classes.ts'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { instant, micros, millis, seconds } from '../../src/units.ts'
import { CODE, responseTo, STATUS } from './datagrams.ts'
import { type Asked, type Sent, World } from './kit.ts'
import { NetworkLaws } from './network-laws.ts'
import { classes, client, deadServer, queue, server } from './options.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

type Step =
  | { readonly kind: 'access'; readonly state: number; readonly identifier: number; readonly port: number }
  | { readonly kind: 'accounting'; readonly status: number; readonly identifier: number; readonly port: number }
  | { readonly kind: 'burst'; readonly count: number }
  | { readonly kind: 'again'; readonly which: number }
  | { readonly kind: 'answer'; readonly which: number }
  | { readonly kind: 'refused'; readonly which: number }
  | { readonly kind: 'spoilt'; readonly which: number; readonly at: number }
  | { readonly kind: 'pass'; readonly by: number }

const record = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model) as fc.Arbitrary<T>
const weighted = (weight: number, arbitrary: fc.Arbitrary<unknown>) => ({
  weight,
  arbitrary: arbitrary as fc.Arbitrary<Step>,
})

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    weighted(5, record({ kind: fc.constant('access'), state: fc.nat(5), identifier: fc.nat(9), port: fc.nat(1) })),
    weighted(
      5,
      record({
        kind: fc.constant('accounting'),
        status: fc.constantFrom(...Object.values(STATUS)),
        identifier: fc.nat(9),
        port: fc.nat(1),
      }),
    ),
    weighted(2, record({ kind: fc.constant('burst'), count: fc.integer({ min: 2, max: 25 }) })),
    weighted(8, record({ kind: fc.constantFrom('answer', 'answer', 'answer', 'again', 'refused'), which: fc.nat() })),
    weighted(1, record({ kind: fc.constant('spoilt'), which: fc.nat(), at: fc.nat(80) })),
    weighted(
      7,
      record({
        kind: fc.constant('pass'),
        by: fc.oneof(fc.nat(3_000), fc.nat(120_000), fc.nat(4_000_000), fc.nat(20_000_000)),
      }),
    ),
  ),
  { minLength: 10, maxLength: 120 },
)

const limits = record({
  rate: fc.constantFrom(0, 1, 5, 7, 30, 200),
  maxOutstanding: fc.constantFrom(1, 2, 5, 130, 300),
  timeout: fc.constantFrom(millis(300), seconds(1), seconds(3)),
  maxRetries: fc.integer({ min: 0, max: 3 }),
})

const optionsWith = (
  deadAfter: fc.Arbitrary<number>,
  algorithm: fc.Arbitrary<'first_server' | 'round_robin' | 'hash'>,
) =>
  record({
    servers: fc.array(limits, { minLength: 1, maxLength: 3 }),
    slot: fc.constantFrom(millis(50), millis(7), seconds(1)),
    serviceOrder: fc.constantFrom('authentication_first', 'fifo') as fc.Arbitrary<EngineOptions['serviceOrder']>,
    algorithm,
    maxTransmissions: fc.constantFrom(0, 0, 1, 4),
    maxMessages: fc.constantFrom(3, 40, 20_000),
    overflow: fc.constantFrom('drop_newest', 'drop_oldest', 'shed_interim_first') as fc.Arbitrary<
      EngineOptions['queues']['accounting']['overflow']
    >,
    maxAge: fc.constantFrom(seconds(1), seconds(5), seconds(60)),
    deadAfter,
    probe: fc.constantFrom('none', 'status_server') as fc.Arbitrary<EngineOptions['deadServer']['probe']>,
  }).map(
    (o): Partial<EngineOptions> => ({
      clients: [client({ requireMessageAuthenticator: 'auto' })],
      servers: o.servers.map((one, i) => server(`s${i}`, one)),
      slot: o.slot,
      serviceOrder: o.serviceOrder,
      classes: classes({ algorithm: o.algorithm, maxTransmissions: o.maxTransmissions }),
      queues: {
        ...perClass(() => queue({ maxMessages: o.maxMessages, maxAge: o.maxAge })),
        accounting: queue({ maxMessages: o.maxMessages, overflow: o.overflow, maxAge: seconds(3600) }),
      },
      deadServer: deadServer({
        consecutiveFailures: o.deadAfter,
        deadTime: seconds(30),
        probe: o.probe,
        probeInterval: seconds(6),
      }),
    }),
  )

/** Plays the steps in a world of these options, with the laws watching; gives back what it played in. */
const play = (options: Partial<EngineOptions>, use: readonly Step[], judgesOrder: boolean): World => {
  const world = new World(options, instant(1_000_000_123_456))
  const kinds = new Map<string, { arrival: number; kind: string }>()
  const asked: Asked[] = []
  const laws = new NetworkLaws(world, { judgesOrder, kindOf: (tag) => kinds.get(tag)! })
  world.onForward = (sent) => laws.sees(sent)
  /** A request that takes a place in the queues, the first time or again after it ended, is the youngest there. */
  const enters = (tag: string, kind: string, act: () => void): void => {
    const before = world.engine.inspection.admitted
    act()
    if (world.engine.inspection.admitted > before) kinds.set(tag, { arrival: world.engine.inspection.admitted, kind })
  }
  const ask = (step: Step & { readonly kind: 'access' | 'accounting' }): void => {
    const tag = `r${asked.length}`
    const from = { port: 5_000 + step.port }
    if (step.kind === 'access') {
      const { identifier } = step
      const state = step.state < 3 ? `state ${step.state}` : undefined
      enters(tag, `access ${state !== undefined}`, () => asked.push(world.access({ tag, from, identifier, state })))
    } else {
      const { identifier, status } = step
      const at = { ...from, link: 1 }
      enters(tag, 'accounting', () => asked.push(world.accounting({ tag, from: at, identifier, status, eventAt: 1 })))
    }
  }
  const again = (one: Asked): void => enters(one.tag, kinds.get(one.tag)!.kind, () => world.again(one))
  const answer = (sent: Sent): void => {
    laws.answered(sent)
    const isAccess = sent.class === 'authentication'
    const challenge = { code: CODE.challenge, state: `state ${sent.identifier % 3}` }
    world.answer(sent, isAccess && sent.identifier % 2 === 0 ? challenge : {})
  }
  for (const step of use) {
    if (step.kind === 'access' || step.kind === 'accounting') ask(step)
    else if (step.kind === 'burst') {
      for (let i = 0; i < step.count; i += 1) ask({ kind: 'access', state: i % 7, identifier: 10 + i, port: i % 2 })
      for (let i = 0; i < step.count; i += 1)
        ask({ kind: 'accounting', status: 1 + (i % 3), identifier: 10 + i, port: i % 2 })
    } else if (step.kind === 'pass') world.advance(micros(step.by))
    else if (step.kind === 'again') {
      if (asked.length > 0) again(asked[asked.length - 1 - (step.which % Math.min(asked.length, 20))]!)
    } else if (world.sent.length > 0) {
      const sent = world.sent[world.sent.length - 1 - (step.which % Math.min(world.sent.length, 30))]!
      if (step.kind === 'answer') answer(sent)
      else if (step.kind === 'spoilt') world.respond(sent, spoilt(responseTo(sent.bytes), step.at))
      else {
        laws.refused(sent)
        world.engine.refused(sent.lane, sent.port, world.now)
      }
    }
    world.settle()
    laws.judgesRest()
  }
  return world
}

/** One bit of the authenticator or of what it covers is wrong. */
const spoilt = (bytes: Buffer, at: number): Buffer => {
  bytes[4 + (at % (bytes.length - 4))]! ^= 0x10
  return bytes
}

describe('whatever happens', () => {
  it('slots, identifiers, max-outstanding and the ledger hold, and nothing waits that could go', () => {
    const options = optionsWith(fc.integer({ min: 1, max: 4 }), fc.constantFrom('first_server', 'round_robin', 'hash'))
    fc.assert(
      fc.property(options, steps, (one, use) => {
        play(one, use, false)
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  it('first transmissions of one server, class and preference leave in the order of arrival while no server is Down', () => {
    const options = optionsWith(fc.constant(1_000_000), fc.constantFrom('first_server', 'round_robin', 'hash'))
    fc.assert(
      fc.property(options, steps, (one, use) => {
        play(one, use, true)
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  it('once the servers answer again everything ends, each request in exactly one way, and the engine is idle', () => {
    const options = optionsWith(fc.integer({ min: 1, max: 4 }), fc.constantFrom('first_server', 'round_robin', 'hash'))
    fc.assert(
      fc.property(options, steps, (one, use) => {
        const world = play(one, use, false)
        world.serversAnswerAfter(millis(2))
        world.advance(seconds(1_500))
        expect(world.engine.inspection.isIdle()).toBe(true)
        const { lanes } = world.snapshot()
        for (const lane of lanes) expect(lane).toMatchObject({ outstanding: 0, queued: 0, waitingRetries: 0 })
        for (const lane of lanes) expect(lane.identifiers).toMatchObject({ free: lane.identifiers.total, abandoned: 0 })
        // A wake forgets some, and nobody wakes the engine for that.
        for (let wake = 0; wake < 100; wake += 1) world.settle()
        expect(world.snapshot().tables).toMatchObject({ answers: 0, records: 0 })
        expect(world.engine.nextWakeAt(world.now)).toBeUndefined()
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  it('the same steps twice are the same trace', () => {
    const options = optionsWith(fc.integer({ min: 1, max: 4 }), fc.constantFrom('first_server', 'round_robin', 'hash'))
    const trace = (world: World): unknown => [world.sent, world.replies, world.probes, world.events, world.snapshot()]
    fc.assert(
      fc.property(options, steps, (one, use) => {
        expect(trace(play(one, use, false))).toEqual(trace(play(one, use, false)))
      }),
      { numRuns: 8 },
    )
  }, 60_000)
})
