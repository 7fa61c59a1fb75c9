/**
 * One run with the other BNG, through the real daemon: without a storm, beside one with turns, or beside one without.
 *
 * The other BNG begins some seconds before the storm. What is judged are its logins that begin *during* the storm: from the
 * storm's first login until its last session is up. Without a storm, that time is as long as the server needs for it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { say } from '../../src/commands/terminal/output.io.ts'
import { monotonicNow } from '../../src/transport/clock.io.ts'
import { Bng, type BngReport } from '../bng.ts'
import { DaemonProcess, type Fairness } from '../daemon-process.ts'
import { OTHERS, otherUser } from '../login.ts'
import type { SlowServerReport, Watched } from '../slow-server.ts'
import { daemonReport, reports, SECRET, withServers } from '../storm-parts.ts'
import type { OtherPlan, StormPlan } from '../storm-plan.ts'
import type { DaemonReport } from '../storm-report.ts'
import type { OtherBngReport, OtherLogin } from './other-bng.ts'
import { OtherBngProcess } from './other-bng-process.ts'

/** Answers under way when the storm is over still count. */
const SETTLE_SECONDS = 1
const PROGRESS_SECONDS = 10
const SECOND = 1_000_000

export type Beside = 'no storm' | Fairness

export interface OtherRun {
  readonly beside: Beside
  /** How long the storm lasted (or would have): seconds. */
  readonly lasted: number
  readonly other: {
    /** Logins that began during the storm. */
    readonly logins: number
    readonly neverUp: number
    readonly dialledAgain: number
    readonly waiting: Waiting
    /** The same of those logins during which the BNG itself had no stall. */
    readonly waitingUnstalled: Waiting
    /** Of all logins, without what they waited at the server. */
    readonly waitingBefore: Waiting
    /** Of each login that was up: when it began, since the storm's begin, and how long it waited, in all and at the server. */
    readonly began: readonly number[]
    readonly waited: readonly number[]
    readonly atServer: readonly number[]
    readonly sent: number
    readonly answersOfNoUse: number
    readonly latestBy: number
    readonly niceness: number
    /** During the storm: how often, how long at most and all together (ms) the BNG could neither send nor receive. */
    readonly stalls: { readonly count: number; readonly longest: number; readonly total: number }
  }
  readonly storm: BngReport | undefined
  readonly servers: readonly SlowServerReport[]
  readonly daemon: DaemonReport
}

/** Of all logins, seconds; undefined where so many were never up. */
export interface Waiting {
  readonly p50: number | undefined
  readonly p99: number | undefined
  readonly longest: number | undefined
}

export async function runBeside(plan: StormPlan, { rate, lead }: OtherPlan, beside: Beside): Promise<OtherRun> {
  say(beside === 'no storm' ? 'without a storm:' : `beside a storm, fairness: ${beside}:`)
  const fairness = beside === 'no storm' ? 'client' : beside
  const { seed, repeatEvery, tries, redialAfter } = plan
  return await withServers(
    plan,
    async (servers, ports) => {
      const daemon = await DaemonProcess.start(plan, SECRET, ports, fairness)
      let bng: OtherBngProcess | undefined
      try {
        bng = await OtherBngProcess.start({
          ...{ secret: SECRET, port: daemon.port, rate, seed, repeatEvery, tries, redialAfter },
        })
        await sleep(lead * 1_000)
        const { storm, began, lasted } = await (beside === 'no storm' ? quietly(plan) : stormAt(plan, daemon.port))
        const report = await bng.end()
        const atServers: Watched = Object.assign({}, ...(await Promise.all(servers.map((server) => server.watched()))))
        const other = duringStorm(report, began, lasted, atServers)
        return { beside, lasted, other, storm, servers: await reports(servers), daemon: await daemonReport(daemon) }
      } finally {
        await bng?.stop()
        await daemon.stop()
      }
    },
    OTHERS,
  )
}

interface Stormed {
  readonly storm: BngReport | undefined
  /** Microseconds of the monotonic clock. */
  readonly began: number
  /** Seconds. */
  readonly lasted: number
}

async function quietly({ sessions, maxRate, capacity }: StormPlan): Promise<Stormed> {
  const began = monotonicNow()
  const lasted = Math.max(1, sessions / (maxRate || capacity))
  await sleep(lasted * 1_000)
  return { storm: undefined, began, lasted }
}

async function stormAt(plan: StormPlan, port: number): Promise<Stormed> {
  const bng = new Bng(plan, SECRET, [port])
  const storm = await bng.run(SETTLE_SECONDS, (second, up) => {
    if (second % PROGRESS_SECONDS === 0) say(`  ${second.toString().padStart(3)} s  ${up} of ${plan.sessions} up`)
  })
  const lasted = storm.up === plan.sessions ? (storm.lastUpAt ?? 0) : storm.seconds
  return { storm, began: bng.beganAt, lasted }
}

/** What the other BNG saw of a time that began at `began` and lasted so many seconds. */
export function duringStorm(
  report: OtherBngReport,
  began: number,
  lasted: number,
  atServers: Watched,
): OtherRun['other'] {
  const isDuring = ({ at }: { readonly at: number }): boolean => at >= began && at < began + lasted * SECOND
  const logins = report.logins
    .map((login, number) => ({ ...login, atServer: atServers[otherUser(number)] ?? 0 }))
    .filter(isDuring)
  const isUnstalled = ({ at, waited = 0 }: OtherLogin): boolean =>
    !report.stalls.some((stall) => stall.at < at + waited && at < stall.at + stall.lasted)
  const never = Number.POSITIVE_INFINITY
  const up = logins.filter(({ waited }) => waited !== undefined)
  const stalls = report.stalls.filter(isDuring).map(({ lasted: length }) => length / 1_000)
  const { sent, answersOfNoUse, latestBy, niceness } = report
  return {
    logins: logins.length,
    neverUp: logins.length - up.length,
    dialledAgain: logins.filter(({ calls }) => calls > 1).length,
    waiting: waitingOf(logins.map(({ waited = never }) => waited / SECOND)),
    waitingUnstalled: waitingOf(logins.filter(isUnstalled).map(({ waited = never }) => waited / SECOND)),
    waitingBefore: waitingOf(logins.map(({ waited = never, atServer }) => (waited - atServer) / SECOND)),
    began: up.map(({ at }) => rounded((at - began) / SECOND, 3)),
    waited: up.map(({ waited = 0 }) => rounded(waited / SECOND, 6)),
    atServer: up.map(({ atServer }) => rounded(atServer / SECOND, 6)),
    ...{ sent, answersOfNoUse, latestBy, niceness },
    stalls: {
      count: stalls.length,
      longest: rounded(Math.max(0, ...stalls), 1),
      total: rounded(
        stalls.reduce((sum, one) => sum + one, 0),
        1,
      ),
    },
  }
}

/** The least waiting time that at least such a share of the logins did not exceed. */
function waitingOf(waited: readonly number[]): Waiting {
  const sorted = Float64Array.from(waited).sort()
  const at = (share: number): number | undefined => {
    const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
    return value === undefined || value === Number.POSITIVE_INFINITY ? undefined : rounded(value, 6)
  }
  return { p50: at(0.5), p99: at(0.99), longest: at(1) }
}

const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits
