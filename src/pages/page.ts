/**
 * The frame of a page with plots: head, style sheet, data and one script. All of it is in the page, which loads nothing and
 * works from a disk, on light and dark screens.
 *
 * The script only puts a cross-hair into the plots and shows the numbers under it. Without it nothing is missing.
 */
import { type PerClass, TRAFFIC_CLASSES } from '../classes.ts'
import { escaped, type Plot, plotData } from './plot.ts'

export interface Page {
  readonly title: string
  readonly heading: string
  /** One paragraph under the heading. */
  readonly about: string
  /** HTML. */
  readonly body: string
  /** The plots of the body, for the cross-hair. */
  readonly plots: readonly Plot[]
  /** What the page shows, as data for a script that reads it. */
  readonly result: unknown
  /** Rules that only this page needs. */
  readonly style?: string
}

export const pageOf = ({ title, heading, about, body, plots, result, style = '' }: Page): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${STYLE}${style}</style>
</head>
<body>
<h1>${escaped(heading)}</h1>
<p class="soft">${escaped(about)}</p>
${body}
<script type="application/json" id="result">${embedded(result)}</script>
<script type="application/json" id="plots">${embedded(plots.map((plot) => plotData(plot)))}</script>
<script>${SCRIPT}</script>
</body>
</html>
`

/** JSON inside of HTML: no tag can end it early. */
const embedded = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c')

/** The colour of each class on a light page and on a dark one. */
const COLOURS: PerClass<readonly [light: string, dark: string]> = {
  authentication: ['#1d5fbf', '#6ea8ff'],
  accounting: ['#b8640b', '#f0a24b'],
}
const coloursOn = (page: 0 | 1): string => TRAFFIC_CLASSES.map((each) => `--${each}: ${COLOURS[each][page]}; `).join('')

const STYLE = `
:root { --page: #fff; --ink: #16202a; --soft: #5b6875; --rule: #dde3e8; --card: #f5f7f9;
  --with: #0b7a75; --without: #c8372d; ${coloursOn(0)}--arrivals: #8a94a0 }
@media (prefers-color-scheme: dark) { :root { --page: #11161b; --ink: #e6ebef; --soft: #9aa7b3; --rule: #2a333b; --card: #1a2128;
  --with: #3cc8bf; --without: #ff7d72; ${coloursOn(1)}--arrivals: #77828d } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 20px 24px 40px; max-width: 1320px; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
h1 { font-size: 24px; margin: 0 0 4px } h2 { font-size: 18px; margin: 28px 0 8px } h3 { font-size: 15px; margin: 0 }
p { margin: 0 } .soft, figcaption p { color: var(--soft) }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 16px; margin: 16px 0 }
.card { background: var(--card); border-left: 8px solid var(--colour); border-radius: 6px; padding: 12px 20px }
.card.with { --colour: var(--with) } .card.without { --colour: var(--without) }
.card .who { font-weight: 600; font-size: 17px } .card .big { font-size: 58px; line-height: 1.1; font-weight: 700; color: var(--colour) }
.card .also { margin-top: 6px; color: var(--soft) } .card .also b { color: var(--ink) }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr)); gap: 20px 24px }
figure { margin: 0; min-width: 0 } figure.wide { grid-column: 1 / -1 } svg { width: 100%; height: auto; display: block }
svg text { font-size: 12px; fill: var(--soft) } .grid { stroke: var(--rule) } .level { stroke: var(--soft); stroke-dasharray: 4 4 }
text.level, text.mark { fill: var(--ink); stroke: var(--page); stroke-width: 4px; stroke-dasharray: none; paint-order: stroke } .cross { stroke: var(--ink); stroke-width: 1; opacity: .5 }
.band { fill: var(--without); opacity: .12 } line.mark { stroke: var(--ink); stroke-dasharray: 3 3 } line.mark.with { stroke: var(--with) }
text.mark { font-weight: 600 }
.line { fill: none; stroke-width: 2; stroke-linejoin: round } .area { stroke: none; opacity: .16 }
.line.with { stroke: var(--with) } .line.without { stroke: var(--without) }
.line.arrivals { stroke: var(--arrivals) }
.area.with, .with i { fill: var(--with); background: var(--with) } .area.without, .without i { fill: var(--without); background: var(--without) }
${TRAFFIC_CLASSES.map(
  (each) => `.line.${each} { stroke: var(--${each}) }
.area.${each}, .${each} i { fill: var(--${each}); background: var(--${each}) }
`,
).join('')}.area.arrivals, .arrivals i { fill: var(--arrivals); background: var(--arrivals) }
.legend { font-size: 13px; padding-left: 56px; color: var(--soft) } .key { margin-right: 16px } .key i { display: inline-block; width: 14px; height: 4px; margin: 0 6px 3px 0 }
.legend b { color: var(--ink) } .at:not(:empty) { margin-right: 16px }
.tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr)); gap: 8px 40px }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums } td, th { padding: 3px 8px; border-bottom: 1px solid var(--rule); text-align: right }
th { font-weight: 600 } td:first-child, th:first-child { text-align: left } td.below { padding-left: 24px }
pre { background: var(--card); padding: 12px 16px; border-radius: 6px; overflow: auto; font-size: 13px }
`

const SCRIPT = `
const data = JSON.parse(document.getElementById('plots').textContent)
const written = (value) => value.toLocaleString('en-US', { maximumFractionDigits: 2 })
for (const plot of data) {
  const figure = document.getElementById(plot.id)
  if (!figure) continue
  const svg = figure.querySelector('svg')
  const cross = figure.querySelector('.cross')
  const at = figure.querySelector('.at')
  const values = [...figure.querySelectorAll('.value')]
  const paths = [...figure.querySelectorAll('path.line')]
  figure.dataset.drawn = String(paths.filter((path) => path.getTotalLength() > 0 && path.getBoundingClientRect().width > 0).length)
  const count = Math.max(...plot.lines.map((line) => line.length))
  const left = Number(svg.dataset.left), right = Number(svg.dataset.right)
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect()
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width
    const index = Math.max(0, Math.min(count - 1, Math.round(((x - left) / (right - left)) * (count - 1))))
    const place = left + (count < 2 ? 0 : (index / (count - 1)) * (right - left))
    cross.setAttribute('x1', place)
    cross.setAttribute('x2', place)
    at.textContent = written(plot.from + index * plot.step) + ' s:'
    values.forEach((value, line) => { value.textContent = written(plot.lines[line][index] ?? 0) })
  })
  svg.addEventListener('pointerleave', () => {
    cross.setAttribute('x1', -9)
    cross.setAttribute('x2', -9)
    at.textContent = ''
    for (const value of values) value.textContent = ''
  })
}
`
