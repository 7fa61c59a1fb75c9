/**
 * The files of one day each that the daemon writes: their names, and the line of the TPS file.
 *
 * Days are those of the machine's time zone, since people look for "the file of Tuesday". The TPS file has a line each 15 s,
 * `MM-DD-YYYY,HH:MM:SS,263,0`: date and time of the interval's end, messages taken in and messages shed a second.
 */

export interface DayFiles {
  /** The setting that names their directory. */
  readonly setting: string
  readonly nameOf: (day: Date) => string
  /** Matches the name of any day. */
  readonly isOneOfThem: RegExp
}

export const LOG_FILES: DayFiles = {
  setting: 'log.directory',
  nameOf: (day) => `radsluice-${isoDate(day)}.log`,
  isOneOfThem: /^radsluice-\d{4}-\d{2}-\d{2}\.log$/,
}

export const SESSIONS_FILES: DayFiles = {
  setting: 'accounting.sessions_log.directory',
  nameOf: (day) => `sessions-${isoDate(day)}.jsonl`,
  isOneOfThem: /^sessions-\d{4}-\d{2}-\d{2}\.jsonl$/,
}

export const TPS_FILES: DayFiles = {
  setting: 'tps.directory',
  nameOf: (day) => `tps-${monthFirst(day)}.csv`,
  isOneOfThem: /^tps-\d{2}-\d{2}-\d{4}\.csv$/,
}

/** A quarter of a minute. */
export const QUARTER_MS = 15_000

/** Shed is rounded up: 0 means that nothing was shed. */
export function tpsLine(at: Date, traffic: { readonly received: number; readonly shed: number }): string {
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')
  return `${monthFirst(at)},${time},${Math.round(traffic.received)},${Math.ceil(traffic.shed)}\n`
}

/** Milliseconds until the next quarter of a minute; a second at least, since a timer may fire early. */
export function untilNextLine(unixMs: number): number {
  const left = QUARTER_MS - (unixMs % QUARTER_MS)
  return left < 1_000 ? left + QUARTER_MS : left
}

const monthFirst = (day: Date): string => `${two(day.getMonth() + 1)}-${two(day.getDate())}-${yearOf(day)}`

/** `toISOString` would give the day in UTC. */
const isoDate = (day: Date): string => `${yearOf(day)}-${two(day.getMonth() + 1)}-${two(day.getDate())}`

const yearOf = (day: Date): string => String(day.getFullYear()).padStart(4, '0')

const two = (number: number): string => String(number).padStart(2, '0')
