/**
 * Logs, captures and brackets that are given as a configuration by mistake: one fault at its place, found without reading on,
 * and nothing is thrown however deep or long they are.
 */
import { describe, expect, it } from 'vitest'
import { Source } from '../../src/config/source/source.ts'
import { parseYaml } from '../../src/config/source/yaml-text.ts'
import { load } from './fixture.ts'

const MANY = 3_000
const lines = (line: (i: number) => string): string => Array.from({ length: MANY }, (_, i) => line(i)).join('\n')
const TOO_DEEP = expect.stringMatching(/^more is nested here than in any configuration/)

describe('a wrong file', () => {
  it.each([
    ['lines of JSON', lines((i) => JSON.stringify({ time: i, event: 'started', list: [i] })), 2, 1],
    ['closing braces', lines(() => '}'), 1, 1],
    ['lines of a log', lines((i) => `Nov 28 12:00:00 host daemon[12]: something: happened ${i}`), 1, 0],
    ['tabs', lines((i) => `\ta${i}: 1`), 1, 1],
    ['documents', lines((i) => `---\na: ${i}`), 3, 0],
  ])('has one fault: %s', (_, text, line, column) => {
    const { faults } = new Source(text)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatchObject({ line, ...(column > 0 ? { column } : {}) })
    expect(load(text).ok).toBe(false)
  })

  it.each([
    ['opening brackets', '['],
    ['opening braces', '{'],
    ['both', '[{a: '],
    ['dashes', ' - '],
    ['question marks', '? '],
    ['dashes below one another', undefined],
    ['a quote that does not end', '"abc '],
  ])('may be nested as it likes: %s', (_, part) => {
    const text =
      part === undefined
        ? Array.from({ length: MANY }, (__, i) => `${' '.repeat(i)}-`).join('\n')
        : part.repeat(20 * MANY)
    const { faults } = new Source(text)
    expect(faults).toHaveLength(1)
    if (part === '[' || part === '{')
      expect(faults[0]).toEqual({ line: 1, column: expect.any(Number), message: TOO_DEEP })
  })

  it('is given up after a few faults', () => {
    for (const line of ['{"a": 1}', '}', ']']) expect(parseYaml(lines(() => line)).faults.length).toBeLessThan(50)
  })
})

describe('keys that stand twice', () => {
  it('are found by a table of each mapping, not by the parser, which compares each with all', () => {
    const text = 'a: 1\nb: { c: 1, d: 2, c: 3 }\na: 2\n"b": 4\n1: x\n"1": y\n'
    expect(parseYaml(text).faults).toEqual([])
    const { faults, value } = new Source(text)
    expect(faults.map(({ line, column }) => [line, column])).toEqual([
      [2, 18],
      [3, 1],
      [4, 1],
    ])
    expect(faults[0]?.message).toMatch(/^this key stands twice/)
    expect(value).toBeDefined()
  })
})
