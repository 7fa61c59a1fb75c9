/**
 * The three runs with the other BNG side by side, and a judgement of two promises.
 *
 * What the machine did to the measurement is printed beside it and changes no judgement: a promise that a busy machine breaks
 * is MISSED, and a line says that the machine was busy.
 */
import { table } from '../../src/commands/text/table.ts'
import type { StormPlan } from '../storm-plan.ts'
import type { OtherRun } from './other-runs.ts'

/** Seconds that a storm may add to the other BNG's p99. */
export const ADDED_AT_MOST = 0.05
/** How much longer the storm may last than by its sum: a share. */
export const LONGER_AT_MOST = 0.03
/** Milliseconds: from here on, a stall or a late bench is worth a word. */
const WORTH_A_WORD = 25
const MOST = 0.95

export interface OtherRuns {
  readonly quiet: OtherRun
  readonly turns: OtherRun
  readonly fifo: OtherRun
}

export interface Judgement {
  readonly promise: string
  readonly measured: string
  readonly isMet: boolean
}

export function otherTable(plan: StormPlan, { quiet, turns, fifo }: OtherRuns): string[] {
  const runs = [quiet, turns, fifo]
  const row = (title: string, read: (run: OtherRun) => string | number | undefined): string[] => [
    title,
    ...runs.map((run) => shown(read(run))),
  ]
  const ofOther = ({ daemon }: OtherRun) => daemon.clients.find(({ name }) => name === 'other')
  return table(
    ['', 'NO STORM', 'FAIRNESS: CLIENT', 'FAIRNESS: NONE'],
    [
      row('the other BNG: logins during the storm', ({ other }) => other.logins),
      row('  waited, p50', ({ other }) => seconds(other.waiting.p50)),
      row('  waited, p99', ({ other }) => seconds(other.waiting.p99)),
      row('  waited, longest', ({ other }) => seconds(other.waiting.longest)),
      row('  waited, p99, without stalls', ({ other }) => seconds(other.waitingUnstalled.p99)),
      row('  waited before the server, p50', ({ other }) => seconds(other.waitingBefore.p50)),
      row('  waited before the server, p99', ({ other }) => seconds(other.waitingBefore.p99)),
      row('  had to dial again', ({ other }) => other.dialledAgain),
      row('  never up', ({ other }) => other.neverUp),
      row('  its requests: shed, expired', (run) => `${ofOther(run)?.shed ?? '?'}, ${ofOther(run)?.expired ?? '?'}`),
      row('the storm: sessions up', ({ storm }) => storm?.up),
      row('  never up', ({ storm }) => storm && plan.sessions - storm.up),
      row('  last session up after', ({ storm, lasted }) => storm && `${lasted.toFixed(1)} s`),
      row('  95 % up after', ({ storm }) => storm && `${mostUpAfter(storm, plan.sessions) ?? '-'} s`),
      row('  calls given up', ({ storm }) => storm?.givenUp),
      row('requests at the servers', ({ servers }) => servers.reduce((sum, { received }) => sum + received, 0)),
      row('  longest backlog of one server', ({ servers }) => most(servers, 'longestBacklog')),
      row('  waited there, p99', ({ servers }) => seconds(Math.max(...servers.map(({ waited }) => waited.p99)))),
      row("other BNG's stalls: longest, all together", ({ other: { stalls } }) => {
        return `${stalls.longest.toFixed(0)}, ${stalls.total.toFixed(0)} ms`
      }),
      row('late by at most: other, storm, servers', ({ other, storm, servers }) => {
        return `${other.latestBy}, ${storm?.latestBy ?? '-'}, ${most(servers, 'latestBy')} ms`
      }),
      row("radsluice's loop late: p99, longest", ({ daemon: { loopDelay } }) => {
        return `${(loopDelay.p99 * 1_000).toFixed(0)}, ${(loopDelay.max * 1_000).toFixed(0)} ms`
      }),
      row('radsluice worked, waited for a processor', ({ daemon }) => {
        return `${daemon.cpuSeconds.toFixed(1)}, ${daemon.processorWaitSeconds?.toFixed(1) ?? '?'} s`
      }),
      row('lost in kernels (storm, radsluice)', ({ storm, daemon }) => {
        return `${storm === undefined ? '-' : (storm.kernelDrops ?? '?')}, ${daemon.kernelDrops ?? '?'}`
      }),
    ],
  )
}

export function judgementsOf(plan: StormPlan, { quiet, turns, fifo }: OtherRuns): Judgement[] {
  const [calm, inStorm] = [quiet.other.waiting.p99, turns.other.waiting.p99]
  const service = plan.maxRate === 0 ? 0 : turns.other.logins / plan.maxRate
  const sum = fifo.lasted + service
  const allUp = [turns, fifo].every(({ storm }) => storm?.up === plan.sessions)
  return [
    {
      promise: `with turns the other BNG's p99 is at most ${ADDED_AT_MOST * 1_000} ms longer than without a storm`,
      measured: `${seconds(inStorm)}, ${seconds(calm)} without`,
      isMet: calm !== undefined && inStorm !== undefined && inStorm - calm <= ADDED_AT_MOST,
    },
    {
      promise: `with turns the storm lasts at most ${LONGER_AT_MOST * 100} % longer than without, the other BNG's service added`,
      measured: `${turns.lasted.toFixed(1)} s; ${fifo.lasted.toFixed(1)} + ${service.toFixed(1)} s = ${sum.toFixed(1)} s`,
      isMet: allUp && turns.lasted <= sum * (1 + LONGER_AT_MOST),
    },
  ]
}

/** The judgements, and what the machine did to them. */
export function judgementLines(judgements: readonly Judgement[], runs: OtherRuns): string[] {
  const lines = judgements.map(
    ({ promise, measured, isMet }) => `${isMet ? 'met   ' : 'MISSED'}  ${promise}: ${measured}`,
  )
  const disturbed = [runs.quiet, runs.turns, runs.fifo].flatMap(disturbance)
  return [...lines, ...disturbed]
}

function disturbance({ beside, other, storm, servers, daemon }: OtherRun): string[] {
  const late = Math.max(other.latestBy, other.stalls.longest, storm?.latestBy ?? 0, most(servers, 'latestBy'))
  const lost = (storm?.kernelDrops ?? 0) + (daemon.kernelDrops ?? 0)
  if (late <= WORTH_A_WORD && lost === 0) return []
  const run = beside === 'no storm' ? 'without a storm' : `with fairness: ${beside}`
  return [
    `the machine was busy in the run ${run}: the bench was up to ${late.toFixed(0)} ms late, kernels lost ${lost}`,
  ]
}

/** The whole second after which 95 % are up: the last few may wait for one more wave of redials, or just not. */
function mostUpAfter({ upBySecond }: NonNullable<OtherRun['storm']>, sessions: number): number | undefined {
  const at = upBySecond.findIndex((up) => up >= sessions * MOST)
  return at < 0 ? undefined : at + 1
}

const most = (servers: OtherRun['servers'], key: 'longestBacklog' | 'latestBy'): number =>
  Math.max(...servers.map((server) => server[key]))
const seconds = (value: number | undefined): string => (value === undefined ? 'never' : `${value.toFixed(3)} s`)
const shown = (cell: string | number | undefined): string =>
  cell === undefined ? '-' : typeof cell === 'number' ? cell.toLocaleString('en-US') : cell
