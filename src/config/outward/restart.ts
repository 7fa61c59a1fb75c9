/**
 * Which changes a reload cannot make: the settings that are marked `x-restart` where they are defined.
 */
import { type SchemaNode, settingsSchema } from '../schema/json-schema.ts'
import type { Config } from '../schema/schema.ts'
import { pathText, type SettingPath, valueAt } from '../source/source.ts'

/** The settings that need a restart, as paths. None stands inside of a list. */
export function restartSettings(): SettingPath[] {
  const found: SettingPath[] = []
  const walk = (node: SchemaNode, path: SettingPath): void => {
    if (node['x-restart'] === true) found.push(path)
    for (const [key, below] of Object.entries(node.properties ?? {})) walk(below, [...path, key])
  }
  walk(settingsSchema(), [])
  return found
}

/** Names of the settings that differ between two configurations and need a restart to hold: `listen.authentication`. */
export function changesThatNeedRestart(before: Config, after: Config): string[] {
  const differs = (path: SettingPath): boolean =>
    JSON.stringify(valueAt(before, path)) !== JSON.stringify(valueAt(after, path))
  return restartSettings().filter(differs).map(pathText)
}
