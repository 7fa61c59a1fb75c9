/**
 * The fields of a body and the parameters of a query, checked: the value, or one sentence that says what is wrong and what to
 * write.
 */

import { TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import { thereAre } from '../did-you-mean.ts'
import { type AdminAnswer, type Route, type RoutedRequest, refusal, type Stream } from './route.ts'

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly sentence: string }

/** Checks what was sent under a name; undefined if nothing was. */
export type FieldCheck<T> = (value: unknown, name: string) => Checked<T>
type Fields<All> = { readonly [Name in keyof All]: FieldCheck<All[Name]> }
/** What may be undefined is left out then. */
type Values<All> = {
  readonly [Name in keyof All as undefined extends All[Name] ? never : Name]: All[Name]
} & { readonly [Name in keyof All as undefined extends All[Name] ? Name : never]?: Exclude<All[Name], undefined> }

const good = <T>(value: T): Checked<T> => ({ ok: true, value })
const bad = (sentence: string): { readonly ok: false; readonly sentence: string } => ({ ok: false, sentence })

/**
 * A route with these fields and no others: in the body of a POST, which has no query, and in the query of a GET. `answer`
 * gets their values.
 */
export function routeWith<All extends object>({
  fields,
  answer,
  ...route
}: Omit<Route, 'answer'> & {
  readonly fields: Fields<All>
  answer(values: Values<All>, asked: RoutedRequest): AdminAnswer | Stream | Promise<AdminAnswer | Stream>
}): Route {
  const check = ({ body, query }: RoutedRequest): Checked<Values<All>> => {
    if (route.method === 'POST') return checked(body, fields, 'field', stray(query.keys(), [], 'parameter'))
    const given = Object.fromEntries([...query.keys()].map((name) => [name, query.get(name)]))
    return checked(given, fields, 'parameter')
  }
  return {
    ...route,
    answer: (asked) => {
      const values = check(asked)
      return values.ok ? answer(values.value, asked) : refusal(400, values.sentence)
    },
  }
}

function checked<All extends object>(
  given: Readonly<Record<string, unknown>>,
  fields: Fields<All>,
  kind: 'field' | 'parameter',
  otherwise?: string,
): Checked<Values<All>> {
  const unknown = stray(Object.keys(given), Object.keys(fields), kind) ?? otherwise
  if (unknown !== undefined) return bad(unknown)
  const values: Record<string, unknown> = {}
  for (const [name, field] of Object.entries<FieldCheck<unknown>>(fields)) {
    const value = field(given[name], name)
    if (!value.ok) return value
    if (value.value !== undefined) values[name] = value.value
  }
  return good(values as Values<All>)
}

/** A sentence if something is there that is not known. */
function stray(given: Iterable<string>, known: readonly string[], kind: 'field' | 'parameter'): string | undefined {
  const unknown = [...given].find((name) => !known.includes(name))
  if (unknown === undefined) return undefined
  const there =
    known.length === 0 ? `no ${kind} is known here` : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`
  return `"${unknown.slice(0, 60)}" is no ${kind}; ${there}`
}

/** A sentence if a client is named that is not among `clients`. */
export function noSuchClient(name: string | undefined, clients: readonly string[]): string | undefined {
  if (name === undefined || clients.includes(name)) return undefined
  return `no client is called "${name.slice(0, 60)}"; ${thereAre(name, clients)}`
}

export const optional =
  <T>(field: FieldCheck<T>): FieldCheck<T | undefined> =>
  (value, name) =>
    value === undefined ? good(undefined) : field(value, name)

/** False if nothing was sent. */
export const flag: FieldCheck<boolean> = (value, name) => {
  const given = value ?? false
  return typeof given === 'boolean' ? good(given) : bad(`${name} is true or false`)
}

export const word =
  <const Word extends string>(words: readonly Word[], usual?: Word): FieldCheck<Word> =>
  (value, name) => {
    const found = words.find((one) => one === (value ?? usual))
    return found === undefined ? bad(`${name} is missing or none of ${words.join(', ')}`) : good(found)
  }

export const trafficClass: FieldCheck<TrafficClass> = word(TRAFFIC_CLASSES)
/** Whose figures are wanted. */
export const whichClients = word(['all', 'active', 'off'], 'all')

/** A whole number, as a number or (from a query) in digits. */
export const whole =
  ({ least, most, usual }: { least: number; most: number; usual?: number }): FieldCheck<number> =>
  (value, name) => {
    const given = value ?? usual
    const number = typeof given === 'string' && /^\d{1,10}$/.test(given) ? Number(given) : given
    const isGood = typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most
    return isGood ? good(number) : bad(`${name} is missing or no whole number from ${least} to ${most}`)
  }

export const text =
  (longest = 253): FieldCheck<string> =>
  (value, name) => {
    const isGood = typeof value === 'string' && value !== '' && new TextEncoder().encode(value).length <= longest
    return isGood ? good(value) : bad(`${name} is a text of 1 to ${longest} octets`)
  }

export const optionalText = optional(text())
