/**
 * The results of the comparison: medians, and verdicts on what radsluice promises in comparison to its peers.
 *
 * Promised: at least 1.4 times the highest rate of the better peer, and at most 0.9 times the processor time of the cheaper
 * one at 10,000 requests a second; 1.7 and 0.75 are the goal. If in a round generator, sink and kernel disagree, or the
 * generator was late, the verdict is VOID.
 */
import type { Kind } from './generator.ts'
import type { Measurement } from './measurement.ts'
import { medianOf, type Spread, spreadOf } from './medians.ts'
import type { Bars, BenchTable, Pace, ScenarioReport, Verdict } from './scenario.ts'

export const RATE_TARGET = { least: 1.4, goal: 1.7 } as const
export const CPU_TARGET = { most: 0.9, goal: 0.75 } as const
/** Microseconds that the generator may be late at half of all requests: then the load was not what the plan says. */
const LATE_AT_MOST = 1_000
const PEERS: readonly string[] = ['radsecproxy', 'freeradius']

export type SteadyMeasurement = Omit<Measurement, 'steps'>

/** One relay, one kind of request, one round. */
export interface RoundOf {
  /** Its name: radsluice, a peer, or radsluice with other settings. */
  readonly relay: string
  readonly kind: Kind
  readonly highest: number
  readonly tries: readonly {
    readonly rate: number
    readonly lossShare: number
    /** Undefined where the relay crashed. */
    readonly p99: number | undefined
    readonly isBorne: boolean
  }[]
  readonly fixed: SteadyMeasurement
  /** At half of the highest rate; undefined where there is none. */
  readonly half: SteadyMeasurement | undefined
  /** How often the relay ended by itself. */
  readonly crashes: number
}

/** Medians and spreads of one relay's rounds with one kind of request. */
export interface Compared {
  readonly relay: string
  readonly kind: Kind
  readonly rounds: number
  readonly highest: Spread
  readonly cpuMicros: Spread | undefined
  readonly residentMebibytes: number | undefined
  readonly fixed: Latencies
  readonly half: Latencies | undefined
  readonly crashes: number
  /** Why these numbers prove nothing; undefined where they do. */
  readonly fault: string | undefined
}

interface Latencies {
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

export interface CompareNumbers {
  readonly compared: readonly Compared[]
  readonly rounds: readonly RoundOf[]
  readonly missing: readonly string[]
}

export function compareReport(o: {
  readonly rounds: readonly RoundOf[]
  readonly missing: readonly string[]
  readonly pace: Pace
}): ScenarioReport {
  const { rounds, missing, pace } = o
  const compared = comparedOf(rounds)
  const kinds = [...new Set(rounds.map(({ kind }) => kind))]
  const numbers: CompareNumbers = { compared, rounds, missing }
  return {
    scenario: 'compare',
    about: `Relays side by side, medians of ${pace.rounds} in turn; highest rates with less than 0.1 % lost and a p99 under 200 ms, in steps of ${pace.step}.`,
    tables: [rateTable(compared), latencyTable(compared)],
    bars: kinds.flatMap((kind) => barsOf(compared, kind)),
    plots: [],
    verdicts: kinds.flatMap((kind) => verdictsOf(compared, kind)),
    numbers,
  }
}

/** Medians for each relay and kind of request, in the order of the first round. */
export function comparedOf(rounds: readonly RoundOf[]): Compared[] {
  const keys = [...new Set(rounds.map(({ relay, kind }) => `${relay}/${kind}`))]
  return keys.map((key) => mediansOf(rounds.filter(({ relay, kind }) => `${relay}/${kind}` === key)))
}

function mediansOf(rounds: readonly RoundOf[]): Compared {
  const { relay, kind } = rounds[0]!
  const fixed = rounds.map((round) => round.fixed)
  const halves = rounds.map(({ half }) => half).filter((half) => half !== undefined)
  const cpu = fixed.map(({ cpuMicros }) => cpuMicros).filter((micros) => micros !== undefined)
  const resident = fixed.map(({ residentBytes }) => residentBytes).filter((octets) => octets !== undefined)
  return {
    relay,
    kind,
    rounds: rounds.length,
    highest: spreadOf(rounds.map(({ highest }) => highest)),
    cpuMicros: cpu.length === 0 ? undefined : spreadOf(cpu),
    residentMebibytes: resident.length === 0 ? undefined : medianOf(resident) / 1_048_576,
    fixed: latenciesOf(fixed),
    half: halves.length === 0 ? undefined : latenciesOf(halves),
    crashes: rounds.reduce((sum, { crashes }) => sum + crashes, 0),
    fault: [...fixed, ...halves].map(faultOf).find((fault) => fault !== undefined),
  }
}

const latenciesOf = (measured: readonly SteadyMeasurement[]): Latencies => ({
  p50: medianOf(measured.map(({ latency }) => latency.p50)),
  p99: medianOf(measured.map(({ latency }) => latency.p99)),
  p999: medianOf(measured.map(({ latency }) => latency.p999)),
})

/** Why a measurement proves nothing; undefined where it does. */
export function faultOf({ kernel, generator, counts, sink }: SteadyMeasurement): string | undefined {
  if (counts.bad > 0) return `${counts.bad} answers were wrong`
  if (sink.bad > 0) return `${sink.bad} requests came wrong to the sink`
  if (kernel !== undefined && kernel.missing > 0) return `the kernel saw ${kernel.missing} datagrams fewer`
  if (counts.unsent > 0) return `${counts.unsent} requests could not be sent`
  if (counts.kernelDrops > 0) return `${counts.kernelDrops} answers were lost in the generator's own buffers`
  if (generator.lateness.p50 > LATE_AT_MOST) return `the generator was ${generator.lateness.p50} us late itself`
  return undefined
}

export const rateTable = (compared: readonly Compared[]): BenchTable => ({
  title: 'Highest rate with less than 0.1 % lost, and what a request costs at 10,000/s',
  heading: ['relay', 'requests', 'highest rate', 'from - to', 'CPU us', 'from - to', 'memory MiB', 'crashes'],
  rows: compared.map(({ relay, kind, highest, cpuMicros, residentMebibytes, crashes }) => [
    relay,
    kind,
    highest.median,
    `${shown(highest.least)} - ${shown(highest.most)}`,
    cpuMicros === undefined ? '-' : cpuMicros.median.toFixed(1),
    cpuMicros === undefined ? '-' : `${cpuMicros.least.toFixed(1)} - ${cpuMicros.most.toFixed(1)}`,
    residentMebibytes === undefined ? '-' : Math.round(residentMebibytes),
    crashes,
  ]),
})

export const latencyTable = (compared: readonly Compared[]): BenchTable => ({
  title: 'Latency from the intended moment of sending, microseconds: at 10,000/s, and at half of the highest rate',
  heading: ['relay', 'requests', 'p50', 'p99', 'p99.9', 'half rate', 'p50', 'p99', 'p99.9'],
  rows: compared.map(({ relay, kind, fixed, highest, half }) => [
    relay,
    kind,
    fixed.p50,
    fixed.p99,
    fixed.p999,
    half === undefined ? '-' : highest.median / 2,
    half?.p50 ?? '-',
    half?.p99 ?? '-',
    half?.p999 ?? '-',
  ]),
})

export function barsOf(all: readonly Compared[], kind: Kind): Bars[] {
  const compared = all.filter((one) => one.kind === kind)
  const bars = (read: (one: Compared) => number | undefined): Bars['bars'] =>
    compared
      .map((one) => ({ label: one.relay, value: read(one) ?? 0, isOurs: one.relay.startsWith('radsluice') }))
      .filter(({ value }) => value > 0)
  return [
    { title: `Highest rate, ${kind}`, unit: '/s', isLessBetter: false, bars: bars(({ highest }) => highest.median) },
    {
      title: `CPU per request at 10,000/s, ${kind}`,
      unit: 'us',
      isLessBetter: true,
      bars: bars(({ cpuMicros }) => cpuMicros?.median),
    },
    {
      title: `p99 at half of the highest rate, ${kind}`,
      unit: 'us',
      isLessBetter: true,
      bars: bars(({ half }) => half?.p99),
    },
  ]
}

/** Rate and processor time beside the better peer. */
export function verdictsOf(all: readonly Compared[], kind: Kind): Verdict[] {
  const ours = all.find((one) => one.relay === 'radsluice' && one.kind === kind)
  const peers = all.filter((one) => PEERS.includes(one.relay) && one.kind === kind)
  if (ours === undefined || peers.length === 0) return []
  const fault = [ours, ...peers].map((one) => one.fault).find((one) => one !== undefined)
  const fastest = Math.max(...peers.map(({ highest }) => highest.median))
  const cheapest = Math.min(...peers.map(({ cpuMicros }) => cpuMicros?.median ?? Number.POSITIVE_INFINITY))
  const rate = ours.highest.median / fastest
  const cpu = (ours.cpuMicros?.median ?? Number.NaN) / cheapest
  const peersWords = peers.length < PEERS.length ? ` (only ${peers.map(({ relay }) => relay).join()} is here)` : ''
  const faultWords = fault === undefined ? '' : `; but ${fault}`
  const verdict = (promise: string, measured: string, holds: boolean): Verdict => ({
    promise,
    measured: `${measured}${peersWords}${faultWords}`,
    outcome: fault === undefined ? (holds ? 'PASS' : 'FAIL') : 'VOID',
  })
  return [
    verdict(
      `${kind}: at least ${RATE_TARGET.least} x the highest rate of the better peer (the goal: ${RATE_TARGET.goal} x)`,
      `${shown(ours.highest.median)}/s to ${shown(fastest)}/s, ${rate.toFixed(2)} x`,
      rate >= RATE_TARGET.least,
    ),
    verdict(
      `${kind}: at most ${CPU_TARGET.most} x the CPU per request of the cheaper peer (the goal: ${CPU_TARGET.goal} x)`,
      `${ours.cpuMicros?.median.toFixed(1)} us to ${cheapest.toFixed(1)} us, ${cpu.toFixed(2)} x`,
      cpu <= CPU_TARGET.most,
    ),
  ]
}

const shown = (value: number): string => value.toLocaleString('en-US')
