/**
 * What an idle radsluice uses of a processor, with each packet I/O: with no request in it, and with a million accounting records
 * that wait behind a silent server (as in the scenario `million`).
 *
 * /proc counts in ticks of 10 ms, so a share is exact to 10 ms in the time that is waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { presentRelays } from './compare.ts'
import { measureOnce } from './measurement.ts'
import { medianOf } from './medians.ts'
import { fill, idleShare, MESSAGES, MILLION_SETTINGS, queuedIn } from './million.ts'
import { isRadsluice, PACKET_IO, RADSLUICES, type RadsluiceRelay, type RelayName, startRadsluice } from './relays.ts'
import type { Bench, ScenarioReport, Verdict } from './scenario.ts'
import { Sink } from './sink.ts'

const WARM_UP = { kind: 'access', rate: 5_000, seconds: 3 } as const
const REST_MS = 3_000
const DGRAM = 'radsluice dgram'
/** Of a processor. */
export const IDLE_GOAL = 0.002

export interface IdleRun {
  readonly relay: RelayName
  /** Shares of a processor. */
  readonly empty: number
  readonly full: number
  /** How many waited then. */
  readonly waiting: number
}

export async function idle(bench: Bench): Promise<ScenarioReport> {
  const { pace } = bench
  const here = presentRelays(bench).here.filter(isRadsluice)
  const { rounds } = pace
  const runs: IdleRun[] = []
  for (let round = 1; round <= rounds; round += 1) {
    for (const relay of here) {
      const run = await oneRun(bench, relay)
      runs.push(run)
      bench.say(
        `round ${round}, ${relay}: empty ${percent(run.empty)}, with ${run.waiting} waiting ${percent(run.full)}`,
      )
    }
  }
  const resolution = 0.01 / pace.idleSeconds
  return {
    scenario: 'idle',
    about: `Shares of a processor in ${pace.idleSeconds} s without traffic, medians of ${rounds} in turn; exact to ${percent(resolution)}.`,
    tables: [
      {
        title: 'Idle, per cent of a processor',
        heading: ['relay', 'no request', `${MESSAGES.toLocaleString('en-US')} waiting`],
        rows: here.map((relay) => [
          relay,
          percent(medianFor(runs, relay, 'empty')),
          percent(medianFor(runs, relay, 'full')),
        ]),
      },
    ],
    bars: [],
    plots: [],
    verdicts: idleVerdicts(runs, resolution),
    numbers: { runs },
  }
}

async function oneRun(bench: Bench, name: keyof typeof RADSLUICES): Promise<IdleRun> {
  const { workshop, pace } = bench
  const answering = await Sink.start(workshop.programs.sink)
  const silent = await Sink.start(workshop.programs.sink, { isSilent: true })
  let relay: RadsluiceRelay | undefined
  try {
    const ports = { access: answering.ports.access, accounting: silent.ports.accounting }
    const settings = name === 'radsluice' ? workshop.settings : PACKET_IO[RADSLUICES[name]]
    relay = await startRadsluice({ ...workshop, settings }, ports, MILLION_SETTINGS, name)
    await measureOnce(workshop, relay, answering, WARM_UP)
    await sleep(REST_MS)
    const empty = await idleShare(relay, pace.idleSeconds)
    await fill(bench, relay)
    await sleep(REST_MS)
    const full = await idleShare(relay, pace.idleSeconds)
    return { relay: name, empty, full, waiting: await queuedIn(relay) }
  } finally {
    await relay?.stop()
    await answering.stop()
    await silent.stop()
  }
}

const medianFor = (runs: readonly IdleRun[], relay: RelayName, key: 'empty' | 'full'): number =>
  medianOf(runs.filter((run) => run.relay === relay).map((run) => run[key]))

/** Each other packet I/O beside dgram; a difference that /proc can't show is none. */
export function idleVerdicts(runs: readonly IdleRun[], resolution: number): Verdict[] {
  const others = [...new Set(runs.map(({ relay }) => relay))].filter((relay) => relay !== DGRAM)
  if (!runs.some(({ relay }) => relay === DGRAM)) return []
  const isFull = runs.every(({ waiting }) => waiting >= MESSAGES)
  return others.flatMap((relay) =>
    (['empty', 'full'] as const).map((key): Verdict => {
      const [mine, dgram] = [medianFor(runs, relay, key), medianFor(runs, DGRAM, key)]
      const isVoid = key === 'full' && !isFull
      return {
        promise: `${relay}, ${key === 'empty' ? 'no request' : `${MESSAGES.toLocaleString('en-US')} waiting`}: idle CPU at most dgram's`,
        measured: `${percent(mine)} to ${percent(dgram)}${isVoid ? '; but fewer waited' : ''}`,
        outcome: isVoid ? 'VOID' : mine <= dgram + resolution ? 'PASS' : 'FAIL',
        goal: { promise: `${IDLE_GOAL * 100} %`, isMet: mine <= IDLE_GOAL },
      }
    }),
  )
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
