/**
 * The TPS file as the field knows it: `tps-MM-DD-YYYY.csv`, each 15 s a line `MM-DD-YYYY,HH:MM:SS,263,0`: date and time of
 * the interval's end, messages taken in a second, messages shed a second, in whole numbers.
 */

export const TPS_SECONDS = 15

/** A moment by the calendar and clock on the wall. */
export interface WallTime {
  readonly year: number
  /** 1-12 */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

export const tpsFileName = (day: WallTime): string => `tps-${dateOf(day)}.csv`

/** Shed is rounded up: a line with 0 says that nothing was. */
export function tpsLine(at: WallTime, traffic: { readonly received: number; readonly shed: number }): string {
  const time = [at.hour, at.minute, at.second].map(two).join(':')
  return `${dateOf(at)},${time},${Math.round(traffic.received)},${Math.ceil(traffic.shed)}\n`
}

/** Until the next quarter of a minute, milliseconds. One that is less than a second away is left to the line before. */
export function untilNextLine(unixMs: number): number {
  const quarter = TPS_SECONDS * 1_000
  const left = quarter - (unixMs % quarter)
  return left < 1_000 ? left + quarter : left
}

const dateOf = ({ year, month, day }: WallTime): string => `${two(month)}-${two(day)}-${String(year).padStart(4, '0')}`

const two = (number: number): string => String(number).padStart(2, '0')
