/**
 * What a reload changes, or would change: a line for each setting, and one line of limited length for the log.
 */
import type { ReloadChanges, SettingChange } from '../../observe/view/view.ts'

const MOST_IN_LOG = 20

/** `farm.max_attributes: 200 -> 100`. */
export function changeText({ path, kind, was, is, needsRestart }: SettingChange): string {
  return `${path}: ${whatOf(kind, was, is)}${needsRestart ? ' (after a restart)' : ''}`
}

/** One line for each change, then what ended with the reload; at least one line. */
export function changeLines({ changes, endedOverrides }: ReloadChanges): string[] {
  const lines = [...changes.map(changeText), ...endedOverrides.map((one) => `override ends: ${one}`)]
  return lines.length === 0 ? ['nothing changed'] : lines
}

export function changesInShort(changes: readonly SettingChange[]): string {
  if (changes.length === 0) return 'nothing changed'
  const first = changes.slice(0, MOST_IN_LOG).map(changeText)
  const more = changes.length - first.length
  return [...first, ...(more > 0 ? [`... and ${more} more`] : [])].join('; ')
}

function whatOf(kind: SettingChange['kind'], was = 'not set', is = 'not set'): string {
  switch (kind) {
    case 'changed':
      return `${was} -> ${is}`
    case 'order':
      return `another order: ${was} -> ${is}`
    case 'added':
      return `added (${is})`
    case 'removed':
      return `removed (${was})`
    case 'secret':
      return 'secret changed'
  }
}
