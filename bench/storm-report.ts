/**
 * The results of a storm: a table for people, and a verdict on each promise about the standard storm.
 *
 * An answer is of no use if it brought no session up: its call was given up, or answered before, or it was lost. It is counted
 * as the servers' answers less the sessions that came up, so that none is missed. If the bench itself could not keep the times
 * of the storm, a run proves nothing, and the verdict is VOID.
 */
import { table } from '../src/commands/text/table.ts'
import type { LedgerSnapshot } from '../src/proxy/border/endings.ts'
import type { BngReport } from './bng.ts'
import type { SlowServerReport } from './slow-server.ts'
import { isStandard, type StormPath, type StormPlan } from './storm-plan.ts'

/** Seconds: every session is up by then. */
export const ALL_UP_WITHIN = 65
/** Share of the servers' answers that may be of no use. */
export const MOST_WASTED = 0.05
/** Directly, nobody comes up in the second half of the run: it does not recover slowly, it does not recover. */
const HOPELESS_AFTER = 0.5
/**
 * Milliseconds that the bench may be late. A request expires in radsluice 5 s after the third transmission at the latest,
 * 1 s before its caller gives up: a BNG that sends 1 s late makes useless answers by itself.
 */
const LATE_AT_MOST = 500
const STEP_SECONDS = 10

/** What was seen of radsluice itself. */
export interface DaemonReport {
  readonly ledger: LedgerSnapshot
  /** What became of each client's requests. */
  readonly clients: readonly {
    readonly name: string
    readonly received: number
    readonly sent: number
    readonly shed: number
    readonly expired: number
  }[]
  readonly lanes: readonly {
    readonly server: string
    readonly requests: number
    readonly retransmissions: number
    readonly timeouts: number
    readonly state: string
  }[]
  readonly kernelDrops: number | undefined
  readonly cpuSeconds: number
  /** How long it was ready to run and had to wait for a processor; undefined where the system doesn't say. */
  readonly processorWaitSeconds: number | undefined
  readonly residentBytes: number
  /** How late its event loop ran, seconds. */
  readonly loopDelay: { readonly mean: number; readonly p99: number; readonly max: number }
}

/** One storm over one path. */
export interface StormRun {
  readonly path: StormPath
  readonly bng: BngReport
  readonly servers: readonly SlowServerReport[]
  readonly daemon: DaemonReport | undefined
}

export interface Verdict {
  readonly promise: string
  readonly measured: string
  readonly outcome: 'PASS' | 'FAIL' | 'VOID'
}

/** The table of the runs side by side, line by line. Steps at which no session came up are left out, but for the last. */
export function stormTable(plan: StormPlan, runs: readonly StormRun[]): string[] {
  const row = (title: string, read: (run: StormRun) => string | number): string[] => [
    title,
    ...runs.map((run) => shown(read(run))),
  ]
  const longest = Math.max(...runs.map(({ bng }) => bng.seconds))
  const steps = Array.from({ length: Math.ceil(longest / STEP_SECONDS) }, (_, index) => (index + 1) * STEP_SECONDS)
  const moved = (second: number): boolean =>
    runs.some(({ bng }) => upAfter(bng, second) !== upAfter(bng, second - STEP_SECONDS))
  const rows = [
    ...steps
      .filter((second) => moved(second) || second === steps.at(-1))
      .map((second) => row(`sessions up after ${second} s`, ({ bng }) => upAfter(bng, second))),
    row('last session up after', ({ bng }) => (bng.lastUpAt === undefined ? '-' : `${bng.lastUpAt.toFixed(1)} s`)),
    row('sessions never up', ({ bng }) => plan.sessions - bng.up),
    row('requests sent by the BNG', ({ bng }) => bng.sent),
    row('calls given up', ({ bng }) => bng.givenUp),
    row('requests at the servers', ({ servers }) => total(servers, 'received')),
    row('  lost for a full backlog', ({ servers }) => total(servers, 'overflowed')),
    row('  most in any second, at one server', ({ servers }) => largest(servers, 'peakPerSecond')),
    row('  most in any 50 ms, at one server', ({ servers }) => largest(servers, 'peakPerSlot')),
    row('  longest backlog of one server', ({ servers }) => largest(servers, 'longestBacklog')),
    row("servers' answers", ({ servers }) => total(servers, 'answered')),
    row('  too late: the call was given up', ({ bng }) => bng.answers.tooLate),
    row('  again: the call was answered before', ({ bng }) => bng.answers.again),
    row('  of no use, all together', (run) => percent(wastedShare(run))),
    row('lost in kernels (BNG, radsluice, servers)', (run) => kernelDrops(run)),
    row('radsluice worked, waited for a processor', ({ daemon }) => {
      if (daemon === undefined) return '-'
      return `${daemon.cpuSeconds.toFixed(1)}, ${daemon.processorWaitSeconds?.toFixed(1) ?? '?'} s`
    }),
    row('bench late by at most (BNG, servers)', ({ bng, servers }) => {
      return `${bng.latestBy}, ${largest(servers, 'latestBy')} ms`
    }),
  ]
  return table(['', ...runs.map(({ path }) => path.toUpperCase())], rows)
}

/** What was promised and what came of it; empty where the plan is not the standard storm. */
export function verdicts(plan: StormPlan, runs: readonly StormRun[]): Verdict[] {
  if (!isStandard(plan)) return []
  return runs.flatMap((run) => (run.path === 'through' ? verdictsThrough(plan, run) : [verdictDirectly(plan, run)]))
}

/** Answers that brought no session up, as a share of the servers' answers. */
export function wastedShare({ bng, servers }: StormRun): number {
  const answered = total(servers, 'answered')
  return answered === 0 ? 0 : (answered - bng.answers.inTime) / answered
}

function verdictsThrough(plan: StormPlan, run: StormRun): Verdict[] {
  const { up, lastUpAt } = run.bng
  const wasted = wastedShare(run)
  return [
    {
      promise: `through radsluice every session is up within ${ALL_UP_WITHIN} s`,
      measured: up < plan.sessions ? `${shown(up)} of ${shown(plan.sessions)}` : `after ${lastUpAt?.toFixed(1)} s`,
      outcome: outcome(run, up === plan.sessions && lastUpAt !== undefined && lastUpAt <= ALL_UP_WITHIN),
    },
    {
      promise: `through radsluice at most ${percent(MOST_WASTED)} of the servers' answers are of no use`,
      measured: percent(wasted),
      outcome: outcome(run, total(run.servers, 'answered') > 0 && wasted <= MOST_WASTED),
    },
  ]
}

function verdictDirectly(plan: StormPlan, run: StormRun): Verdict {
  const { bng } = run
  const lastUpAt = bng.lastUpAt ?? 0
  return {
    promise: 'directly it never recovers',
    measured: `${shown(bng.up)} up, the last after ${lastUpAt.toFixed(1)} s of ${bng.seconds.toFixed(0)} s`,
    outcome: outcome(run, bng.up < plan.sessions && lastUpAt < bng.seconds * HOPELESS_AFTER),
  }
}

function outcome({ bng, servers }: StormRun, holds: boolean): Verdict['outcome'] {
  if (Math.max(bng.latestBy, largest(servers, 'latestBy')) > LATE_AT_MOST) return 'VOID'
  return holds ? 'PASS' : 'FAIL'
}

/** A run that ended earlier stays as it was. */
const upAfter = (bng: BngReport, second: number): number => (second === 0 ? 0 : (bng.upBySecond[second - 1] ?? bng.up))

type Counter = {
  [Key in keyof SlowServerReport]: SlowServerReport[Key] extends number ? Key : never
}[keyof SlowServerReport]

const total = (servers: readonly SlowServerReport[], key: Counter): number =>
  servers.reduce((sum, server) => sum + server[key], 0)
const largest = (servers: readonly SlowServerReport[], key: Counter): number =>
  Math.max(...servers.map((server) => server[key]))

function kernelDrops({ bng, daemon, servers }: StormRun): string {
  const atServers = servers.map((server) => server.kernelDrops)
  const sum = atServers.includes(undefined) ? undefined : atServers.reduce<number>((all, one) => all + (one ?? 0), 0)
  const text = (count: number | undefined): string => (count === undefined ? '?' : shown(count))
  return [text(bng.kernelDrops), daemon === undefined ? '-' : text(daemon.kernelDrops), text(sum)].join(', ')
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
const shown = (cell: string | number): string => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)
