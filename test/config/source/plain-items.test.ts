/**
 * Long lists of clients are read without the YAML parser where each item is plain: then the values, the problems and their
 * places are those that the parser alone gives, for every text.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSource } from '../../../src/config/source/long-source.ts'
import { withoutPlainItems } from '../../../src/config/source/plain-items.ts'
import { type SettingPath, Source } from '../../../src/config/source/source.ts'
import { FILE, load } from '../fixture.ts'

const MANY = 66

const flow = (i: number): string =>
  `  - { name: c${i}, address: 10.0.${i >> 8}.${i & 255}, secret_file: secrets/c${i} }`
const block = (i: number): string =>
  `  - name: c${i}\n    address: "10.0.${i >> 8}.${i & 255}/32" # one\n    secret_file: 's/${i}'`
const textOf = (items: readonly string[], before = '', after = ''): string =>
  `listen: { accounting: [] }\nclients: # ours\n${before}${items.join('\n')}\n${after}farm:\n  servers:\n    - { name: fr, address: 198.51.100.1, secret_file: x }\n`
const items = (entry: (i: number) => string, count = MANY): string[] =>
  Array.from({ length: count }, (_, i) => entry(i))

const pathsOf = (value: unknown, above: SettingPath = []): SettingPath[] => {
  if (typeof value !== 'object' || value === null) return [above]
  const below = Object.entries(value).flatMap(([key, inner]) =>
    pathsOf(inner, [...above, Array.isArray(value) ? Number(key) : key]),
  )
  return [above, [...above, 'nowhere'], ...below]
}

/** Both ways to read a text give the same, every place included. */
function expectSame(text: string): void {
  const slow = new Source(text)
  const fast = readSource(text)
  expect(fast.faults).toEqual(slow.faults)
  expect(fast.value).toEqual(slow.value)
  for (const path of pathsOf(slow.value)) {
    for (const at of ['key', 'value'] as const) {
      expect({ path, at, place: fast.locate(path, at) }).toEqual({ path, at, place: slow.locate(path, at) })
    }
  }
}

const plainIn = (text: string): number =>
  (withoutPlainItems(text, 'clients')?.runs ?? []).reduce((sum, run) => sum + run.length, 0)

describe('a long list of clients', () => {
  it.each([
    ['in braces', items(flow)],
    ['in lines', items(block)],
    ['in Windows lines', [items(flow).join('\r\n')]],
    ['with nested braces', items((i) => `  - { name: c${i}, accounting: { interims: all, erx: true }, limit: 0 }`)],
    ['with nested braces in lines', items((i) => `  - name: c${i}\n    accounting: { interims: all }\n    on: false`)],
    ['with IPv6', items((i) => `  - { name: c${i}, address: 2001:db8::${i}, secret_env: S }`)],
    ['without indentation', items((i) => `- name: c${i}\n  address: 10.0.0.${i}`)],
    ['with comments between', items((i) => `# client ${i}\n\n${flow(i)} # it`)],
  ])('is read without the parser: %s', (_, lines) => {
    const text = textOf(lines)
    expect(plainIn(text)).toBeGreaterThanOrEqual(MANY - 1)
    expectSame(text)
  })

  it('may have others among the plain ones', () => {
    const lines = items(flow, 3 * MANY)
    lines[MANY] = '  - { name: "with \\" escape", address: 10.1.0.1, secret_file: x }'
    lines[2 * MANY] = '  - &one\n    name: anchored\n    address: >\n      10.1.1.1\n    secret_file: x'
    lines.push('  - *one')
    const text = textOf(lines)
    expect(plainIn(text)).toBe(3 * MANY - 2)
    expectSame(text)
  })

  it.each([
    '007',
    '0x10',
    '1e3',
    '.inf',
    '~',
    'null',
    'True',
    'yes',
    '1.5',
    '2026-11-28',
    '10:20:30',
    'a: b',
    'a b',
    'a:',
    'a::',
    '::1',
    '"a" b',
    '*x',
    '!x y',
    '[1]',
    '|',
    '"a\\tb"',
    "'it''s'",
    'ü',
    '{}',
    '{ a: { b: 1 } }',
    '',
    '#x',
    'a#b',
    '- a',
    '-1',
    '1_000',
    '10.0.0.1.2',
    '/etc/x',
    './x',
    '.x',
  ])('reads the value %j as the parser does', (value) => {
    expectSame(textOf(items((i) => `  - { name: c${i}, value: ${value} }`)))
    expectSame(textOf(items((i) => `  - name: c${i}\n    value: ${value}`)))
    expectSame(textOf(items((i) => `  - value: ${value}\n    name: c${i}`)))
  })

  it.each([
    ['a wrong indentation', textOf(items(flow, 3 * MANY).map((line, i) => (i === 150 ? ` ${line}` : line)))],
    ['a list within a text', textOf(['  - name: x\n    secret: |', ...items((i) => `    ${flow(i)}`)])],
    ['a list within an item', textOf(['  - name: x\n    list:', ...items((i) => `    ${flow(i)}`)])],
    ['a key that stands twice', `${textOf(items(flow))}clients:\n${items(flow).join('\n')}\n`],
    ['a second document', `${textOf(items(flow))}---\n${textOf(items(flow))}`],
    ['a key twice in an item', textOf(items(flow), '  - { name: a, name: b }\n')],
    ['a fault before it', `x: [\n${textOf(items(flow))}`],
    ['a text at the root', `|\n clients:\n${items(flow).join('\n')}`],
    ['a continued item at its end', textOf(items(flow), '', '    more: 1\n')],
    ['a line that goes on', textOf(items((i) => `  - name: c${i}\n     more`))],
    ['the mark of ours', textOf(items(flow), '  - "__a run of plain items__ 0"\n')],
    ['a list in brackets', 'clients: [ { name: a } ]\n'],
    ['no end', `clients:\n${items(flow).join('\n')}`],
    ['an anchor of the list', `${textOf([`  &all`, ...items(flow)])}other: *all\n`],
    ['a directive', `%YAML 1.1\n---\n${textOf(items((i) => `  - { name: c${i}, on: yes, at: 10:20:30 }`))}`],
    ['null as a key', textOf(items((i) => `  - { name: c${i}, null: x, true: y }`))],
    ['a mark in other words', textOf([String.raw`  - "\x5f_a run of plain items__ 0"`, ...items(flow)])],
    ['a key without end', textOf(items((i) => `  - { ${'k'.repeat(1100)}: c${i} }`))],
    ['__proto__', textOf(items((i) => `  - { name: c${i}, __proto__: x, constructor: y }`))],
  ])('is read as the parser reads it: %s', (_, text) => expectSame(text))

  it('is read as the parser reads it, whatever is written into its text', () => {
    const text = textOf([...items(flow, MANY), ...items(block, MANY)])
    const scrap = fc.constantFrom(
      '\n',
      '\t',
      ' ',
      '  ',
      ': ',
      '- ',
      '*',
      '&a ',
      '"',
      "'",
      '{',
      '}',
      ',',
      '#',
      ' #',
      '|',
      '\r',
    )
    fc.assert(
      fc.property(fc.nat({ max: text.length }), fc.nat({ max: 30 }), scrap, (at, dropped, written) => {
        const changed = text.slice(0, at) + written + text.slice(at + dropped)
        const [slow, fast] = [new Source(changed), readSource(changed)]
        expect(fast.faults).toEqual(slow.faults)
        expect(fast.value).toEqual(slow.value)
      }),
      { numRuns: 60 },
    )
  })

  /** What may stand between two items, or belong to the one above. */
  const between = fc.array(
    fc.constantFrom('', '# one', '  # two', '    # three', '      # four', ' ', '      ', '      more', '      - x'),
    { maxLength: 4 },
  )
  const HEADS = ['|', '|-', '|+', '>', '>-', '>+', '|2', '>1-', '"', "'", 'plain', '&a |', '|\r', '']
  /** An item whose value goes on over lines, well or wrongly. */
  const spread = fc
    .record({
      begin: fc.constantFrom('  - ', '  - secret: ', '  - name: x\n    secret: ', '  -\n    secret: '),
      head: fc.constantFrom(...HEADS),
      lines: fc.array(
        fc.constantFrom(
          'abc',
          '# no comment',
          '#abc',
          'a # b',
          '',
          '- { name: x, address: 10.0.0.1 }',
          '  deep',
          '- x',
        ),
        { maxLength: 4 },
      ),
      deep: fc.constantFrom(6, 6, 6, 6, 5, 4, 3, 2),
      after: between,
    })
    .map(({ begin, head, lines, deep, after }) => {
      const closing = head === '"' || head === "'" ? head : ''
      const text = lines.map((line) => (line === '' ? '' : ' '.repeat(deep) + line)).join('\n')
      return [`${begin}${head}${lines.length > 0 ? `\n${text}` : ''}${closing}`, ...after].join('\n')
    })
  const run = fc
    .record({ entry: fc.constantFrom(flow, block), count: fc.constantFrom(1, 63, 64, 66), after: between })
    .map(({ entry, count, after }) => [...items(entry, count), ...after].join('\n'))

  it('keeps what belongs to a text before, between and after the plain ones', () => {
    let reduced = 0
    const count = (text: string): void => {
      if (plainIn(text) > 0 && new Source(text).faults.length === 0) reduced += 1
    }
    fc.assert(
      fc.property(fc.array(fc.oneof(spread, run), { minLength: 1, maxLength: 4 }), (parts) => {
        const text = textOf(parts)
        count(text)
        const [slow, fast] = [new Source(text), readSource(text)]
        expect(fast.faults).toEqual(slow.faults)
        expect(fast.value).toEqual(slow.value)
        for (const path of [['clients'], ['clients', 0], ['clients', 1], ['farm']] as const) {
          expect(fast.locate(path)).toEqual(slow.locate(path))
        }
      }),
      { numRuns: 150 },
    )
    expect(reduced).toBeGreaterThan(5)
  })

  it.each([
    [
      'folded',
      '  - name: x\n    secret: >-\n      abcdefghijklmnopqrstuvwxyz\n      #123',
      'abcdefghijklmnopqrstuvwxyz #123',
    ],
    ['of one line', '  - name: x\n    secret: |-\n      #abc123', '#abc123'],
    ['with its ends kept', '  - name: x\n    secret: |+\n      abc\n\n      # d\n\n', 'abc\n\n# d\n\n\n'],
  ])('leaves a secret whole before a run: %s', (_, item, secret) => {
    const text = textOf([item, ...items(flow)])
    expect(plainIn(text)).toBe(MANY)
    expect((readSource(text).value as { clients: object[] }).clients[0]).toEqual({ name: 'x', secret })
    expectSame(text)
  })

  it('has its problems where they stand', () => {
    const lines = items(flow, 2 * MANY)
    lines[5] = '  - { name: c5, adress: 10.0.0.5, secret_file: x }'
    lines[80] = '  - { name: c80, address: 10.0.0.7, secret_file: x }'
    const result = load(textOf(lines))
    expect(result.ok ? [] : result.problems.map(({ line, column, path }) => [line, column, path])).toEqual([
      [8, 5, 'clients[5].address'],
      [8, 17, 'clients[5].adress'],
      [83, 27, 'clients[80].address'],
    ])
    expect(result.ok ? '' : result.problems[0]?.file).toBe(FILE)
  })
})

describe('the work', () => {
  it.each([
    ['braces', flow],
    ['lines', block],
  ])('of the parser does not grow with the clients: %s', (_, entry) => {
    const left = (count: number): string =>
      (withoutPlainItems(textOf(items(entry, count)), 'clients')?.text ?? '').replace(/\n+/g, '\n')
    expect(left(2_000)).toBe(left(1_000))
  })
})
