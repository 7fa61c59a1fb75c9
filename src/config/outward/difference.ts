/**
 * What differs between two configurations, setting by setting, for an operator who reloads: path, old value and new value, as
 * in the file. Secrets are compared and never shown. Servers and clients are matched by their names, in any order.
 *
 * Every setting that differs is named once. If the configurations are equal, there is none. The cost grows with the size of the
 * two and no faster: ten thousand clients are compared by a table of names.
 */

import type { SettingChange } from '../../observe/view/view.ts'
import { Secret } from '../../radius/secret.ts'
import type { Config } from '../schema/config.ts'
import { isMapping, pathText } from '../source/source.ts'
import { comparableSettings } from './effective.ts'
import { restartSettings } from './restart.ts'

const LONGEST_VALUE = 120
/** Of the equal text before the difference. */
const LONGEST_LEAD = 40

type Difference = Omit<SettingChange, 'needsRestart'>
type Named = ReadonlyMap<string, Readonly<Record<string, unknown>>>

/** What `after` changes, in the order of the settings. */
export function difference(before: Config, after: Config): SettingChange[] {
  const found: Difference[] = []
  compare('', comparableSettings(before), comparableSettings(after), found)
  const restart = restartSettings().map(pathText)
  const needsRestart = ({ path }: Difference): boolean =>
    restart.some((one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`))
  return found.map((one) => ({ ...one, needsRestart: needsRestart(one) }))
}

function compare(path: string, before: unknown, after: unknown, found: Difference[]): void {
  if (before instanceof Secret && after instanceof Secret) {
    if (!before.equals(after)) found.push({ path, kind: 'secret' })
    return
  }
  const [were, are] = [namedIn(before), namedIn(after)]
  if (were !== undefined && are !== undefined) {
    compareNamed(path, were, are, found)
    return
  }
  if (isMapping(before) && isMapping(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      compare(path === '' ? key : `${path}.${key}`, before[key], after[key], found)
    return
  }
  // No secret is inside of a plain list, where it would read as any other.
  if (JSON.stringify(before) === JSON.stringify(after)) return
  const [was, is] = apart(textOf(before), textOf(after))
  found.push({
    path,
    kind: 'changed',
    ...(before === undefined ? {} : { was }),
    ...(after === undefined ? {} : { is }),
  })
}

function compareNamed(path: string, before: Named, after: Named, found: Difference[]): void {
  for (const [name, one] of before) {
    const other = after.get(name)
    if (other === undefined) found.push({ path: `${path}[${name}]`, kind: 'removed', was: entryText(one) })
    else compare(`${path}[${name}]`, one, other, found)
  }
  for (const [name, one] of after) {
    if (!before.has(name)) found.push({ path: `${path}[${name}]`, kind: 'added', is: entryText(one) })
  }
  const stayed = [...before.keys()].filter((name) => after.has(name))
  const stay = [...after.keys()].filter((name) => before.has(name))
  if (stayed.some((name, at) => name !== stay[at])) {
    const [was, is] = apart(stayed.join(', '), stay.join(', '))
    found.push({ path, kind: 'order', was, is })
  }
}

/** The entries of a list by their names; undefined if it is no list, or if entries have no name or share one. */
function namedIn(value: unknown): Named | undefined {
  if (!Array.isArray(value)) return undefined
  const named = new Map<string, Readonly<Record<string, unknown>>>()
  for (const one of value as readonly unknown[]) {
    const name = isMapping(one) ? one['name'] : undefined
    if (!isMapping(one) || typeof name !== 'string' || named.has(name)) return undefined
    named.set(name, one)
  }
  return named
}

/** A secret reads as `[secret]`. Empty if there is no value. */
const textOf = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)

/** What an operator knows an entry by. */
function entryText(entry: Readonly<Record<string, unknown>>): string {
  const address = entry['address']
  return typeof address === 'string' ? short(address) : 'with its settings'
}

const short = (text: string): string => (text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}...`)

/** Two texts that differ. Long ones are cut: they begin with the item in which they first differ. */
function apart(was: string, is: string): [string, string] {
  if (was.length <= LONGEST_VALUE && is.length <= LONGEST_VALUE) return [was, is]
  let same = 0
  while (same < was.length && was[same] === is[same]) same += 1
  const item = Math.max(was.lastIndexOf(',', same - 1), was.lastIndexOf(' ', same - 1)) + 1
  const from = same === 0 ? 0 : Math.max(item, same - LONGEST_LEAD)
  const cut = (text: string): string => short(text.slice(from))
  return from === 0 ? [cut(was), cut(is)] : [`...${cut(was)}`, `...${cut(is)}`]
}
