/**
 * The results as one HTML page: verdicts first, then bars and plots, then the tables. Frame and plots are those of
 * `src/pages/`, bars are plain HTML.
 */
import type { Cell } from '../../src/commands/text/table.ts'
import { pageOf } from '../../src/pages/page.ts'
import { drawn, escaped } from '../../src/pages/plot.ts'
import { promiseTable } from './promise-table.ts'
import type { Bars, BenchTable, ScenarioReport, Verdict } from './scenario.ts'

const BAR_STYLE = `
.bars { margin: 0 } .bars .bar { display: grid; grid-template-columns: 150px 1fr 110px; gap: 8px; align-items: center; margin: 3px 0 }
.bars .rod { height: 18px; background: var(--arrivals); border-radius: 3px; min-width: 2px } .bars .ours .rod { background: var(--with) }
.bars .ours { font-weight: 600 } .bars .amount { font-variant-numeric: tabular-nums }
section > h3 { margin: 20px 0 6px }
.verdicts { list-style: none; padding: 0; margin: 12px 0 } .verdicts li { margin: 4px 0 } .verdicts b { display: inline-block; width: 52px }
.PASS b { color: var(--with) } .FAIL b { color: var(--without) } .VOID b { color: var(--accounting) }
`

export interface ResultPage {
  readonly title: string
  /** Machine, versions, date, in one sentence. */
  readonly about: string
  readonly reports: readonly ScenarioReport[]
}

/** The page of a bench's results. */
export const resultPage = ({ title, about, reports }: ResultPage): string =>
  pageOf({
    title,
    heading: title,
    about,
    body: [promisesOf(reports), ...reports.map(sectionOf)].join('\n'),
    plots: reports.flatMap(({ plots }) => plots),
    result: reports,
    style: BAR_STYLE,
  })

/** All promises in front, where there are any. */
function promisesOf(reports: readonly ScenarioReport[]): string {
  const promises = promiseTable(reports)
  return promises === undefined ? '' : `<section id="promises">${tableOf(promises)}</section>`
}

const sectionOf = ({
  scenario,
  about,
  tables,
  bars,
  plots,
  verdicts,
}: ScenarioReport): string => `<section id="${escaped(scenario)}">
<h2>${escaped(scenario)}</h2>
<p class="soft">${escaped(about)}</p>
<ul class="verdicts">${verdicts.map(verdictOf).join('')}</ul>
<div class="plots">
${[...bars.filter((one) => one.bars.length > 0).map(barsOf), ...plots.map(drawn)].join('\n')}
</div>
${tables.map(tableOf).join('\n')}
</section>`

const verdictOf = ({ outcome, promise, measured }: Verdict): string =>
  `<li class="${outcome}"><b>${outcome}</b> ${escaped(promise)}: ${escaped(measured)}</li>`

/** The longest bar fills its place; all begin at zero. */
function barsOf({ title, unit, isLessBetter, bars }: Bars): string {
  const longest = Math.max(...bars.map(({ value }) => value))
  const lines = bars.map(({ label, value, isOurs }) => {
    const width = longest === 0 ? 0 : Math.round((value / longest) * 1_000) / 10
    const amount = `${value.toLocaleString('en-US', { maximumFractionDigits: 1 })} ${unit}`
    return `<div class="bar${isOurs ? ' ours' : ''}"><span>${escaped(label)}</span><div><div class="rod" style="width:${width}%"></div></div><span class="amount">${escaped(amount)}</span></div>`
  })
  const caption = isLessBetter ? 'Shorter is better.' : 'Longer is better.'
  return `<figure class="bars"><figcaption><h3>${escaped(title)}</h3><p>${caption}</p></figcaption>${lines.join('')}</figure>`
}

function tableOf({ title, heading, rows }: BenchTable): string {
  const cells = (tag: 'td' | 'th', row: readonly Cell[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escaped(shown(cell))}</${tag}>`).join('')}</tr>`
  return `<h3>${escaped(title)}</h3>
<table><thead>${cells('th', heading)}</thead><tbody>${rows.map((row) => cells('td', row)).join('')}</tbody></table>`
}

const shown = (cell: Cell): string => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)
