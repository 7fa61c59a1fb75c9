/**
 * What tracking sessions adds to an accounting record, in the engine alone: no sockets, servers that answer at once.
 *
 *     scripts/node24 bench/tracking-cost.ts [--sessions N] [--rounds N]
 *
 * Engines with and without tracking take the same records in turn. `known`: interims of sessions that were started before.
 * `new`: every record begins another session, and the table is full, so each evicts one; no router does that. Printed are the
 * medians of the rounds, processor time of the thread for each record. The whole daemon, sockets and kernel included, is
 * compared by `npm run bench -- --scenario tracking`.
 */
import { parseArgs } from 'node:util'
import { writeData } from '../src/commands/terminal/output.io.ts'
import { micros, seconds } from '../src/units.ts'
import { EngineLoad, loadOptions, peerOf, recordOf } from './engine-load.ts'
import { medianOf } from './load/medians.ts'

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '9' },
  },
})
const SESSIONS = Number(values.sessions)
const ROUNDS = Number(values.rounds)
const RECORDS_A_ROUND = 40_000
const BATCH = 16
const BATCH_EVERY = micros(BATCH * 100)
const START = 1
const INTERIM = 3

interface Kept {
  readonly load: EngineLoad
  readonly micros: number[]
}

let serial = 0

for (const kind of ['known', 'new'] as const) {
  const without: Kept = { load: new EngineLoad(options(false)), micros: [] }
  const tracked: Kept = { load: new EngineLoad(options(true)), micros: [] }
  const both = [without, tracked]
  for (let session = 0; session < SESSIONS; session += 1)
    for (const { load } of both) timeFor(load, [recordFor(session, START)])
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { load, micros: spent } of round % 2 === 0 ? both : [...both].reverse()) {
      const took = roundOf(load, kind, round)
      // The first one is for the compiler.
      if (round > 0) spent.push(took)
    }
  }
  const [off, on] = [medianOf(without.micros), medianOf(tracked.micros)]
  writeData(
    `${kind} sessions: ${off.toFixed(2)} us each without tracking, ${on.toFixed(2)} us with ${SESSIONS} tracked; ${(on - off).toFixed(2)} us, ${(((on - off) / off) * 100).toFixed(1)} % more`,
  )
}

/** Microseconds for each record. */
function roundOf(load: EngineLoad, kind: 'known' | 'new', round: number): number {
  let spent = 0
  for (let from = 0; from < RECORDS_A_ROUND; from += BATCH) {
    const records = Array.from({ length: BATCH }, (_, i) =>
      // A prime step: no two neighbours in the table come one after the other.
      recordFor(
        kind === 'known' ? ((from + i) * 7_919) % SESSIONS : SESSIONS + round * RECORDS_A_ROUND + from + i,
        INTERIM,
      ),
    )
    spent += timeFor(load, records)
  }
  return spent / RECORDS_A_ROUND
}

/** Microseconds in the engine. */
function timeFor(load: EngineLoad, records: readonly Uint8Array[]): number {
  const { engine } = load
  load.now = (load.now + BATCH_EVERY) as typeof load.now
  const peers = records.map((_, i) => peerOf(serial + i))
  serial += records.length
  let began = process.threadCpuUsage()
  for (const [i, record] of records.entries()) engine.receive('accounting', peers[i]!, record, load.now)
  load.serve()
  let spent = since(began)
  const answers = load.pollAnswers()
  began = process.threadCpuUsage()
  for (const { lane, port, bytes } of answers) engine.respond(lane, port, bytes, load.now)
  load.serve()
  spent += since(began)
  return spent
}

function recordFor(session: number, status: number): Uint8Array {
  return recordOf({ serial, session, status, seconds: Math.floor(serial / 10) })
}

function options(isTracked: boolean): ReturnType<typeof loadOptions> {
  const sessions = { maxSessions: SESSIONS, lifetime: seconds(7_200), maxPortRate: 100e9 }
  return { ...loadOptions({ servers: 1, maxMessages: 1_000_000, maxRate: 0 }), ...(isTracked ? { sessions } : {}) }
}

function since(began: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(began)
  return user + system
}
