import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMap, isSeq, parseDocument } from 'yaml'
import type { ConfigResult } from '../../src/config/checks/result.ts'
import { Source } from '../../src/config/source/source.ts'
import { FILE, load } from './fixture.ts'

/** Nothing is thrown, and what is refused says where: every place lies in the text. */
function expectAnswer(text: string): ConfigResult {
  const result = load(text)
  const lines = text.split('\n')
  const said = result.ok ? result.warnings : [...result.problems, ...result.warnings]
  if (!result.ok) expect(result.problems.length).toBeGreaterThan(0)
  for (const { file, line, column, message } of said) {
    expect(file).toBe(FILE)
    expect(line).toBeGreaterThanOrEqual(1)
    expect(line).toBeLessThanOrEqual(lines.length)
    expect(column).toBeGreaterThanOrEqual(1)
    expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1)
    expect(message).toMatch(/^\S.*[^.\s]$|\.$/)
    expect(message).not.toMatch(/undefined|\[object|NaN|Invalid input/)
  }
  return result
}

const example = (name: string): string => readFileSync(new URL(`../../examples/${name}.yaml`, import.meta.url), 'utf8')
const FARM = example('farm')
const EXAMPLES = [example('minimal'), example('one-bng'), example('accounting'), FARM]

/** Every node of a document: how to name it, how to take it away, how to put another in its place. */
function nodesOf(text: string): { path: (string | number)[] }[] {
  const found: { path: (string | number)[] }[] = []
  const walk = (node: unknown, path: (string | number)[]): void => {
    if (path.length > 0) found.push({ path })
    if (isMap(node)) for (const { key, value } of node.items) walk(value, [...path, String(key)])
    if (isSeq(node)) for (const [i, item] of node.items.entries()) walk(item, [...path, i])
  }
  walk(parseDocument(text).contents, [])
  return found
}

const mutated = (text: string, change: (document: ReturnType<typeof parseDocument>) => void): string => {
  const document = parseDocument(text)
  change(document)
  return document.toString()
}

const indentOf = (line: string): number => line.length - line.trimStart().length
const isCode = (line: string): boolean => !/^\s*(#|$)/.test(line)

/** Each line alone, and each with what belongs to it, a column or two to the left or right, or behind a tab. */
function* indentedWrongly(text: string): Generator<{ changed: string; line: number; next: number }> {
  const lines = text.split('\n')
  for (const [i, line] of lines.entries()) {
    if (!isCode(line)) continue
    let end = i + 1
    while (end < lines.length && (!isCode(lines[end]!) || indentOf(lines[end]!) > indentOf(line))) end += 1
    for (const to of new Set([i + 1, end])) {
      for (const shift of [-2, -1, 1, 2, 0]) {
        const moved = (one: string): string => {
          if (shift === 0) return `\t${one.trimStart()}`
          return shift > 0 ? ' '.repeat(shift) + one : one.slice(Math.min(indentOf(one), -shift))
        }
        const changed = lines.map((one, at) => (at >= i && at < to && isCode(one) ? moved(one) : one)).join('\n')
        let next = end + 1
        while (next < lines.length && !isCode(lines[next - 1]!)) next += 1
        if (changed !== text) yield { changed, line: i + 1, next }
      }
    }
  }
}

// Some thousand files: a slow machine may take its time.
describe('a configuration in which one thing is changed', { timeout: 60_000 }, () => {
  it('is read or refused with a place, whatever is taken away', () => {
    for (const text of EXAMPLES) {
      for (const { path } of nodesOf(text)) expectAnswer(mutated(text, (document) => document.deleteIn(path)))
    }
  })

  it('is refused for every key that is not known', () => {
    for (const text of EXAMPLES) {
      for (const { path } of nodesOf(text)) {
        if (typeof path.at(-1) === 'number') continue
        const renamed = mutated(text, (document) => {
          const value = document.getIn(path, true)
          document.deleteIn(path)
          document.setIn([...path.slice(0, -1), `${path.at(-1)}x`], value)
        })
        const result = expectAnswer(renamed)
        const messages = result.ok ? [] : result.problems.map(({ message }) => message)
        expect(messages.some((message) => message.startsWith('unknown key'))).toBe(true)
      }
    }
  })

  it('is read or refused with a place, whatever is put in', () => {
    const values = [null, false, -1, '', [null], { x: 1 }]
    for (const { path } of nodesOf(FARM)) {
      for (const value of values) expectAnswer(mutated(FARM, (document) => document.setIn(path, value)))
    }
  })

  it('is read or refused with a place, wherever its text is cut', () => {
    for (const text of EXAMPLES) for (let cut = 0; cut <= text.length; cut += 11) expectAnswer(text.slice(0, cut))
  })

  it('is read or refused with a place, whatever is written into its text', () => {
    const scrap = fc.oneof(
      fc.constantFrom(
        '\n',
        '\t',
        ' ',
        ': ',
        '- ',
        '*',
        '&a ',
        '!',
        '"',
        "'",
        '{',
        '}',
        '[',
        ']',
        '#',
        '|',
        '---\n',
        '<<: ',
        '\u0000',
        '\ufeff',
        '\r',
      ),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.nat({ max: FARM.length }), fc.nat({ max: 20 }), scrap, (at, dropped, written) => {
        expectAnswer(FARM.slice(0, at) + written + FARM.slice(at + dropped))
      }),
      { numRuns: 200 },
    )
  })

  it('has one problem where a line or a block is indented wrongly, at its line or where its like go on', () => {
    let broken = 0
    for (const text of EXAMPLES) {
      for (const { changed, line, next } of indentedWrongly(text)) {
        const faults = new Source(changed).faults.filter(({ message }) => !message.includes('stands twice'))
        if (faults.length === 0) continue
        broken += 1
        const result = expectAnswer(changed)
        expect(result.ok ? [] : result.problems).toHaveLength(1)
        const place = result.ok ? 0 : (result.problems[0]?.line ?? 0)
        expect(place, `${line}: ${changed.split('\n')[line - 1]}`).toBeGreaterThanOrEqual(line - 1)
        expect(place, `${line}: ${changed.split('\n')[line - 1]}`).toBeLessThanOrEqual(next)
      }
    }
    expect(broken).toBeGreaterThan(400)
  })

  it('survives any plain value in place of the whole', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(expectAnswer(JSON.stringify(value)).ok).toBe(false)
      }),
    )
  })
})
