/**
 * Decides whether the simulation agrees with reality: the same storm is played a few times each way, and the medians of the
 * time until the last session is up must differ by at most 5 %.
 *
 * Only that time decides. The other rows show whether the course was the same too: sessions up, what clients sent, what
 * expired. If the bench itself was late, a run proves nothing, and the verdict is VOID.
 */
import { table } from '../src/commands/text/table.ts'

/** By how much of the real time the simulated one may differ, to either side. */
export const DIFFERS_AT_MOST = 0.05
/** Milliseconds; the same as for the storm (bench/storm-report.ts says why). */
const LATE_AT_MOST = 500
export const STEP_SECONDS = 10

/** One storm, real or simulated. */
export interface Played {
  readonly seed: number
  readonly sessionsUp: number
  /** Seconds until the last session was up; undefined where not all came up. */
  readonly allUpAfter: number | undefined
  /** After 10 s, 20 s and so on; a step after the end of the run is as its end. */
  readonly upBySteps: readonly number[]
  /** Transmissions of the clients, repeated ones included. */
  readonly sent: number
  readonly calls: number
  readonly givenUp: number
  /** Requests that radsluice let expire. */
  readonly expired: number
  /** Requests that came to the servers. */
  readonly atServers: number
  /** What the bench itself got wrong: milliseconds late, and datagrams that a kernel threw away; 0 in a simulation. */
  readonly latestBy: number
  readonly kernelDrops: number
}

export interface Agreement {
  readonly outcome: 'PASS' | 'FAIL' | 'VOID'
  /** Medians, seconds; undefined where a session never came up. */
  readonly real: number | undefined
  readonly simulated: number | undefined
  /** Simulated by real. */
  readonly ratio: number | undefined
}

export function agreementOf(real: readonly Played[], simulated: readonly Played[]): Agreement {
  const times = { real: medianTime(real), simulated: medianTime(simulated) }
  if (Math.max(...real.map(({ latestBy }) => latestBy)) > LATE_AT_MOST) {
    return { outcome: 'VOID', ...times, ratio: undefined }
  }
  if (times.real === undefined || times.simulated === undefined) {
    return { outcome: 'FAIL', ...times, ratio: undefined }
  }
  const ratio = times.simulated / times.real
  const agrees = Math.abs(times.simulated - times.real) <= DIFFERS_AT_MOST * times.real
  return { outcome: agrees ? 'PASS' : 'FAIL', ...times, ratio }
}

/** The verdict as a sentence. */
export function verdictLine({ outcome, real, simulated, ratio }: Agreement): string {
  const promise = `${outcome}  the time to the last session up agrees within ${(DIFFERS_AT_MOST * 100).toFixed(0)} %`
  if (outcome === 'VOID') return `${promise}: the machine was too busy to keep the storm's own times; repeat it`
  const time = (seconds: number | undefined): string =>
    seconds === undefined ? 'not all came up' : `${seconds.toFixed(2)} s`
  const by = ratio === undefined ? '' : `, ratio ${ratio.toFixed(4)}`
  return `${promise}: real ${time(real)}, simulated ${time(simulated)}${by}`
}

/** Medians side by side, with the smallest and largest of each; steps at which nothing moved are left out. */
export function agreementTable(real: readonly Played[], simulated: readonly Played[]): string[] {
  const all = [...real, ...simulated]
  const steps = Math.max(...all.map(({ upBySteps }) => upBySteps.length))
  const moved = (step: number): boolean => step === 0 || all.some((run) => upAt(run, step) !== upAt(run, step - 1))
  const rows = [
    ...Array.from({ length: steps }, (_, step) => step)
      .filter(moved)
      .map((step) => rowOf(`sessions up after ${(step + 1) * STEP_SECONDS} s`, (run) => upAt(run, step))),
    rowOf('last session up after, s', ({ allUpAfter }) => allUpAfter, 2),
    rowOf('requests sent by clients', ({ sent }) => sent),
    rowOf('calls given up', ({ givenUp }) => givenUp),
    rowOf('expired in radsluice', ({ expired }) => expired),
    rowOf('requests at the servers', ({ atServers }) => atServers),
  ]
  const heading = ['', 'REAL', '(FROM - TO)', 'SIMULATED', '(FROM - TO)', 'RATIO']
  return table(
    heading,
    rows.map((row) => row(real, simulated)),
  )
}

type Row = (real: readonly Played[], simulated: readonly Played[]) => string[]

const rowOf =
  (title: string, read: (run: Played) => number | undefined, digits = 0): Row =>
  (real, simulated) => {
    const [a, b] = [real.map(read), simulated.map(read)]
    const [x, y] = [median(a), median(b)]
    const ratio = x === undefined || y === undefined || x === 0 ? '-' : (y / x).toFixed(4)
    return [title, numberText(x, digits), span(a, digits), numberText(y, digits), span(b, digits), ratio]
  }

const upAt = ({ upBySteps, sessionsUp }: Played, step: number): number => upBySteps[step] ?? sessionsUp

const medianTime = (runs: readonly Played[]): number | undefined => median(runs.map(({ allUpAfter }) => allUpAfter))

/** The middle one, or the mean of the middle two; undefined where any is. */
function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b)
  const [low, high] = [known[(known.length - 1) >> 1], known[known.length >> 1]]
  if (known.length < values.length || low === undefined || high === undefined) return undefined
  return (low + high) / 2
}

function span(values: readonly (number | undefined)[], digits: number): string {
  const known = values.filter((value) => value !== undefined)
  if (known.length < values.length) return '-'
  return `${numberText(Math.min(...known), digits)} - ${numberText(Math.max(...known), digits)}`
}

const numberText = (value: number | undefined, digits: number): string =>
  value === undefined
    ? '-'
    : value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
