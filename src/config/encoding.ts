/**
 * How the octets of a file stand for text: UTF-8, and what editors of other systems make instead. A byte order mark is taken
 * off and said; UTF-16 is named, since a file of it looks right in its editor and is nonsense here.
 */
export type TextReading =
  | { readonly text: string; readonly warnings: readonly string[] }
  /** `line` counts from 1; 0 is the whole file. */
  | { readonly problem: string; readonly line: number }

export const BOM_SENTENCE =
  'the file begins with a byte order mark, which was taken off; save it as UTF-8 without one ("UTF-8", not "UTF-8 with BOM")'
export const UTF16_SENTENCE = 'the file is UTF-16; save it as UTF-8'

const BOM = [0xef, 0xbb, 0xbf]
const NEWLINE = 0x0a

export const hasBom = (bytes: Uint8Array): boolean => BOM.every((octet, i) => bytes[i] === octet)

/** By its own mark, or because every second octet of its beginning is 0. */
export function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true
  const beginning = bytes.subarray(0, 64)
  if (beginning.length < 4) return false
  const isZeroAt = (parity: number): boolean => beginning.every((octet, i) => (i % 2 === parity) === (octet === 0))
  return isZeroAt(0) || isZeroAt(1)
}

/** The text of a configuration or scenario. */
export function textOf(bytes: Uint8Array): TextReading {
  if (isUtf16(bytes)) return { problem: UTF16_SENTENCE, line: 0 }
  const zero = bytes.indexOf(0)
  if (zero >= 0) {
    const problem = 'a NUL octet stands in this line, so the file is no text or damaged; remove it, or correct the path'
    return { problem, line: lineAt(bytes, zero) }
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { text, warnings: hasBom(bytes) ? [BOM_SENTENCE] : [] }
  } catch {
    return { problem: 'this line is not UTF-8; save the file as UTF-8', line: lineAt(bytes, firstBad(bytes)) }
  }
}

/** Where the longest beginning that can be decoded ends, to the line. */
function firstBad(bytes: Uint8Array): number {
  let from = 0
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
    if (!isUtf8(bytes.subarray(from, end))) break
    from = end + 1
  }
  return from
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

function lineAt(bytes: Uint8Array, offset: number): number {
  let line = 1
  for (let at = bytes.indexOf(NEWLINE); at >= 0 && at < offset; at = bytes.indexOf(NEWLINE, at + 1)) line += 1
  return line
}
