/**
 * The comparison: radsluice beside the peers, in turn, several rounds in one run.
 *
 * In each round every relay is started anew, warmed up, driven to its highest rate, then measured at 10,000 requests a second and
 * at half of its highest rate. What is told are medians over the rounds. Rounds take the relays in turn, so that a
 * machine that gets slower meanwhile is slower for all.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { compareReport, type RoundOf } from './compare-report.ts'
import type { Kind, Load } from './generator.ts'
import { searchHighest } from './highest-rate.ts'
import { type Measurement, measure } from './measurement.ts'
import { type Relay, type RelayName, startRelay, whyMissing } from './relays.ts'
import type { Bench, ScenarioReport } from './scenario.ts'
import { Sink } from './sink.ts'

export const FIXED_RATE = 10_000
/** A rate is borne where less than this share is lost and nothing is wrong. */
const LOST_AT_MOST = 0.001
const MOST_RATE = 120_000
const WARM_UP = { rate: 4_000, seconds: 2 } as const
/** Between two loads: what the last one left behind is over. */
const REST_MS = 300
/** A relay that crashes at a rate does not bear it; one that crashes all the time is no relay. */
const TRIES = 3
const MOST_CRASHES = 10
/** Where searches begin; a wrong guess costs a few tries more. */
const GUESSES: Readonly<Record<RelayName, number>> = {
  nothing: 100_000,
  'bare relay': 100_000,
  radsluice: 35_000,
  radsecproxy: 15_000,
  freeradius: 15_000,
}

export async function compare(bench: Bench): Promise<ScenarioReport> {
  const missing = bench.relays.map((name) => whyMissing(name)).filter((why) => why !== undefined)
  for (const why of missing) bench.say(`left out: ${why}`)
  const relays = bench.relays.filter((name) => whyMissing(name) === undefined)
  const guesses = new Map<string, number>()
  const rounds: RoundOf[] = []
  for (let round = 1; round <= bench.pace.rounds; round += 1) {
    for (const name of relays) {
      for (const kind of bench.kinds) {
        const one = await roundOf(bench, name, kind, guesses.get(`${name} ${kind}`) ?? GUESSES[name])
        guesses.set(`${name} ${kind}`, one.highest)
        rounds.push(one)
        bench.say(`round ${round}, ${name}, ${kind}: ${toldShort(one)}`)
      }
    }
  }
  return compareReport({ rounds, missing, pace: bench.pace })
}

async function roundOf(bench: Bench, name: RelayName, kind: Kind, guess: number): Promise<RoundOf> {
  const { pace } = bench
  const sink = await Sink.start(bench.workshop.programs.sink)
  const stand = new Stand(bench, name, kind, sink)
  try {
    await stand.start()
    const fixed = await stand.load(FIXED_RATE, pace.fixedSeconds)
    const tries: RoundOf['tries'][number][] = []
    const search = searchHighest({ step: pace.step, most: MOST_RATE, guess })
    let step = search.next()
    while (!step.done) {
      const one = await stand.tryLoad(step.value, pace.trySeconds)
      const isBorne = one !== undefined && one.lossShare < LOST_AT_MOST && one.counts.bad === 0
      tries.push({ rate: step.value, lossShare: one?.lossShare ?? 1, isBorne })
      step = search.next(isBorne)
    }
    const highest = step.value
    const half = highest === 0 ? undefined : told(await stand.load(highest / 2, pace.fixedSeconds))
    return { relay: name, kind, highest, tries, fixed: told(fixed), half, crashes: stand.crashes }
  } finally {
    await stand.stop()
    await sink.stop()
  }
}

/** A relay before its sink, started again where it crashes. */
class Stand {
  crashes = 0
  readonly #bench: Bench
  readonly #name: RelayName
  readonly #kind: Kind
  readonly #sink: Sink
  #relay: Relay | undefined

  constructor(bench: Bench, name: RelayName, kind: Kind, sink: Sink) {
    this.#bench = bench
    this.#name = name
    this.#kind = kind
    this.#sink = sink
  }

  async start(): Promise<void> {
    this.#relay = await startRelay(this.#bench.workshop, this.#name, this.#sink.ports)
    await this.tryLoad(WARM_UP.rate, WARM_UP.seconds)
  }

  /** @throws an Error where the relay crashes each time. */
  async load(rate: number, seconds: number): Promise<Measurement> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const one = await this.tryLoad(rate, seconds)
      if (one !== undefined) return one
    }
    throw new Error(`bench: ${this.#name} crashes at ${rate}/s each time`)
  }

  /** Undefined where the relay crashed meanwhile; then another one stands in its place. */
  async tryLoad(rate: number, seconds: number): Promise<Measurement | undefined> {
    const { workshop, say } = this.#bench
    await sleep(REST_MS)
    const relay = this.#relay!
    try {
      return await measure(workshop, relay, this.#sink, { kind: this.#kind, rate, seconds } satisfies Load)
    } catch (error) {
      if (relay.isAlive) throw error
      this.crashes += 1
      say(`  ${this.#name} crashed at ${rate}/s and is started again`)
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

const toldShort = ({ highest, fixed, half }: RoundOf): string =>
  `highest ${highest}/s; at ${FIXED_RATE}/s ${fixed.cpuMicros?.toFixed(1) ?? '-'} us CPU each, p50 ${fixed.latency.p50} us, p99 ${fixed.latency.p99} us; at half p99 ${half?.latency.p99 ?? '-'} us`
