import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ForgettingTable } from '../../../src/queues/containers/forgetting-table.ts'
import { KeyTable } from '../../../src/queues/containers/key-table.ts'
import { type Instant, instant } from '../../../src/units.ts'

const keyOf = (number: number): Int32Array => Int32Array.of(number, ~number)

type Step = { readonly kind: 'add' | 'remove' | 'find'; readonly number: number }
const steps = fc.array(
  fc.record({ kind: fc.constantFrom('add', 'add', 'remove', 'find'), number: fc.nat(120) }) as fc.Arbitrary<Step>,
  { maxLength: 400 },
)

describe('a table of numbers by key', () => {
  it('is a Map: finds what was added and not removed, with its object and its values', () => {
    fc.assert(
      fc.property(steps, fc.integer(), (all, salt) => {
        const table = new KeyTable<string>({ keyWords: 2, valueWords: 2, salt })
        const model = new Map<number, number>()
        for (const { kind, number } of all) {
          const row = table.find(keyOf(number))
          expect(row).toBe(model.get(number) ?? -1)
          if (kind === 'add' && row === -1) {
            const added = table.add(keyOf(number), `object ${number}`)
            expect([table.value(added, 0), table.value(added, 1)]).toEqual([0, 0])
            table.setValue(added, 1, number * 3)
            model.set(number, added)
          } else if (kind === 'remove' && row !== -1) {
            table.remove(row)
            expect(table.object(row)).toBeUndefined()
            model.delete(number)
          }
          expect(table.size).toBe(model.size)
        }
        for (const [number, row] of model) {
          expect(table.object(row)).toBe(`object ${number}`)
          expect(table.value(row, 1)).toBe(number * 3)
          const key = new Int32Array(2)
          table.keyInto(row, key)
          expect(key).toEqual(keyOf(number))
        }
      }),
      { numRuns: 200 },
    )
  })

  it('keeps a hundred thousand apart, and uses the rows of those that left again', () => {
    const table = new KeyTable<never>({ keyWords: 2, valueWords: 1, salt: 7 })
    const count = 100_000
    for (let number = 0; number < count; number += 1) table.setValue(table.add(keyOf(number)), 0, number)
    for (let number = 0; number < count; number += 2) table.remove(table.find(keyOf(number)))
    for (let number = 0; number < count; number += 1) {
      const row = table.find(keyOf(number))
      if (number % 2 === 0) expect(row).toBe(-1)
      else expect(table.value(row, 0)).toBe(number)
    }
    for (let number = 0; number < count; number += 2) expect(table.add(keyOf(number))).toBeLessThan(count)
  })

  it('finds each key alone by every one of its words, the sign included', () => {
    const table = new KeyTable<never>({ keyWords: 3, valueWords: 0, salt: 1 })
    const words = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]
    const keys = words.flatMap((a) => words.flatMap((b) => words.map((c) => Int32Array.of(a, b, c))))
    const rows = keys.map((key) => table.add(key))
    expect(keys.map((key) => table.find(key))).toEqual(rows)
  })
})

describe('a table that forgets', () => {
  it('names the one that came first of those that are left', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const table = new ForgettingTable({ keyWords: 2, valueWords: 1, salt: 3 })
        const model: { number: number; until: Instant }[] = []
        let now = 1_000_000_123
        for (const { kind, number } of all) {
          now += number * 1_234_567
          const place = model.findIndex((one) => one.number === number)
          if (kind === 'add' && place === -1) {
            const row = table.add(keyOf(number), instant(now))
            table.setValue(row, 0, number)
            model.push({ number, until: instant(now) })
          } else if (kind === 'remove' && place !== -1) {
            table.remove(table.find(keyOf(number)))
            model.splice(place, 1)
          }
          const oldest = table.oldest()
          expect(table.size).toBe(model.length)
          expect(oldest === -1 ? undefined : table.value(oldest, 0)).toBe(model[0]?.number)
          expect(oldest === -1 ? undefined : table.forgetAt(oldest)).toBe(model[0]?.until)
          expect(oldest === -1 ? undefined : table.keyWord(oldest, 1)).toBe(model[0] && ~model[0].number)
        }
        for (const { number } of model) {
          expect(table.value(table.oldest(), 0)).toBe(number)
          table.remove(table.oldest())
        }
        expect(table.oldest()).toBe(-1)
      }),
    )
  })
})
