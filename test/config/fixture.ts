/**
 * What the tests of the configuration share: a world around a file that is made of plain values, and a way to say in the
 * text itself where a problem must be reported.
 */
import { expect } from 'vitest'
import type { ConfigResult, LoadContext } from '../../src/config/checks/result.ts'
import { loadConfig } from '../../src/config/load/load.ts'
import type { Config } from '../../src/config/schema/config.ts'
import { formatProblem, type Problem } from '../../src/config/source/problem.ts'

export const GOOD_SECRET = '0123456789abcdef'
export const FILE = 'test.yaml'

const encoder = new TextEncoder()

/** Every file and variable holds a good secret, but for those whose name says otherwise. */
export const world: LoadContext = {
  attributeKey: (name) => ({ '3GPP-IMSI': { vendor: 10415, type: 1 }, 'User-Name': { vendor: 0, type: 1 } })[name],
  similarAttributeNames: (name) => (name.startsWith('3GPP') ? ['3GPP-IMSI'] : []),
  cores: 4,
  localAddresses: ['127.0.0.1', '::1', '203.0.113.5', '2001:db8::5'],
  readSecret: (key, written) => {
    if (key === 'secret') return { bytes: encoder.encode(written), warnings: [] }
    if (written.includes('missing')) return { problem: 'does not exist' }
    if (written.includes('open')) return { bytes: encoder.encode(GOOD_SECRET), warnings: ['everybody can read it'] }
    return { bytes: encoder.encode(GOOD_SECRET), warnings: [] }
  },
}

export interface Parts {
  /** Lines at the top level. */
  readonly top?: string
  /** Client entries, each beginning with `  - `. */
  readonly clients?: string
  /** Lines below `farm:`. */
  readonly farm?: string
  /** Server entries, each beginning with `    - `. */
  readonly servers?: string
}

const CLIENT = '  - { name: bng-1, address: 192.0.2.0/24, secret_file: bng-1 }'
const SERVER = '    - { name: fr-1, address: 198.51.100.10, secret_file: fr-1 }'

/** A small valid configuration with some of its parts replaced. */
export const configText = ({ top = '', clients = CLIENT, farm = '', servers = SERVER }: Parts): string =>
  `${top}\nclients:\n${clients}\nfarm:\n${farm}\n  servers:\n${servers}\n`

export const load = (text: string, context: LoadContext = world): ConfigResult => loadConfig(text, FILE, context)

/** The configuration, where the text is good. */
export function loaded(parts: Parts, context: LoadContext = world): Config {
  const result = load(configText(parts), context)
  expect(result.ok ? [] : result.problems).toEqual([])
  return (result as Extract<ConfigResult, { ok: true }>).config
}

/** Expects exactly one problem: at the mark `▶` in the text, with this setting's name and this sentence. */
export function expectProblem(marked: string | Parts, path: string, message: string | RegExp): void {
  const { text, place } = unmarked(marked)
  const result = load(text)
  expect(result.ok).toBe(false)
  expectOnly(result.ok ? [] : result.problems, { ...place, path, message })
}

/** Expects a good configuration with exactly one warning, at the mark. */
export function expectWarning(marked: string | Parts, path: string, message: string | RegExp): void {
  const { text, place } = unmarked(marked)
  const result = load(text)
  expect(result.ok ? [] : result.problems).toEqual([])
  expectOnly(result.warnings, { ...place, path, message })
}

function expectOnly(
  found: readonly Problem[],
  expected: Omit<Problem, 'file' | 'message'> & { message: string | RegExp },
): void {
  const message = expected.message instanceof RegExp ? expect.stringMatching(expected.message) : expected.message
  expect(found).toEqual([{ file: FILE, ...expected, message }])
}

function unmarked(marked: string | Parts): { text: string; place: { line: number; column: number } } {
  const text = typeof marked === 'string' ? marked : configText(marked)
  const before = text.slice(0, text.indexOf('▶')).split('\n')
  expect(text.split('▶'), 'one mark in the text').toHaveLength(2)
  return { text: text.replace('▶', ''), place: { line: before.length, column: (before.at(-1) ?? '').length + 1 } }
}

/** The problems of a result as they are printed. */
export const problemsOf = (result: ConfigResult): string[] => (result.ok ? [] : result.problems.map(formatProblem))

/** One line of `clients`, one of `servers`. */
export const client = (name: string, address: string): string =>
  `  - { name: ${name}, address: ${address}, secret_file: x }`
export const server = (name: string, address: string, more = ''): string =>
  `    - { name: ${name}, address: ${address}, secret_file: x${more} }`

/** Expects neither problems nor warnings. */
export const expectClean = (parts: Parts): void => {
  const result = load(configText(parts))
  expect({ problems: result.ok ? [] : result.problems, warnings: result.warnings }).toEqual({
    problems: [],
    warnings: [],
  })
}
