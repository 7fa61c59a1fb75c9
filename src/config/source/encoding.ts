/**
 * From the octets of a file to text: UTF-8, and what editors of other systems write. A byte order mark is removed, with a
 * warning. UTF-16 and UTF-32 are named in the problem, because such a file looks right in its editor.
 */
import { isUtf8 } from 'node:buffer'

export type TextReading =
  | { readonly text: string; readonly warnings: readonly string[] }
  /** `line` counts from 1; 0 is the whole file. */
  | { readonly problem: string; readonly line: number }

export const BOM_SENTENCE =
  'the file begins with a byte order mark, which was taken off; save it as UTF-8 without one ("UTF-8", not "UTF-8 with BOM")'

type Wide = 'UTF-16' | 'UTF-32'

/** For a file whose characters have two or four octets each. */
export const wideSentence = (wide: Wide): string => `the file is ${wide}; save it as UTF-8`

const BOM = [0xef, 0xbb, 0xbf]
const NEWLINE = 0x0a
const FEWEST_ZEROS = 4

export const hasBom = (bytes: Uint8Array): boolean => BOM.every((octet, i) => bytes[i] === octet)

/** Known by its mark, or by zeros at the places where Latin letters have them. */
export function wideEncodingOf(bytes: Uint8Array): Wide | undefined {
  const startsWith = (...octets: number[]): boolean => octets.every((octet, i) => bytes[i] === octet)
  // Before UTF-16: the mark of UTF-32 begins with that of UTF-16.
  if (startsWith(0xff, 0xfe, 0, 0) || startsWith(0, 0, 0xfe, 0xff)) return 'UTF-32'
  if (startsWith(0xff, 0xfe) || startsWith(0xfe, 0xff)) return 'UTF-16'
  const beginning = bytes.subarray(0, 64)
  if (beginning.length < 4) return undefined
  const hasLettersAt = (place: number, width: number): boolean =>
    beginning.every((octet, i) => (i % width === place) === (octet !== 0))
  if (hasLettersAt(0, 4) || hasLettersAt(3, 4)) return 'UTF-32'
  return hasLettersAt(0, 2) || hasLettersAt(1, 2) ? 'UTF-16' : undefined
}

/**
 * The same for a text that is known to contain 0, in any script: blanks and line ends are in every script and have their 0 at
 * the same places. A few zeros alone can be damage.
 */
function wideTextOf(bytes: Uint8Array): Wide | undefined {
  const known = wideEncodingOf(bytes)
  if (known !== undefined) return known
  const zeros = [0, 0, 0, 0]
  for (const [at, octet] of bytes.entries()) if (octet === 0) zeros[at % 4] = (zeros[at % 4] ?? 0) + 1
  const [first = 0, second = 0, third = 0, fourth = 0] = zeros
  const characters = bytes.length / 4
  // In UTF-32 the first octet of each character is 0, or the last one with the other byte order.
  if (bytes.length % 4 === 0 && Math.max(first, fourth) === characters) return 'UTF-32'
  const [even, odd] = [first + third, second + fourth]
  const isOneSided = bytes.length % 2 === 0 && Math.min(even, odd) === 0
  return isOneSided && Math.max(even, odd) >= FEWEST_ZEROS ? 'UTF-16' : undefined
}

/** The text of a configuration or scenario. */
export function textOf(bytes: Uint8Array): TextReading {
  const zero = bytes.indexOf(0)
  const wide = zero >= 0 ? wideTextOf(bytes) : wideEncodingOf(bytes)
  if (wide !== undefined) return { problem: wideSentence(wide), line: 0 }
  if (zero >= 0) {
    const problem = 'a NUL octet stands in this line, so the file is no text or damaged; remove it, or correct the path'
    return { problem, line: lineAt(bytes, zero) }
  }
  if (!isUtf8(bytes)) {
    return { problem: 'this line is not UTF-8; save the file as UTF-8', line: lineAt(bytes, firstBad(bytes)) }
  }
  return { text: new TextDecoder().decode(bytes), warnings: hasBom(bytes) ? [BOM_SENTENCE] : [] }
}

/** The offset of the first line that cannot be decoded. */
function firstBad(bytes: Uint8Array): number {
  let from = 0
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
    if (!isUtf8(bytes.subarray(from, end))) break
    from = end + 1
  }
  return from
}

function lineAt(bytes: Uint8Array, offset: number): number {
  let line = 1
  for (let at = bytes.indexOf(NEWLINE); at >= 0 && at < offset; at = bytes.indexOf(NEWLINE, at + 1)) line += 1
  return line
}
