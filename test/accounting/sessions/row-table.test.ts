import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OWN, RowTable } from '../../../src/accounting/sessions/row-table.ts'

type Step =
  | { readonly act: 'add' | 'touch' | 'remove'; readonly key: string; readonly list: 0 | 1 }
  | { readonly act: 'evict'; readonly list: 0 | 1 }

/** Keys of 1 to 122 octets, few enough to be met again; many share their beginning, as those of one client do. */
const key = fc
  .tuple(fc.integer({ min: 0, max: 11 }), fc.constantFrom(0, 1, 58, 59, 60, 61, 118, 119, 120))
  .map(([name, length]) => `${'k'.repeat(length)}${name}`)
const list = fc.constantFrom(0 as const, 1 as const)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constantFrom('add', 'touch', 'remove'), key, list }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('evict'), list }) },
)

describe('rows with keys', () => {
  it('are what a map and two lists would be, within their bounds', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 9 }), (steps, most) => {
        const rows = new RowTable({ most, own: 1 })
        /** Key to its row, the word that was written there, and what followed the key. */
        const model = new Map<string, { readonly row: number; readonly word: number; readonly rest: string }>()
        const order: readonly [string[], string[]] = [[], []]
        const leave = (name: string): void => {
          for (const names of order) if (names.includes(name)) names.splice(names.indexOf(name), 1)
        }
        let second = 0
        for (const taken of steps) {
          second += 1
          const name = taken.act === 'evict' ? order[taken.list][0] : taken.key
          if (name === undefined) continue
          const octets = Buffer.from(name)
          const known = model.get(name)
          expect(rows.find(octets, octets.length)).toBe(known?.row ?? 0)
          if (taken.act === 'add' && known === undefined) {
            const rest = `rest-${second}`
            const text = Buffer.from(name + rest)
            if (!rows.hasRoomFor(text.length)) continue
            const row = rows.add(text, text.length, octets.length, second)
            expect(rows.words[row * rows.width + OWN]).toBe(0)
            rows.words[row * rows.width + OWN] = second
            model.set(name, { row, word: second, rest })
            order[0].push(name)
          } else if (taken.act === 'touch' && known !== undefined) {
            leave(name)
            order[taken.list].push(name)
            rows.touch(known.row, taken.list, second)
            expect([rows.secondOf(known.row), rows.listOf(known.row)]).toEqual([second, taken.list])
          } else if ((taken.act === 'remove' || taken.act === 'evict') && known !== undefined) {
            leave(name)
            model.delete(name)
            rows.remove(known.row)
            expect(rows.isUsed(known.row)).toBe(false)
          }
          expect(model.size).toBeLessThanOrEqual(most)
          for (const each of [0, 1] as const) {
            expect(rows.rowsIn(each)).toBe(order[each].length)
            expect(rows.oldest(each)).toBe(model.get(order[each][0] ?? '')?.row ?? 0)
          }
          for (const [other, { row, word, rest }] of model) {
            const text = rows.textOf(row)
            expect([Buffer.from(text.key).toString(), Buffer.from(text.rest).toString()]).toEqual([other, rest])
            expect([rows.words[row * rows.width + OWN], rows.isUsed(row)]).toEqual([word, true])
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  it('use no more places than there were rows at one time', () => {
    const rows = new RowTable({ most: 5, own: 1 })
    for (let i = 0; i < 1_000; i += 1) {
      const text = Buffer.from(`key-${i}`.padEnd(100, '.'))
      if (!rows.hasRoomFor(text.length)) rows.remove(rows.oldest(0))
      rows.add(text, text.length, text.length, i)
    }
    expect(rows.end).toBe(6)
    expect(rows.rowsIn(0)).toBe(5)
  })
})
