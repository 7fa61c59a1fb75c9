/**
 * Reads the text of a configuration that may have ten thousand clients. The parser reads everything except the plain items of the
 * long list, which are then put back in their places. The parser alone reads a short file, or one with a fault.
 */
import { markOf, type PlainItem, type Reduced, withoutPlainItems } from './plain-items.ts'
import type { Position } from './problem.ts'
import { type SettingPath, Source } from './source.ts'

/** A text that was read: its value or its faults, and the position of each setting. */
export type SourceText = Pick<Source, 'faults' | 'value' | 'locate'>

/** The list that grows with the network. */
const LIST = 'clients'

export function readSource(text: string): SourceText {
  const reduced = withoutPlainItems(text, LIST)
  return (reduced === undefined ? undefined : putBack(reduced)) ?? new Source(text)
}

/** Undefined if the rest has a fault, or the marks are not items of the list: then nothing was plain. */
function putBack({ text, runs }: Reduced): SourceText | undefined {
  const source = new Source(text)
  const root = source.value
  if (source.faults.length > 0 || typeof root !== 'object' || root === null) return undefined
  const list = (root as Record<string, unknown>)[LIST]
  if (!Array.isArray(list)) return undefined
  const runOfMark = new Map(runs.map((run, i) => [markOf(i), run]))
  const entries: (PlainItem | number)[] = []
  const values: unknown[] = []
  for (const [index, value] of list.entries()) {
    const run = typeof value === 'string' ? runOfMark.get(value) : undefined
    if (run === undefined) {
      entries.push(index)
      values.push(value)
      continue
    }
    // It must be the mark that was put there, not a text that looks like it.
    if (source.locate([LIST, index]).line !== run[0]?.line) return undefined
    runOfMark.delete(value as string)
    for (const item of run) {
      entries.push(item)
      values.push(item.value)
    }
  }
  if (runOfMark.size > 0) return undefined
  const locate = (path: SettingPath, at: 'value' | 'key' = 'value'): Position => {
    const entry = path[0] === LIST && path.length > 1 ? entries[Number(path[1])] : undefined
    if (entry === undefined) return source.locate(path, at)
    if (typeof entry === 'number') return source.locate([LIST, entry, ...path.slice(2)], at)
    // The parser reads this one item, in its column.
    const found = new Source(' '.repeat(entry.column - 1) + entry.text).locate(path.slice(2), at)
    return { line: entry.line + found.line - 1, column: found.column }
  }
  return { faults: [], value: { ...root, [LIST]: values }, locate }
}
