/**
 * The results of the comparison: medians and spreads over the rounds, as tables and bars. What is promised of them stands in
 * compare-promises.ts.
 */
import { promisesOf } from './compare-promises.ts'
import { type Compared, comparedOf, type RoundOf } from './compared.ts'
import type { Kind } from './generator.ts'
import type { Bars, BenchTable, Pace, ScenarioReport } from './scenario.ts'

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
    about: `Relays in turn, one at a time, medians of ${pace.rounds}; highest rates with less than 0.1 % lost and a p99 under 200 ms, to ${pace.resolution * 100} %. ${repeatWords(rounds)}`,
    tables: [rateTable(compared), costTable(compared), latencyTable(compared)],
    bars: kinds.flatMap((kind) => barsOf(compared, kind)),
    plots: [],
    verdicts: kinds.flatMap((kind) => promisesOf(compared, kind)),
    numbers,
  }
}

/** How often the machine was not quiet. */
const repeatWords = (rounds: readonly RoundOf[]): string => {
  const repeats = rounds.reduce((sum, one) => sum + one.repeats, 0)
  return repeats === 0
    ? 'No measurement was void.'
    : `${repeats} measurements were void for other processes, and were made again.`
}

export const rateTable = (compared: readonly Compared[]): BenchTable => ({
  title: 'Highest rate with less than 0.1 % lost, and what a request costs at 10,000/s',
  heading: ['relay', 'requests', 'highest rate', 'from - to', 'CPU us', 'from - to', 'memory MiB', 'crashes', 'void'],
  rows: compared.map(({ relay, kind, highest, cpuMicros, residentMebibytes, crashes, repeats }) => [
    relay,
    kind,
    highest.median,
    `${shown(highest.least)} - ${shown(highest.most)}`,
    cpuMicros === undefined ? '-' : cpuMicros.median.toFixed(1),
    cpuMicros === undefined ? '-' : `${cpuMicros.least.toFixed(1)} - ${cpuMicros.most.toFixed(1)}`,
    residentMebibytes === undefined ? '-' : Math.round(residentMebibytes),
    crashes,
    repeats,
  ]),
})

export const costTable = (compared: readonly Compared[]): BenchTable => ({
  title:
    'Where the processor time of a request goes, microseconds: at 10,000/s user, system and the threads; at 30,000/s all',
  heading: ['relay', 'requests', 'user', 'system', 'threads: user + system', 'at 30,000/s', 'from - to'],
  rows: compared.map(({ relay, kind, cpuMicros, userMicros, threads, busyCpuMicros: busy }) => [
    relay,
    kind,
    userMicros?.toFixed(1) ?? '-',
    cpuMicros === undefined || userMicros === undefined ? '-' : (cpuMicros.median - userMicros).toFixed(1),
    threads.map(({ name, user, system }) => `${name} ${user.toFixed(1)} + ${system.toFixed(1)}`).join(', ') || '-',
    busy?.median.toFixed(1) ?? '-',
    busy === undefined ? '-' : `${busy.least.toFixed(1)} - ${busy.most.toFixed(1)}`,
  ]),
})

export const latencyTable = (compared: readonly Compared[]): BenchTable => ({
  title: 'Latency from the intended moment of sending, microseconds: at 10,000/s, and at half of the highest rate',
  heading: ['relay', 'requests', 'p50', 'p99', 'p99.9', 'worst stall', 'half rate', 'p50', 'p99', 'p99.9'],
  rows: compared.map(({ relay, kind, fixed, highest, half, worstStall }) => [
    relay,
    kind,
    fixed.p50,
    fixed.p99,
    fixed.p999,
    worstStall,
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

const shown = (value: number): string => value.toLocaleString('en-US')
