/**
 * What a terminal shows, as an SVG of text: lines with the few ANSI colours that `top` uses, nothing else.
 *
 * Text stays text: it can be searched and copied, and the file is small. Each run of one style is an element at its
 * column, so no font makes the columns drift apart.
 */

const CELL = { width: 8.4, height: 19 }
const MARGIN = 12
const COLOURS = {
  background: '#11151c',
  text: '#d7dde8',
  dim: '#5b6675',
  red: '#ff6b6b',
  green: '#5fd38d',
  yellow: '#f2c14e',
} as const

interface Style {
  colour: string
  isBold: boolean
  isReversed: boolean
}

export interface Screen {
  readonly columns: number
  readonly rows: number
  readonly title: string
}

/** `frame`: lines separated by CR LF, with SGR sequences. */
export function svgOf(frame: string, { columns, rows, title }: Screen): string {
  const width = Math.round(columns * CELL.width + 2 * MARGIN)
  const height = rows * CELL.height + 2 * MARGIN
  const lines = frame.split('\r\n').slice(0, rows)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${COLOURS.background}"/>`,
    '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">',
    ...lines.flatMap((line, row) => lineOf(line, row)),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function lineOf(line: string, row: number): string[] {
  const elements: string[] = []
  let column = 0
  let style: Style = plain()
  for (const [at, part] of line.split('\u001b[').entries()) {
    const [, codes = '', text = ''] = at === 0 ? ['', '', part] : (/^([\d;]*)[a-zA-Z](.*)$/s.exec(part) ?? [])
    if (at > 0) style = styled(style, codes)
    if (text === '') continue
    elements.push(...runOf(text, { row, column, style }))
    column += text.length
  }
  return elements
}

function runOf(text: string, { row, column, style }: { row: number; column: number; style: Style }): string[] {
  const top = MARGIN + row * CELL.height
  const fill = style.isReversed ? COLOURS.background : style.colour
  const weight = style.isBold ? ' font-weight="bold"' : ''
  const at = (place: number): string => (MARGIN + (column + place) * CELL.width).toFixed(1)
  const wide = (length: number): string => (length * CELL.width).toFixed(1)
  // Word by word: blanks in a row are one blank to some who draw SVG.
  const words = [...text.matchAll(/\S+(?: \S+)*/g)].map(
    ({ index, 0: word }) =>
      `<text x="${at(index)}" y="${top + 14}" textLength="${wide(word.length)}" fill="${fill}"${weight}>${escaped(word)}</text>`,
  )
  if (!style.isReversed) return words
  const box = `<rect x="${at(0)}" y="${top}" width="${wide(text.length)}" height="${CELL.height}" fill="${style.colour}"/>`
  return [box, ...words]
}

function styled(before: Style, codes: string): Style {
  switch (codes) {
    case '1':
      return { ...before, isBold: true }
    case '2':
      return { ...before, colour: COLOURS.dim }
    case '7':
      return { ...before, isReversed: true }
    case '31':
      return { ...before, colour: COLOURS.red }
    case '32':
      return { ...before, colour: COLOURS.green }
    case '33':
      return { ...before, colour: COLOURS.yellow }
    case '0':
      return plain()
    default:
      return before
  }
}

const plain = (): Style => ({ colour: COLOURS.text, isBold: false, isReversed: false })

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
