/**
 * What the end of a self-test means, and how its result is kept.
 *
 * The test is a process of its own (`self-test-child.io.ts`). It prints one line of JSON. A process that was ended by a signal,
 * or that prints anything else, has failed, whatever it did before. A failure that another minute may cure (no descriptor left,
 * no time) is transient: it counts now, and is not kept.
 *
 * The kept text names what it was tested with. If one of these is another one now, there is no result.
 */
import { adviceFor } from '../../system-errors.ts'

export type SelfTestResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: string; readonly isTransient: boolean }

/** How a child process ended. */
export interface ChildEnd {
  /** As in `SIGABRT`; null if it ended by itself. */
  readonly signal: string | null
  readonly exitCode: number | null
  /** Its standard output, bounded. */
  readonly output: string
  /** Its standard error, bounded. */
  readonly complaints: string
  /** It took longer than this and was killed; seconds. */
  readonly killedAfter: number | undefined
  /** The system did not start it. */
  readonly startError: string | undefined
}

/** The line that the test prints. `step` is what it was at. */
export type SelfTestLine =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly step: string
      readonly error: string
      readonly systemCode?: string | undefined
    }

/** What is short now may not be short in a minute. */
const TRANSIENT = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EAGAIN', 'EADDRINUSE', 'ETIMEDOUT']
/** The system refuses a call: most often a seccomp profile, of a container or of a unit. */
const REFUSED = ['EPERM', 'ENOSYS']
const REFUSED_ADVICE =
  'a seccomp profile may forbid the call (SystemCallFilter= of the unit, the profile of the container); operating.md lists the calls'
const FROM_OUTSIDE = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']
const LONGEST_WHY = 300

export function resultOf(end: ChildEnd): SelfTestResult {
  const { signal, exitCode, output, complaints, killedAfter, startError } = end
  const failed = (why: string, isTransient: boolean): SelfTestResult => ({ ok: false, why, isTransient })
  if (startError !== undefined) {
    return failed(`its process could not be started (${advised(startError)})`, TRANSIENT.includes(startError))
  }
  if (killedAfter !== undefined) return failed(`it had not ended after ${killedAfter} s`, true)
  if (signal === 'SIGSYS') return failed(`it was ended by SIGSYS; ${REFUSED_ADVICE}`, false)
  // Somebody ended it, or the machine had no memory left: that says nothing about the binary.
  if (signal !== null && FROM_OUTSIDE.includes(signal)) return failed(`it was ended from outside, by ${signal}`, true)
  const complained = complaintIn(complaints)
  if (signal !== null) return failed(`it was ended by ${signal}, so koffi may not fit this machine${complained}`, false)
  const line = lineIn(output)
  if (line === undefined) return failed(`it ended with exit code ${exitCode} and printed no result${complained}`, false)
  if (line.ok) return exitCode === 0 ? line : failed(`it passed, and ended with exit code ${exitCode}`, false)
  const { step, error, systemCode } = line
  const advice = systemCode !== undefined && REFUSED.includes(systemCode) ? `; ${REFUSED_ADVICE}` : ''
  const isTransient = systemCode !== undefined && TRANSIENT.includes(systemCode)
  return failed(`${step}: ${error}`.slice(0, LONGEST_WHY) + advice, isTransient)
}

/** Octets, when it is read again. */
export const LONGEST_KEPT = 4_096

/** `surroundings` is what the test was made with, in words. */
export const keptText = (surroundings: string, result: SelfTestResult): string =>
  `${JSON.stringify({ surroundings, result }, undefined, 2)}\n`

/** Undefined if the text is damaged, or the surroundings were others. */
export function keptResult(text: string, surroundings: string): SelfTestResult | undefined {
  const kept = parsed(text)
  if (kept?.['surroundings'] !== surroundings) return undefined
  const result = kept['result'] as Readonly<Record<string, unknown>> | null | undefined
  if (result?.['ok'] === true) return { ok: true }
  if (result?.['ok'] !== false || typeof result['why'] !== 'string') return undefined
  return { ok: false, why: result['why'].slice(0, 2 * LONGEST_WHY), isTransient: false }
}

/** Whether the next start shall know of it. */
export const isKept = (result: SelfTestResult): boolean => result.ok || !result.isTransient

function advised(errno: string): string {
  const advice = adviceFor(errno)
  return advice === undefined ? errno : `${errno}: ${advice}`
}

/** `: Error: no such file`: the line that says most, as far as that can be known. */
function complaintIn(complaints: string): string {
  const lines = complaints.split('\n').filter((line) => line.trim() !== '')
  const line = lines.find((one) => one.includes('rror')) ?? lines.at(-1)
  return line === undefined ? '' : `: ${line.trim().slice(0, LONGEST_WHY)}`
}

/** The last line; other code in the process may have printed something before. */
function lineIn(output: string): SelfTestLine | undefined {
  const line = parsed(output.trimEnd().split('\n').at(-1) ?? '')
  if (line?.['ok'] === true) return { ok: true }
  if (line?.['ok'] !== false) return undefined
  const { step, error, systemCode } = line
  if (typeof step !== 'string' || typeof error !== 'string') return undefined
  return { ok: false, step, error, systemCode: typeof systemCode === 'string' ? systemCode : undefined }
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}
