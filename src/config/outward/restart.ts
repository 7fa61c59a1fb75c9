/**
 * What a reload cannot change: the settings that are marked `x-restart` where they are defined. They keep their old value until
 * the daemon is restarted.
 */
import type { Config } from '../schema/config.ts'
import { type SchemaNode, settingsSchema } from '../schema/json-schema.ts'
import { isMapping, pathText, type SettingPath, valueAt } from '../source/source.ts'

/** None of them is inside of a list. */
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

/** `read` as it can hold without a restart. */
export const withRestartSettingsOf = (running: Config, read: Config): Config =>
  restartSettings().reduce<unknown>((config, path) => withValueOf(running, config, path), read) as Config

/** `to` with the value that `from` has at a path; with all of an optional mapping that only one of them has. */
function withValueOf(from: unknown, to: unknown, [key = '', ...rest]: SettingPath): unknown {
  const [kept, changed] = [valueAt(from, [key]), valueAt(to, [key])]
  const isDeeper = rest.length > 0 && isMapping(kept) && isMapping(changed)
  return { ...(to as object), [key]: isDeeper ? withValueOf(kept, changed, rest) : kept }
}
