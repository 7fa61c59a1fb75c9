/**
 * What turns cost the engine: a login with `fairness: client`, beside one with `none`, by the processor's time.
 *
 *     scripts/node24 bench/fairness-cost.ts [--requests N] [--rounds N]
 *
 * One client, and a thousand clients with twenty logins waiting each; a server that takes 10,000 a second. All engines of a case take
 * turns, batch by batch, so other work on the machine disturbs them alike. Printed is the median of the rounds.
 */
import { parseArgs } from 'node:util'
import { writeData } from '../src/commands/terminal/output.io.ts'
import type { Peer } from '../src/proxy/border/events.ts'
import type { EngineOptions } from '../src/proxy/border/options.ts'
import { Secret } from '../src/radius/secret.ts'
import { clientOptions } from '../src/simulation/world/basic-options.ts'
import { after, micros, seconds } from '../src/units.ts'
import { EngineLoad, loadOptions, requestOf } from './engine-load.ts'

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '40000' }, rounds: { type: 'string', default: '9' } },
})
const REQUESTS = Number(values.requests)
const ROUNDS = Number(values.rounds)
const RATE = 10_000
const BATCH = 20
const BATCH_EVERY = micros((BATCH * 1_000_000) / RATE)
/** Identifiers of a port that serials which are a thousand apart go through. */
const IDENTIFIERS = 32
const SECRET = new Secret('between-bench-and-engine')

const addressOf = (client: number): string => `10.1.${client >> 8}.${client & 255}`

interface Case {
  readonly name: string
  readonly clients: number
  /** Of each client, all the time. */
  readonly waiting: number
}

const CASES: readonly Case[] = [
  { name: 'one client, nothing waits', clients: 1, waiting: 0 },
  { name: 'one client, 20,000 wait', clients: 1, waiting: 20_000 },
  { name: '1,000 clients, 20 of each wait', clients: 1_000, waiting: 20 },
]

class Engines {
  readonly #load: EngineLoad
  readonly #of: Case
  #serial = 0
  nanoseconds = 0

  constructor(of: Case, fairness: EngineOptions['fairness']) {
    this.#of = of
    const options = loadOptions({ servers: 1, maxMessages: 200_000, maxRate: of.waiting === 0 ? 0 : RATE })
    const { authentication } = options.queues
    this.#load = new EngineLoad({
      ...options,
      fairness,
      slot: micros(1_000),
      clients: Array.from({ length: of.clients }, (_, client) =>
        clientOptions({ name: `bng-${client}`, network: addressOf(client), secret: SECRET }),
      ),
      queues: {
        ...options.queues,
        authentication: { ...authentication, maxMessages: 200_000, maxAge: seconds(3_600) },
      },
    })
    for (let waiting = 0; waiting < of.clients * of.waiting; waiting += 1) this.#receive(this.#next())
    this.#load.serve()
    this.#answer()
  }

  /** So many logins come, as many leave, and their answers come. */
  batch(): void {
    const { now } = this.#load
    this.#load.now = after(now, BATCH_EVERY)
    const arrivals = Array.from({ length: BATCH }, () => this.#next())
    const before = process.hrtime.bigint()
    for (const arrival of arrivals) this.#receive(arrival)
    this.#load.serve()
    const middle = process.hrtime.bigint()
    const answers = this.#load.pollAnswers()
    const after2 = process.hrtime.bigint()
    for (const { lane, port, bytes } of answers) this.#load.engine.respond(lane, port, bytes, this.#load.now)
    this.#load.serve()
    this.nanoseconds += Number(process.hrtime.bigint() - after2 + (middle - before))
  }

  #answer(): void {
    for (const { lane, port, bytes } of this.#load.pollAnswers()) {
      this.#load.engine.respond(lane, port, bytes, this.#load.now)
    }
  }

  #next(): { readonly peer: Peer; readonly bytes: Uint8Array } {
    const serial = this.#serial
    this.#serial += 1
    const { clients } = this.#of
    const port = 10_000 + (Math.floor(serial / clients / IDENTIFIERS) % 50_000)
    return { peer: { link: 0, address: addressOf(serial % clients), port }, bytes: requestOf('authentication', serial) }
  }

  #receive({ peer, bytes }: { readonly peer: Peer; readonly bytes: Uint8Array }): void {
    this.#load.engine.receive('authentication', peer, bytes, this.#load.now)
  }
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number

/** Nanoseconds of a login in each of two engines, whose batches alternate. */
function measured(of: Case): readonly [none: number, client: number] {
  const both = [new Engines(of, 'none'), new Engines(of, 'client')] as const
  const rounds = Array.from({ length: ROUNDS + 1 }, () => {
    for (const one of both) one.nanoseconds = 0
    for (let batch = 0; batch < REQUESTS / BATCH; batch += 1) {
      const [first, second] = batch % 2 === 0 ? both : both.toReversed()
      first?.batch()
      second?.batch()
    }
    return both.map(({ nanoseconds }) => nanoseconds / REQUESTS)
  }).slice(1)
  return [median(rounds.map(([none = 0]) => none)), median(rounds.map(([, client = 0]) => client))]
}

const rows = CASES.map((of) => {
  const [none, client] = measured(of)
  return `| ${of.name} | ${Math.round(none)} | ${Math.round(client)} | ${(client / none).toFixed(3)} |`
})
await writeData(['| | `none`, ns | `client`, ns | ratio |', '|---|---|---|---|', ...rows, ''].join('\n'))
