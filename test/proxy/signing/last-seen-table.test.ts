/**
 * The table of when a key was last seen, beside a plain model: what it knows, its bound, what it admits to have forgotten, and
 * that no step does more where many are remembered.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LastSeenTable, type Sighting } from '../../../src/proxy/signing/last-seen-table.ts'

// The same cases in every run; the seed is of no meaning.
fc.configureGlobal({ seed: 2_026 })

const keyOf = (number: number): Int32Array => Int32Array.of(0, number, 7, -number)

const read = (table: LastSeenTable, key: number): Sighting | undefined => {
  const into = { last: 0, first: 0, packet: 0 }
  return table.read(keyOf(key), into) ? into : undefined
}

/** Without shared memory, and as the second user of some. */
const tables = (capacity: number): LastSeenTable[] => {
  const memory = LastSeenTable.memory(capacity)
  new LastSeenTable({ capacity, salt: 9, memory })
  return [new LastSeenTable({ capacity, salt: 5 }), new LastSeenTable({ capacity, salt: 5, memory })]
}

const acts = fc.array(
  fc.record({ act: fc.constantFrom('put', 'touch', 'remove', 'clear'), key: fc.nat(20), packet: fc.nat() }),
  { maxLength: 100 },
)

describe('the table of when something was last seen', () => {
  it('knows what a map would know while there is room', () => {
    fc.assert(
      fc.property(acts, (list) => {
        for (const table of tables(1_000)) {
          const model = new Map<number, Sighting>()
          for (const [second, { act, key, packet }] of list.entries()) {
            const known = model.get(key)
            if (act === 'put') {
              table.put(keyOf(key), second, packet)
              model.set(key, { last: second, first: known?.first ?? second, packet })
            } else if (act === 'touch') {
              table.touch(keyOf(key), second)
              if (known !== undefined) model.set(key, { ...known, last: second })
            } else if (act === 'remove') {
              table.remove(keyOf(key))
              model.delete(key)
            } else if (second % 3 === 0) {
              table.clear()
              model.clear()
            }
            expect(table.size).toBe(model.size)
            for (let each = 0; each <= 20; each += 1) expect(read(table, each)).toEqual(model.get(each))
          }
          const listed = table.list(0, table.buckets).map(({ key, ...sighting }) => [key[1], sighting])
          expect(new Map(listed as [number, Sighting][])).toEqual(model)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('stays within its bound, and whoever left for want of room is admitted beside who stays', () => {
    for (const table of tables(128)) {
      const count = 5_000
      for (let key = 0; key < count; key += 1) table.put(keyOf(key), key, 0)
      expect(table.size).toBeLessThanOrEqual(256)
      const left = Array.from({ length: count }, (_, key) => key).filter((key) => read(table, key) === undefined)
      expect(left.length).toBe(count - table.size)
      // None is forgotten that was seen later than the table admits.
      for (const key of left) expect(table.forgottenBeside(keyOf(key))).toBeGreaterThanOrEqual(key)
      expect(read(table, count - 1)?.last).toBe(count - 1)
    }
  })

  it('admits the latest that left, also where one that was seen earlier leaves after it', () => {
    // Engines note what they saw in their own order, and clocks of threads are read a moment apart.
    const seconds = fc.array(fc.nat(50), { minLength: 300, maxLength: 600 })
    fc.assert(
      fc.property(seconds, (list) => {
        for (const table of tables(1)) {
          for (const [key, second] of list.entries()) table.put(keyOf(key), second, 0)
          for (const [key, second] of list.entries()) {
            if (read(table, key) === undefined) expect(table.forgottenBeside(keyOf(key))).toBeGreaterThanOrEqual(second)
          }
        }
      }),
      { numRuns: 20 },
    )
  })

  it('spreads keys that somebody chose to meet, under every salt', () => {
    // Differences that a mixer of multiplications and shifts undoes from one word to the next, and single bits.
    const chosen = (number: number): Int32Array => {
      const key = Int32Array.of(0x20010db8, 1, 2, 3)
      for (let word = 0; word < 3; word += 1) {
        if ((number & (1 << word)) === 0) continue
        key[word]! ^= 0x80000000
        key[word + 1]! ^= 0x80010000
      }
      return key
    }
    const bit = (number: number): Int32Array => {
      const key = Int32Array.of(0, 0, 0, 0)
      key[number >> 5]! ^= 1 << (number & 31)
      return key
    }
    for (const [count, keyAt] of [
      [8, chosen],
      [128, bit],
    ] as const) {
      const keys = Array.from({ length: count }, (_, number) => keyAt(number))
      let shared = 0
      for (let salt = 0; salt < 16; salt += 1) {
        const table = new LastSeenTable({ capacity: 65_536, salt })
        for (const key of keys) table.put(key, 1, 0)
        const filled = Array.from({ length: table.buckets }, (_, bucket) => table.list(bucket, 1).length)
        shared += filled.reduce((sum, length) => sum + Math.max(0, length - 1), 0)
      }
      // Of 16 times 128 keys in 16,384 buckets about 8 meet another by chance.
      expect(shared).toBeLessThan(24)
    }
  })

  it('lets the one go that was not seen for longest', () => {
    for (const table of tables(1)) {
      for (let key = 0; key < table.buckets * 8 * 20; key += 1) {
        table.put(keyOf(key), key, 0)
        table.touch(keyOf(0), key)
      }
      expect(read(table, 0)).toBeDefined()
    }
  })

  it('has forgotten nobody while there is room', () => {
    for (const table of tables(1_000)) {
      for (let key = 0; key < 100; key += 1) table.put(keyOf(key), key, 0)
      for (let key = 0; key < 200; key += 1) expect(table.forgottenBeside(keyOf(key))).toBe(-1)
    }
  })

  it('is one table to all that share its memory, whatever salt each brings', () => {
    const memory = LastSeenTable.memory(100)
    const [a, b] = [1, 2].map((salt) => new LastSeenTable({ capacity: 100, salt, memory }))
    a!.put(keyOf(3), 5, 11)
    expect(read(b!, 3)).toEqual({ last: 5, first: 5, packet: 11 })
    b!.clear()
    expect(read(a!, 3)).toBeUndefined()
    expect(a!.size).toBe(0)
  })
})
