/**
 * A storm and an outage, small, with and without radsluice: what the summary says, and that its numbers add up.
 */
import { describe, expect, it } from 'vitest'
import { type Run, settingsText } from '../../../src/simulation/rehearsal/rehearsal.ts'
import { SUMMARY_ENDINGS } from '../../../src/simulation/rehearsal/summary.ts'
import { bngRows, headlineOf, shownBngs } from '../../../src/simulation/report/facts.ts'
import { perSecond, seconds } from '../../../src/units.ts'
import { options, played, scenario } from '../kit.ts'

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
const storm = scenario()
const withIt = played(storm, 'withRadsluice')
const without = played(storm, 'withoutRadsluice')

describe('a storm', () => {
  it('ends with radsluice, and never without', () => {
    expect(withIt.summary).toMatchObject({ sessionsUp: 600, sessionsTrying: 0 })
    // 600 sessions at 14/s are 43 s at least.
    expect(withIt.summary.allUpAfter).toBeGreaterThan(42)
    expect(withIt.summary.allUpAfter).toBeLessThan(90)
    expect(without.summary.allUpAfter).toBeNull()
    expect(without.summary.sessionsUp + without.summary.sessionsTrying).toBe(600)
    expect(without.summary.longestWait).toBeGreaterThan(117)
  })

  it('lets the servers work for those who still wait, and without it for those who are gone', () => {
    expect(withIt.summary.work).toMatchObject({ done: 600, useful: 600, wastedShare: 0 })
    expect(without.summary.work.wastedShare).toBeGreaterThan(0.5)
  })

  it('has a headline that says so', () => {
    const runs = [withIt.summary, without.summary]
    expect(headlineOf(withIt.summary, runs)).toMatchObject({ caption: 'until all 600 sessions are up' })
    expect(headlineOf(without.summary, runs)).toMatchObject({
      text: 'never',
      caption: `after 2 min, ${without.summary.sessionsUp} of 600 sessions are up`,
    })
  })

  it('never goes beyond max_rate, in any second and any slot', () => {
    for (const { maxRate, mostInSecond, mostInSlot } of withIt.summary.lanes ?? []) {
      expect(mostInSecond).toBeLessThanOrEqual(maxRate)
      expect(mostInSlot).toBeLessThanOrEqual(1)
    }
    const [first] = withIt.summary.lanes ?? []
    expect(first).toMatchObject({ server: 'first', class: 'authentication', maxRate: 14, mostInSecond: 14, sent: 600 })
    // Seven slots of 50 ms, 14 + 5 messages a second: never more than two in one step, 19 in each whole second.
    const { sent = [], from } = withIt.scope ?? {}
    expect(from).toBe(0)
    expect(Math.max(...sent)).toBeLessThanOrEqual(2)
  })

  it('is the same again from the same seed, and another from another', () => {
    expect(played(storm, 'withRadsluice')).toEqual(withIt)
    expect(played(scenario({ seed: 2 }), 'withRadsluice').series).not.toEqual(withIt.series)
  })
})

describe.each([
  ['with radsluice', withIt],
  ['without', without],
])('the numbers of a run %s add up:', (_, { summary, series }: Run) => {
  it('a value for each second, and the flows are the totals', () => {
    for (const values of [
      series.up,
      series.trying,
      series.serverBacklog,
      series.queued.accounting,
      series.age.accounting,
    ])
      expect(values).toHaveLength(120)
    for (const each of ['authentication', 'accounting'] as const) {
      expect(total(series.arrived[each])).toBe(summary.clients.sent[each])
      expect(total(series.useful[each])).toBe(summary.clients.answered[each])
    }
    expect(total(series.worked.authentication)).toBe(summary.work.done)
    expect(total(series.worked.accounting)).toBe(summary.records.deliveries)
    expect(series.up.at(-1)).toBe(summary.sessionsUp)
  })

  it('records: delivered at most once each in the count, and none lost that still waits', () => {
    const { made, delivered, deliveries, lost } = summary.records
    expect(delivered).toBeLessThanOrEqual(Math.min(made, deliveries))
    expect(lost).toBeLessThanOrEqual(made - delivered)
  })

  it('the ledger', () => {
    for (const of of Object.values(summary.classes ?? {})) {
      const ended = SUMMARY_ENDINGS.reduce((sum, { key }) => sum + of[key], 0)
      expect(ended + of.queued + of.outstanding).toBe(of.received)
    }
    expect(summary.classes === null).toBe(!summary.withRadsluice)
  })
})

describe('an outage of all servers', () => {
  const outage = scenario({
    begin: 'up',
    sessions: 300,
    sessionTime: seconds(120),
    accounting: { ...storm.accounting, interimPeriod: seconds(60), interimWithin: seconds(60) },
    events: [{ kind: 'silence', at: seconds(20), lasts: seconds(40), server: undefined }],
  })
  const by = options(
    'authentication: { max_rate: 14 }\n  accounting: { max_rate: 10 }\n  dead_server: { probe_interval: 1s }',
  )

  it('loses accounting records without radsluice, and none with it', () => {
    expect(played(outage, 'withRadsluice', by).summary.records.lost).toBe(0)
    expect(played(outage, 'withoutRadsluice', by).summary.records.lost).toBeGreaterThan(50)
  })

  it('counts from its beginning until nobody waits any more', () => {
    const { allUpAfter } = played(outage, 'withRadsluice', by).summary
    expect(allUpAfter).toBeGreaterThan(40)
    expect(allUpAfter).toBeLessThan(90)
  })
})

describe('losses on the network', () => {
  it('show as retransmissions, and end when they end', () => {
    const loss = { kind: 'loss', at: seconds(0), lasts: seconds(30), share: 0.5, side: 'clients' } as const
    const calm = scenario({ sessions: 20, dialWithin: seconds(20) })
    const { summary } = played({ ...calm, events: [loss] }, 'withRadsluice')
    expect(played(calm, 'withRadsluice').summary.clients.retransmissions).toBe(0)
    expect(summary.clients.retransmissions).toBeGreaterThan(5)
    expect(summary.sessionsUp).toBe(20)
  })
})

describe('a BNG that restarts', () => {
  it('brings its own sessions back, and only those', () => {
    const reboot = { kind: 'reboot', at: seconds(10), bng: 2, within: seconds(1) } as const
    const { summary, series } = played(
      scenario({ begin: 'up', bngs: 2, sessions: 60, events: [reboot] }),
      'withRadsluice',
    )
    expect(series.up[8]).toBe(60)
    expect(Math.min(...series.up)).toBeGreaterThanOrEqual(30)
    expect(summary.clients.answered.authentication).toBe(30)
    expect(summary.sessionsUp).toBe(60)
  })
})

describe('with several BNGs', () => {
  const { bngs = [], ...summary } = played(scenario({ bngs: 3, sessions: 601 }), 'withRadsluice').summary

  it('has each of them in the summary, and their numbers add up', () => {
    expect(bngs.map(({ name, sessions }) => [name, sessions])).toEqual([
      ['bng-1', 201],
      ['bng-2', 200],
      ['bng-3', 200],
    ])
    expect(total(bngs.map(({ sessionsUp }) => sessionsUp))).toBe(summary.sessionsUp)
    expect(total(bngs.map(({ redials }) => redials))).toBe(summary.clients.gaveUp.authentication)
    for (const { waitP50, waitP99 } of bngs) {
      expect(waitP50).toBeGreaterThan(0)
      expect(waitP99).toBeGreaterThan(waitP50 ?? 0)
      expect(waitP99).toBeLessThanOrEqual(summary.longestWait * 1.01 + 0.001)
    }
  })

  it('has no such list of one alone', () => {
    expect(Object.keys(withIt.summary)).not.toContain('bngs')
  })

  it('shows the longest waits of very many, and says how many are left out', () => {
    const bng = { client: 'storms', sessions: 10, sessionsUp: 10, waitP50: 1, redials: 0 }
    const many = Array.from({ length: 30 }, (_, at) => ({
      ...bng,
      name: `bng-${at + 1}`,
      waitP99: at === 4 ? null : at,
    }))
    const { shown, leftOut } = shownBngs({ ...withIt.summary, bngs: many })
    expect(shown.map(({ at }) => at).slice(0, 3)).toEqual([4, 29, 28])
    expect([shown.length, leftOut]).toEqual([20, 10])
    expect(bngRows({ ...withIt.summary, bngs: many })[0]).toEqual(['bng-5', 'storms', '10', '10', '1 s', 'never', '0'])
    expect(bngRows(withIt.summary)).toEqual([])
  })

  it('names the client of each, since several may share one, and none without radsluice', () => {
    const three = scenario({ bngs: 3, sessions: 3, length: seconds(1) })
    const clientsOf = (run: Run) => (run.summary.bngs ?? []).map(({ client }) => client)
    // Addresses are taken from the configuration's networks in turn.
    expect(clientsOf(played(three, 'withRadsluice'))).toEqual(['bngs', 'another', 'bngs'])
    const direct = played(three, 'withoutRadsluice')
    expect(clientsOf(direct)).toEqual([null, null, null])
    expect(bngRows(direct.summary)[0]?.slice(0, 2)).toEqual(['bng-1', '1'])
  })
})

describe('the settings that were played', () => {
  const usual = options()

  it('name what decides about turns', () => {
    expect(settingsText(usual, 'a test').at(-1)).toBe(
      '  slot 50ms, authentication_first, fairness client, adaptive off',
    )
    expect(settingsText({ ...usual, fairness: 'none' }, 'a test').at(-1)).toContain('fairness none')
  })

  it('name what one client has and the others have not, of 20 clients at most', () => {
    const [first, second] = usual.clients
    if (first === undefined || second === undefined) throw new Error('two clients')
    const own = { weight: 5, maxRate: perSecond(100), maxShare: 50, fairnessKey: 'address', flowKey: 'user' } as const
    const clients = [{ ...first, ...own }, second, { ...second, name: 'third', weight: 2 }]
    expect(settingsText({ ...usual, clients }, 'a test').slice(-2)).toEqual([
      '  client bngs: weight 5, max_rate 100/s, max_share 50 %, fairness_key address, flow_key user',
      '  client third: weight 2',
    ])
    const many = Array.from({ length: 25 }, () => ({ ...first, weight: 2 }))
    expect(settingsText({ ...usual, clients: many }, 'a test').at(-1)).toBe('  and 5 more')
  })
})
