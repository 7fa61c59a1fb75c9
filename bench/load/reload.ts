/**
 * Changes under full load: max_rate raised in the middle of a run, and a hundred reloads during another.
 *
 * The sink's record must show the old quota until a second of the grid begins and the new one from there on; nothing is
 * lost, and nothing leaves out of order.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RadsluiceRelay } from './relays.ts'
import type { Bench, ScenarioReport, Verdict } from './scenario.ts'
import { slotUse } from './slot-use.ts'
import { HEADING, type Pressure, rowOf, SLOT_MICROS, type ThrottledRun, toldShort, underPressure } from './throttled.ts'

const OLD_RATE = 8_000
const NEW_RATE = 12_000
const PRESSURE = { offered: 14_000, maxRate: OLD_RATE, seconds: 10 } as const satisfies Pressure
const CHANGE_AFTER_MS = 4_500
const LOOK_EVERY_MS = 50
const LOOKS = 60
const RELOADS = 100
const RELOAD_EVERY_MS = 80
const USED_AT_LEAST = 0.995

export async function reload(bench: Bench): Promise<ScenarioReport> {
  let holdsFrom = 0
  const changed = await underPressure(bench, {
    ...PRESSURE,
    meanwhile: async (relay) => {
      holdsFrom = await raiseRate(relay)
    },
  })
  bench.say(`max_rate ${OLD_RATE}, ${NEW_RATE} from ${holdsFrom} us of the monotonic clock on`)
  let reloads = 0
  const reloaded = await underPressure(bench, {
    ...PRESSURE,
    meanwhile: async (relay) => {
      reloads = await reloadOften(relay)
    },
  })
  bench.say(`${reloads} reloads: ${toldShort(reloaded)}`)
  const [before, after] = [OLD_RATE, NEW_RATE].map((maxRate, index) => {
    const arrivals = changed.arrivals.filter((at) => at < holdsFrom === (index === 0))
    const backlogFrom = index === 0 ? changed.backlogFrom : holdsFrom - 1
    return { ...changed, use: slotUse({ maxRate, slotMicros: SLOT_MICROS }, arrivals, backlogFrom) }
  }) as [ThrottledRun, ThrottledRun]
  const rows = [rowOf(`at ${OLD_RATE}`, before), rowOf(`at ${NEW_RATE}`, after), rowOf(`${reloads} reloads`, reloaded)]
  return {
    scenario: 'reload',
    about: `${PRESSURE.offered} offered; max_rate ${OLD_RATE} raised to ${NEW_RATE} by a reload, and ${reloads} reloads during another run.`,
    tables: [{ title: 'Slots at the sink', heading: HEADING, rows }],
    bars: [],
    plots: [],
    verdicts: [
      keptVerdict(`the old quota until a second begins, the new one from it on`, [before, after], holdsFrom > 0),
      keptVerdict(`${RELOADS} reloads under load change nothing`, [reloaded], reloads >= RELOADS),
    ],
    numbers: {
      holdsFrom,
      reloads,
      runs: [before, after, reloaded].map(({ use, sink, fault, measurement: { counts } }) => ({
        use,
        sink,
        fault,
        counts,
      })),
    },
  }
}

/** Quotas kept and used, everything answered, everything in order. */
export function keptVerdict(promise: string, runs: readonly ThrottledRun[], happened: boolean): Verdict {
  const fault = happened ? runs.map((run) => run.fault).find((one) => one !== undefined) : 'it did not come about'
  const over = runs.reduce((sum, { use }) => sum + use.overQuota, 0)
  const used = Math.min(...runs.map(({ use }) => use.usedShare))
  const lost = Math.max(...runs.map(({ measurement }) => measurement.counts.lost))
  const reordered = Math.max(...runs.map(({ sink }) => sink.reordered))
  const holds = over === 0 && used >= USED_AT_LEAST && lost === 0 && reordered === 0
  return {
    promise: `${promise}; nothing lost, nothing out of order`,
    measured: `${over} over quota, ${(used * 100).toFixed(2)} % used, ${lost} unanswered, ${reordered} out of order${fault === undefined ? '' : `; but ${fault}`}`,
    outcome: fault !== undefined ? 'VOID' : holds ? 'PASS' : 'FAIL',
  }
}

/** Answers the moment from which the new rate holds, a whole second of the monotonic clock in microseconds; 0 if never. */
async function raiseRate(relay: RadsluiceRelay): Promise<number> {
  await sleep(CHANGE_AFTER_MS)
  const text = readFileSync(relay.configFile, 'utf8')
  writeFileSync(relay.configFile, text.replace(`"max_rate": ${OLD_RATE}`, `"max_rate": ${NEW_RATE}`))
  relay.signal('SIGHUP')
  for (let look = 0; look < LOOKS; look += 1) {
    await sleep(LOOK_EVERY_MS)
    const { lanes, clock } = await relay.status()
    const { slots } = lanes.find((lane) => lane.class === 'accounting')!
    if (slots.maxRate === NEW_RATE && slots.pendingMaxRate === undefined) {
      return Math.floor(clock.monotonic_us / 1_000_000) * 1_000_000
    }
  }
  return 0
}

/** How many reloads were taken. */
async function reloadOften(relay: RadsluiceRelay): Promise<number> {
  const before = (await relay.status()).config.reloadsOk
  let asked = 0
  for (; asked < 2 * RELOADS && (await relay.status()).config.reloadsOk - before < RELOADS; asked += 1) {
    relay.signal('SIGHUP')
    await sleep(RELOAD_EVERY_MS)
  }
  return (await relay.status()).config.reloadsOk - before
}
