/**
 * What a reload changed, or would change, as lines of text: one for each setting, then what ended with it.
 */
import { changeText, type SettingChange } from '../../config/outward/change-text.ts'

export interface FoundChanges {
  readonly changes: readonly SettingChange[]
  readonly endedOverrides: readonly string[]
}

/** At least one line. */
export function foundChanges({ changes, endedOverrides }: FoundChanges): string[] {
  const lines = changes.map(changeText)
  const ended = endedOverrides.map((one) => `override ends: ${one}`)
  return lines.length + ended.length === 0 ? ['nothing changed'] : [...lines, ...ended]
}
