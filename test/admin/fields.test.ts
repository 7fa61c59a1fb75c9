import { describe, expect, it } from 'vitest'
import { booleanOf, classOf, stray, textOf, wholeOf, wordOf } from '../../src/admin/fields.ts'

const RANGE = { name: 'n', least: 1, most: 10 }

describe('a field', () => {
  it.each([1, 10, '7'])('that is a whole number can be %j', (value) => {
    expect(wholeOf(value, RANGE)).toEqual({ ok: true, value: Number(value) })
  })
  it.each([0, 11, 1.5, '', '07x', '-1', '1e1', Number.NaN, null, undefined, true, [1], {}])('and not %j', (value) => {
    expect(wholeOf(value, RANGE)).toEqual({ ok: false, sentence: 'n is missing or no whole number from 1 to 10' })
  })
  it.each(['accounting', 'authentication'])('that is a class can be %j', (word) => expect(classOf(word).ok).toBe(true))
  it.each(['Accounting', '', 1, null, ['accounting'], '__proto__'])('and not %j', (word) => {
    expect(wordOf(word, 'class', ['accounting']).ok).toBe(false)
  })
  it('that is true or false is nothing else', () => {
    expect([true, false].map((value) => booleanOf(value, 'b').ok)).toEqual([true, true])
    expect(['true', 0, null].map((value) => booleanOf(value, 'b').ok)).toEqual([false, false, false])
  })
  it('that is text is measured in octets', () => {
    expect(textOf('ä', 't', 2).ok).toBe(true)
    expect(['', 'äa', 1, null].map((value) => textOf(value, 't', 2).ok)).toEqual([false, false, false, false])
  })
  it('that nobody knows is named, with those that are known', () => {
    expect(stray(['a'], ['a', 'b'], 'field')).toBeUndefined()
    expect(stray(['a', 'c'], ['a', 'b'], 'field')).toBe('"c" is no field; there are a, b')
    expect(stray(['c'], [], 'parameter')).toBe('"c" is no parameter; no parameter is known here')
  })
})
