/**
 * The places where watching can fail, and the words for such an error. Metrics, status and the log name the same places.
 */
import { errnoOf, withAdvice } from '../../system-errors.ts'

export const WATCH_PLACES = [
  'memory',
  'kernel-drops',
  'look',
  'poll',
  'alarms',
  'webhook',
  'tps-file',
  'sessions-log',
  'log',
  'log-file',
  'housekeeping',
  'admin-request',
  'admin-connection',
  'watch',
  'trace',
] as const
export type WatchPlace = (typeof WATCH_PLACES)[number]

export type WatchErrors = Readonly<Record<WatchPlace, number>>

export const noErrors = (): Record<WatchPlace, number> =>
  Object.fromEntries(WATCH_PLACES.map((place) => [place, 0])) as Record<WatchPlace, number>

/** Of all threads together. */
export function sumOfErrors(all: readonly Readonly<Record<string, number>>[]): WatchErrors {
  const sum = noErrors()
  for (const errors of all) for (const place of WATCH_PLACES) sum[place] += errors[place] ?? 0
  return sum
}

/** The system's code, else the name of the error. No free text, so kinds are few. */
export const kindOfError = (error: unknown): string =>
  errnoOf(error) ?? (error instanceof Error ? error.name : typeof error)

/** An error of the system: what it says, and what to do. A bug: its stack. */
export function watchErrorText(error: unknown): string {
  if (!(error instanceof Error)) return `${String(error)}; this is a bug, please report it`
  const errno = errnoOf(error)
  if (errno === undefined) return `${error.stack ?? error.message}; this is a bug, please report it`
  return withAdvice(error.message, errno)
}
