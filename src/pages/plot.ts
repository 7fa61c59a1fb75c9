/**
 * Plots over time as SVG text: curves, areas and levels, axes with round numbers, a legend. They need no library, and get
 * their colours from the page's style sheet. `plotData` gives the page the numbers for its cross-hair.
 */
import type { TrafficClass } from '../classes.ts'

export interface Curve {
  readonly label: string
  /** A class of the style sheet, which gives the colour. */
  readonly style: 'with' | 'without' | 'arrivals' | TrafficClass
  readonly values: readonly number[]
  readonly isFilled?: boolean
}

export interface Plot {
  readonly id: string
  readonly title: string
  /** One sentence: what to see here. */
  readonly caption: string
  readonly unit?: string
  /** Seconds from the start to the first value, and between two values. */
  readonly from?: number
  readonly step?: number
  readonly curves: readonly Curve[]
  /** Horizontal marks: a limit, a patience. */
  readonly levels?: readonly { readonly label: string; readonly value: number }[]
  /** Vertical marks, and times in which something is wrong, in seconds from the start. */
  readonly marks?: readonly { readonly label: string; readonly at: number; readonly style?: Curve['style'] }[]
  readonly bands?: readonly { readonly from: number; readonly to: number }[]
  readonly isWide?: boolean
}

const HEIGHT = 220
const MARGIN = { left: 56, right: 12, top: 14, bottom: 26 }
/** Room above a level for its label. */
const ROOM_FOR_WORDS = 1.1
/** More points can't be told apart. The highest of several is drawn. */
const MOST_POINTS = 700

/** A `figure` element, or nothing if no curve has a value. */
export function drawn(plot: Plot): string {
  const points = Math.max(0, ...plot.curves.map(({ values }) => values.length))
  if (points === 0) return ''
  const scale = scaleOf(plot, points)
  const curves = plot.curves.map((curve) => curveOf(curve, scale)).join('')
  const levels = (plot.levels ?? []).map((level) => levelOf(level, scale)).join('')
  const bands = (plot.bands ?? []).map((band) => bandOf(band, scale)).join('')
  const marks = (plot.marks ?? []).map((mark) => markOf(mark, scale)).join('')
  return `<figure id="${plot.id}"${plot.isWide === true ? ' class="wide"' : ''}>
<figcaption><h3>${escaped(plot.title)}</h3><p>${escaped(plot.caption)}</p></figcaption>
<svg viewBox="0 0 ${scale.width} ${HEIGHT}" role="img" aria-label="${escaped(plot.title)}" data-left="${MARGIN.left}" data-right="${scale.width - MARGIN.right}">
${bands}${axesOf(scale, plot.unit ?? '')}${levels}${curves}${marks}
<line class="cross" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}" x1="-9" x2="-9"/>
</svg>
<p class="legend"><span class="at"></span>${plot.curves.map(legendOf).join('')}</p>
</figure>`
}

export const plotData = ({ id, unit = '', from = 0, step = 1, curves }: Plot) => ({
  id,
  unit,
  from,
  step,
  lines: curves.map(({ values }) => values.map((value) => Math.round(value * 1_000) / 1_000)),
})

type Scale = ReturnType<typeof scaleOf>

function scaleOf({ curves, levels = [], from = 0, step = 1, isWide = false }: Plot, points: number) {
  const width = isWide ? 1_240 : 610
  const highest = Math.max(
    ...curves.map(({ values }) => maximum(values)),
    ...levels.map(({ value }) => value * ROOM_FOR_WORDS),
  )
  const { top, steps } = roundAxis(highest)
  const inner = { width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom }
  /** Where the value of an index is. */
  const x = (index: number): number => MARGIN.left + (points < 2 ? 0 : (index / (points - 1)) * inner.width)
  return {
    width,
    from,
    step,
    points,
    top,
    ySteps: steps,
    x,
    /** A moment, which is kept within the plot. */
    at: (seconds: number): number => x(Math.max(0, Math.min(points - 1, (seconds - from) / step))),
    y: (value: number): number => MARGIN.top + (1 - value / top) * inner.height,
  }
}

/** A top that is at least `highest`, in 4 or 5 steps of 1, 2 or 5 times a power of ten. */
export function roundAxis(highest: number): { readonly top: number; readonly steps: number } {
  if (!(highest > 0)) return { top: 1, steps: 1 }
  const power = 10 ** Math.floor(Math.log10(highest / 4))
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => highest / one <= 5) ?? 10 * power
  const steps = Math.ceil(highest / step - 1e-9)
  return { top: step * steps, steps }
}

function curveOf({ values, style, isFilled = false }: Curve, scale: Scale): string {
  const path = thinned(values)
    .map(([index, value], at) => `${at === 0 ? 'M' : 'L'}${fixed(scale.x(index))} ${fixed(scale.y(value))}`)
    .join('')
  const floor = fixed(scale.y(0))
  const area = isFilled
    ? `<path class="area ${style}" d="${path}L${fixed(scale.x(values.length - 1))} ${floor}L${fixed(scale.x(0))} ${floor}Z"/>`
    : ''
  return `${area}<path class="line ${style}" d="${path}"/>`
}

const levelOf = ({ label, value }: { label: string; value: number }, scale: Scale): string => {
  const y = fixed(scale.y(value))
  const right = scale.width - MARGIN.right
  return `<line class="level" x1="${MARGIN.left}" x2="${right}" y1="${y}" y2="${y}"/><text class="level" x="${right - 4}" y="${fixed(scale.y(value) - 4)}" text-anchor="end">${escaped(label)}</text>`
}

const bandOf = ({ from, to }: { from: number; to: number }, scale: Scale): string => {
  const left = scale.at(from)
  const width = Math.max(1, scale.at(to) - left)
  return `<rect class="band" x="${fixed(left)}" y="${MARGIN.top}" width="${fixed(width)}" height="${HEIGHT - MARGIN.top - MARGIN.bottom}"/>`
}

/** The label is to the left of the mark if there is no room to its right. */
const markOf = ({ label, at, style }: NonNullable<Plot['marks']>[number], scale: Scale): string => {
  const x = scale.at(at)
  const isLate = x > scale.width - 220
  const place = `x="${fixed(isLate ? x - 6 : x + 6)}" y="${HEIGHT / 2}" text-anchor="${isLate ? 'end' : 'start'}"`
  return `<line class="mark ${style ?? ''}" x1="${fixed(x)}" x2="${fixed(x)}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}"/><text class="mark" ${place}>${escaped(label)}</text>`
}

function axesOf(scale: Scale, unit: string): string {
  const rows = Array.from({ length: scale.ySteps + 1 }, (_, index) => (index * scale.top) / scale.ySteps).map(
    (value) => {
      const y = fixed(scale.y(value))
      const text = value === scale.top && unit !== '' ? `${short(value)} ${unit}` : short(value)
      return `<line class="grid" x1="${MARGIN.left}" x2="${scale.width - MARGIN.right}" y1="${y}" y2="${y}"/><text x="${MARGIN.left - 6}" y="${fixed(scale.y(value) + 4)}" text-anchor="end">${text}</text>`
    },
  )
  const last = (scale.points - 1) * scale.step
  const every = timeStep(last)
  const columns: string[] = []
  for (let at = Math.ceil(scale.from / every) * every; at <= scale.from + last + 1e-9; at += every) {
    const x = fixed(scale.x((at - scale.from) / scale.step))
    columns.push(`<text x="${x}" y="${HEIGHT - 8}" text-anchor="middle">${clock(at, last)}</text>`)
  }
  return rows.join('') + columns.join('')
}

const STEPS_OF_TIME = [0.5, 1, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400]

const timeStep = (length: number): number => STEPS_OF_TIME.find((step) => length / step <= 9) ?? 86_400

/** `12.5 s` in a short plot, `2:30` in one of minutes, `1:20 h` in one of hours. */
const clock = (at: number, length: number): string => {
  if (length < 120) return `${Math.round(at * 10) / 10} s`
  const parts = length < 7_200 ? [at / 60, at % 60] : [at / 3_600, (at / 60) % 60]
  return `${Math.floor(parts[0] ?? 0)}:${String(Math.floor(parts[1] ?? 0)).padStart(2, '0')}${length < 7_200 ? '' : ' h'}`
}

function thinned(values: readonly number[]): [index: number, value: number][] {
  const together = Math.ceil(values.length / MOST_POINTS)
  const points: [number, number][] = []
  for (let begin = 0; begin < values.length; begin += together) {
    points.push([begin, maximum(values.slice(begin, begin + together))])
  }
  return points
}

const legendOf = ({ label, style }: Curve): string =>
  `<span class="key ${style}"><i></i>${escaped(label)} <b class="value"></b></span>`

const maximum = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0)

const short = (value: number): string => {
  if (value >= 1_000_000) return `${trimmed(value / 1_000_000)}M`
  return value >= 10_000 ? `${trimmed(value / 1_000)}k` : trimmed(value)
}

const trimmed = (value: number): string => String(Math.round(value * 100) / 100)
const fixed = (value: number): string => String(Math.round(value * 10) / 10)

export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[one] ?? one)
