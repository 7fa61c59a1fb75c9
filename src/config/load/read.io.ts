/**
 * Reads a configuration file and what it needs: secrets in files and in the environment, the machine's addresses. For a
 * simulation the secrets are simulated.
 *
 * Reading is synchronous: a reload is all or nothing, and the files are small. A file that is wrong throws nothing. It becomes a
 * problem with a position, like any other.
 */
import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import { attributeKey, similarAttributeNames } from '../../radius/names/names.io.ts'
import { addressesOfThisMachine } from '../../transport/local-addresses.io.ts'
import type { ConfigResult, LoadContext, SecretReading } from '../checks/result.ts'
import type { SecretKey } from '../schema/peer-settings.ts'
import { BOM_SENTENCE, hasBom, textOf, wideEncodingOf, wideSentence } from '../source/encoding.ts'
import { type Position, problemOf } from '../source/problem.ts'
import { LONGEST_CONFIG, readSmallFile } from '../source/small-file.io.ts'
import { loadConfig } from './load.ts'

/** A packet has 4096 octets. A longer secret is another file, given by mistake. */
const LONGEST_SECRET = 4096
const READABLE_BY_ALL = 0o004
const BOM_LENGTH = 3

/** What to read besides the file; tests give their own environment. */
export interface ReadOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  /** What the configuration may be in. Secrets are always in files, because a reload reads them again. */
  readonly from?: 'file' | 'file or pipe'
}

/** Relative paths in the file start at its directory. */
export const readConfig = (file: string, { env = process.env, from = 'file' }: ReadOptions = {}): ConfigResult =>
  readWith(file, from, () => ({
    attributeKey,
    similarAttributeNames,
    localAddresses: addressesOfThisMachine(),
    cores: availableParallelism(),
    readSecret: (key, written) => readSecret(key, written, dirname(file), env),
  }))

/** For a simulation: no secret and no address of this machine is read. So a file can be tried on a laptop without its secrets. */
const SIMULATED: LoadContext = {
  attributeKey,
  similarAttributeNames,
  localAddresses: [],
  cores: 1,
  readSecret: (key, written) => {
    const name = key === 'secret' ? 'inline' : written
    return { bytes: new TextEncoder().encode(`a simulated secret, ${name}`), warnings: [] }
  },
}

export const readSimulatedConfig = (file: string): ConfigResult => readWith(file, 'file or pipe', () => SIMULATED)

export const loadSimulatedConfig = (text: string, file: string): ConfigResult => loadConfig(text, file, SIMULATED)

function readWith(file: string, from: 'file' | 'file or pipe', contextOf: () => LoadContext): ConfigResult {
  const refused = (sentence: string, position?: Position): ConfigResult => {
    return { ok: false, problems: [problemOf(file, sentence, position)], warnings: [] }
  }
  const read = readSmallFile(file, LONGEST_CONFIG, from)
  if ('problem' in read) return refused(read.problem)
  let context: LoadContext
  try {
    context = contextOf()
  } catch (error) {
    // Listing the addresses needs a descriptor, and a daemon that reads its file again may have none left.
    return refused((error as Error).message)
  }
  const reading = textOf(read.bytes)
  if ('problem' in reading) return refused(reading.problem, { line: reading.line, column: 1 })
  const result = loadConfig(reading.text, file, context)
  const ofText = reading.warnings.map((message) => problemOf(file, message, { line: 1, column: 1 }))
  return { ...result, warnings: [...ofText, ...result.warnings] }
}

function readSecret(
  key: SecretKey,
  written: string,
  directory: string,
  env: NonNullable<ReadOptions['env']>,
): SecretReading {
  switch (key) {
    case 'secret':
      return { bytes: new TextEncoder().encode(written), warnings: [] }
    case 'secret_env': {
      const text = env[written]
      if (text !== undefined) return { bytes: new TextEncoder().encode(text), warnings: [] }
      return { problem: `the environment has no variable ${written}; set it, or write secret_file` }
    }
    case 'secret_file': {
      const path = resolve(directory, written)
      const read = readSmallFile(path, LONGEST_SECRET)
      if ('problem' in read) return read
      const wide = wideEncodingOf(read.bytes)
      if (wide !== undefined) return { problem: `${path}: ${wideSentence(wide)}` }
      const isOpen = (read.mode & READABLE_BY_ALL) !== 0
      const warnings = isOpen ? [`every user of this machine can read ${path}; run chmod o-r on it`] : []
      if (!hasBom(read.bytes)) return { bytes: withoutLastNewline(read.bytes), warnings }
      const bytes = withoutLastNewline(read.bytes.subarray(BOM_LENGTH))
      return { bytes, warnings: [...warnings, `${path}: ${BOM_SENTENCE}`] }
    }
  }
}

/** Editors and `echo` end a file with a newline that is not meant. */
function withoutLastNewline(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 0x0a) return bytes
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1)
}
