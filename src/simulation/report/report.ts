/**
 * The report as one HTML page: big numbers first, then the plots that explain them, then the tables.
 *
 * Every number has its path in the result (`data-key`) and its value (`data-value`), and the page contains the result as
 * `--json` prints it. So a test can compare them, and a script can read the page.
 */

import { TRAFFIC_CLASSES } from '../../classes.ts'
import { pageOf } from '../../pages/page.ts'
import { drawn, escaped } from '../../pages/plot.ts'
import type { Rehearsed } from '../rehearsal/rehearsal.ts'
import { patienceOf, type Scenario } from '../rehearsal/scenario.ts'
import type { RunSummary } from '../rehearsal/summary.ts'
import {
  BNG_FACTS,
  CLASS_FACTS,
  clientCells,
  countText,
  type Fact,
  type Figure,
  headlineOf,
  leftOutText,
  RUN_FACTS,
  shareText,
  shownBngs,
  timeText,
} from './facts.ts'
import { plotsOf } from './report-plots.ts'

/** `result` is what `--json` prints. */
export function reportOf(rehearsed: Rehearsed, result: unknown): string {
  const { scenario, withRadsluice, withoutRadsluice } = rehearsed
  const runs = [withRadsluice, ...(withoutRadsluice === undefined ? [] : [withoutRadsluice])]
  const summaries = runs.map(({ summary }) => summary)
  const plots = plotsOf(rehearsed)
  return pageOf({
    title: `radsluice: ${scenario.name}`,
    heading: titleOf(scenario),
    about: subtitleOf(scenario),
    plots,
    result,
    body: `<div class="cards">
${summaries.map((summary) => cardOf(summary, summaries)).join('\n')}
</div>
<div class="plots">
${plots.map(drawn).join('\n')}
</div>
<h2>In numbers</h2>
<div class="tables">
${runTable(summaries)}
${classTable(withRadsluice.summary)}
${summaries.map(bngTable).join('')}</div>
<h2>What was simulated</h2>
<pre>${escaped(rehearsed.settings.join('\n'))}</pre>
<p class="soft">The proxy is radsluice's own code; time, network, clients and servers are simulated, from seed ${scenario.seed}.</p>`,
  })
}

const titleOf = ({ name, sessions, bngs, begin, events }: Scenario): string => {
  const all = `${countText(sessions)} sessions at ${bngs === 1 ? 'one BNG' : `${countText(bngs)} BNGs`}`
  if (begin === 'down') return `${name}: ${all} dial at once`
  return events.length === 0 ? `${name}: ${all} send interim updates` : `${name}: ${all}, and things go wrong`
}

const subtitleOf = (scenario: Scenario): string => {
  const { servers, clients } = scenario
  const parts = [
    `a server works off ${countText(servers.capacity)} messages a second`,
    `a client repeats after ${timeText(clients.timeout / 1e6)} and gives up after ${timeText(patienceOf(scenario, 'authentication') / 1e6)}`,
    ...scenario.events.map((event) => {
      const at = `at ${timeText(event.at / 1e6)}`
      if (event.kind === 'reboot') return `${at} BNG ${event.bng} reboots`
      const lasts = `for ${timeText(event.lasts / 1e6)}`
      if (event.kind === 'silence') return `${at} ${event.server ?? 'every server'} is dead ${lasts}`
      return `${at} ${Math.round(event.share * 100)} % of the datagrams at the ${event.side} are lost ${lasts}`
    }),
  ]
  return `${parts.slice(0, 12).join('; ')}${parts.length > 12 ? '; and so on' : ''}.`
}

const sideOf = ({ withRadsluice }: RunSummary): 'with' | 'without' => (withRadsluice ? 'with' : 'without')
const prefixOf = (summary: RunSummary): string => `${sideOf(summary)}Radsluice`

function cardOf(summary: RunSummary, all: readonly RunSummary[]): string {
  const side = sideOf(summary)
  const { work, records } = summary
  const { key, value, text, caption } = headlineOf(summary, all)
  const shown = (path: string, of: Figure, words: string): string => number(`${prefixOf(summary)}.${path}`, of, words)
  const wasted = shown('work.wastedShare', work.wastedShare, shareText(work.wastedShare))
  const lost = shown('records.lost', records.lost, countText(records.lost))
  const also = [
    ...(work.done === 0 ? [] : [`<b>${wasted}</b> of the servers' login answers come too late`]),
    ...(key === 'records.lost' || records.made === 0 ? [] : [`<b>${lost}</b> accounting records lost`]),
  ]
  return `<div class="card ${side}">
<p class="who">${side === 'with' ? 'With' : 'Without'} radsluice</p>
<p class="big">${shown(key, value, text)}</p>
<p>${escaped(caption)}</p>
<p class="also">${also.join(' · ')}</p>
</div>`
}

const runTable = (summaries: readonly RunSummary[]): string =>
  tableOf(
    '',
    RUN_FACTS,
    summaries.map((of) => ({ head: `${sideOf(of)} radsluice`, prefix: prefixOf(of), of })),
  )

const classTable = ({ classes }: RunSummary): string => {
  if (classes === null) return ''
  const columns = TRAFFIC_CLASSES.map((each) => ({
    head: each,
    prefix: `withRadsluice.classes.${each}`,
    of: classes[each],
  }))
  return tableOf('in radsluice', CLASS_FACTS, columns)
}

/** A row for each BNG, where there are several. */
function bngTable(summary: RunSummary): string {
  const { shown, leftOut } = shownBngs(summary)
  if (shown.length === 0) return ''
  const heads = [...clientCells(summary, 'client'), ...BNG_FACTS.map(({ label }) => label)]
  const rows = shown.map(({ at, bng }) => {
    const cells = BNG_FACTS.map(({ key, read, show }) => {
      const value = read(bng)
      return `<td>${number(`${prefixOf(summary)}.bngs.${at}.${key}`, value, show(value, bng))}</td>`
    })
    const client = clientCells(summary, bng.client).map(labelCell)
    return `<tr>${labelCell(bng.name)}${client.join('')}${cells.join('')}</tr>`
  })
  const more = leftOut === 0 ? '' : `<p class="soft">${leftOutText(leftOut)}</p>`
  return `<div><table><thead><tr><th>${sideOf(summary)} radsluice</th>${heads.map((head) => `<th>${head}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>${more}</div>
`
}

function tableOf<Of>(
  corner: string,
  facts: readonly Fact<Of>[],
  columns: readonly { readonly head: string; readonly prefix: string; readonly of: Of }[],
): string {
  const heads = columns.map(({ head }) => `<th>${head}</th>`).join('')
  const rows = facts.map(({ key, label, read, show }) => {
    const cells = columns.map(
      ({ prefix, of }) => `<td>${number(`${prefix}.${key}`, read(of), show(read(of), of))}</td>`,
    )
    return `<tr>${labelCell(label)}${cells.join('')}</tr>`
  })
  return `<table><thead><tr><th>${corner}</th>${heads}</tr></thead><tbody>${rows.join('')}</tbody></table>`
}

const labelCell = (label: string): string =>
  `<td${label.startsWith(' ') ? ' class="below"' : ''}>${escaped(label.trim())}</td>`

const number = (key: string, value: Figure, text: string): string =>
  `<span data-key="${key}" data-value="${value ?? 'null'}">${escaped(text)}</span>`
