/**
 * What loading a configuration answers: a complete `Config`, or every problem there is; warnings in both cases.
 *
 * `loadConfig(text, file, context)` in load.ts is the pure half; `readConfig(file)` in read.io.ts reads the file,
 * its secrets and the machine's addresses, and answers the same.
 */
import type { AttributeKey } from '../../proxy/border/options.ts'
import type { Config, ServerSettings, Settings } from '../schema/schema.ts'
import type { Problem } from '../source/problem.ts'
import type { SettingPath } from '../source/source.ts'

interface Read {
  readonly warnings: readonly Problem[]
  /** Undefined where too little could be read. */
  readonly found?: Found | undefined
}

export type ConfigResult =
  | (Read & { readonly ok: true; readonly config: Config })
  | (Read & { readonly ok: false; readonly problems: readonly Problem[] })

/** What a file names that is opened when the daemon starts, also where something else in it is wrong. */
export interface Found extends Pick<Settings, 'listen' | 'admin' | 'log' | 'tps'> {
  readonly sessionsLog: Settings['accounting']['sessions_log']
  readonly servers: readonly (ServerSettings | undefined)[]
  /** A problem with a setting, at its place. */
  problem(path: SettingPath, message: string): Problem
}

/** Where the file says that a secret is. */
export type SecretSource =
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'inline'; readonly text: string }

/** A secret that was found, with remarks on it; or a sentence that says why there is none and what to do. */
export type SecretReading =
  | { readonly bytes: Uint8Array; readonly warnings: readonly string[] }
  | { readonly problem: string }

/** What a configuration can only be checked against outside of its own text. */
export interface LoadContext {
  /** The number of an attribute by its dictionary name. */
  attributeKey(name: string): AttributeKey | undefined
  /** Attribute names that look like a wrong one, best first. */
  similarAttributeNames(name: string): readonly string[]
  /** This machine's own addresses, as text; empty where they are not known. */
  readonly localAddresses: readonly string[]
  /** Processor cores that the daemon may use. */
  readonly cores: number
  readSecret(source: SecretSource): SecretReading
}
