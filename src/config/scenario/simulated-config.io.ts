/**
 * Configurations for a simulation: everything is read and checked as for the daemon, but no secret and no address of this
 * machine. A file can so be tried out on a laptop that has none of the secrets; in the simulation they are made up.
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

/** The configuration in `file`, with made-up secrets. */
export function rehearseConfigFile(file: string): ConfigResult {
  const read = readSmallFile(file, LONGEST_CONFIG, 'file or pipe')
  if ('problem' in read) return { ok: false, problems: [problemOf(file, read.problem)], warnings: [] }
  return loadFile(read.bytes, file, SURROUNDINGS)
}

/** The same for a text. */
export const rehearseConfig = (text: string, file: string): ConfigResult => loadConfig(text, file, SURROUNDINGS)

const nameOf = (source: SecretSource): string => (source.kind === 'inline' ? 'a simulation' : source.name)
