/**
 * A soak: radsluice at 80 % of its highest rate for 20 minutes, with a reload each 10 s. Every reload changes something: a client
 * that never sends comes or goes.
 *
 * Promised: memory and descriptors stay flat, nothing is lost, and every request is accounted for: by the generator, the
 * kernel's counters and the daemon's own. Memory is flat if it grows by less than 5 % from the second third of the time to
 * the last; the first third fills tables. A soak of less than ten minutes says nothing about memory.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { relayCandidate } from './compare.ts'
import { faultOf, type SteadyMeasurement } from './compared.ts'
import { measureOnce } from './measurement.ts'
import { medianOf } from './medians.ts'
import { SECRET } from './relay-settings.ts'
import { type RadsluiceRelay, startRadsluice } from './relays.ts'
import type { Bench, ScenarioReport, Verdict } from './scenario.ts'
import { Sink } from './sink.ts'
import { highestOf } from './stand.ts'

const SHARE = 0.8
const EVERY_MS = 10_000
const WARM_UP = { kind: 'accounting', rate: 10_000, seconds: 6 } as const
export const GROWTH_AT_MOST = 0.05
const SHORT_SECONDS = 600
const SPARE_CLIENT = { name: 'spare', address: '198.18.0.1', secret: SECRET }

export interface SoakSample {
  readonly seconds: number
  readonly residentBytes: number
  readonly descriptors: number
}

/** What the daemon counted during the soak. */
export interface SoakBooks {
  readonly received: number
  /** At its listeners. */
  readonly kernelDrops: number
  /** Requests that its ledger has lost sight of. */
  readonly imbalance: number
  readonly internalErrors: number
  readonly reloadsOk: number
  readonly reloadsFailed: number
}

export interface Soaked {
  readonly rate: number
  readonly measurement: SteadyMeasurement
  readonly samples: readonly SoakSample[]
  readonly reloadsAsked: number
  readonly books: SoakBooks
}

export async function soak(bench: Bench): Promise<ScenarioReport> {
  const highest = bench.knownRate ?? (await highestOf(bench, relayCandidate(bench, 'radsluice'), 'accounting'))
  const rate = Math.round(highest * SHARE)
  bench.say(`highest rate ${highest}/s, so ${rate}/s for ${bench.pace.soakSeconds} s`)
  const soaked = await soakAt(bench, rate)
  const { samples, books } = soaked
  return {
    scenario: 'soak',
    about: `${rate.toLocaleString('en-US')} accounting requests a second for ${bench.pace.soakSeconds} s, ${SHARE * 100} % of the highest rate (${bench.knownRate === undefined ? 'measured just before' : 'given'}), and a reload each ${EVERY_MS / 1_000} s.`,
    tables: [
      {
        title: 'Every tenth sample of memory and descriptors, and the last',
        heading: ['second', 'MiB resident', 'descriptors'],
        rows: samples
          .filter((_, index) => index % 10 === 0 || index === samples.length - 1)
          .map((one) => [Math.round(one.seconds), Math.round(one.residentBytes / 2 ** 20), one.descriptors]),
      },
    ],
    bars: [],
    plots: [
      {
        id: 'plot-soak',
        title: 'Resident memory',
        caption: `One sample each ${EVERY_MS / 1_000} s.`,
        unit: 'MiB',
        isWide: true,
        step: EVERY_MS / 1_000,
        curves: [
          {
            label: 'radsluice',
            style: 'with',
            values: samples.map((one) => one.residentBytes / 2 ** 20),
            isFilled: true,
          },
        ],
        levels: [],
      },
    ],
    verdicts: soakVerdicts(soaked),
    numbers: { ...soaked, books },
  }
}

async function soakAt(bench: Bench, rate: number): Promise<Soaked> {
  const { workshop, pace } = bench
  const sink = await Sink.start(workshop.programs.sink)
  let relay: RadsluiceRelay | undefined
  try {
    relay = await startRadsluice(workshop, sink.ports)
    await measureOnce(workshop, relay, sink, WARM_UP)
    const before = await booksOf(relay)
    const watch = watched(relay, pace.soakSeconds)
    const load = { kind: 'accounting', rate, seconds: pace.soakSeconds } as const
    const [{ steps: _, ...measurement }, { samples, reloadsAsked }] = await Promise.all([
      measureOnce(workshop, relay, sink, load),
      watch,
    ])
    const after = await booksOf(relay)
    const books = Object.fromEntries(
      Object.entries(after).map(([key, value]) => [key, value - before[key as keyof SoakBooks]]),
    ) as unknown as SoakBooks
    return { rate, measurement, samples, reloadsAsked, books }
  } finally {
    await relay?.stop()
    await sink.stop()
  }
}

/** Samples and reloads at absolute times, until the load is over. */
async function watched(
  relay: RadsluiceRelay,
  seconds: number,
): Promise<{ readonly samples: readonly SoakSample[]; readonly reloadsAsked: number }> {
  const began = performance.now()
  const samples: SoakSample[] = []
  let reloadsAsked = 0
  for (let due = EVERY_MS; due < seconds * 1_000 && relay.isAlive; due += EVERY_MS) {
    await sleep(Math.max(0, began + due - performance.now()))
    samples.push({
      seconds: (performance.now() - began) / 1_000,
      residentBytes: relay.reading().cost.residentBytes,
      descriptors: relay.descriptors(),
    })
    changeClients(relay.configFile)
    relay.signal('SIGHUP')
    reloadsAsked += 1
  }
  return { samples, reloadsAsked }
}

/** The spare client comes if it is not there, and goes if it is. */
function changeClients(file: string): void {
  const settings = JSON.parse(readFileSync(file, 'utf8')) as { clients: { name: string }[] }
  const without = settings.clients.filter(({ name }) => name !== SPARE_CLIENT.name)
  const isThere = without.length < settings.clients.length
  writeFileSync(file, JSON.stringify({ ...settings, clients: isThere ? without : [...without, SPARE_CLIENT] }, null, 2))
}

async function booksOf(relay: RadsluiceRelay): Promise<SoakBooks> {
  const { classes, listeners, internalErrors, config } = await relay.status()
  return {
    received: classes.accounting.ledger.received,
    kernelDrops: listeners.reduce((sum, { kernelDrops }) => sum + (kernelDrops ?? 0), 0),
    imbalance: Math.abs(classes.accounting.imbalance) + Math.abs(classes.authentication.imbalance),
    internalErrors,
    reloadsOk: config.reloadsOk,
    reloadsFailed: config.reloadsFailed,
  }
}

export function soakVerdicts({ measurement, samples, reloadsAsked, books }: Soaked): Verdict[] {
  const fault =
    samples.length < 3
      ? `there are only ${samples.length} samples`
      : books.reloadsOk < reloadsAsked
        ? `only ${books.reloadsOk} of ${reloadsAsked} reloads came about`
        : faultOf(measurement)
  const verdict = (promise: string, measured: string, holds: boolean, why = fault): Verdict => ({
    promise,
    measured: `${measured}${why === undefined ? '' : `; but ${why}`}`,
    outcome: why === undefined ? (holds ? 'PASS' : 'FAIL') : 'VOID',
  })
  const third = Math.max(1, Math.floor(samples.length / 3))
  const medianIn = (from: number, to: number, read: (one: SoakSample) => number): number =>
    samples.length === 0
      ? Number.NaN
      : medianOf((samples.slice(from, to).length > 0 ? samples.slice(from, to) : samples).map(read))
  const memory = (one: SoakSample): number => one.residentBytes
  const [middle, last] = [medianIn(third, 2 * third, memory), medianIn(2 * third, samples.length, memory)]
  const descriptors = (one: SoakSample): number => one.descriptors
  const [then, now] = [medianIn(third, 2 * third, descriptors), medianIn(2 * third, samples.length, descriptors)]
  const { counts } = measurement
  const unexplained =
    Math.abs(counts.sent - counts.unsent - books.received - books.kernelDrops) + books.imbalance + books.internalErrors
  return [
    verdict(
      `memory is flat: less than ${GROWTH_AT_MOST * 100} % more in the last third than in the second`,
      `${mebibytes(middle)}, then ${mebibytes(last)}`,
      last < middle * (1 + GROWTH_AT_MOST),
      fault ?? (measurement.load.seconds < SHORT_SECONDS ? 'so short a soak says nothing about memory' : undefined),
    ),
    verdict('descriptors are flat: as many in the last third as in the second', `${then}, then ${now}`, now <= then),
    verdict(
      `${reloadsAsked} reloads, and nothing is lost`,
      `${counts.lost} of ${counts.sent.toLocaleString('en-US')}`,
      counts.lost === 0,
    ),
    verdict(
      'nothing is unexplained: what was sent was received or dropped by the kernel, and every request has an end',
      `${unexplained} requests`,
      unexplained === 0,
    ),
  ]
}

const mebibytes = (octets: number): string => `${Math.round(octets / 2 ** 20)} MiB`
