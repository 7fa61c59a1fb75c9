/**
 * The log in files of a day each, `radsluice-YYYY-MM-DD.log`, for machines where nobody collects standard output.
 */
import { RotatingFile, type RotatingFileOptions } from './rotating-file.io.ts'

interface LogFileOptions {
  readonly directory: string
  readonly keepDays: number
  readonly failed?: (error: unknown) => void
}

export const logFileOptions = (o: LogFileOptions): RotatingFileOptions => ({
  ...o,
  nameOf: (day) => `radsluice-${isoDate(day)}.log`,
  isOneOfThem: /^radsluice-\d{4}-\d{2}-\d{2}\.log$/,
})

/** @throws a coded error where nothing can be written there. */
export const openLogFile = (o: LogFileOptions): RotatingFile => new RotatingFile(logFileOptions(o), 'log.directory')

/** By the machine's own calendar, unlike `toISOString`. */
const isoDate = (day: Date): string =>
  [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, '0')).join('-')
