import { describe, expect, it } from 'vitest'
import { resultPage } from '../../../bench/load/page.ts'
import type { ScenarioReport } from '../../../bench/load/scenario.ts'

const report: ScenarioReport = {
  scenario: 'compare',
  about: 'side by side <b>',
  tables: [{ title: 'rates', heading: ['relay', 'rate'], rows: [['radsluice', 40_000]] }],
  bars: [
    {
      title: 'Highest rate',
      unit: '/s',
      isLessBetter: false,
      bars: [
        { label: 'radsluice', value: 40_000, isOurs: true },
        { label: 'a peer', value: 10_000, isOurs: false },
      ],
    },
  ],
  plots: [],
  verdicts: [{ promise: 'it is fast', measured: '40,000/s', outcome: 'PASS' }],
  numbers: { script: '</script><script>alert(1)</script>' },
}
const page = resultPage({ title: 'bench & more', about: 'a machine', reports: [report] })

describe('the page of results', () => {
  it('shows verdicts, tables, and bars whose lengths are their values', () => {
    expect(page).toContain('<li class="PASS"><b>PASS</b> it is fast: 40,000/s</li>')
    expect(page).toContain('<td>40,000</td>')
    expect([...page.matchAll(/width:([\d.]+)%/g)].map(([, width]) => Number(width)).slice(-2)).toEqual([100, 25])
  })

  it('loads nothing, and no text in it can become markup', () => {
    expect(page).not.toMatch(/(?:src|href)=/)
    expect(page).toContain('bench &amp; more')
    expect(page).not.toContain('<b> ')
    expect(page.match(/<\/script>/g)).toHaveLength(3)
    const kept = /<script type="application\/json" id="result">(.*)<\/script>/.exec(page)?.[1]
    expect(JSON.parse(kept ?? '')).toEqual([report])
  })
})
