/**
 * One setting that a reload changes, and how it is said: for the command line, and on one bounded line for the log.
 */

export interface SettingChange {
  /** `farm.servers[fr-1].accounting.max_rate`. */
  readonly path: string
  /** `order`: the same names stand in another order. */
  readonly kind: 'changed' | 'added' | 'removed' | 'order' | 'secret'
  /** As in the file; absent where there was none, and of secrets. */
  readonly was?: string
  readonly is?: string
  /** It holds only after a restart. */
  readonly needsRestart: boolean
}

const MOST_IN_LOG = 20

/** `farm.max_attributes: 200 -> 100`. */
export function changeText({ path, kind, was, is, needsRestart }: SettingChange): string {
  return `${path}: ${whatOf(kind, was, is)}${needsRestart ? ' (after a restart)' : ''}`
}

/** All of it on one line of bounded length. */
export function changesInShort(changes: readonly SettingChange[]): string {
  if (changes.length === 0) return 'nothing changed'
  const shown = changes.slice(0, MOST_IN_LOG).map(changeText)
  const more = changes.length - shown.length
  return [...shown, ...(more > 0 ? [`... and ${more} more`] : [])].join('; ')
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
