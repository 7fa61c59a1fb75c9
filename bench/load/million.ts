/**
 * A million accounting records wait behind a silent server: what they cost in memory, what an idle second costs, and whether
 * authentication, which has a server that answers, feels it.
 *
 * Promised: under 600 MB (without the table of sessions: bench/sessions-memory.ts measures that), and neither the tick nor
 * the latency of new authentication changes. Latencies of a shared machine differ from run to run, so "does not change"
 * has a width, below; medians of several measurements are compared.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { faultOf } from './compared.ts'
import { generate } from './generator.ts'
import { type Measurement, measure, measureOnce } from './measurement.ts'
import { medianOf } from './medians.ts'
import type { Settings } from './relay-settings.ts'
import { type RadsluiceRelay, startRadsluice } from './relays.ts'
import type { Bench, ScenarioReport, Verdict } from './scenario.ts'
import { Sink } from './sink.ts'

export const MESSAGES = 1_000_000
export const MILLION_SETTINGS = {
  queues: { accounting: { max_messages: 2 * MESSAGES, max_bytes: '8GiB', max_age: '24h' } },
  // The table of sessions fills with or without a backlog, and has a bound and a figure of its own.
  accounting: { track_sessions: false },
} as const satisfies Settings
const FILL_RATE = 20_000
const MOST_FILLS = 8
const LOGINS = { kind: 'access', rate: 5_000 } as const
const IDLE_SECONDS = 8
const REST_MS = 2_000
export const MEMORY_AT_MOST = 600e6
/** With the backlog: at most so many times the median and p99 without, and so many processor seconds more in an idle one. */
const P50_AT_MOST = 1.25
const P99_AT_MOST = 1.5
const IDLE_AT_MOST = 0.02

/** How it is with or without the backlog. */
export interface Condition {
  readonly queued: number
  readonly residentBytes: number
  /** Share of a processor used while nothing comes in. */
  readonly idleCpu: number
  /** How late the instance's loop ran at most in the idle time, milliseconds. */
  readonly loopDelayMillis: number
  readonly logins: readonly Omit<Measurement, 'steps'>[]
}

export async function million(bench: Bench): Promise<ScenarioReport> {
  const { workshop, say } = bench
  const answering = await Sink.start(workshop.programs.sink)
  const silent = await Sink.start(workshop.programs.sink, { isSilent: true })
  let relay: RadsluiceRelay | undefined
  try {
    const ports = { access: answering.ports.access, accounting: silent.ports.accounting }
    relay = await startRadsluice(workshop, ports, MILLION_SETTINGS)
    const warmUp = { ...LOGINS, seconds: 3 }
    await measureOnce(workshop, relay, answering, warmUp)
    const without = await conditionOf(bench, relay, answering)
    say(`without a backlog: ${toldShort(without)}`)
    const fillSeconds = await fill(bench, relay)
    const under = await conditionOf(bench, relay, answering)
    say(`${under.queued} wait after ${fillSeconds.toFixed(0)} s: ${toldShort(under)}`)
    return millionReport(without, under)
  } finally {
    await relay?.stop()
    await answering.stop()
    await silent.stop()
  }
}

/** Records go in until a million wait; what a full receive buffer lost is sent again as new. */
export async function fill({ workshop, say }: Bench, relay: RadsluiceRelay): Promise<number> {
  const began = performance.now()
  for (let fills = 0; fills < MOST_FILLS; fills += 1) {
    const missing = MESSAGES - (await queuedIn(relay))
    if (missing <= 0) break
    const seconds = Math.max(0.1, missing / FILL_RATE)
    const load = { kind: 'accounting', rate: FILL_RATE, seconds, reuseAfter: 60, wait: 0.5 } as const
    await generate(workshop.programs.generator, relay.ports, load)
    say(`  ${await queuedIn(relay)} wait`)
  }
  return (performance.now() - began) / 1_000
}

export async function queuedIn(relay: RadsluiceRelay): Promise<number> {
  const { queued, outstanding } = (await relay.status()).classes.accounting
  return queued + outstanding
}

async function conditionOf(bench: Bench, relay: RadsluiceRelay, sink: Sink): Promise<Condition> {
  const { workshop, pace } = bench
  await sleep(REST_MS)
  await relay.status()
  const idleCpu = await idleShare(relay, IDLE_SECONDS)
  const { residentBytes } = relay.reading().cost
  const { instances } = await relay.status()
  const logins: Omit<Measurement, 'steps'>[] = []
  for (let n = 0; n < Math.max(3, pace.rounds); n += 1) {
    await sleep(300)
    const { steps: _, ...told } = await measure(workshop, relay, sink, { ...LOGINS, seconds: pace.fixedSeconds })
    logins.push(told)
  }
  return {
    queued: await queuedIn(relay),
    residentBytes,
    idleCpu,
    loopDelayMillis: Math.max(...instances.map(({ loopDelay }) => loopDelay.max * 1_000)),
    logins,
  }
}

/** The share of a processor that it uses while nothing comes in. */
export async function idleShare(relay: RadsluiceRelay, seconds: number): Promise<number> {
  const before = relay.reading().cost
  await sleep(seconds * 1_000)
  return (relay.reading().cost.cpuSeconds - before.cpuSeconds) / seconds
}

const median = ({ logins }: Condition, key: 'p50' | 'p99' | 'p999'): number =>
  medianOf(logins.map(({ latency }) => latency[key]))

const toldShort = (condition: Condition): string =>
  `${megabytes(condition.residentBytes)}, idle ${(condition.idleCpu * 100).toFixed(1)} % of a processor, logins p50 ${median(condition, 'p50')} us, p99 ${median(condition, 'p99')} us, p99.9 ${median(condition, 'p999')} us`

const megabytes = (octets: number): string => `${Math.round(octets / 1e6).toLocaleString('en-US')} MB`

export function millionReport(without: Condition, under: Condition): ScenarioReport {
  const row = (name: string, one: Condition): (string | number)[] => [
    name,
    one.queued,
    Math.round(one.residentBytes / 1e6),
    (one.idleCpu * 100).toFixed(1),
    one.loopDelayMillis.toFixed(1),
    median(one, 'p50'),
    median(one, 'p99'),
    median(one, 'p999'),
    medianOf(one.logins.map(({ cpuMicros }) => cpuMicros ?? 0)).toFixed(1),
  ]
  return {
    scenario: 'million',
    about: `${MESSAGES.toLocaleString('en-US')} accounting records behind a silent server; ${LOGINS.rate.toLocaleString('en-US')} logins a second beside them, medians of ${under.logins.length}. Sessions are not tracked.`,
    tables: [
      {
        title: 'Without and with the backlog (times are microseconds, but for the loop)',
        heading: ['', 'waiting', 'MB', 'idle CPU %', 'loop late ms', 'login p50', 'p99', 'p99.9', 'CPU us'],
        rows: [row('without', without), row('with', under)],
      },
    ],
    bars: [],
    plots: [],
    verdicts: millionVerdicts(without, under),
    numbers: { without, under },
  }
}

export function millionVerdicts(without: Condition, under: Condition): Verdict[] {
  const fault = [...without.logins, ...under.logins].map(faultOf).find((one) => one !== undefined)
  const isFull = under.queued >= MESSAGES
  const outcome = (holds: boolean): Verdict['outcome'] =>
    fault !== undefined || !isFull ? 'VOID' : holds ? 'PASS' : 'FAIL'
  const why = fault !== undefined ? `; but ${fault}` : isFull ? '' : `; but only ${under.queued} wait`
  const memory = under.residentBytes - without.residentBytes
  const p50 = median(under, 'p50') / median(without, 'p50')
  const p99 = median(under, 'p99') / median(without, 'p99')
  return [
    {
      promise: `a million waiting records cost under ${megabytes(MEMORY_AT_MOST)}`,
      measured: `${megabytes(memory)} more than before${why}`,
      outcome: outcome(memory < MEMORY_AT_MOST),
    },
    {
      promise: `the tick does not feel them: an idle second costs at most ${IDLE_AT_MOST * 100} % of a processor more`,
      measured: `${(under.idleCpu * 100).toFixed(1)} % to ${(without.idleCpu * 100).toFixed(1)} %${why}`,
      outcome: outcome(under.idleCpu - without.idleCpu <= IDLE_AT_MOST),
    },
    {
      promise: `new authentication does not feel them: at most ${P50_AT_MOST} x the median and ${P99_AT_MOST} x the p99`,
      measured: `${p50.toFixed(2)} x and ${p99.toFixed(2)} x${why}`,
      outcome: outcome(p50 <= P50_AT_MOST && p99 <= P99_AT_MOST),
    },
  ]
}
