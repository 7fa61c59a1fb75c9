/**
 * Reads a small file as a whole (configurations, secrets, tokens), or returns a sentence that says why it can't be read.
 *
 * The daemon reads files only. A pipe gives its text once and to one reader, and opening it waits for a writer. The command line
 * may read one (`-c <(...)`). No more octets are read than allowed.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'

/** Forty thousand clients, one line each. A log or a capture that is given by mistake is not read to its end. */
export const LONGEST_CONFIG = 4 * 1024 * 1024

export type SmallFile = { readonly bytes: Uint8Array; readonly mode: number } | { readonly problem: string }

/** At most `longest` octets. `from` says what `path` may be. */
export function readSmallFile(path: string, longest: number, from: 'file' | 'file or pipe' = 'file'): SmallFile {
  try {
    // Checked before it is opened: opening some devices has effects.
    const wrong = wrongKind(statSync(path), from)
    if (wrong !== undefined) return { problem: `${path} ${wrong}` }
    // It may be another file by now. Opening a pipe waits for its writer, except with O_NONBLOCK.
    const descriptor = openSync(path, constants.O_RDONLY | (from === 'file' ? constants.O_NONBLOCK : 0))
    try {
      const found = fstatSync(descriptor)
      const problem = wrongKind(found, from) ?? (found.size > longest ? tooLong(String(found.size)) : undefined)
      if (problem !== undefined) return { problem: `${path} ${problem}` }
      const bytes = readUpTo(descriptor, longest)
      return bytes === undefined
        ? { problem: `${path} ${tooLong(`more than ${longest}`)}` }
        : { bytes, mode: found.mode }
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    return { problem: `${path} ${whyUnreadable((error as NodeJS.ErrnoException).code)}` }
  }
}

/** Whether it is a pipe, which can be read only once. */
export function isPipe(path: string): boolean {
  try {
    return statSync(path).isFIFO()
  } catch {
    return false
  }
}

function wrongKind(found: Stats, from: 'file' | 'file or pipe'): string | undefined {
  if (found.isFile() || (found.isFIFO() && from === 'file or pipe')) return undefined
  if (found.isFIFO()) return 'is a pipe, which can be read only once; write the path of a file'
  return 'is no file; write the path of one'
}

const tooLong = (octets: string): string => `has ${octets} octets; that is another file, so correct the path`

/** Most files are smaller, and there may be ten thousand of them. */
const FIRST_SIZE = 1_024

/** Everything; undefined if that is more than `longest`. The file's size is not used: a pipe and /proc have none. */
function readUpTo(descriptor: number, longest: number): Uint8Array | undefined {
  let buffer = Buffer.allocUnsafe(Math.min(FIRST_SIZE, longest + 1))
  let length = 0
  for (;;) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null)
    if (count === 0) return new Uint8Array(buffer.subarray(0, length))
    length += count
    if (length > longest) return undefined
    if (length < buffer.length) continue
    const larger = Buffer.allocUnsafe(Math.min(2 * length, longest + 1))
    buffer.copy(larger, 0, 0, length)
    buffer = larger
  }
}

function whyUnreadable(code: string | undefined): string {
  switch (code) {
    case 'ENOENT':
      return 'does not exist; create it, or correct the path'
    case 'EACCES':
      return 'may not be read by this user; correct its owner or mode'
    case 'EMFILE':
      return 'cannot be read, since this process has no descriptor left (EMFILE); raise its limit ("ulimit -n")'
    default:
      return `cannot be read (${code ?? 'unknown error'}); correct the path`
  }
}
