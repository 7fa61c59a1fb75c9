/**
 * Numbers on the command line: what is none is quoted back with what to write, and no verb ever gets NaN.
 */
import { describe, expect, it } from 'vitest'
import { codedError } from '../../../src/coded-error.ts'
import { type OwnOptions, withNumbers } from '../../../src/commands/input/verb.ts'
import { VERBS } from '../../../src/commands/verbs.io.ts'
import { meantNumber } from '../../../src/config/source/problem.ts'

const read = (words: unknown, option: OwnOptions = {}): unknown =>
  withNumbers({ n: words }, { n: { type: 'number', ...option } })['n']

describe('an option that is a number', () => {
  it.each([
    ['20000', 20_000],
    [20_000, 20_000],
    ['-3', -3],
    ['1e3', 1_000],
  ])('takes %j', (words, value) => expect(read(words)).toBe(value))

  it('takes a fraction where one makes sense', () => expect(read('0.5', { fraction: true })).toBe(0.5))

  it('takes several', () => {
    expect(read(['1812', 1813])).toEqual([1812, 1813])
    expect(() => read([1812, 'abc'], { within: [1, 65_535] })).toThrow(
      '--n: "abc" is no whole number; write 1 to 65535',
    )
  })

  it('may be left out', () => expect(read(undefined)).toBeUndefined())

  it.each<[words: string, sentence: string, option?: OwnOptions]>([
    ['20k', '"20k" is no whole number; write 20000'],
    ['20,000', '"20,000" is no whole number; write 20000'],
    ['1M', '"1M" is no whole number; write 1 to 100', { within: [1, 100] }],
    ['abc', '"abc" is no whole number; write digits alone'],
    ['', '"" is no whole number; write digits alone'],
    ['NaN', '"NaN" is no whole number; write digits alone'],
    ['Infinity', '"Infinity" is no whole number; write digits alone'],
    ['0x10', '"0x10" is no whole number; write digits alone'],
    ['1.5', '"1.5" is no whole number; write digits alone'],
    ['1,5', '"1,5" is no number; write digits alone', { fraction: true }],
    ['101', '101 is out of range; write 1 to 100', { within: [1, 100] }],
  ])('quotes %j back', (words, sentence, option) => {
    expect(() => read(words, option)).toThrow(codedError('USAGE', `--n: ${sentence}`))
  })
})

describe('what people mean', () => {
  it.each([
    ['20k', 20_000],
    ['1.5M', 1_500_000],
    ['1.5k', 1_500],
    ["20'000", 20_000],
    ['20 k', 20_000],
    ['1.0005k', undefined],
    ['12,34', undefined],
    ['k', undefined],
  ])('%j', (text, number) => expect(meantNumber(text)).toBe(number))
})

describe('every verb', () => {
  it.each(VERBS.map((entry) => [entry.command, entry] as const))(
    '%s leaves no number to the parser',
    async (_, entry) => {
      for (const option of Object.values((await entry.load()).options)) expect(option.type).not.toBe('number')
    },
  )
})
