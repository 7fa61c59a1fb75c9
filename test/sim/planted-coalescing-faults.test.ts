/**
 * The law of coalesced interim updates must be seen to fail: faults are planted into the real engine, as in
 * planted-faults.test.ts. And random worlds must reach what the law is about.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { FIELD } from '../../src/accounting/record/fields.ts'
import { RecordView } from '../../src/accounting/record/record-view.ts'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { Exchanges } from '../../src/proxy/register/exchanges.ts'
import { RecordMemory } from '../../src/proxy/register/record-memory.ts'
import { WaitingSessions } from '../../src/proxy/register/waiting-sessions.ts'
import { Request } from '../../src/proxy/work/request.ts'
import { booksFor, withBooks } from '../../src/simulation/books/books.ts'
import { RequestLaw } from '../../src/simulation/laws/network/request-law.ts'
import { CoalescingLaw } from '../../src/simulation/laws/records/coalescing-law.ts'
import { SessionLaw } from '../../src/simulation/laws/records/session-law.ts'
import { accountingRequest, type StatusType } from '../../src/simulation/peers/packets.ts'
import { randomWorld } from '../../src/simulation/seeds/random-world.ts'
import { BrokenLaw, type Observer } from '../../src/simulation/world/observer.ts'
import { START, World, type WorldPlan } from '../../src/simulation/world/world.ts'
import { micros, seconds } from '../../src/units.ts'
import { homeServer, only, options, reporting } from './rig.ts'

type Plan = WorldPlan & { readonly engine: EngineOptions }

/**
 * Thirty sessions report every two seconds, and three records a second go: most of them give way. `isSlow`: three sessions
 * report every second, each update once, and one record goes each nine seconds: many updates wait for one answer.
 */
const crowded = (
  o: { readonly spread?: number; readonly newDelayTime?: boolean; readonly isSlow?: boolean } = {},
): Plan => {
  const { newDelayTime = false, spread = 0, isSlow = false } = o
  const tries = isSlow ? 1 : 4
  const times = { timeout: seconds(1), tries, interimPeriod: seconds(isSlow ? 1 : 2), tellsTime: true, newDelayTime }
  const clients = [reporting({ sessions: isSlow ? 3 : 30, accounting: { ...reporting().accounting, ...times } })]
  const servers = [homeServer('one', { latency: seconds(isSlow ? 9 : 0) })]
  const limits = isSlow ? { maxOutstanding: 1, timeout: seconds(60) } : { rate: 3 }
  const engine = options(clients, servers, { limits })
  const newest = engine.clients.map((client) => ({
    ...client,
    accounting: { ...client.accounting, interims: 'newest' as const },
  }))
  const network = { clientToProxy: { delay: seconds(0), spread: seconds(spread), loss: 0, duplicate: 0 } }
  return { seed: 'interim updates that give way', engine: { ...engine, clients: newest }, servers, clients, network }
}

const lawsOf = ({ engine }: Plan): Observer[] =>
  withBooks(engine, (books) => [new CoalescingLaw(books), new SessionLaw(books), new RequestLaw(books)])

/** What was broken within ninety seconds, or undefined; and how many gave way. */
const run = (plan: WorldPlan, laws: readonly Observer[]): { readonly broken?: string; readonly coalesced: number } => {
  const world = new World(plan, laws)
  try {
    world.run(seconds(90))
  } catch (error) {
    if (!(error instanceof BrokenLaw)) throw error
    return { broken: error.message, coalesced: world.engine!.inspection.coalesced }
  }
  return { coalesced: world.engine!.inspection.coalesced }
}

afterEach(() => {
  vi.restoreAllMocks()
})

/** So many of 300 random worlds are enough. */
const MANY = 5

describe('interim updates that give way', () => {
  it('break no law, sent again in either way, in the order of their times or not', () => {
    const variations = [{}, { newDelayTime: true }, { spread: 5 }, { spread: 1, newDelayTime: true }]
    for (const variation of [...variations, { isSlow: true }]) {
      const plan = crowded(variation)
      const { broken, coalesced } = run(plan, lawsOf(plan))
      expect([variation, broken]).toEqual([variation, undefined])
      expect(coalesced).toBeGreaterThan(20)
    }
  })

  it('are found to give way to what is not newer', () => {
    // Whatever is read second says less.
    let time = 1_000_000
    const real = RecordView.prototype.number
    vi.spyOn(RecordView.prototype, 'number').mockImplementation(function (this: RecordView, field) {
      if (field !== FIELD.sessionTime) return real.call(this, field)
      time -= 1
      return time
    })
    const plan = crowded({ spread: 5 })
    expect(run(plan, only(plan.engine, CoalescingLaw)).broken).toMatch(/^coalescing: request \d+ leaves, and request/)
  })

  it('are found to be left without an answer', () => {
    vi.spyOn(Exchanges.prototype, 'attach').mockReturnValue(undefined)
    const plan = crowded()
    expect(run(plan, only(plan.engine, CoalescingLaw)).broken).toMatch(/^coalescing: request \d+ was answered, but not/)
  })

  it('are found to leave after the newer one when they come again', () => {
    const plan = crowded({ newDelayTime: true })
    expect(run(plan, lawsOf(plan)).broken).toBeUndefined()
    vi.spyOn(RecordMemory.prototype, 'progressOf').mockReturnValue('none')
    expect(run(plan, only(plan.engine, CoalescingLaw)).broken).toMatch(/^coalescing: request \d+ is let in again/)
  })

  it('are found to cost the newest one its answer', () => {
    // The record that is sent counts as the oldest of those that wait for it.
    const real = Exchanges.prototype.of
    vi.spyOn(Exchanges.prototype, 'of').mockImplementation(function (this: Exchanges, request) {
      const waiting = real.call(this, request)
      return waiting.at(-1) === request ? [request, ...waiting.slice(0, -1)] : waiting
    })
    const plan = crowded({ isSlow: true })
    expect(run(plan, only(plan.engine, CoalescingLaw)).broken).toMatch(/^coalescing: request \d+ was answered, but not/)
  })

  it('are found to give way across a Stop', () => {
    const real = WaitingSessions.prototype.enter
    vi.spyOn(WaitingSessions.prototype, 'enter').mockImplementation(function (this: WaitingSessions, request) {
      if (Request.fields.isInterim(request)) real.call(this, request)
    })
    const plan = crowded({ spread: 5 })
    const clients = plan.clients.map((client) => ({ ...client, sessionTime: seconds(6) }))
    expect(run({ ...plan, clients }, only(plan.engine, CoalescingLaw)).broken).toMatch(/^coalescing: .* is the last of/)
  })

  it('are no Start, no Stop, none of a client that wants all, and none of the same time', () => {
    const plan = crowded()
    const from = { link: 1, address: plan.clients[0]!.address, port: 20_000 }
    const record = (serial: number, status: StatusType, time?: number): Uint8Array =>
      accountingRequest({
        identifier: serial,
        secret: plan.clients[0]!.secret,
        user: 'a',
        session: 'a',
        serial,
        status,
        time,
      })
    /** Of these records all but the first are said to be coalesced. */
    const judged = (address: string, ...records: readonly Uint8Array[]) => {
      const books = booksFor(plan.engine)
      const law = new CoalescingLaw(books)
      const inspection = { admitted: 1, coalesced: 0 }
      books.interims.begins({ engine: { inspection } } as unknown as World)
      for (const bytes of records) {
        books.interims.received('accounting', bytes, START, { ...from, address }, micros(0))
        law.received('accounting', bytes, START, { ...from, address })
        inspection.coalesced += 1
      }
    }
    const { address } = from
    const [first, newer, same] = [record(1, 'interim', 10), record(2, 'interim', 12), record(3, 'interim', 12)]
    expect(() => judged(address, first, newer)).not.toThrow()
    expect(() => judged(address, first, newer, same)).toThrow(/^coalescing: request 3 with 12 s .* neither is newer/)
    expect(() => judged(address, first, record(2, 'stop', 12))).toThrow(/^coalescing: request 2 is no interim update/)
    expect(() => judged(address, record(1, 'start', 0), newer)).toThrow(/^coalescing: request 2: no interim update is/)
    expect(() => judged(address, first, record(2, 'interim'))).toThrow(/neither is newer/)
    expect(() => judged('10.0.0.99', first, newer)).toThrow(/^coalescing: request 2: all interim updates of 10.0.0.99/)
  })

  it('are many in the random worlds', () => {
    let worlds = 0
    for (let seed = 1; seed <= 300 && worlds < MANY; seed += 1) {
      const { plan, faultsUntil } = randomWorld(seed, { length: seconds(20) })
      if (!plan.clients.some(({ accounting }) => accounting.tellsTime)) continue
      const world = new World(plan, [])
      world.run(faultsUntil)
      if ((world.engine?.inspection.coalesced ?? 0) > 0) worlds += 1
    }
    expect(worlds).toBe(MANY)
  })
})
