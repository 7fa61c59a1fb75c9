/**
 * Text tables for people: columns as wide as their longest cell, numbers to the right, two blanks between columns.
 */

import { lengthOfTime, MICROS_PER_SECOND } from '../../units.ts'

export type Cell = string | number

/** The lines of a table, its heading first. A column of numbers is set to the right. */
export function table(heading: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const toTheRight = heading.map((_, column) => rows.length > 0 && rows.every((row) => isNumeric(row[column])))
  const all = [heading, ...rows.map((row) => row.map(cellText))]
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all.map((row) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? ''
        return toTheRight[column] ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}

/** A column: its heading, and its cell in the row of one thing. */
export type Column<Of> = readonly [heading: string, cellOf: (of: Of) => Cell]

/** A table with a row for each thing. */
export const tableOf = <Of>(columns: readonly Column<Of>[], things: readonly Of[]): string[] =>
  table(
    columns.map(([heading]) => heading),
    things.map((of) => columns.map(([, cellOf]) => cellOf(of))),
  )

const isNumeric = (cell: Cell | undefined): boolean =>
  typeof cell === 'number' || cell === '-' || (typeof cell === 'string' && /^[\d,.]+( ?(%|s|ms|\/s))?$/.test(cell))

const cellText = (cell: Cell): string => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)

/** Of what waits; `-` if nothing does, or if it is not known. */
export const oldestText = (micros: number): string => (micros === 0 ? '-' : lengthOfTime(micros / MICROS_PER_SECOND))

/** `58 %`, of a share from 0 to 1. */
export const percent = (share: number): string => `${Math.round(100 * share)} %`
