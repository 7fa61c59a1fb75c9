/**
 * The report: its numbers are the result's, it loads nothing, and no name in it becomes markup.
 */
import { describe, expect, it } from 'vitest'
import { plotData } from '../../../src/pages/plot.ts'
import { type Rehearsed, type RehearsedResult, resultOf } from '../../../src/simulation/rehearsal/rehearsal.ts'
import { reportOf } from '../../../src/simulation/report/report.ts'
import { plotsOf } from '../../../src/simulation/report/report-plots.ts'
import { seconds } from '../../../src/units.ts'
import { rehearsed, scenario } from '../kit.ts'

const evil = '</script><script>alert(1)</script>'
const storm = rehearsed(scenario({ name: evil, length: seconds(60) }))
const page = (of: Rehearsed): string => reportOf(of, resultOf(of))
const html = page(storm)

const scriptOf = (text: string, id: string): unknown =>
  JSON.parse(new RegExp(`<script type="application/json" id="${id}">(.*?)</script>`).exec(text)?.[1] ?? 'null')

/** The number that a key names, by this test's own reading of the result. */
const valueIn = (result: RehearsedResult, key: string): number | null => {
  const [side, ...path] = key.split('.')
  const run = side === 'withRadsluice' ? result.withRadsluice : result.withoutRadsluice
  if (run === null) throw new Error(`no run for ${key}`)
  const { clients, servers, records } = run
  switch (path.join('.')) {
    case 'clients.sent':
      return clients.sent.authentication + clients.sent.accounting
    case 'servers.deepestBacklog':
      return Math.max(...servers.map(({ deepestBacklog }) => deepestBacklog))
    case 'records.again':
      return records.deliveries - records.delivered
    default:
      return path.reduce<unknown>((of, step) => (of as Record<string, unknown>)[step], run) as number | null
  }
}

describe('the report', () => {
  it('shows numbers of the result, each with its place and value', () => {
    const result = scriptOf(html, 'result') as RehearsedResult
    const numbers = [...html.matchAll(/data-key="([^"]+)" data-value="([^"]+)"/g)]
    expect(numbers.length).toBeGreaterThan(50)
    for (const [, key = '', value = ''] of numbers)
      expect([key, JSON.parse(value)]).toEqual([key, valueIn(result, key)])
  })

  it('shows the BNGs, where there are several', () => {
    const several = rehearsed(scenario({ bngs: 2, length: seconds(30) }))
    const shown = page(several)
    const result = scriptOf(shown, 'result') as RehearsedResult
    const numbers = [...shown.matchAll(/data-key="([^"]+\.bngs\.[^"]+)" data-value="([^"]+)"/g)]
    expect(numbers).toHaveLength(2 * 2 * 5)
    for (const [, key = '', value = ''] of numbers)
      expect([key, JSON.parse(value)]).toEqual([key, valueIn(result, key)])
    expect(shown).toContain('<td>bng-2</td><td>another</td>')
    expect(html).not.toContain('.bngs.')
  })

  it('has the whole result in it, as --json prints it', () => {
    expect(scriptOf(html, 'result')).toEqual(JSON.parse(JSON.stringify(resultOf(storm))))
  })

  it('begins with how long the outage lasts, with and without', () => {
    const bigs = [...html.matchAll(/<p class="big"><span [^>]+>([^<]+)</g)].map(([, text]) => text)
    expect(bigs).toHaveLength(2)
    expect(bigs[0]).toMatch(/^\d+ s$/)
    expect(bigs[1]).toBe('never')
    expect(html.indexOf('class="big"')).toBeLessThan(html.indexOf('<svg'))
  })

  it('draws each plot, with the numbers for its cross-hair', () => {
    const ids = [...html.matchAll(/<figure id="([^"]+)"/g)].map(([, id]) => id)
    expect(ids).toEqual(plotsOf(storm).map(({ id }) => id))
    expect(ids).toEqual([
      'plot-sessions',
      'plot-arrivals',
      'plot-slots',
      'plot-queues',
      'plot-backlogs',
      'plot-age-of-logins',
      'plot-age-of-records',
      'plot-work',
      'plot-outstanding',
    ])
    expect(scriptOf(html, 'plots')).toEqual(JSON.parse(JSON.stringify(plotsOf(storm).map((plot) => plotData(plot)))))
  })

  it('loads nothing: no address in it at all', () => {
    expect(html).not.toMatch(/https?:|\bsrc=|\bhref=|@import|url\(/)
  })

  it('takes no markup from a name', () => {
    expect(html).not.toContain('<script>alert')
    expect(html).toContain('&lt;script&gt;alert(1)')
  })

  it('of a run with radsluice alone has one card and no empty columns', () => {
    const alone = page({ ...storm, withoutRadsluice: undefined })
    expect([...alone.matchAll(/class="big"/g)]).toHaveLength(1)
    expect(alone).not.toContain('without radsluice')
  })

  it('speaks of records where no session ever waited', () => {
    const { accounting } = scenario()
    const interims = rehearsed(
      scenario({
        begin: 'up',
        length: seconds(30),
        accounting: { ...accounting, interimPeriod: seconds(60), interimWithin: seconds(5) },
      }),
    )
    expect(page(interims)).toContain('accounting records lost for good')
    expect(page(interims)).not.toContain('id="plot-sessions"')
  })
})
