/**
 * An error as data. If an `Error` itself is sent from a thread to another, its codes are lost.
 */
import { codedError, codeOf, type ErrorCode, systemCodeOf } from '../../coded-error.ts'

export interface PlainError {
  readonly message: string
  readonly stack: string | undefined
  /** Of a coded error. */
  readonly code: ErrorCode | undefined
  /** Of the system call behind it. */
  readonly systemCode: string | undefined
}

export const plainError = (error: unknown): PlainError => ({
  message: error instanceof Error ? error.message : String(error),
  stack: error instanceof Error ? error.stack : undefined,
  code: codeOf(error),
  systemCode: error instanceof Error ? systemCodeOf(error.cause) : undefined,
})

export function errorFrom({ message, stack, code, systemCode }: PlainError): Error {
  const cause = systemCode === undefined ? undefined : Object.assign(new Error(systemCode), { code: systemCode })
  if (code !== undefined) return codedError(code, message, cause)
  const error = new Error(message, { cause })
  if (stack !== undefined) error.stack = stack
  return error
}
