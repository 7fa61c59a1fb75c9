/**
 * A server dies with a full queue: its messages go to the living servers at once, oldest first, and before younger ones.
 */
import { describe, expect, it } from 'vitest'
import { seconds } from '../../src/units.ts'
import { homeServer, options, Rig, reporting } from './rig.ts'

const RECORDS = 100
/** Five records a second to the first server; two tries a second apart; four failures make it Down. */
const LIMITS = {
  first: { rate: 5, timeout: seconds(1), maxRetries: 1 },
  second: { timeout: seconds(1), maxRetries: 1 },
}

/** 100 records for the first of two servers, which is dead from the start and says nothing. */
const scenario = (secondRate = 0): Rig => {
  const clients = [reporting({ sessions: RECORDS })]
  const servers = [homeServer('first'), homeServer('second')]
  const limitsOf = { first: LIMITS.first, second: { ...LIMITS.second, rate: secondRate } }
  const rig = new Rig({ engine: options(clients, servers, { limitsOf }), servers, clients })
  rig.world.servers[0]!.die()
  return rig
}

const fellAt = (rig: Rig): number => {
  const down = rig.events.find(({ event }) => event.kind === 'server-state' && event.to === 'down')
  return ((down?.at ?? Number.NaN) - rig.events[0]!.at) / 1e6
}

describe('a server that dies with a full queue', () => {
  it('has used up the tries of four requests before it is Down', () => {
    const rig = scenario().until(30)
    const states = rig.events.map(({ event }) => (event.kind === 'server-state' ? event.to : event.kind))
    expect(states).toEqual(['not_responding', 'down'])
    expect(fellAt(rig)).toBeGreaterThan(0)
    expect(rig.sent.filter(({ server }) => server === 'first').length).toBeGreaterThanOrEqual(8)
  })

  it('gives its queue to the living in one moment, in the order of arrival', () => {
    const rig = scenario().until(30)
    const down = rig.events.at(-1)!.at
    const tried = new Set(rig.sent.filter(({ server }) => server === 'first').map(({ serial }) => serial))
    const moved = rig.firsts.filter(({ server, serial }) => server === 'second' && !tried.has(serial))
    expect(moved.length).toBeGreaterThan(80)
    expect(new Set(moved.map(({ at }) => at))).toEqual(new Set([(down - 1_000_000_000_000) / 1e6]))
    expect(moved.map(({ serial }) => serial)).toEqual(moved.map(({ serial }) => serial).sort((a, b) => a - b))
  })

  it.each([
    ['of all clients without turns', 'none'],
    ['of each client with turns', 'client'],
  ] as const)(
    'puts what moves before what is younger %s, also where the living one has its own queue',
    (_of, fairness) => {
      const clients = [
        reporting({ name: 'old', sessions: RECORDS }),
        reporting({ name: 'young', address: '10.0.0.2', sessions: RECORDS, upAtStart: { interimWithin: seconds(60) } }),
      ]
      const servers = [homeServer('first'), homeServer('second')]
      const limitsOf = { first: LIMITS.first, second: { ...LIMITS.second, rate: 5 } }
      const rig = new Rig({ engine: options(clients, servers, { limitsOf, fairness }), servers, clients })
      rig.world.servers[0]!.die()
      rig.until(120)
      const tried = new Set(rig.sent.filter(({ server }) => server === 'first').map(({ serial }) => serial))
      const fresh = rig.firsts.filter(({ server, serial }) => server === 'second' && !tried.has(serial))
      // The records of the young one have the higher serials.
      const lots =
        fairness === 'none'
          ? [fresh]
          : [true, false].map((isOld) => fresh.filter(({ serial }) => serial <= RECORDS === isOld))
      for (const lot of lots) {
        expect(lot.length).toBeGreaterThan(80)
        expect(lot.map(({ serial }) => serial)).toEqual(lot.map(({ serial }) => serial).sort((a, b) => a - b))
      }
      expect(rig.replies).toBe(2 * RECORDS)
    },
  )

  it('loses nothing: every record is answered, those it had tried as copies at the other', () => {
    for (const rate of [0, 30]) {
      const rig = scenario(rate).until(60)
      expect(rig.replies).toBe(RECORDS)
      expect(rig.snapshot.classes.accounting.ledger).toMatchObject({ received: RECORDS, answered: RECORDS })
    }
  })
})
