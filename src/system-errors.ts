/**
 * What the system refuses, for people: the code of an error of the system, and what to do about it.
 *
 * An error that reaches the command line with such a code is no bug of ours, wherever it came from (a full disk, no
 * descriptor, a folder that may not be written). Where a file knows more about it, it makes a coded error with a better
 * sentence; this is for all the others.
 */
import { systemCodeOf } from './coded-error.ts'

/** Errors of Node around one of the system, whose code stands in the message only. */
const AROUND = ['ERR_SYSTEM_ERROR', 'ERR_WORKER_INIT_FAILED']

/** `EMFILE`, `ENOSPC`, ...; undefined where the error did not come from the system. */
export function errnoOf(error: unknown): string | undefined {
  // Node's own loader of modules says this in words only, whatever the code.
  if (error instanceof Error && error.message.includes('too many open files')) return 'EMFILE'
  const code = systemCodeOf(error)
  if (code === undefined) return undefined
  if (AROUND.includes(code)) return /\bE[A-Z0-9]{3,}\b/.exec((error as Error).message.replaceAll(code, ''))?.[0]
  return /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

/** What to do; undefined where nothing but the code can be said. */
export const adviceFor = (errno: string): string | undefined => ADVICE[errno]

/** A sentence about an error of the system, and then what to do where more than the code can be said. */
export function withAdvice(sentence: string, errno: string): string {
  const advice = adviceFor(errno)
  return advice === undefined ? sentence : `${sentence}; ${advice}`
}

/** One sentence for an error of the system; undefined for any other error, which then is a bug. */
export function systemSentence(error: unknown): string | undefined {
  const errno = errnoOf(error)
  if (errno === undefined) return undefined
  return withAdvice(`the system refused it: ${(error as Error).message}`, errno)
}

const NOT_PERMITTED = 'this user may not do that: correct owner and mode'
const ADVICE: Readonly<Record<string, string>> = {
  EMFILE:
    'no descriptor is left: raise the limit (LimitNOFILE= of the unit, "ulimit -n"), and look who holds connections open',
  ENFILE: 'the whole machine has no descriptor left: raise sysctl fs.file-max',
  ENOSPC: 'the disk is full: make room',
  EDQUOT: 'the quota of this user is used up: make room',
  EROFS: 'the file system is read-only: mount it writable, or name another directory',
  EACCES: NOT_PERMITTED,
  EPERM: NOT_PERMITTED,
  ENOENT: 'it is not there: create it, or correct the path',
  ENOTDIR: 'a part of the path is no folder: correct it',
  ELOOP: 'a symbolic link in the path leads to itself: correct it',
  ENAMETOOLONG: 'the path is too long: choose a shorter one',
  ENOMEM: 'the machine has no memory left',
}
