/**
 * A relay with a sink of its own: driven to its highest rate, and measured at a fixed rate and at half of its highest. If it
 * crashes under a load, it does not bear it, and is started again for the next.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RoundOf } from './compare-report.ts'
import type { Kind } from './generator.ts'
import { searchHighest } from './highest-rate.ts'
import { type Measurement, measure } from './measurement.ts'
import type { ServerPorts } from './relay-settings.ts'
import type { Relay } from './relays.ts'
import type { Bench } from './scenario.ts'
import { Sink } from './sink.ts'

export const FIXED_RATE = 10_000
/**
 * A rate is borne where less than this share is lost, nothing is wrong, and 99 of 100 answers come within so many
 * microseconds: a try of seconds must not pass because its excess was stored and worked off afterwards.
 */
const LOST_AT_MOST = 0.001
const P99_AT_MOST = 200_000
const MOST_RATE = 120_000
const WARM_UP = { rate: 10_000, seconds: 6 } as const
/** Between two loads: what the last one left behind is over. */
const REST_MS = 300
/** A relay that crashes at a rate does not bear it; one that crashes all the time is no relay. */
const TRIES = 3
const MOST_CRASHES = 10

/** What is put on the stand. */
export interface Candidate {
  readonly label: string
  /** Where its search begins; a wrong guess costs a few tries more. */
  readonly guess: number
  start(server: ServerPorts): Promise<Relay>
}

/** One round of one candidate with one kind of request. */
export async function roundOf(bench: Bench, candidate: Candidate, kind: Kind, guess: number): Promise<RoundOf> {
  const { pace } = bench
  const sink = await Sink.start(bench.workshop.programs.sink)
  const stand = new Stand(bench, candidate, kind, sink)
  try {
    await stand.start()
    const fixed = await stand.load(FIXED_RATE, pace.fixedSeconds)
    const tries: RoundOf['tries'][number][] = []
    const search = searchHighest({ step: pace.step, most: MOST_RATE, guess })
    let step = search.next()
    while (!step.done) {
      const one = await stand.tryLoad(step.value, pace.trySeconds)
      const isBorne = one !== undefined && isBorneBy(one)
      tries.push({ rate: step.value, lossShare: one?.lossShare ?? 1, p99: one?.latency.p99, isBorne })
      step = search.next(isBorne)
    }
    const highest = step.value
    const half = highest === 0 ? undefined : told(await stand.load(highest / 2, pace.fixedSeconds))
    return { relay: candidate.label, kind, highest, tries, fixed: told(fixed), half, crashes: stand.crashes }
  } finally {
    await stand.stop()
    await sink.stop()
  }
}

const isBorneBy = ({ lossShare, counts, latency }: Measurement): boolean =>
  lossShare < LOST_AT_MOST && counts.bad === 0 && latency.p99 <= P99_AT_MOST

/** A relay before its sink, started again where it crashes. */
class Stand {
  crashes = 0
  readonly #bench: Bench
  readonly #candidate: Candidate
  readonly #kind: Kind
  readonly #sink: Sink
  #relay: Relay | undefined

  constructor(bench: Bench, candidate: Candidate, kind: Kind, sink: Sink) {
    this.#bench = bench
    this.#candidate = candidate
    this.#kind = kind
    this.#sink = sink
  }

  async start(): Promise<void> {
    this.#relay = await this.#candidate.start(this.#sink.ports)
    await this.tryLoad(WARM_UP.rate, WARM_UP.seconds)
  }

  /** @throws an Error where the relay crashes each time. */
  async load(rate: number, seconds: number): Promise<Measurement> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const one = await this.tryLoad(rate, seconds)
      if (one !== undefined) return one
    }
    throw new Error(`bench: ${this.#candidate.label} crashes at ${rate}/s each time`)
  }

  /** Undefined where the relay crashed meanwhile; then another one stands in its place. */
  async tryLoad(rate: number, seconds: number): Promise<Measurement | undefined> {
    const { workshop, say } = this.#bench
    await sleep(REST_MS)
    const relay = this.#relay!
    try {
      return await measure(workshop, relay, this.#sink, { kind: this.#kind, rate, seconds })
    } catch (error) {
      if (relay.isAlive) throw error
      this.crashes += 1
      say(`  ${this.#candidate.label} crashed at ${rate}/s and is started again`)
      if (this.crashes > MOST_CRASHES) throw error
      await relay.stop()
      await this.start()
      return undefined
    }
  }

  async stop(): Promise<void> {
    await this.#relay?.stop()
  }
}

/** The steps in time are not kept: what is compared are the sums. */
const told = ({ steps: _, ...measurement }: Measurement): Omit<Measurement, 'steps'> => measurement

export const toldShort = ({ highest, fixed, half }: RoundOf): string =>
  `highest ${highest}/s; at ${FIXED_RATE}/s ${fixed.cpuMicros?.toFixed(1) ?? '-'} us CPU each, p50 ${fixed.latency.p50} us, p99 ${fixed.latency.p99} us; at half p99 ${half?.latency.p99 ?? '-'} us`
