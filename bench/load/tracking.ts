/**
 * What tracking accounting sessions costs the whole daemon: processor time for each record, sockets and kernel included,
 * with `accounting.track_sessions` and without, in turn.
 */
import type { Measurement } from './measurement.ts'
import { measure, measureOnce } from './measurement.ts'
import { medianOf } from './medians.ts'
import { startRadsluice } from './relays.ts'
import type { Bench, ScenarioReport, Verdict } from './scenario.ts'
import { Sink } from './sink.ts'

const RATE = 10_000
const SESSIONS = 50_000
const WARM_UP = { kind: 'accounting', rate: 4_000, seconds: 2, sessions: SESSIONS } as const
/** Of the processor time of a record. */
const MORE_AT_MOST = 0.1

type Run = { readonly isTracked: boolean; readonly told: Omit<Measurement, 'steps'> }

export async function tracking(bench: Bench): Promise<ScenarioReport> {
  const runs: Run[] = []
  for (let round = 1; round <= bench.pace.rounds; round += 1) {
    for (const isTracked of round % 2 === 1 ? [false, true] : [true, false]) {
      const told = await oneRun(bench, isTracked)
      runs.push({ isTracked, told })
      bench.say(
        `round ${round}, ${nameOf(isTracked)}: ${told.cpuMicros?.toFixed(1)} us CPU each, p99 ${told.latency.p99} us`,
      )
    }
  }
  return {
    scenario: 'tracking',
    about: `${RATE} records a second of ${SESSIONS} sessions for ${bench.pace.fixedSeconds} s, medians of ${bench.pace.rounds} in turn.`,
    tables: [
      {
        title: 'Each record',
        heading: ['sessions', 'CPU us', 'p50 us', 'p99 us', 'lost', 'MiB resident'],
        rows: [false, true].map((isTracked) => [
          nameOf(isTracked),
          cpuOf(runs, isTracked).toFixed(1),
          medianOf(of(runs, isTracked).map(({ latency }) => latency.p50)),
          medianOf(of(runs, isTracked).map(({ latency }) => latency.p99)),
          of(runs, isTracked).reduce((sum, { counts }) => sum + counts.lost, 0),
          Math.round(medianOf(of(runs, isTracked).map(({ residentBytes }) => residentBytes ?? 0)) / 2 ** 20),
        ]),
      },
    ],
    bars: [],
    plots: [],
    verdicts: [verdictOf(runs)],
    numbers: { runs },
  }
}

async function oneRun(bench: Bench, isTracked: boolean): Promise<Run['told']> {
  const sink = await Sink.start(bench.workshop.programs.sink)
  const relay = await startRadsluice(bench.workshop, sink.ports, { accounting: { track_sessions: isTracked } })
  try {
    await measureOnce(bench.workshop, relay, sink, WARM_UP)
    const load = { kind: 'accounting', rate: RATE, seconds: bench.pace.fixedSeconds, sessions: SESSIONS } as const
    const { steps: _, ...told } = await measure(bench.workshop, relay, sink, load)
    return told
  } finally {
    await relay.stop()
    await sink.stop()
  }
}

function verdictOf(runs: readonly Run[]): Verdict {
  const more = cpuOf(runs, true) / cpuOf(runs, false) - 1
  return {
    promise: `tracking adds at most ${MORE_AT_MOST * 100} % processor time to a record`,
    measured: `${(more * 100).toFixed(1)} %`,
    outcome: Number.isNaN(more) ? 'VOID' : more <= MORE_AT_MOST ? 'PASS' : 'FAIL',
  }
}

const of = (runs: readonly Run[], isTracked: boolean): Run['told'][] =>
  runs.filter((run) => run.isTracked === isTracked).map(({ told }) => told)

const cpuOf = (runs: readonly Run[], isTracked: boolean): number =>
  medianOf(of(runs, isTracked).map(({ cpuMicros }) => cpuMicros ?? Number.NaN))

const nameOf = (isTracked: boolean): string => (isTracked ? 'tracked' : 'not tracked')
