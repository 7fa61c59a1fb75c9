/**
 * What the checks of several values together have to say: errors are what could not work or would do harm, warnings are
 * what works and is likely not meant.
 */
import type { SettingPath } from '../source/source.ts'

/** Where the checks put what they find. */
export interface Findings {
  error(path: SettingPath, message: string): void
  warn(path: SettingPath, message: string): void
}
