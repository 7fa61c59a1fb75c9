/**
 * A relay with a sink of its own: measured at two fixed rates, driven to its highest rate, and measured at half of that. If it
 * crashes under a load, it does not bear it, and is started again for the next.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RoundOf } from './compared.ts'
import type { Kind } from './generator.ts'
import { searchHighest } from './highest-rate.ts'
import { type Measurement, measure, measureOnce } from './measurement.ts'
import type { ServerPorts } from './relay-settings.ts'
import type { Relay } from './relays.ts'
import type { Bench } from './scenario.ts'
import { Sink } from './sink.ts'

export const FIXED_RATE = 10_000
export const BUSY_RATE = 30_000
/**
 * A rate is borne where less than this share is lost, nothing is wrong, and 99 of 100 answers come within so many
 * microseconds: a try of seconds must not pass because its excess was stored and worked off afterwards.
 */
const LOST_AT_MOST = 0.001
const P99_AT_MOST = 200_000
const LEAST_RATE = 1_000
const MOST_RATE = 250_000
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
  /** So many source addresses send to it; one where not given. */
  readonly addresses?: number
  start(server: ServerPorts): Promise<Relay>
}

/** One round of one candidate: it is started once, for all kinds of request. */
export async function roundsOf(
  bench: Bench,
  candidate: Candidate,
  guessOf: (kind: Kind) => number,
): Promise<readonly RoundOf[]> {
  const sink = await Sink.start(bench.workshop.programs.sink)
  const stand = new Stand(bench, candidate, sink)
  const rounds: RoundOf[] = []
  try {
    for (const kind of bench.kinds) rounds.push(await roundOf(bench, stand, kind, guessOf(kind)))
    return rounds
  } finally {
    await stand.stop()
    await sink.stop()
  }
}

/** The highest rate of one candidate, found by itself. */
export async function highestOf(bench: Bench, candidate: Candidate, kind: Kind): Promise<number> {
  const sink = await Sink.start(bench.workshop.programs.sink)
  const stand = new Stand(bench, candidate, sink)
  try {
    await stand.begin(kind)
    return (await searchOn(bench, stand, candidate.guess)).highest
  } finally {
    await stand.stop()
    await sink.stop()
  }
}

async function roundOf(bench: Bench, stand: Stand, kind: Kind, guess: number): Promise<RoundOf> {
  const { fixedSeconds } = bench.pace
  await stand.begin(kind)
  const fixed = told(await stand.load(FIXED_RATE, fixedSeconds))
  const busyLoad = await stand.tryLoad(BUSY_RATE, fixedSeconds)
  const busy = busyLoad === undefined ? undefined : told(busyLoad)
  const { highest, tries } = await searchOn(bench, stand, guess)
  const half = highest === 0 ? undefined : told(await stand.load(highest / 2, fixedSeconds))
  const repeats = [fixed, busy, half, ...tries].reduce((sum, one) => sum + (one?.machine?.repeats ?? 0), 0)
  return { relay: stand.label, kind, highest, tries, fixed, busy, half, crashes: stand.crashes, repeats }
}

async function searchOn({ pace }: Bench, stand: Stand, guess: number): Promise<Pick<RoundOf, 'highest' | 'tries'>> {
  const tries: RoundOf['tries'][number][] = []
  const search = searchHighest({ resolution: pace.resolution, least: LEAST_RATE, most: MOST_RATE, guess })
  let step = search.next()
  while (!step.done) {
    const { rate, mustHold } = step.value
    const one = await stand.tryLoad(rate, mustHold ? pace.holdSeconds : pace.trySeconds)
    const isBorne = one !== undefined && isBorneBy(one)
    tries.push({
      rate,
      mustHold,
      lossShare: one?.lossShare ?? 1,
      p99: one?.latency.p99,
      isBorne,
      machine: one?.machine,
    })
    step = search.next(isBorne)
  }
  return { highest: step.value, tries }
}

const isBorneBy = ({ lossShare, counts, latency }: Measurement): boolean =>
  lossShare < LOST_AT_MOST && counts.bad === 0 && latency.p99 <= P99_AT_MOST

/** A relay before its sink, started again where it crashes. */
class Stand {
  /** With the present kind of request. */
  crashes = 0
  readonly #bench: Bench
  readonly #candidate: Candidate
  readonly #sink: Sink
  #kind: Kind = 'accounting'
  #relay: Relay | undefined

  constructor(bench: Bench, candidate: Candidate, sink: Sink) {
    this.#bench = bench
    this.#candidate = candidate
    this.#sink = sink
  }

  get label(): string {
    return this.#candidate.label
  }

  /** Starts the relay, if it does not stand yet, and warms it up for this kind of request. */
  async begin(kind: Kind): Promise<void> {
    this.#kind = kind
    this.crashes = 0
    if (this.#relay === undefined) this.#relay = await this.#candidate.start(this.#sink.ports)
    await this.#send(WARM_UP.rate, WARM_UP.seconds, measureOnce)
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
    return await this.#send(rate, seconds, measure)
  }

  async #send(rate: number, seconds: number, by: typeof measure): Promise<Measurement | undefined> {
    const { workshop, say } = this.#bench
    await sleep(REST_MS)
    const relay = this.#relay!
    const { addresses = 1 } = this.#candidate
    try {
      return await by(workshop, relay, this.#sink, { kind: this.#kind, rate, seconds, addresses })
    } catch (error) {
      if (relay.isAlive) throw error
      this.crashes += 1
      say(`  ${this.#candidate.label} crashed at ${rate}/s and is started again`)
      if (this.crashes > MOST_CRASHES) throw error
      const { crashes } = this
      await relay.stop()
      this.#relay = undefined
      await this.begin(this.#kind)
      this.crashes += crashes
      return undefined
    }
  }

  async stop(): Promise<void> {
    await this.#relay?.stop()
  }
}

/** The steps in time are not kept: what is compared are the sums. */
const told = ({ steps: _, ...measurement }: Measurement): Omit<Measurement, 'steps'> => measurement

export const toldShort = ({ highest, fixed, busy, half, repeats }: RoundOf): string =>
  `highest ${highest}/s; at ${FIXED_RATE}/s ${fixed.cpuMicros?.toFixed(1) ?? '-'} us CPU each, p50 ${fixed.latency.p50} us, p99 ${fixed.latency.p99} us; at ${BUSY_RATE}/s ${busy?.cpuMicros?.toFixed(1) ?? '-'} us CPU each; at half p99 ${half?.latency.p99 ?? '-'} us${repeats === 0 ? '' : `; ${repeats} void measurements made again`}`
