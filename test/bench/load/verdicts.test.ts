import { describe, expect, it } from 'vitest'
import {
  comparedOf,
  faultOf,
  type RoundOf,
  type SteadyMeasurement,
  verdictsOf,
} from '../../../bench/load/compare-report.ts'
import { type Condition, millionVerdicts } from '../../../bench/load/million.ts'
import { keptVerdict } from '../../../bench/load/reload.ts'
import type { Verdict } from '../../../bench/load/scenario.ts'
import { type ThrottledRun, verdictsOf as throttledVerdicts } from '../../../bench/load/throttled.ts'

const quantiles = { count: 100, mean: 50, p50: 40, p90: 60, p99: 90, p999: 120, max: 200 }
const told = (more: Partial<SteadyMeasurement> = {}): SteadyMeasurement => ({
  load: { kind: 'accounting', rate: 10_000, seconds: 5 },
  counts: {
    sent: 50_000,
    answered: 50_000,
    lost: 0,
    late: 0,
    again: 0,
    bad: 0,
    unproven: 0,
    superseded: 0,
    unsent: 0,
    kernelDrops: 0,
  },
  lossShare: 0,
  latency: quantiles,
  cpuMicros: 50,
  residentBytes: 1e8,
  generator: { cpuSeconds: 1, wallSeconds: 5, lateness: quantiles },
  sink: { received: 50_000, answered: 50_000, bad: 0 },
  kernel: { received: 1, sent: 1, bufferErrors: 0, missing: 0 },
  ...more,
})
const round = (relay: string, highest: number, cpuMicros: number, more: Partial<SteadyMeasurement> = {}): RoundOf => ({
  relay,
  kind: 'accounting',
  highest,
  tries: [],
  fixed: told({ cpuMicros, ...more }),
  half: told({ latency: { ...quantiles, p99: highest } }),
  crashes: 0,
})
const outcomes = (verdicts: readonly Verdict[]): string[] => verdicts.map(({ outcome }) => outcome)
const judged = (...rounds: readonly RoundOf[]): string[] => outcomes(verdictsOf(comparedOf(rounds), 'accounting'))

describe('the verdict of the comparison', () => {
  const peers = [round('radsecproxy', 20_000, 60), round('freeradius', 15_000, 90)]

  it('passes at 1.4 times the rate of the faster and 0.9 times the cost of the cheaper peer, and fails just beyond', () => {
    expect(judged(...peers, round('radsluice', 28_000, 54))).toEqual(['PASS', 'PASS'])
    expect(judged(...peers, round('radsluice', 27_500, 54))).toEqual(['FAIL', 'PASS'])
    expect(judged(...peers, round('radsluice', 28_000, 54.1))).toEqual(['PASS', 'FAIL'])
  })

  it('goes by medians over the rounds', () => {
    const ours = [round('radsluice', 10_000, 99), round('radsluice', 30_000, 40), round('radsluice', 30_000, 40)]
    expect(judged(...peers, ...ours)).toEqual(['PASS', 'PASS'])
    const [first] = comparedOf(ours)
    expect(first).toMatchObject({
      rounds: 3,
      highest: { median: 30_000, least: 10_000, most: 30_000 },
      half: { p99: 30_000 },
    })
  })

  it('is void where one side of a measurement contradicts another, and silent without peers', () => {
    const kernel = { received: 1, sent: 1, bufferErrors: 0, missing: 3 }
    expect(judged(...peers, round('radsluice', 28_000, 54, { kernel }))).toEqual(['VOID', 'VOID'])
    expect(judged(round('radsluice', 28_000, 54))).toEqual([])
  })

  it('finds each fault of a measurement', () => {
    expect(faultOf(told())).toBeUndefined()
    expect(faultOf(told({ kernel: undefined }))).toBeUndefined()
    expect(faultOf(told({ counts: { ...told().counts, bad: 1 } }))).toMatch(/1 answers were wrong/)
    expect(faultOf(told({ counts: { ...told().counts, unsent: 2 } }))).toMatch(/could not be sent/)
    expect(faultOf(told({ counts: { ...told().counts, kernelDrops: 2 } }))).toMatch(/own buffers/)
    expect(faultOf(told({ sink: { received: 1, answered: 1, bad: 4 } }))).toMatch(/4 requests came wrong/)
    const lateness = { ...quantiles, p50: 1_001 }
    expect(faultOf(told({ generator: { cpuSeconds: 1, wallSeconds: 5, lateness } }))).toMatch(/1001 us late itself/)
  })
})

const use = {
  arrivals: 100_000,
  overQuota: 0,
  excused: 0,
  mostInASecond: 20_000,
  slots: 80,
  unfilled: 0,
  usedShare: 1,
  perSlot: [],
  quota: 1_000,
}
const throttledRun = (more: Partial<ThrottledRun> = {}): ThrottledRun => ({
  measurement: { ...told(), steps: [] },
  use,
  arrivals: [],
  backlogFrom: 0,
  sink: {
    received: 1,
    answered: 1,
    bad: 0,
    lost: 0,
    overflowed: 0,
    silenced: 0,
    probes: 0,
    reordered: 0,
    recorded: 1,
    kernelDrops: 0,
  },
  fault: undefined,
  ...more,
})

describe('the verdict on the throttle', () => {
  it('takes no request over quota, and 99.5 % of use in the worst run', () => {
    const least = throttledRun({ use: { ...use, usedShare: 0.995 } })
    expect(outcomes(throttledVerdicts([throttledRun(), least]))).toEqual(['PASS', 'PASS'])
    const less = throttledRun({ use: { ...use, usedShare: 0.9949 } })
    expect(outcomes(throttledVerdicts([throttledRun(), less]))).toEqual(['PASS', 'FAIL'])
    const over = throttledRun({ use: { ...use, overQuota: 1 } })
    expect(outcomes(throttledVerdicts([throttledRun(), over]))).toEqual(['FAIL', 'PASS'])
  })

  it('does not pass what was not measured', () => {
    expect(outcomes(throttledVerdicts([throttledRun({ use: { ...use, slots: 0, usedShare: 0 } })]))).toEqual([
      'FAIL',
      'FAIL',
    ])
    expect(outcomes(throttledVerdicts([throttledRun({ fault: 'a hole' })]))).toEqual(['VOID', 'VOID'])
  })

  it('asks of a change under load that it came about, and that nothing was lost or overtook', () => {
    const kept = (runs: ThrottledRun[], happened = true): string => keptVerdict('kept', runs, happened).outcome
    const { sink, measurement } = throttledRun()
    expect(kept([throttledRun()])).toBe('PASS')
    expect(kept([throttledRun()], false)).toBe('VOID')
    expect(kept([throttledRun({ sink: { ...sink, reordered: 1 } })])).toBe('FAIL')
    const counts = { ...measurement.counts, lost: 1 }
    expect(kept([throttledRun({ measurement: { ...measurement, counts } })])).toBe('FAIL')
    expect(kept([throttledRun(), throttledRun({ use: { ...use, overQuota: 1 } })])).toBe('FAIL')
  })
})

describe('the verdict on a million waiting records', () => {
  const condition = (more: Partial<Condition> = {}): Condition => ({
    queued: 0,
    residentBytes: 200e6,
    idleCpu: 0.01,
    loopDelayMillis: 1,
    logins: [told(), told(), told()],
    ...more,
  })
  const full = (more: Partial<Condition> = {}): Condition =>
    condition({ queued: 1_000_000, residentBytes: 799e6, ...more })
  const of = (under: Condition): string[] => outcomes(millionVerdicts(condition(), under))

  it('looks at memory, at the idle second and at the logins', () => {
    expect(of(full())).toEqual(['PASS', 'PASS', 'PASS'])
    expect(of(full({ residentBytes: 800e6 }))).toEqual(['FAIL', 'PASS', 'PASS'])
    expect(of(full({ idleCpu: 0.04 }))).toEqual(['PASS', 'FAIL', 'PASS'])
    const slow = told({ latency: { ...quantiles, p50: 51 } })
    expect(of(full({ logins: [slow, slow, told()] }))).toEqual(['PASS', 'PASS', 'FAIL'])
    const stalled = told({ latency: { ...quantiles, p99: 136 } })
    expect(of(full({ logins: [stalled, stalled, told()] }))).toEqual(['PASS', 'PASS', 'FAIL'])
  })

  it('is void with less than a million', () => {
    expect(of(full({ queued: 999_999 }))).toEqual(['VOID', 'VOID', 'VOID'])
  })
})
