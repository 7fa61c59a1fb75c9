/**
 * What came in a body or a query, checked: the value, or one sentence that says what is wrong and what to write.
 */

import { TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import { thereAre } from '../did-you-mean.ts'

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly sentence: string }

const good = <T>(value: T): Checked<T> => ({ ok: true, value })
const bad = (sentence: string): { readonly ok: false; readonly sentence: string } => ({ ok: false, sentence })

/** A sentence where something is there that is not known; undefined where all is. */
export function stray(
  given: Iterable<string>,
  known: readonly string[],
  kind: 'field' | 'parameter',
): string | undefined {
  const unknown = [...given].find((name) => !known.includes(name))
  if (unknown === undefined) return undefined
  const there =
    known.length === 0 ? `no ${kind} is known here` : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`
  return `"${unknown.slice(0, 60)}" is no ${kind}; ${there}`
}

/** A sentence where a client is named that is not among `clients`; undefined where none is named, or one that is there. */
export function noSuchClient(name: string | undefined, clients: readonly string[]): string | undefined {
  if (name === undefined || clients.includes(name)) return undefined
  return `no client is called "${name.slice(0, 60)}"; ${thereAre(name, clients)}`
}

export function wordOf<const Word extends string>(value: unknown, name: string, words: readonly Word[]): Checked<Word> {
  const word = words.find((one) => one === value)
  return word === undefined ? bad(`${name} is missing or none of ${words.join(', ')}`) : good(word)
}

export const classOf = (value: unknown): Checked<TrafficClass> => wordOf(value, 'class', TRAFFIC_CLASSES)

export const booleanOf = (value: unknown, name: string): Checked<boolean> =>
  typeof value === 'boolean' ? good(value) : bad(`${name} is true or false`)

/** A whole number, as a number or (from a query) in digits. */
export function wholeOf(
  value: unknown,
  { name, least, most }: { readonly name: string; readonly least: number; readonly most: number },
): Checked<number> {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  const isGood = typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most
  return isGood ? good(number) : bad(`${name} is missing or no whole number from ${least} to ${most}`)
}

export function textOf(value: unknown, name: string, longest = 253): Checked<string> {
  const isGood = typeof value === 'string' && value !== '' && new TextEncoder().encode(value).length <= longest
  return isGood ? good(value) : bad(`${name} is a text of 1 to ${longest} octets`)
}

const WHICH_CLIENTS = ['all', 'active', 'off'] as const

/** Whose figures are wanted; all where nothing is said. */
export function clientsIn(query: URLSearchParams): Checked<(typeof WHICH_CLIENTS)[number]> {
  return wordOf(query.get('clients') ?? 'all', 'clients', WHICH_CLIENTS)
}
