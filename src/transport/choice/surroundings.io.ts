/**
 * What the self-test of batched packet I/O depends on, and the file in which its result is kept.
 *
 * The file is beside Node's compiled code (bin/compile-cache.cjs): in a folder that only this user and root can write to. If
 * another user could write "passed" there, the daemon would load native code that may end it. Without such a folder nothing is kept.
 */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { release } from 'node:os'
import { dirname, join } from 'node:path'
import { keptResult, keptText, LONGEST_KEPT, type SelfTestResult } from './self-test-result.ts'

type Environment = Readonly<Record<string, string | undefined>>
const required = createRequire(import.meta.url)
const { cacheFolder } = required('../../../bin/compile-cache.cjs') as {
  cacheFolder(env: Environment, uid: number | undefined, name: string): string | undefined
}

/** The version of koffi that would be loaded; undefined if it is not installed. Nothing is loaded. */
export function koffiVersion(): string | undefined {
  try {
    const text = readFileSync(join(dirname(required.resolve('koffi')), 'package.json'), 'utf8')
    return (JSON.parse(text) as { version: string }).version
  } catch {
    return undefined
  }
}

/** In words: `koffi 3.3.4, Node.js v24.5.0, linux 6.1.0, x64, glibc 2.36, seccomp 0 0`. */
export function surroundingsText(koffi: string): string {
  return [
    `koffi ${koffi}`,
    `Node.js ${process.version}`,
    `${process.platform} ${release()}`,
    process.arch,
    libc(),
    `seccomp ${seccomp()}`,
  ].join(', ')
}

/** The result of a test in these surroundings; undefined if there is none that can be trusted. */
export class KeptResult {
  /** Undefined if there is none that only this user can write to. */
  readonly folder: string | undefined
  readonly #file: string | undefined

  constructor(env: Environment = process.env) {
    this.folder = cacheFolder(env, process.getuid?.(), 'packet-io')
    this.#file = this.folder === undefined ? undefined : join(this.folder, 'self-test.json')
  }

  get canKeep(): boolean {
    return this.#file !== undefined
  }

  read(surroundings: string): SelfTestResult | undefined {
    if (this.#file === undefined) return undefined
    try {
      if (statSync(this.#file).size > LONGEST_KEPT) return undefined
      return keptResult(readFileSync(this.#file, 'utf8'), surroundings)
    } catch {
      return undefined
    }
  }

  /** Whole or not at all. If it can't be written, the next start tests again. */
  write(surroundings: string, result: SelfTestResult): void {
    if (this.#file === undefined) return
    const fresh = `${this.#file}.${process.pid}`
    try {
      writeFileSync(fresh, keptText(surroundings, result), { mode: 0o600 })
      renameSync(fresh, this.#file)
    } catch {
      // A full or read-only disk: nothing is kept.
    }
  }
}

/** koffi has a binary for each. */
function libc(): string {
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork: boolean }
  // It would look up names of open connections.
  report.excludeNetwork = true
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime === undefined ? 'musl' : `glibc ${header.glibcVersionRuntime}`
}

/** The mode, and how many filters: a filter more may forbid what was allowed in the test. */
function seccomp(): string {
  const status = readIfThere('/proc/self/status')
  const numberOf = (name: string): string => new RegExp(`^${name}:\\s*(\\d+)$`, 'm').exec(status)?.[1] ?? '?'
  return `${numberOf('Seccomp')} ${numberOf('Seccomp_filters')}`
}

const readIfThere = (file: string): string => {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
