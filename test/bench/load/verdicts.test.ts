import { describe, expect, it } from 'vitest'
import { promisesOf } from '../../../bench/load/compare-promises.ts'
import { comparedOf, faultOf, type RoundOf, type SteadyMeasurement } from '../../../bench/load/compared.ts'
import { type IdleRun, idleVerdicts } from '../../../bench/load/idle.ts'
import { type Condition, millionVerdicts } from '../../../bench/load/million.ts'
import { outcomeWords, promiseTable } from '../../../bench/load/promise-table.ts'
import type { RelayName } from '../../../bench/load/relays.ts'
import { keptVerdict } from '../../../bench/load/reload.ts'
import type { Verdict } from '../../../bench/load/scenario.ts'
import { type Soaked, soakVerdicts } from '../../../bench/load/soak.ts'
import { isStalled, tailsOf, tailVerdicts } from '../../../bench/load/tail.ts'
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
  latencyUnstalled: quantiles,
  stalls: { count: 0, worstMicros: 90, stalledMicros: 0, isRealTime: true, list: [] },
  cpuMicros: 50,
  cpu: { user: 9, system: 41, threads: [{ name: 'instance 0', user: 8, system: 40 }] },
  machine: { others: 0.02, steal: 0, memoryMonitor: 0, othersAtMost: 0.1, repeats: 0 },
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
  busy: told({ cpuMicros: cpuMicros / 2 }),
  half: told({ latency: { ...quantiles, p99: highest } }),
  crashes: 0,
  repeats: 0,
})
const outcomes = (verdicts: readonly Verdict[]): string[] => verdicts.map(({ outcome }) => outcome)
const judged = (...rounds: readonly RoundOf[]): Verdict[] => promisesOf(comparedOf(rounds), 'accounting')
/** The outcome and whether the goal is met, of the promises with these words. */
const of = (verdicts: readonly Verdict[], words: RegExp): string[] =>
  verdicts.filter(({ promise }) => words.test(promise)).map(outcomeWords)

describe('the verdict of the comparison', () => {
  const peers = [round('radsecproxy', 20_000, 60), round('freeradius', 15_000, 90)]
  const atOnce = (...rest: [number, number, Partial<SteadyMeasurement>?]) => round('radsluice batched at once', ...rest)
  const ticked = (...rest: [number, number, Partial<SteadyMeasurement>?]) => round('radsluice batched', ...rest)

  it('judges processor time by the cheaper peer: at once and with the default tick', () => {
    const cpu = /CPU per request at 10,000/
    expect(of(judged(...peers, atOnce(1, 36), ticked(1, 30)), cpu)).toEqual(Array(2).fill('met, the goal is missed'))
    expect(of(judged(...peers, atOnce(1, 36.1), ticked(1, 30.1)), cpu)).toEqual(['MISSED', 'MISSED'])
    expect(of(judged(...peers, atOnce(1, 27), ticked(1, 21)), cpu)).toEqual(Array(2).fill('met, and the goal'))
  })

  it('judges processor time at 30,000/s by the bare relay, if both bear so much', () => {
    const busy = /CPU per request at 30,000/
    const bare = round('bare relay', 100_000, 20)
    expect(of(judged(bare, ticked(1, 40)), busy)).toEqual(['met, the goal is missed'])
    expect(of(judged(bare, ticked(1, 30)), busy)).toEqual(['met, and the goal'])
    expect(of(judged(bare, ticked(1, 40.1)), busy)).toEqual(['MISSED'])
    const overloaded = { ...ticked(1, 30), busy: told({ cpuMicros: 15, lossShare: 0.2 }) }
    expect(of(judged(bare, overloaded), busy)).toEqual(['MISSED'])
    expect(of(judged(bare, { ...overloaded, busy: undefined }), busy)).toEqual(['MISSED'])
    expect(of(judged(ticked(1, 30)), busy)).toEqual([])
    // The cheap rounds among those that lost too much are not the rule.
    const rounds = (borne: number): RoundOf[] =>
      Array.from({ length: 5 }, (_, i) => (i < borne ? ticked(1, 30) : overloaded))
    const bares = Array.from({ length: 5 }, () => bare)
    expect(of(judged(...bares, ...rounds(3)), busy)).toEqual(['met, and the goal'])
    const seldom = judged(...bares, ...rounds(2)).filter(({ promise }) => busy.test(promise))
    expect(seldom.map(outcomeWords)).toEqual(['MISSED'])
    expect(seldom[0]!.measured).toContain('only 2 of 5 rounds bore 30,000/s')
  })

  it('judges the user time of all threads', () => {
    const user = (micros: number): string[] =>
      of(judged(ticked(1, 30, { cpu: { user: micros, system: 20, threads: [] } })), /user time/)
    expect([user(10), user(10.1)]).toEqual([['met'], ['MISSED']])
  })

  it('judges the highest rate by the faster peer, and its goal by what the harness bears without a proxy', () => {
    const rate = /highest rate/
    const nothing = round('nothing', 33_600, 0)
    expect(of(judged(...peers, ticked(32_000, 30)), rate)).toEqual(['met'])
    expect(of(judged(...peers, nothing, ticked(31_990, 30)), rate)).toEqual(['MISSED'])
    expect(of(judged(...peers, nothing, ticked(32_000, 30)), rate)).toEqual(['met, and the goal'])
    expect(of(judged(...peers, round('nothing', 40_000, 0), ticked(32_000, 30)), rate)).toEqual([
      'met, the goal is missed',
    ])
  })

  it('judges latencies by the faster peer: at once, and with what the default tick adds', () => {
    const latency = /latency at 10,000/
    const slow = (p50: number, p99: number) => ({ latency: { ...quantiles, p50, p99 } })
    const both = (p50: number, p99: number): string[] =>
      of(judged(...peers, atOnce(1, 1, slow(p50, p99)), ticked(1, 1, slow(p50, p99))), latency)
    expect(both(39, 89)).toEqual(['met, and the goal', 'met'])
    expect(both(40, 390)).toEqual(['met, the goal is missed', 'met'])
    expect(both(41, 390)).toEqual(['MISSED', 'met'])
    expect(both(540, 1_090)).toEqual(['MISSED', 'met'])
    expect(both(541, 1_090)).toEqual(['MISSED', 'MISSED'])
    expect(both(540, 1_091)).toEqual(['MISSED', 'MISSED'])
  })

  it('goes by medians over the rounds, and by radsluice with its defaults where batched is not measured', () => {
    const ours = [round('radsluice', 10_000, 99), round('radsluice', 32_000, 30), round('radsluice', 32_000, 30)]
    expect(of(judged(...peers, ...ours), /highest rate|default tick: at most 0/)).toEqual([
      'met, the goal is missed',
      'met',
    ])
    const [first] = comparedOf(ours)
    expect(first).toMatchObject({
      rounds: 3,
      highest: { median: 32_000, least: 10_000, most: 32_000 },
      half: { p99: 32_000 },
      busyCpuMicros: { median: 15 },
      userMicros: 9,
    })
  })

  it('is void where one side of a measurement contradicts another, and silent without peers', () => {
    const kernel = { received: 1, sent: 1, bufferErrors: 0, missing: 3 }
    const verdicts = judged(...peers, atOnce(1, 1, { kernel }), ticked(1, 1, { kernel }))
    expect(new Set(outcomes(verdicts))).toEqual(new Set(['VOID']))
    expect(judged(atOnce(1, 1))).toEqual([])
  })

  it('is a miss if radsluice loses so much at 10,000/s that its latency and cost say nothing, and void if a peer does', () => {
    expect(of(judged(...peers, atOnce(1, 1, { lossShare: 0.011 })), /latency/)).toEqual(['MISSED'])
    const lossy = round('freeradius', 15_000, 90, { lossShare: 0.011 })
    expect(of(judged(peers[0]!, lossy, atOnce(1, 1)), /latency/)).toEqual(['VOID'])
    expect(of(judged(...peers, atOnce(1, 1, { lossShare: 0.01 })), /latency/)).toEqual(['met, the goal is missed'])
  })

  it('is void if others had too much of the machine, also only during the search', () => {
    const machine = { others: 0.2, steal: 0, memoryMonitor: 0, othersAtMost: 0.1, repeats: 2 }
    expect(of(judged(...peers, ticked(1, 1, { machine })), /CPU/)).toEqual(['VOID'])
    const tried = (isBorne: boolean) =>
      judged(...peers, {
        ...ticked(1, 1),
        tries: [{ rate: 1, mustHold: true, lossShare: 0, p99: 1, isBorne, machine }],
      })
    expect(of(tried(true), /CPU per request at 10/)).toEqual(['met, and the goal'])
    expect(tried(false)[0]).toMatchObject({ outcome: 'VOID', measured: expect.stringMatching(/disturbed 1 tries/) })
  })

  it('finds each fault of a measurement', () => {
    expect(faultOf(told())).toBeUndefined()
    expect(faultOf(told({ kernel: undefined }))).toBeUndefined()
    expect(faultOf(told({ counts: { ...told().counts, bad: 1 } }))).toMatch(/1 answers were wrong/)
    expect(faultOf(told({ counts: { ...told().counts, unsent: 2 } }))).toMatch(/could not be sent/)
    expect(faultOf(told({ counts: { ...told().counts, kernelDrops: 2 } }))).toMatch(/own buffers/)
    expect(faultOf(told({ sink: { received: 1, answered: 1, bad: 4 } }))).toMatch(/4 requests came wrong/)
    const lateness = { ...quantiles, p50: 1_001 }
    const machine = { others: 0.11, steal: 0.04, memoryMonitor: 0, othersAtMost: 0.1, repeats: 2 }
    expect(faultOf(told({ machine }))).toMatch(/others used 11 %/)
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
  const verdictsOn = (under: Condition): string[] => outcomes(millionVerdicts(condition(), under))

  it('looks at memory, at the idle second and at the logins', () => {
    expect(verdictsOn(full())).toEqual(['PASS', 'PASS', 'PASS'])
    expect(verdictsOn(full({ residentBytes: 800e6 }))).toEqual(['FAIL', 'PASS', 'PASS'])
    expect(verdictsOn(full({ idleCpu: 0.04 }))).toEqual(['PASS', 'FAIL', 'PASS'])
    const slow = told({ latency: { ...quantiles, p50: 51 } })
    expect(verdictsOn(full({ logins: [slow, slow, told()] }))).toEqual(['PASS', 'PASS', 'FAIL'])
    const stalled = told({ latency: { ...quantiles, p99: 136 } })
    expect(verdictsOn(full({ logins: [stalled, stalled, told()] }))).toEqual(['PASS', 'PASS', 'FAIL'])
  })

  it('is void with less than a million', () => {
    expect(verdictsOn(full({ queued: 999_999 }))).toEqual(['VOID', 'VOID', 'VOID'])
  })
})

describe('the verdict on the long tail', () => {
  const stalls = (stalledMicros: number) => ({ ...told().stalls, stalledMicros })
  const run = (relay: RelayName, p999: number, stalledMicros = 0) => ({
    relay,
    told: told({ latency: { ...quantiles, p999 }, stalls: stalls(stalledMicros) }),
  })
  const verdict = (...runs: ReturnType<typeof run>[]): Verdict | undefined => tailVerdicts(tailsOf(runs))[0]

  it('calls a run stalled if the machine stood still for more than half of what p99.9 forgives', () => {
    expect(isStalled(told({ stalls: stalls(2_500) }))).toBe(false)
    expect(isStalled(told({ stalls: stalls(2_501) }))).toBe(true)
  })

  it('compares the runs that are not stalled with the better peer', () => {
    const peers = [run('radsecproxy', 4_000), run('radsecproxy', 79_000, 60_000), run('freeradius', 6_000)]
    const ours = (p999: number) => [run('radsluice batched', p999), run('radsluice batched', 273_000, 200_000)]
    expect(verdict(...peers, ...ours(12_000))).toMatchObject({ outcome: 'PASS', goal: { isMet: false } })
    expect(verdict(...peers, ...ours(12_001))).toMatchObject({ outcome: 'FAIL' })
    expect(verdict(...peers, ...ours(4_000))).toMatchObject({ outcome: 'PASS', goal: { isMet: true } })
  })

  it('is void if the machine stalled in more than half of the runs of one side, and silent without a peer', () => {
    const ours = run('radsluice batched', 4_000)
    const peers = [run('radsecproxy', 4_000), run('radsecproxy', 9_000, 60_000), run('radsecproxy', 9_000, 60_000)]
    expect(verdict(ours, ...peers)).toMatchObject({
      outcome: 'VOID',
      measured: expect.stringMatching(/stalled in 2 of 3 runs of radsecproxy/),
    })
    expect(verdict(ours)).toBeUndefined()
  })
})

describe('the verdict on idle time', () => {
  const run = (relay: RelayName, empty: number, full: number, waiting = 1_000_000): IdleRun => ({
    relay,
    empty,
    full,
    waiting,
  })
  const words = (...runs: IdleRun[]): string[] => idleVerdicts(runs, 0.001).map(outcomeWords)

  it('compares with dgram, empty and full, to what /proc can show', () => {
    const dgram = run('radsluice dgram', 0.003, 0.004)
    expect(words(dgram, run('radsluice batched', 0.004, 0.002))).toEqual([
      'met, the goal is missed',
      'met, and the goal',
    ])
    expect(words(dgram, run('radsluice batched', 0.0041, 0.0051))).toEqual(['MISSED', 'MISSED'])
    expect(words(run('radsluice batched', 0, 0))).toEqual([])
  })

  it('is void with fewer than a million', () => {
    const less = run('radsluice batched', 0, 0, 999_999)
    expect(words(run('radsluice dgram', 0, 0), less)).toEqual(['met, and the goal', 'VOID'])
  })
})

describe('the verdict on a soak', () => {
  const samples = (bytes: (n: number) => number, descriptors: (n: number) => number = () => 40) =>
    Array.from({ length: 9 }, (_, n) => ({ seconds: n * 10, residentBytes: bytes(n), descriptors: descriptors(n) }))
  const soaked = (more: Partial<Soaked> = {}): Soaked => ({
    rate: 10_000,
    measurement: told({ load: { kind: 'accounting', rate: 10_000, seconds: 1_200 } }),
    samples: samples((n) => (n < 3 ? 100e6 : 200e6)),
    reloadsAsked: 9,
    books: { received: 50_000, kernelDrops: 0, imbalance: 0, internalErrors: 0, reloadsOk: 9, reloadsFailed: 0 },
    ...more,
  })
  const outcome = (more: Partial<Soaked> = {}): string[] => outcomes(soakVerdicts(soaked(more)))
  const { books } = soaked()

  it('passes if memory and descriptors are flat after the first third, and every request is known', () => {
    expect(outcome()).toEqual(['PASS', 'PASS', 'PASS', 'PASS'])
  })

  it('finds memory and descriptors that grow', () => {
    expect(outcome({ samples: samples((n) => 200e6 + n * 5e6) })[0]).toBe('FAIL')
    expect(
      outcome({
        samples: samples(
          () => 1,
          (n) => 40 + n,
        ),
      })[1],
    ).toBe('FAIL')
  })

  it('finds what was lost, and what nobody explains', () => {
    const counts = { ...told().counts, answered: 49_999, lost: 1 }
    expect(outcome({ measurement: told({ counts }) }).slice(2)).toEqual(['FAIL', 'PASS'])
    expect(outcome({ books: { ...books, received: 49_998, kernelDrops: 2 } })[3]).toBe('PASS')
    expect(outcome({ books: { ...books, received: 49_998 } })[3]).toBe('FAIL')
    expect(outcome({ books: { ...books, imbalance: 1 } })[3]).toBe('FAIL')
    expect(outcome({ books: { ...books, internalErrors: 1 } })[3]).toBe('FAIL')
  })

  it('leaves it open whether memory is flat if the soak is short', () => {
    expect(outcome({ measurement: told() })).toEqual(['VOID', 'PASS', 'PASS', 'PASS'])
  })

  it('is void if a reload did not come about, or nobody looked', () => {
    expect(outcome({ books: { ...books, reloadsOk: 8 } })).toEqual(Array(4).fill('VOID'))
    expect(outcome({ samples: [] })).toEqual(Array(4).fill('VOID'))
  })
})

describe('the table of all promises', () => {
  it('says what was promised, hoped for and measured, and a miss by its name', () => {
    const verdicts = soakVerdictsOf('FAIL')
    const table = promiseTable([
      { scenario: 'one', about: '', tables: [], bars: [], plots: [], verdicts, numbers: undefined },
    ])
    expect(table?.rows).toEqual([['one', 'it holds', 'it holds well', '3 us', 'MISSED']])
    expect(promiseTable([])).toBeUndefined()
  })

  const soakVerdictsOf = (outcome: Verdict['outcome']): Verdict[] => [
    { promise: 'it holds', measured: '3 us', outcome, goal: { promise: 'it holds well', isMet: false } },
  ]
})
