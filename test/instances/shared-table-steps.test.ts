/**
 * Two threads at one bucket of the shared table, without threads: one call is interrupted before each of its atomic
 * operations in turn, and another view of the same memory acts there from beginning to end. So every place where a second
 * writer or a reader can come in between is tried, in the same order each time.
 */
import { describe, expect, it } from 'vitest'
import { SharedTable } from '../../src/instances/shared/shared-table.ts'

/** One bucket: whatever is put meets there. */
const CAPACITY = 4
const ENTRIES = 8
const ENTRY_INTS = 6
/** The version of the one bucket, and where its entries begin. */
const VERSION = 1
const FIRST_ENTRY = 2
const UNTIL = 5
const SECOND = 10

const octets = (text: string): Uint8Array => new TextEncoder().encode(text)
const OPERATIONS = ['load', 'store', 'add', 'sub', 'compareExchange'] as const
type Operation = (ints: Int32Array, ...rest: number[]) => number

/** Runs `act`, and `between` once before its atomic operation number `step`; false where it has fewer. */
const interrupted = (act: () => void, step: number, between: () => void): boolean => {
  const atomics = Atomics as unknown as Record<string, Operation>
  const originals = OPERATIONS.map((name) => [name, atomics[name]!] as const)
  const restore = (): void => {
    for (const [name, original] of originals) atomics[name] = original
  }
  let steps = 0
  for (const [name, original] of originals) {
    atomics[name] = (...given) => {
      if (steps === step) {
        // The other one's operations are its own.
        restore()
        steps += 1
        between()
        return original(...given)
      }
      steps += 1
      return original(...given)
    }
  }
  try {
    act()
  } finally {
    restore()
  }
  return steps > step
}

/** A table with `before` in it, two views of it, and its bare memory. */
const shared = (before: Readonly<Record<string, number>>) => {
  const memory = SharedTable.memory(CAPACITY)
  const [one, other, third] = [0, 1, 2].map(() => new SharedTable(memory, CAPACITY))
  for (const [key, value] of Object.entries(before)) one!.put(octets(key), value, 100 + value, SECOND)
  return { ints: new Int32Array(memory), one: one!, other: other!, third: third! }
}

const live = (ints: Int32Array): string[] =>
  Array.from({ length: ENTRIES }, (_, entry) => FIRST_ENTRY + entry * ENTRY_INTS)
    .filter((at) => ints[at + UNTIL] !== 0)
    .map((at) => ints.subarray(at, at + 4).join(' '))

interface Case {
  readonly what: string
  readonly before: Readonly<Record<string, number>>
  readonly mine: readonly [key: string, value: number]
  readonly others: readonly [key: string, value: number]
}

const CASES: readonly Case[] = [
  { what: 'two new keys', before: {}, mine: ['a', 1], others: ['b', 2] },
  { what: 'one new key', before: {}, mine: ['a', 1], others: ['a', 2] },
  { what: 'a key that is there', before: { a: 3 }, mine: ['a', 1], others: ['a', 2] },
  { what: 'the last free place', before: { c: 3, d: 4, e: 5 }, mine: ['a', 1], others: ['b', 2] },
  { what: 'a full table', before: { c: 3, d: 4, e: 5, f: 6 }, mine: ['a', 7], others: ['b', 8] },
]

/** All that may be answered of a key in this case. */
const allowedOf = ({ before, mine, others }: Case, key: string): (number | undefined)[] => [
  undefined,
  before[key],
  ...[mine, others].filter(([of]) => of === key).map(([, value]) => value),
]

describe('a second writer in between', () => {
  it.each(CASES)('leaves a bucket whole at every step: $what', (given) => {
    const { before, mine, others } = given
    let step = 0
    for (; ; step += 1) {
      const { ints, one, other, third } = shared(before)
      const put = (table: SharedTable, [key, value]: Case['mine']): void =>
        table.put(octets(key), value, 100 + value, SECOND)
      const begun = ints[VERSION]!
      let written = 1
      const goesOn = interrupted(
        () => put(one, mine),
        step,
        () => {
          const version = ints[VERSION]
          put(other, others)
          if (ints[VERSION] !== version) written += 1
        },
      )
      if (!goesOn) break
      for (const key of [...Object.keys(before), mine[0], others[0]])
        expect(allowedOf(given, key), `step ${step}, key ${key}`).toContain(third.get(octets(key), SECOND))
      // What was written by who came to the end last is there, and nobody's entry is there twice.
      expect(third.get(octets(mine[0]), SECOND), `step ${step}`).toBe(mine[1])
      const entries = live(ints)
      expect(new Set(entries).size, `step ${step}`).toBe(entries.length)
      expect(third.size, `step ${step}`).toBe(entries.length)
      expect(third.size, `step ${step}`).toBeLessThanOrEqual(CAPACITY)
      // A version never comes back: a reader takes the same one for the same content.
      expect(ints[VERSION], `step ${step}`).toBe(begun + 2 * written)
    }
    expect(step).toBeGreaterThan(10)
  })
})

describe('a reader in between', () => {
  it.each(CASES)('is answered nothing half written at every step: $what', (given) => {
    const { before, mine } = given
    const keys = [...Object.keys(before), mine[0]]
    for (let step = 0; ; step += 1) {
      const { one, other } = shared(before)
      const found: (readonly [key: string, value: number | undefined])[] = []
      const goesOn = interrupted(
        () => one.put(octets(mine[0]), mine[1], 100 + mine[1], SECOND),
        step,
        () => {
          for (const key of keys) found.push([key, other.get(octets(key), SECOND)])
        },
      )
      if (!goesOn) break
      for (const [key, value] of found) expect(allowedOf(given, key), `step ${step}, key ${key}`).toContain(value)
    }
  })
})

describe('a writer in between', () => {
  it.each(CASES)('never makes a reader mix two entries: $what', (given) => {
    const { before, mine, others } = given
    for (const asked of [mine[0], others[0], ...Object.keys(before)])
      for (let step = 0; ; step += 1) {
        const { one, other } = shared(before)
        let found: number | undefined
        const goesOn = interrupted(
          () => {
            found = one.get(octets(asked), SECOND)
          },
          step,
          () => {
            // Enough to write over every place there is.
            for (let value = 1; value <= ENTRIES; value += 1)
              other.put(octets(`new ${value}`), 100 + value, 200 + value, SECOND)
          },
        )
        if (!goesOn) break
        expect([undefined, before[asked]], `step ${step}, key ${asked}`).toContain(found)
      }
  })
})

describe('a bucket that somebody writes to', () => {
  it('is left alone by a second writer and answers a reader nothing, until the first is done', () => {
    const { ints, one, other } = shared({ a: 3 })
    Atomics.add(ints, VERSION, 1)
    const held = ints.slice()
    other.put(octets('b'), 2, 100, SECOND)
    expect(ints).toEqual(held)
    expect(other.get(octets('a'), SECOND)).toBeUndefined()
    Atomics.add(ints, VERSION, 1)
    other.put(octets('b'), 2, 100, SECOND)
    expect([one.get(octets('a'), SECOND), one.get(octets('b'), SECOND)]).toEqual([3, 2])
  })
})
