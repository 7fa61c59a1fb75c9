/**
 * What loading a configuration returns: a complete `Config`, or every problem there is. Warnings in both cases.
 *
 * `loadConfig(text, file, context)` in load.ts is the pure half. `readConfig(file)` in read.io.ts reads the file, its secrets
 * and the machine's addresses, and returns the same.
 */
import type { AttributeKey } from '../../radius/packet.ts'
import type { Config } from '../schema/config.ts'
import type { SecretKey } from '../schema/peer-settings.ts'
import type { ServerSettings, Settings } from '../schema/schema.ts'
import type { Problem } from '../source/problem.ts'
import type { SettingPath } from '../source/source.ts'

interface Read {
  readonly warnings: readonly Problem[]
  /** Undefined if too little could be read. */
  readonly found?: Found | undefined
}

export type ConfigResult =
  | (Read & { readonly ok: true; readonly config: Config })
  | (Read & { readonly ok: false; readonly problems: readonly Problem[] })

/** What the daemon opens when it starts, as far as the file names it, even if other settings are wrong. */
export interface Found extends Pick<Settings, 'listen' | 'admin' | 'packet_io' | 'log' | 'tps'> {
  readonly sessionsLog: Settings['accounting']['sessions_log']
  readonly servers: readonly (ServerSettings | undefined)[]
  /** A problem with a setting, at its position. */
  problem(path: SettingPath, message: string): Problem
}

/** Where the checks put what they find. Errors cannot work or do harm; warnings work and are probably not meant. */
export interface Findings {
  error(path: SettingPath, message: string): void
  warn(path: SettingPath, message: string): void
}

/** A secret that was found, with warnings; or a sentence that says why there is none and what to do. */
export type SecretReading =
  | { readonly bytes: Uint8Array; readonly warnings: readonly string[] }
  | { readonly problem: string }

/** What a configuration is checked against besides its own text. */
export interface LoadContext {
  /** The number of an attribute by its dictionary name. */
  attributeKey(name: string): AttributeKey | undefined
  /** Attribute names similar to a wrong one, best first. */
  similarAttributeNames(name: string): readonly string[]
  /** This machine's own addresses, as text; empty if they are not known. */
  readonly localAddresses: readonly string[]
  /** Processor cores that the daemon may use. */
  readonly cores: number
  /** The secret that the file gives by `key`: as the name of a file, of a variable, or itself. */
  readSecret(key: SecretKey, written: string): SecretReading
}
