/**
 * Coded errors: what the surroundings do to us (a port taken, a file that can't be read), thrown by the shell only.
 *
 * The code is for programs, the message is one sentence for people: what happened, where, and what to do. The command
 * line prints that sentence and no stack; any other error is a bug and keeps its stack.
 */

export type ErrorCode =
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_NOT_PERMITTED'
  | 'ADDRESS_NOT_LOCAL'
  | 'NO_ROUTE'
  | 'SOCKET_FAILED'
  | 'BAD_ADDRESS'
  | 'BAD_CONFIGURATION'
  | 'NOT_RUNNING'
  | 'NO_ANSWER'
  | 'NOT_PERMITTED'
  | 'REFUSED'
  | 'FILE_UNREADABLE'
  | 'FILE_NOT_WRITABLE'
  | 'USAGE'

/** An error with a code and a sentence; `cause` is kept for the debug log. */
export function codedError(code: ErrorCode, sentence: string, cause?: unknown): Error {
  return Object.assign(new Error(sentence, cause === undefined ? undefined : { cause }), { radsluice: code })
}

/** The code of a coded error; undefined for any other value, which then is a bug. */
export function codeOf(error: unknown): ErrorCode | undefined {
  if (!(error instanceof Error) || !('radsluice' in error)) return undefined
  return error.radsluice as ErrorCode
}

/** What a system call reported (`EADDRINUSE`, ...), where the error came from one. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
