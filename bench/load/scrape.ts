/**
 * A scrape of /metrics each second, with 50 servers and 200 clients in the configuration, while 20,000 requests a second pass
 * through a throttle: are its slots as exact as without?
 *
 * One server takes all; the 49 others are there to be counted and shown. Without and with, in turn.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { medianOf } from './medians.ts'
import { SECRET, type ServerPorts, type Settings, serverEntry } from './relay-settings.ts'
import type { RadsluiceRelay } from './relays.ts'
import type { Bench, ScenarioReport, Verdict } from './scenario.ts'
import { HEADING, MAX_RATE, rowOf, type ThrottledRun, toldShort, USED_AT_LEAST, underPressure } from './throttled.ts'

const SERVERS = 50
const CLIENTS = 200
const OFFERED = 24_000
const SCRAPE_EVERY_MS = 1_000

interface Scrape {
  readonly millis: number
  readonly octets: number
}

export async function scrape(bench: Bench): Promise<ScenarioReport> {
  const seconds = bench.pace.name === 'quick' ? 5 : 10
  const more = await largeSettings()
  const scrapes: Scrape[] = []
  const runs: { readonly isScraped: boolean; readonly run: ThrottledRun }[] = []
  for (let round = 1; round <= bench.pace.rounds; round += 1) {
    for (const isScraped of [false, true]) {
      const meanwhile = async (relay: RadsluiceRelay): Promise<void> => {
        if (isScraped) scrapes.push(...(await scraped(relay, seconds)))
      }
      const run = await underPressure(bench, { offered: OFFERED, maxRate: MAX_RATE, seconds, more, meanwhile })
      runs.push({ isScraped, run })
      bench.say(`round ${round}, ${isScraped ? 'with' : 'without'} scrapes: ${toldShort(run)}`)
    }
  }
  const times = scrapes.map(({ millis }) => millis)
  return {
    scenario: 'scrape',
    about: `${OFFERED} offered, max_rate ${MAX_RATE}, ${SERVERS} servers and ${CLIENTS} clients; /metrics read each second or not at all. ${scrapes.length} scrapes of ${scrapes[0]?.octets ?? 0} octets took ${Math.round(medianOf(times))} ms in the middle, ${Math.round(Math.max(...times))} ms at most.`,
    tables: [
      {
        title: 'Slots at the sink',
        heading: HEADING,
        rows: runs.map(({ isScraped, run }) => rowOf(isScraped ? 'scraped' : 'not scraped', run)),
      },
    ],
    bars: [],
    plots: [],
    verdicts: [verdictOf(runs)],
    numbers: {
      scrapes,
      runs: runs.map(({ isScraped, run: { use, sink, fault } }) => ({ isScraped, use, sink, fault })),
    },
  }
}

/** Every run keeps the quotas, and with scrapes as much is used as must be. */
function verdictOf(runs: readonly { readonly isScraped: boolean; readonly run: ThrottledRun }[]): Verdict {
  const fault = runs.map(({ run }) => run.fault).find((one) => one !== undefined)
  const used = (isScraped: boolean): number =>
    medianOf(runs.filter((one) => one.isScraped === isScraped).map(({ run }) => run.use.usedShare))
  const over = runs.reduce((sum, { run }) => sum + run.use.overQuota, 0)
  return {
    promise: `with a scrape each second no quota is broken and at least ${USED_AT_LEAST * 100} % used, as without`,
    measured: `${over} over quota; used ${(used(true) * 100).toFixed(2)} % with, ${(used(false) * 100).toFixed(2)} % without${fault === undefined ? '' : `; but ${fault}`}`,
    outcome: fault !== undefined ? 'VOID' : over === 0 && used(true) >= USED_AT_LEAST ? 'PASS' : 'FAIL',
  }
}

async function scraped(relay: RadsluiceRelay, seconds: number): Promise<Scrape[]> {
  const found: Scrape[] = []
  for (let second = 0; second < seconds; second += 1) {
    const began = performance.now()
    const text = await relay.metrics()
    const millis = performance.now() - began
    found.push({ millis, octets: text.length })
    await sleep(Math.max(0, SCRAPE_EVERY_MS - millis))
  }
  return found
}

/** The first server stays as it is; nobody listens at the others, and nothing is sent to them. */
async function largeSettings(): Promise<(server: ServerPorts) => Settings> {
  const other = { access: await freePort(), accounting: await freePort() }
  const others = Array.from({ length: SERVERS - 1 }, (_, index) => serverEntry(`server-${index + 2}`, other))
  const clients = Array.from({ length: CLIENTS - 1 }, (_, index) => ({
    name: `client-${index + 2}`,
    address: `198.18.${Math.floor(index / 250)}.${(index % 250) + 1}`,
    secret: SECRET,
  }))
  const generator = { name: 'generator', address: '127.0.0.0/8', secret: SECRET }
  return (server) => ({
    clients: [generator, ...clients],
    farm: { servers: [serverEntry('sink', server), ...others] },
  })
}
