/**
 * The report: one HTML page with everything in it. Big numbers first, then the plot that explains them, then the rest.
 *
 * Every number shown carries its place in the result (`data-key`) and its value (`data-value`), and the whole result, as
 * `--json` prints it, is in the page too: so a test holds the page to the result, and a script can read the page.
 */

import { TRAFFIC_CLASSES } from '../../classes.ts'
import { pageOf } from '../../pages/page.ts'
import { drawn, escaped } from '../../pages/plot.ts'
import type { Rehearsed } from '../rehearsal/rehearsal.ts'
import { patienceOf, type Scenario } from '../rehearsal/scenario.ts'
import type { RunSummary } from '../rehearsal/summary.ts'
import { CLASS_FACTS, countText, type Figure, headlineOf, RUN_FACTS, timeText } from './facts.ts'
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
</div>
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
  const { key, value, text, caption } = headlineOf(summary, all)
  const wasted = number(
    `${prefixOf(summary)}.work.wastedShare`,
    summary.work.wastedShare,
    `${Math.round(summary.work.wastedShare * 100)} %`,
  )
  const lost = number(`${prefixOf(summary)}.records.lost`, summary.records.lost, countText(summary.records.lost))
  const work = summary.work.done === 0 ? [] : [`<b>${wasted}</b> of the servers' login answers come too late`]
  const records = key === 'records.lost' || summary.records.made === 0 ? [] : [`<b>${lost}</b> accounting records lost`]
  return `<div class="card ${side}">
<p class="who">${side === 'with' ? 'With' : 'Without'} radsluice</p>
<p class="big">${number(`${prefixOf(summary)}.${key}`, value, text)}</p>
<p>${escaped(caption)}</p>
<p class="also">${[...work, ...records].join(' · ')}</p>
</div>`
}

function runTable(summaries: readonly RunSummary[]): string {
  const heads = summaries.map((summary) => `<th>${sideOf(summary)} radsluice</th>`).join('')
  const rows = RUN_FACTS.map(({ key, label, read, show }) => {
    const cells = summaries.map((summary) => {
      const value = read(summary)
      return `<td>${number(`${prefixOf(summary)}.${key}`, value, show(value, summary))}</td>`
    })
    return `<tr>${labelCell(label)}${cells.join('')}</tr>`
  })
  return `<table><thead><tr><th></th>${heads}</tr></thead><tbody>${rows.join('')}</tbody></table>`
}

function classTable({ classes }: RunSummary): string {
  if (classes === null) return ''
  const rows = CLASS_FACTS.map(({ key, label, read, show }) => {
    const cells = TRAFFIC_CLASSES.map((each) => {
      const value = read(classes[each])
      return `<td>${number(`withRadsluice.classes.${each}.${key}`, value, show(value, classes[each]))}</td>`
    })
    return `<tr>${labelCell(label)}${cells.join('')}</tr>`
  })
  const heads = TRAFFIC_CLASSES.map((each) => `<th>${each}</th>`).join('')
  return `<table><thead><tr><th>in radsluice</th>${heads}</tr></thead><tbody>${rows.join('')}</tbody></table>`
}

const labelCell = (label: string): string =>
  `<td${label.startsWith(' ') ? ' class="below"' : ''}>${escaped(label.trim())}</td>`

const number = (key: string, value: Figure, text: string): string =>
  `<span data-key="${key}" data-value="${value ?? 'null'}">${escaped(text)}</span>`
