/**
 * The bench's side of the load generator: what to send, and what it reports.
 */
import { BenchProcess } from './bench-process.ts'
import { SECRET } from './relay-settings.ts'

/** What kinds of request a load has. */
export const KINDS = ['accounting', 'access', 'mix'] as const
export type Kind = (typeof KINDS)[number]

export interface Load {
  readonly kind: Kind
  /** Requests a second, over all. */
  readonly rate: number
  readonly seconds: number
  /** Requests that leave at one moment; 1 where not given. */
  readonly burst?: number
  /** An identifier of a source port is used again after so many seconds at the earliest; half a second where not given. */
  readonly reuseAfter?: number
  /** How long to wait for answers after the last request, seconds. */
  readonly wait?: number
  /** Source ports are spread over so many addresses of loopback; 127.0.0.1 alone where not given. */
  readonly addresses?: number
  /** Accounting records belong to so many sessions; each to one of its own where not given. */
  readonly sessions?: number
}

/** Where the load goes. */
export interface Target {
  readonly access: number
  readonly accounting: number
}

export interface Quantiles {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export interface SideCounts {
  readonly sent: number
  readonly answered: number
  readonly lost: number
  /** Answers to a request that was given up when its identifier was used again. */
  readonly late: number
  /** Answers to a request that was answered before. */
  readonly again: number
  /** Answers that are signed for nobody, or of the wrong code. */
  readonly bad: number
  /** Right answers to Access-Requests without Message-Authenticator. */
  readonly unproven: number
  readonly superseded: number
  readonly unsent: number
  readonly kernelDrops: number
}

/** When the machine itself stood still: a thread on each processor that sleeps a millisecond woke so much too late. */
export interface Stalls {
  /** Of 3 ms and more. */
  readonly count: number
  readonly worstMicros: number
  /** The sum of those, on the processor that stood still longest. */
  readonly stalledMicros: number
  /** False where the threads had no real-time priority: then busy programs of the bench look like stalls, too. */
  readonly isRealTime: boolean
  /** The first of them. */
  readonly list: readonly (readonly [processor: number, beginMillis: number, micros: number])[]
}

/** Times of latency and lateness are microseconds, from the intended moment of sending. */
export interface GeneratorReport {
  readonly rate: number
  readonly seconds: number
  readonly wallSeconds: number
  readonly cpuSeconds: number
  readonly access: SideCounts
  readonly accounting: SideCounts
  readonly latency: Quantiles
  /** Without the requests that waited during a stall of the machine, or just after it. */
  readonly latencyUnstalled: Quantiles
  readonly stalls: Stalls
  /** How late requests left. */
  readonly lateness: Quantiles
  readonly stepMillis: number
  /** For each step of intended time: sent, answered, the longest latency. */
  readonly steps: readonly (readonly [sent: number, answered: number, worst: number])[]
}

const MOST_PORTS = 1_024
const LEAST_PORTS = 16
const REUSE_AFTER = 0.5
const GRACE_MS = 10_000
/** Told apart, so that no record of a run looks like one of the run before. */
let runs = Math.floor(performance.timeOrigin / 1_000) % 1_000_000

/** So many source ports that each of their 256 identifiers rests long enough. */
export const portsFor = ({ rate, reuseAfter = REUSE_AFTER }: Load): number =>
  Math.min(MOST_PORTS, Math.max(LEAST_PORTS, Math.ceil((rate * reuseAfter) / 256)))

/** Sends a load and returns what came of it. @throws an Error where the generator fails. */
export async function generate(program: string, target: Target, load: Load): Promise<GeneratorReport> {
  const { kind, rate, seconds, wait = 1 } = load
  runs += 1
  const child = new BenchProcess(program, wordsOf(target, load))
  try {
    return JSON.parse(await child.nextLine((seconds + wait) * 1_000 + GRACE_MS)) as GeneratorReport
  } catch (error) {
    throw new Error(`bench: no report on ${kind} at ${rate}/s`, { cause: error })
  } finally {
    await child.stop()
  }
}

function wordsOf(target: Target, load: Load): string[] {
  const { kind, rate, seconds, burst = 1, wait = 1, addresses = 1, sessions = 0 } = load
  const options: Record<string, string | number> = {
    '--secret': SECRET,
    '--rate': rate,
    '--seconds': seconds,
    '--burst': burst,
    '--ports': portsFor(load),
    '--wait': wait,
    '--addresses': addresses,
    '--sessions': sessions,
    '--run': runs,
  }
  if (kind !== 'accounting') options['--access-port'] = target.access
  if (kind !== 'access') options['--accounting-port'] = target.accounting
  return Object.entries(options).flatMap(([name, value]) => [name, String(value)])
}

/** Both kinds of request together. */
export function together({ access, accounting }: GeneratorReport): SideCounts {
  const sums = Object.keys(access).map((key) => {
    const name = key as keyof SideCounts
    return [name, access[name] + accounting[name]]
  })
  return Object.fromEntries(sums) as unknown as SideCounts
}
