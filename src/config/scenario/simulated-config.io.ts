/**
 * Configurations for a simulation. Everything is read and checked as for the daemon, except secrets and the addresses of this
 * machine. So a file can be tried on a laptop without its secrets: they are simulated.
 */
import { attributeKey, similarAttributeNames } from '../../radius/names/names.io.ts'
import type { ConfigResult, LoadContext, SecretSource } from '../checks/result.ts'
import { loadConfig } from '../load/load.ts'
import { loadFile } from '../load/read.io.ts'
import { problemOf } from '../source/problem.ts'
import { LONGEST_CONFIG, readSmallFile } from '../source/small-file.io.ts'

const SURROUNDINGS: LoadContext = {
  attributeKey,
  similarAttributeNames,
  localAddresses: [],
  cores: 1,
  readSecret: (source) => ({ bytes: new TextEncoder().encode(`made up for ${nameOf(source)}`), warnings: [] }),
}

/** The configuration in `file`, with simulated secrets. */
export function rehearseConfigFile(file: string): ConfigResult {
  const read = readSmallFile(file, LONGEST_CONFIG, 'file or pipe')
  if ('problem' in read) return { ok: false, problems: [problemOf(file, read.problem)], warnings: [] }
  return loadFile(read.bytes, file, SURROUNDINGS)
}

/** The same for a text. */
export const rehearseConfig = (text: string, file: string): ConfigResult => loadConfig(text, file, SURROUNDINGS)

const nameOf = (source: SecretSource): string => (source.kind === 'inline' ? 'a simulation' : source.name)
