/**
 * The throttle under pressure: 30,000 accounting requests a second are offered to one server with `max_rate: 20000`, and the
 * sink's record, by the kernel's time stamps, is put on the grid of slots.
 *
 * Promised: no slot over its quota, and at least 99.5 % of the quota used from a second after the start until the backlog
 * is gone. Lost datagrams of the sink would be missing in the record, so they make the verdict VOID.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { faultOf } from './compared.ts'
import { isDisturbed } from './machine-use.ts'
import { type Measurement, measureOnce } from './measurement.ts'
import { merged, type ServerPorts, type Settings } from './relay-settings.ts'
import { type RadsluiceRelay, startRadsluice } from './relays.ts'
import type { Bench, ScenarioReport, Verdict } from './scenario.ts'
import { Sink, type SinkReport } from './sink.ts'
import { type SlotUse, slotUse } from './slot-use.ts'

export const MAX_RATE = 20_000
const OFFERED = 30_000
export const SLOT_MICROS = 50_000
export const USED_AT_LEAST = 0.995
const BACKLOG_AFTER_MICROS = 1_000_000
const DRAINED_WITHIN_MS = 30_000
/** So many outstanding that the answers' time is not what holds a message back. */
const MAX_OUTSTANDING = 4_000
/** So often a run is made again that other processes disturbed. */
const MOST_REPEATS = 2

export interface ThrottledRun {
  readonly measurement: Measurement
  readonly use: SlotUse
  /** Moments at the sink and the moment from which something waited, microseconds of the monotonic clock. */
  readonly arrivals: readonly number[]
  readonly backlogFrom: number
  readonly sink: SinkReport['accounting']
  readonly fault: string | undefined
}

export interface Pressure {
  readonly offered: number
  readonly maxRate: number
  readonly seconds: number
  /** Settings over those of the scenario, for the server at these ports. */
  readonly more?: (server: ServerPorts) => Settings
  /** Begins with the load, and is awaited at its end. */
  readonly meanwhile?: (relay: RadsluiceRelay) => Promise<void>
}

export async function throttled(bench: Bench): Promise<ScenarioReport> {
  const seconds = bench.pace.name === 'quick' ? 4 : 8
  const rounds: ThrottledRun[] = []
  for (let round = 1; round <= bench.pace.rounds; round += 1) {
    const run = await underPressure(bench, { offered: OFFERED, maxRate: MAX_RATE, seconds })
    rounds.push(run)
    bench.say(`round ${round}: ${toldShort(run)}`)
  }
  return {
    scenario: 'throttled',
    about: `${OFFERED.toLocaleString('en-US')} accounting requests a second for ${seconds} s, max_rate ${MAX_RATE.toLocaleString('en-US')}; the sink's record on the grid of slots.`,
    tables: [
      { title: 'Slots at the sink', heading: HEADING, rows: rounds.map((run, index) => rowOf(`${index + 1}`, run)) },
    ],
    bars: [],
    plots: [plotOf(rounds.at(-1)!.use)],
    verdicts: verdictsOf(rounds),
    numbers: {
      rounds: rounds.map(({ measurement: { steps: _, ...told }, use, sink, fault }) => ({
        measurement: told,
        use,
        sink,
        fault,
      })),
    },
  }
}

export const HEADING = [
  'run',
  'at the sink',
  'over quota',
  'excused',
  'most in 1 s',
  'slots',
  'unfilled',
  'used %',
  'out of order',
]

export const rowOf = (name: string, { use, sink }: ThrottledRun): (string | number)[] => [
  name,
  use.arrivals,
  use.overQuota,
  use.excused,
  use.mostInASecond,
  use.slots,
  use.unfilled,
  (use.usedShare * 100).toFixed(2),
  sink.reordered,
]

/** Runs radsluice with a throttle before a recording sink, until nothing waits any more; again, if others disturbed it. */
export async function underPressure(bench: Bench, pressure: Pressure): Promise<ThrottledRun> {
  for (let repeats = 0; ; repeats += 1) {
    const run = await oneRun(bench, pressure)
    if (!isDisturbed(run.measurement.machine) || repeats === MOST_REPEATS) return run
    bench.say(`  a void run is made again: ${run.fault}`)
  }
}

async function oneRun(bench: Bench, pressure: Pressure): Promise<ThrottledRun> {
  const { workshop } = bench
  const { offered, maxRate, seconds, more = () => ({}), meanwhile } = pressure
  const sink = await Sink.start(workshop.programs.sink, { record: join(workshop.folder, 'arrivals') })
  let relay: RadsluiceRelay | undefined
  try {
    const settings = {
      queues: { accounting: { max_messages: 1_000_000, max_bytes: '4GiB' } },
      farm: { accounting: { max_rate: maxRate, max_outstanding: MAX_OUTSTANDING } },
    }
    relay = await startRadsluice(workshop, sink.ports, merged(settings, more(sink.ports)))
    await measureOnce(workshop, relay, sink, { kind: 'accounting', rate: maxRate / 4, seconds: 2 })
    const { monotonic_us: began } = (await relay.status()).clock
    // No identifier is used twice: what waits in radsluice can still be answered when the backlog is gone.
    const wait = (seconds * (offered - maxRate)) / maxRate + 5
    const load = { kind: 'accounting', rate: offered, seconds, reuseAfter: seconds + wait, wait } as const
    const [measurement] = await Promise.all([measureOnce(workshop, relay, sink, load), meanwhile?.(relay)])
    await drained(relay)
    const report = await sink.report()
    await sink.stop()
    const arrivals = sink.arrivals('accounting').filter((at) => at >= began)
    const backlogFrom = began + BACKLOG_AFTER_MICROS
    const use = slotUse({ maxRate, slotMicros: SLOT_MICROS }, arrivals, backlogFrom)
    const fault =
      report.accounting.kernelDrops > 0
        ? `${report.accounting.kernelDrops} requests are missing in the record: the sink's buffer was full`
        : faultOf(measurement)
    return { measurement, use, arrivals, backlogFrom, sink: report.accounting, fault }
  } finally {
    await relay?.stop()
    await sink.stop()
  }
}

async function drained(relay: RadsluiceRelay): Promise<void> {
  const end = performance.now() + DRAINED_WITHIN_MS
  while (performance.now() < end) {
    const { lanes } = await relay.status()
    if (lanes.every(({ queued, outstanding }) => queued + outstanding === 0)) return
    await sleep(100)
  }
}

export const toldShort = ({ use, fault }: ThrottledRun): string =>
  `${use.overQuota} over quota, ${(use.usedShare * 100).toFixed(2)} % used in ${use.slots} slots, ${use.excused} excused${fault === undefined ? '' : `; but ${fault}`}`

/** A run of which the load fell short proves nothing of the use, and one with a hole in the record nothing at all. */
export function verdictsOf(runs: readonly ThrottledRun[]): Verdict[] {
  const over = runs.reduce((sum, { use }) => sum + use.overQuota, 0)
  const slots = runs.reduce((sum, { use }) => sum + use.slots, 0)
  const least = Math.min(...runs.map(({ use }) => use.usedShare))
  const fault = runs.map((run) => run.fault).find((one) => one !== undefined)
  const outcome = (holds: boolean): Verdict['outcome'] => (fault !== undefined ? 'VOID' : holds ? 'PASS' : 'FAIL')
  const faultWords = fault === undefined ? '' : `; but ${fault}`
  return [
    {
      promise: "the sink's record breaks no quota",
      measured: `${over} over quota in ${slots} slots${faultWords}`,
      outcome: outcome(over === 0 && slots > 0),
    },
    {
      promise: `at least ${USED_AT_LEAST * 100} % of the quota is used`,
      measured: `${(least * 100).toFixed(2)} % in the worst of ${runs.length}${faultWords}`,
      outcome: outcome(least >= USED_AT_LEAST),
    },
  ]
}

const plotOf = ({ perSlot, quota }: SlotUse): ScenarioReport['plots'][number] => ({
  id: 'plot-throttled',
  title: 'Requests at the sink in each slot',
  caption: `Slots of 50 ms; the quota is ${quota}.`,
  unit: '',
  isWide: true,
  step: SLOT_MICROS / 1_000_000,
  curves: [{ label: 'at the sink', style: 'with', values: perSlot, isFilled: true }],
  levels: [{ label: `quota ${quota}`, value: quota }],
})
