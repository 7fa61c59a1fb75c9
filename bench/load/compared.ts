/**
 * The rounds of the comparison and their medians: one relay, one kind of request.
 *
 * A measurement proves nothing if generator, sink and kernel disagree, if the generator was late, or if other processes had too
 * much of the machine. Then it has a fault.
 */
import type { Kind } from './generator.ts'
import { isDisturbed, type MachineUse } from './machine-use.ts'
import type { Measurement } from './measurement.ts'
import { medianOf, type Spread, spreadOf } from './medians.ts'
import type { RequestCost } from './process-cost.ts'

/** Microseconds that the generator may be late at half of all requests: then the load was not what the plan says. */
const LATE_AT_MOST = 1_000
/** If more than this share is lost, the processor time of the answered ones says little. */
const BUSY_LOST_AT_MOST = 0.001
/** A relay that loses more than this share at 10,000/s has no latency and no cost to be compared. */
const FIXED_LOST_AT_MOST = 0.01

export type SteadyMeasurement = Omit<Measurement, 'steps'>

/** One relay, one kind of request, one round. */
export interface RoundOf {
  /** Its name: radsluice, a peer, or radsluice with other settings. */
  readonly relay: string
  readonly kind: Kind
  readonly highest: number
  readonly tries: readonly {
    readonly rate: number
    /** Whether this was the longer try that confirms a result. */
    readonly mustHold: boolean
    readonly lossShare: number
    /** Undefined where the relay crashed. */
    readonly p99: number | undefined
    readonly isBorne: boolean
    readonly machine: MachineUse | undefined
  }[]
  readonly fixed: SteadyMeasurement
  /** At 30,000/s; undefined where the relay crashed. */
  readonly busy: SteadyMeasurement | undefined
  /** At half of the highest rate; undefined where there is none. */
  readonly half: SteadyMeasurement | undefined
  /** How often the relay ended by itself. */
  readonly crashes: number
  /** How many measurements were void, for other processes, and were made again. */
  readonly repeats: number
}

/** Medians and spreads of one relay's rounds with one kind of request. */
export interface Compared {
  readonly relay: string
  readonly kind: Kind
  readonly rounds: number
  readonly highest: Spread
  readonly cpuMicros: Spread | undefined
  /** Of `cpuMicros` in user mode, and of the threads by name, in the round in the middle. */
  readonly userMicros: number | undefined
  readonly threads: RequestCost['threads']
  /** At 30,000/s, of the rounds in which so much was borne. */
  readonly busyCpuMicros: Spread | undefined
  /** In how many rounds so much was borne. */
  readonly busyRounds: number
  readonly residentMebibytes: number | undefined
  readonly fixed: Latencies
  readonly half: Latencies | undefined
  readonly crashes: number
  readonly repeats: number
  /** Of the machine itself, at 10,000/s, microseconds. */
  readonly worstStall: number
  /** That it lost so much at 10,000/s that its cost and its latencies say nothing; undefined where it did not. */
  readonly overload: string | undefined
  /** Why these numbers prove nothing; undefined where they do. */
  readonly fault: string | undefined
}

interface Latencies {
  readonly p50: number
  readonly p99: number
  readonly p999: number
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
  const costs = fixed.map((one) => one.cpu).filter((cost) => cost !== undefined)
  const busy = rounds
    .map((round) => round.busy)
    .filter((one) => one?.cpuMicros !== undefined && one.lossShare < BUSY_LOST_AT_MOST)
    .map((one) => one!.cpuMicros!)
  const resident = fixed.map(({ residentBytes }) => residentBytes).filter((octets) => octets !== undefined)
  return {
    relay,
    kind,
    rounds: rounds.length,
    highest: spreadOf(rounds.map(({ highest }) => highest)),
    cpuMicros: cpu.length === 0 ? undefined : spreadOf(cpu),
    userMicros: costs.length === 0 ? undefined : medianOf(costs.map(({ user }) => user)),
    threads: costs.toSorted((a, b) => a.user - b.user)[Math.floor((costs.length - 1) / 2)]?.threads ?? [],
    busyCpuMicros: busy.length === 0 ? undefined : spreadOf(busy),
    busyRounds: busy.length,
    residentMebibytes: resident.length === 0 ? undefined : medianOf(resident) / 1_048_576,
    fixed: latenciesOf(fixed),
    half: halves.length === 0 ? undefined : latenciesOf(halves),
    crashes: rounds.reduce((sum, { crashes }) => sum + crashes, 0),
    repeats: rounds.reduce((sum, { repeats }) => sum + repeats, 0),
    worstStall: Math.max(...fixed.map(({ stalls }) => stalls.worstMicros)),
    overload: overloadOf(relay, medianOf(fixed.map(({ lossShare }) => lossShare))),
    fault: [...fixed, ...halves].map(faultOf).find((fault) => fault !== undefined) ?? faultOfTries(rounds),
  }
}

const overloadOf = (relay: string, share: number): string | undefined =>
  share <= FIXED_LOST_AT_MOST ? undefined : `${relay} lost ${(share * 100).toFixed(1)} % at 10,000/s`

/** A search goes wrong if a rate failed while others had the processor, also in each repetition. */
function faultOfTries(rounds: readonly RoundOf[]): string | undefined {
  const disturbed = rounds
    .flatMap(({ tries }) => tries)
    .filter(({ isBorne, machine }) => !isBorne && machine && isDisturbed(machine))
  return disturbed.length === 0 ? undefined : `other processes disturbed ${disturbed.length} tries that failed`
}

const latenciesOf = (measured: readonly SteadyMeasurement[]): Latencies => ({
  p50: medianOf(measured.map(({ latency }) => latency.p50)),
  p99: medianOf(measured.map(({ latency }) => latency.p99)),
  p999: medianOf(measured.map(({ latency }) => latency.p999)),
})

/** Why a measurement proves nothing; undefined where it does. */
export function faultOf({ kernel, generator, counts, sink, machine }: SteadyMeasurement): string | undefined {
  if (isDisturbed(machine))
    return `others used ${(machine.others * 100).toFixed(0)} % of the processors (stolen time included)`
  if (counts.bad > 0) return `${counts.bad} answers were wrong`
  if (sink.bad > 0) return `${sink.bad} requests came wrong to the sink`
  if (kernel !== undefined && kernel.missing > 0) return `the kernel saw ${kernel.missing} datagrams fewer`
  if (counts.unsent > 0) return `${counts.unsent} requests could not be sent`
  if (counts.kernelDrops > 0) return `${counts.kernelDrops} answers were lost in the generator's own buffers`
  if (generator.lateness.p50 > LATE_AT_MOST) return `the generator was ${generator.lateness.p50} us late itself`
  return undefined
}
