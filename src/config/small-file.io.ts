/**
 * Reads a small file whole, or says in a sentence why it can't be read: configurations, secrets, tokens.
 */
import { readFileSync, statSync } from 'node:fs'

/** More than any configuration has; a device or a capture given by mistake is not read to its end. */
export const LONGEST_CONFIG = 16 * 1024 * 1024

/** The octets of a file of at most `longest`, or a sentence that says why not. */
export function readSmallFile(
  path: string,
  longest: number,
): { bytes: Uint8Array; mode: number } | { problem: string } {
  try {
    const found = statSync(path)
    // A pipe (`-c <(...)`) is fine; a device could have no end.
    if (!found.isFile() && !found.isFIFO()) return { problem: `${path} is no file; write the path of one` }
    if (found.size > longest)
      return { problem: `${path} has ${found.size} octets; that is another file, so correct the path` }
    return { bytes: readFileSync(path), mode: found.mode }
  } catch (error) {
    return { problem: `${path} ${whyUnreadable((error as NodeJS.ErrnoException).code)}` }
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
