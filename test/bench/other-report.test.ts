import { describe, expect, it } from 'vitest'
import type { OtherBngReport, OtherLogin } from '../../bench/other/other-bng.ts'
import { judgementLines, judgementsOf, type OtherRuns, otherTable } from '../../bench/other/other-report.ts'
import { duringStorm, type OtherRun } from '../../bench/other/other-runs.ts'
import { readCommand, STANDARD_STORM } from '../../bench/storm-plan.ts'

const SECOND = 1_000_000
const report = (logins: readonly OtherLogin[], stalls: OtherBngReport['stalls'] = []): OtherBngReport => ({
  ...{ logins, stalls, sent: logins.length, answersOfNoUse: 0, latestBy: 1, niceness: 0 },
})
const login = (second: number, waited: number | undefined, calls = 1): OtherLogin => ({
  at: second * SECOND,
  waited: waited === undefined ? undefined : waited * SECOND,
  calls,
})

describe('what the other BNG saw during the storm', () => {
  it('is of the logins that began in it, from its begin on and not at its end', () => {
    const logins = [login(9, 9), login(10, 1), login(19.9, 2), login(20, 9)]
    expect(duringStorm(report(logins), 10 * SECOND, 10, {})).toMatchObject({
      logins: 2,
      began: [0, 9.9],
      waited: [1, 2],
    })
  })

  it('has the least waiting time that 50 and 99 per cent do not exceed, and the longest', () => {
    const logins = Array.from({ length: 200 }, (_, index) => login(1, (200 - index) / 100))
    expect(duringStorm(report(logins), 0, 10, {}).waiting).toEqual({ p50: 1, p99: 1.98, longest: 2 })
    expect(duringStorm(report([]), 0, 10, {}).waiting).toEqual({ p50: undefined, p99: undefined, longest: undefined })
  })

  it('knows who was never up, and who dialled again: they are the longest of all', () => {
    const other = duringStorm(report([login(1, 0.01), login(2, 30, 2), login(3, undefined, 3)]), 0, 10, {})
    expect(other).toMatchObject({ logins: 3, neverUp: 1, dialledAgain: 2 })
    expect(other.waiting).toEqual({ p50: 30, p99: undefined, longest: undefined })
  })

  it('knows how long each waited before the server', () => {
    const atServers = { 'other-0@bng.example': 0.25 * SECOND, 'other-1@bng.example': SECOND }
    const other = duringStorm(report([login(1, 1), login(2, 3)]), 1.5 * SECOND, 10, atServers)
    expect(other).toMatchObject({ waited: [3], atServer: [1], waitingBefore: { p50: 2, p99: 2, longest: 2 } })
  })

  it('has the waiting times without those during which it was stalled itself', () => {
    const stalls = [{ at: 2.5 * SECOND, lasted: 0.1 * SECOND }]
    const { waiting, waitingUnstalled } = duringStorm(report([login(1, 1), login(2, 3)], stalls), 0, 10, {})
    expect([waiting.longest, waitingUnstalled.longest]).toEqual([3, 1])
  })

  it('has the stalls of that time alone, milliseconds', () => {
    const stalls = [1, 12, 15].map((second) => ({ at: second * SECOND, lasted: second * 10_000 }))
    expect(duringStorm(report([], stalls), 10 * SECOND, 10, {}).stalls).toEqual({ count: 2, longest: 150, total: 270 })
  })
})

const run = (beside: OtherRun['beside'], p99: number | undefined, lasted: number, up = 20_000): OtherRun => ({
  ...{ beside, lasted, servers: [] },
  other: {
    ...duringStorm(report([]), 0, 10, {}),
    logins: 500,
    waiting: { p50: 0.01, p99, longest: p99 },
  },
  storm:
    beside === 'no storm'
      ? undefined
      : ({ up, upBySecond: [up], latestBy: 0, kernelDrops: 0 } as unknown as OtherRun['storm']),
  daemon: {
    clients: [],
    kernelDrops: 0,
    loopDelay: { mean: 0, p99: 0, max: 0 },
    cpuSeconds: 1,
  } as unknown as OtherRun['daemon'],
})
const runs = (p99: number | undefined, lasted: number, up?: number): OtherRuns => ({
  quiet: run('no storm', 0.01, 40),
  turns: run('client', p99, lasted, up),
  fifo: run('none', 20, 57),
})
const met = (of: OtherRuns): boolean[] => judgementsOf(STANDARD_STORM, of).map(({ isMet }) => isMet)

describe('the judgement of the storm beside another BNG', () => {
  it('allows the p99 50 ms more than without a storm', () => {
    expect(met(runs(0.06, 58))).toEqual([true, true])
    expect(met(runs(0.061, 58))).toEqual([false, true])
    expect(met(runs(undefined, 58))).toEqual([false, true])
  })

  it("allows the storm 3 % more than the time without turns and the other BNG's service: 500 logins, a second", () => {
    expect(met(runs(0.05, 58 * 1.03 - 0.001))).toEqual([true, true])
    expect(met(runs(0.05, 58 * 1.03 + 0.001))).toEqual([true, false])
    expect(met(runs(0.05, 58, 19_999))).toEqual([true, false])
  })

  it('says met or MISSED, and which run a busy machine disturbed', () => {
    const lines = (of: OtherRuns): string[] => judgementLines(judgementsOf(STANDARD_STORM, of), of)
    expect(lines(runs(0.07, 58)).map((line) => line.slice(0, 6))).toEqual(['MISSED', 'met   '])
    const { turns, ...others } = runs(0.05, 58)
    const late = { ...turns, other: { ...turns.other, latestBy: 26 } }
    expect(lines({ ...others, turns: late })[2]).toMatch(/busy in the run with fairness: client: .* 26 ms late/)
    expect(otherTable(STANDARD_STORM, { ...others, turns: late })[0]).toContain('FAIRNESS: CLIENT')
  })
})

describe('the command of the storm beside another BNG', () => {
  it('takes a rate and a lead, and goes through radsluice alone', () => {
    const plain = { paths: ['through', 'directly'], other: undefined, json: 'bench/results/local/storm.json' }
    expect(readCommand([])).toMatchObject(plain)
    const json = 'bench/results/local/storm-other.json'
    expect(readCommand(['--other', '10'])).toMatchObject({ other: { rate: 10, lead: 10 }, json })
    expect(readCommand(['--other', '5', '--lead', '1'])).toMatchObject({ other: { rate: 5, lead: 1 } })
    expect(readCommand(['--other', '0'])).toMatch(/--other is a number from 0.1 to 200/)
    expect(readCommand(['--lead', '1'])).toMatch(/--lead goes with --other/)
    expect(readCommand(['--other', '1', '--through-only'])).toMatch(/always goes through radsluice/)
  })
})
