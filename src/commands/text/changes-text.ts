/**
 * What a reload changed, or would change, as lines of text: one for each setting, then what ended with it.
 */
import { changeText } from '../../config/outward/change-text.ts'
import type { ReloadChanges } from '../../observe/view/view.ts'

/** At least one line. */
export function foundChanges({ changes, endedOverrides }: ReloadChanges): string[] {
  const lines = changes.map(changeText)
  const ended = endedOverrides.map((one) => `override ends: ${one}`)
  return lines.length + ended.length === 0 ? ['nothing changed'] : [...lines, ...ended]
}
