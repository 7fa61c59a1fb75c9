/**
 * Identifiers and max-outstanding: a model in plain sets beside the real thing, under random use.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Identifier, Identifiers, portsFor } from '../../src/throttle/identifiers.ts'
import { type Duration, instant, after as later, micros, seconds } from '../../src/units.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

const START = instant(1_000_000)
const QUARANTINE = seconds(5)

const identifiers = (maxOutstanding: number, quarantine: Duration = QUARANTINE): Identifiers<string> =>
  new Identifiers<string>({ maxOutstanding, quarantine })

const nameOf = ({ port, value }: { port: number; value: number }): string => `${port}/${value}`

describe('source ports', () => {
  it('are enough for max-outstanding and as many in quarantine: 4000 takes 32', () => {
    expect([1, 128, 129, 256, 257, 1000, 4000].map(portsFor)).toEqual([1, 1, 2, 2, 3, 8, 32])
    expect(identifiers(4000).ports).toBe(32)
    expect(identifiers(4000).view()).toEqual({
      total: 8192,
      free: 8192,
      quarantined: 0,
      abandoned: 0,
    })
  })

  it('are filled one after the other', () => {
    const ids = identifiers(1000)
    const held = Array.from({ length: 1000 }, (_, i) => ids.hold(`${i}`))
    expect(held.map(({ port }) => port)).toEqual(held.map((_, i) => Math.floor(i / 256)))
    expect(new Set(held.map(nameOf)).size).toBe(1000)
  })

  it('are gone back to as soon as an earlier one has something free', () => {
    const ids = identifiers(1000)
    const held = Array.from({ length: 600 }, (_, i) => ids.hold(`${i}`))
    ids.release(held[10]!)
    expect(nameOf(ids.hold('again'))).toBe('0/10')
    expect(ids.hold('more').port).toBe(2)
  })
})

describe('identifiers', () => {
  it('are handed out least recently used first within a port', () => {
    const ids = identifiers(128)
    const first = Array.from({ length: 100 }, (_, i) => ids.hold(`${i}`))
    for (const value of [7, 3, 50]) ids.release(first[value]!)
    // The 156 never used come first, then those given back, in the order of giving back.
    const others = [...first.keys()].filter((value) => ![7, 3, 50].includes(value))
    for (const value of others) ids.release(first[value]!)
    const taken: number[] = []
    for (let i = 0; i < 256; i += 1) {
      const identifier = ids.hold('x')
      taken.push(identifier.value)
      ids.release(identifier)
    }
    expect(taken).toEqual([...Array.from({ length: 156 }, (_, i) => 100 + i), 7, 3, 50, ...others])
  })

  it('are never beyond max-outstanding, and a place is free again with a response or a time-out', () => {
    const ids = identifiers(3)
    const [a, b] = [ids.hold('a'), ids.hold('b')]
    ids.hold('c')
    expect(ids.room() > 0).toBe(false)
    expect(ids.room()).toBe(0)
    expect(ids.peek()).toBeUndefined()
    expect(() => ids.hold('d')).toThrow('none free')
    ids.release(a)
    expect(ids.room()).toBe(1)
    ids.quarantine(b, START)
    expect(ids.room()).toBe(2)
    expect(ids.outstanding).toBe(1)
  })

  it('show by peek exactly which one hold takes', () => {
    const ids = identifiers(300)
    for (let i = 0; i < 300; i += 1) {
      const peeked = ids.peek()
      expect(ids.hold('x')).toBe(peeked)
    }
  })

  it('rest in quarantine after a time-out, and end it to the microsecond', () => {
    const ids = identifiers(128)
    const identifier = ids.hold('late')
    ids.quarantine(identifier, START)
    const end = later(START, QUARANTINE)
    expect(ids.nextWakeAt()).toBe(end)
    expect(ids.view()).toMatchObject({ free: 255, quarantined: 1 })
    ids.passTime(instant(end - 1))
    expect(ids.view()).toMatchObject({ free: 255, quarantined: 1 })
    ids.passTime(end)
    expect(ids.view()).toMatchObject({ free: 256, quarantined: 0 })
    expect(ids.nextWakeAt()).toBeUndefined()
  })

  it('keep max-outstanding going through a mass time-out: 4000 rest, 4000 go', () => {
    const ids = identifiers(4000)
    const first = Array.from({ length: 4000 }, (_, i) => ids.hold(`${i}`))
    for (const identifier of first) ids.quarantine(identifier, START)
    const second = Array.from({ length: 4000 }, (_, i) => ids.hold(`${i}`))
    const resting = new Set(first.map(nameOf))
    expect(second.filter((identifier) => resting.has(nameOf(identifier)))).toEqual([])
    ids.passTime(later(START, QUARANTINE))
    expect(ids.view()).toMatchObject({ total: 8192, free: 4192, quarantined: 0 })
  })

  it('remember what they carried before, for late responses', () => {
    const ids = identifiers(1)
    const identifier = ids.hold('first')
    expect(ids.at(identifier.port, identifier.value)).toBe(identifier)
    expect(identifier).toMatchObject({ held: 'first', last: undefined })
    ids.release(identifier)
    expect(identifier).toMatchObject({ held: undefined, last: 'first' })
    expect(ids.at(9, 0)).toBeUndefined()
  })

  it('count an abandoned one as outstanding until it is given back', () => {
    const ids = identifiers(2)
    const identifier = ids.hold('given up')
    ids.abandon(identifier)
    expect(ids.view()).toMatchObject({ abandoned: 1 })
    expect(ids.outstanding).toBe(1)
    ids.release(identifier)
    expect(ids.view()).toMatchObject({ abandoned: 0 })
    expect(ids.hold('next').abandoned).toBe(false)
  })

  it('given back twice are a bug, and thrown as one', () => {
    const ids = identifiers(2)
    const identifier = ids.hold('once')
    ids.release(identifier)
    expect(() => ids.release(identifier)).toThrow('given back twice')
    expect(() => ids.quarantine(identifier, START)).toThrow('given back twice')
  })
})

describe('another max-outstanding', () => {
  it('when lower lets nothing new out until the count is below', () => {
    const ids = identifiers(10)
    const held = Array.from({ length: 10 }, (_, i) => ids.hold(`${i}`))
    ids.reconfigure({ maxOutstanding: 4, quarantine: QUARANTINE })
    for (const [i, identifier] of held.entries()) {
      expect(ids.room() > 0).toBe(10 - i < 4)
      expect(ids.room()).toBe(Math.max(0, 4 - (10 - i)))
      ids.release(identifier)
    }
    expect(ids.room()).toBe(4)
  })

  it('when higher opens the ports it needs, and keeps what is held', () => {
    const ids = identifiers(1)
    const identifier = ids.hold('kept')
    ids.reconfigure({ maxOutstanding: 1000, quarantine: QUARANTINE })
    expect(ids.ports).toBe(8)
    expect(ids.room()).toBe(999)
    expect(ids.at(identifier.port, identifier.value)?.held).toBe('kept')
  })
})

type Step =
  | { readonly kind: 'hold' }
  | { readonly kind: 'release' | 'quarantine' | 'abandon'; readonly which: number }
  | { readonly kind: 'pass'; readonly by: number }
  | { readonly kind: 'change'; readonly maxOutstanding: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Step>({ kind: 'hold' }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constantFrom('release', 'quarantine', 'abandon'),
        which: fc.nat(),
      }) as fc.Arbitrary<Step>,
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass'), by: fc.nat(3_000_000) }) as fc.Arbitrary<Step> },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('change'),
        maxOutstanding: fc.integer({ min: 1, max: 600 }),
      }) as fc.Arbitrary<Step>,
    },
  ),
  { maxLength: 400 },
)

/** The same rules in plain sets and lists, without ports' rings and counters. */
class Model {
  readonly held = new Map<string, Identifier<string>>()
  readonly abandoned = new Set<string>()
  resting: { name: string; until: number }[] = []
  maxOutstanding = 0

  view(total: number): object {
    const free = total - this.held.size - this.resting.length
    return {
      total,
      free,
      quarantined: this.resting.length,
      abandoned: this.abandoned.size,
    }
  }
}

describe('under random use', () => {
  it('no identifier is ever in use or at rest twice, and every count agrees with the model', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), steps, (maxOutstanding, use) => {
        const ids = identifiers(maxOutstanding)
        const model = new Model()
        model.maxOutstanding = maxOutstanding
        let now = START
        for (const [serial, step] of use.entries()) {
          if (step.kind === 'hold') {
            const hasRoom = model.held.size < model.maxOutstanding
            expect(ids.room() > 0).toBe(hasRoom)
            if (hasRoom) {
              const identifier = ids.hold(`${serial}`)
              expect(model.held.has(nameOf(identifier))).toBe(false)
              expect(model.resting.some(({ name }) => name === nameOf(identifier))).toBe(false)
              model.held.set(nameOf(identifier), identifier)
            }
          } else if (step.kind === 'pass') {
            now = later(now, micros(step.by))
            ids.passTime(now)
            model.resting = model.resting.filter(({ until }) => until > now)
          } else if (step.kind === 'change') {
            model.maxOutstanding = step.maxOutstanding
            ids.reconfigure({ maxOutstanding: step.maxOutstanding, quarantine: QUARANTINE })
          } else if (model.held.size > 0) {
            const [name, identifier] = [...model.held][step.which % model.held.size]!
            if (step.kind === 'abandon') {
              if (!model.abandoned.has(name)) ids.abandon(identifier)
              model.abandoned.add(name)
            } else {
              model.held.delete(name)
              model.abandoned.delete(name)
              if (step.kind === 'release') ids.release(identifier)
              else {
                ids.quarantine(identifier, now)
                model.resting.push({ name, until: later(now, QUARANTINE) })
              }
            }
          }
          expect(ids.view()).toEqual(model.view(ids.ports * 256))
          expect(ids.outstanding).toBe(model.held.size)
        }
      }),
      { numRuns: 100 },
    )
  })
})
