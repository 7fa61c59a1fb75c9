/**
 * The long tail: p99.9 of accounting at 6,000 requests a second, relays in turn.
 *
 * One pause of 60 ms in a minute is enough to make p99.9, and on a shared machine such pauses are often the machine's. So each
 * run says how long the machine itself stood still (bench/native/stalls.h). A run is stalled if that is more than half of what
 * p99.9 forgives. The promise is judged by the runs that are not stalled.
 */
import { presentRelays, relayCandidate } from './compare.ts'
import { timesOf } from './compare-promises.ts'
import { faultOf, type SteadyMeasurement } from './compared.ts'
import { measure, measureOnce } from './measurement.ts'
import { type Spread, spreadOf } from './medians.ts'
import type { RelayName } from './relays.ts'
import type { Bench, ScenarioReport, Verdict } from './scenario.ts'
import { Sink } from './sink.ts'

const RATE = 6_000
const WARM_UP = { kind: 'accounting', rate: 10_000, seconds: 6 } as const
/** Of the time; p99.9 forgives a thousandth. */
const STALLED_AT_MOST = 0.0005
export const TAIL_TARGET = { times: 3, goal: 1 } as const
const PEERS: readonly RelayName[] = ['radsecproxy', 'freeradius']
const OURS: readonly RelayName[] = ['radsluice', 'radsluice batched at once', 'radsluice batched']

export interface TailRun {
  readonly relay: RelayName
  readonly told: SteadyMeasurement
}

export async function tail(bench: Bench): Promise<ScenarioReport> {
  const { pace } = bench
  const { here, missing } = presentRelays(bench)
  const runs: TailRun[] = []
  for (let round = 1; round <= pace.rounds; round += 1) {
    for (const relay of here) {
      const run = { relay, told: await oneRun(bench, relay) }
      runs.push(run)
      bench.say(`round ${round}, ${relay}: ${toldShort(run)}`)
    }
  }
  const tails = tailsOf(runs)
  return {
    scenario: 'tail',
    about: `${RATE.toLocaleString('en-US')} accounting requests a second for ${pace.tailSeconds} s, medians of ${pace.rounds} in turn. A run is stalled if the machine itself stood still for more than ${STALLED_AT_MOST * 1_000} ms of each second.`,
    tables: [tailTable(tails), runTable(runs)],
    bars: [
      {
        title: 'p99.9 of the runs in which the machine did not stall',
        unit: 'us',
        isLessBetter: true,
        bars: tails
          .filter(({ quiet }) => quiet !== undefined)
          .map(({ relay, quiet }) => ({ label: relay, value: quiet!.median, isOurs: OURS.includes(relay) })),
      },
    ],
    plots: [],
    verdicts: tailVerdicts(tails),
    numbers: { tails, runs, missing },
  }
}

async function oneRun(bench: Bench, name: RelayName): Promise<SteadyMeasurement> {
  const { workshop, pace } = bench
  const sink = await Sink.start(workshop.programs.sink)
  const relay = await relayCandidate(bench, name).start(sink.ports)
  try {
    await measureOnce(workshop, relay, sink, WARM_UP)
    const load = { kind: 'accounting', rate: RATE, seconds: pace.tailSeconds } as const
    const { steps: _, ...told } = await measure(workshop, relay, sink, load)
    return told
  } finally {
    await relay.stop()
    await sink.stop()
  }
}

/** Whether p99.9 of this measurement can come from the machine alone. */
export const isStalled = ({ stalls, load }: Pick<SteadyMeasurement, 'stalls' | 'load'>): boolean =>
  stalls.stalledMicros > load.seconds * 1_000_000 * STALLED_AT_MOST

/** The runs of one relay; microseconds. */
export interface Tail {
  readonly relay: RelayName
  readonly runs: number
  readonly all: Spread
  /** Of the runs that are not stalled; undefined where there are none. */
  readonly quiet: Spread | undefined
  readonly quietRuns: number
  /** Of all runs, without the requests that waited during a stall. */
  readonly unstalled: Spread
  readonly worstStall: number
  readonly lost: number
  readonly fault: string | undefined
}

export function tailsOf(runs: readonly TailRun[]): Tail[] {
  return [...new Set(runs.map(({ relay }) => relay))].map((relay) => {
    const told = runs.filter((run) => run.relay === relay).map((run) => run.told)
    const quiet = told.filter((one) => !isStalled(one))
    return {
      relay,
      runs: told.length,
      all: spreadOf(told.map(({ latency }) => latency.p999)),
      quiet: quiet.length === 0 ? undefined : spreadOf(quiet.map(({ latency }) => latency.p999)),
      quietRuns: quiet.length,
      unstalled: spreadOf(told.map(({ latencyUnstalled }) => latencyUnstalled.p999)),
      worstStall: Math.max(...told.map(({ stalls }) => stalls.worstMicros)),
      lost: told.reduce((sum, { counts }) => sum + counts.lost, 0),
      fault: quiet.map(faultOf).find((fault) => fault !== undefined),
    }
  })
}

/** radsluice's p99.9 beside the better peer's. VOID if the machine stalled in more than half of the runs on one side. */
export function tailVerdicts(tails: readonly Tail[]): Verdict[] {
  const peers = tails.filter(({ relay }) => PEERS.includes(relay))
  if (peers.length === 0) return []
  return tails
    .filter(({ relay }) => OURS.includes(relay))
    .map((ours) => {
      const sides = [ours, ...peers]
      const [mine, best] = [ours.quiet?.median, leastOf(peers.map(({ quiet }) => quiet?.median))]
      const times = (mine ?? Number.NaN) / (best ?? Number.NaN)
      const allTimes = ours.all.median / Math.min(...peers.map(({ all }) => all.median))
      const stalled = sides.find(({ quietRuns, runs }) => quietRuns * 2 < runs)
      const fault =
        stalled === undefined
          ? sides.map((one) => one.fault).find((one) => one !== undefined)
          : `the machine stalled in ${stalled.runs - stalled.quietRuns} of ${stalled.runs} runs of ${stalled.relay}`
      return {
        promise: `${ours.relay}: p99.9 at ${RATE.toLocaleString('en-US')}/s at most ${TAIL_TARGET.times} x the better peer's`,
        measured: `${shown(mine)} us to ${shown(best)} us, ${timesOf(times)}; over all runs ${timesOf(allTimes)}${fault === undefined ? '' : `; but ${fault}`}`,
        outcome: fault !== undefined ? 'VOID' : times <= TAIL_TARGET.times ? 'PASS' : 'FAIL',
        goal: { promise: "at most the better peer's", isMet: times <= TAIL_TARGET.goal },
      } as const
    })
}

const leastOf = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

const tailTable = (tails: readonly Tail[]): ScenarioReport['tables'][number] => ({
  title:
    'p99.9, microseconds: medians over the runs that are not stalled, over all, and over all without what a stall held up',
  heading: [
    'relay',
    'not stalled',
    'from - to',
    'runs',
    'all',
    'from - to',
    'runs',
    'without stalls',
    'worst stall',
    'lost',
  ],
  rows: tails.map(({ relay, quiet, quietRuns, all, runs, unstalled, worstStall, lost }) => [
    relay,
    quiet?.median ?? '-',
    quiet === undefined ? '-' : `${shown(quiet.least)} - ${shown(quiet.most)}`,
    quietRuns,
    all.median,
    `${shown(all.least)} - ${shown(all.most)}`,
    runs,
    unstalled.median,
    worstStall,
    lost,
  ]),
})

const runTable = (runs: readonly TailRun[]): ScenarioReport['tables'][number] => ({
  title: 'Each run, microseconds',
  heading: [
    'relay',
    'p50',
    'p99',
    'p99.9',
    'longest',
    'worst stall',
    'stalls together',
    'stalled',
    'others %',
    'stolen %',
    'memory monitor %',
  ],
  rows: runs.map(({ relay, told: { latency, stalls, machine, load } }) => [
    relay,
    latency.p50,
    latency.p99,
    latency.p999,
    latency.max,
    stalls.worstMicros,
    stalls.stalledMicros,
    isStalled({ stalls, load }) ? 'yes' : 'no',
    (machine.others * 100).toFixed(1),
    (machine.steal * 100).toFixed(1),
    (machine.memoryMonitor * 100).toFixed(1),
  ]),
})

const toldShort = ({ told: { latency, stalls, load } }: TailRun): string =>
  `p99.9 ${latency.p999} us; worst stall of the machine ${stalls.worstMicros} us${isStalled({ stalls, load }) ? ', a stalled run' : ''}`

const shown = (micros: number | undefined): string => micros?.toLocaleString('en-US') ?? '-'
