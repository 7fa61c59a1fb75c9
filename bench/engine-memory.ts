/**
 * What a million accounting messages cost that wait behind a silent server, and whom they disturb: the engine alone.
 *
 *     scripts/node24 bench/engine-memory.ts [--messages N]
 *
 * Fills an engine, then prints memory for each message (the process's resident memory, before and after), what a look at
 * the queues costs (`serve` and `nextWakeAt`, as at each slot), and what an Access-Request costs meanwhile, each beside
 * the same with nothing waiting. The Access-Requests' longest turns hold the pauses of the garbage collector.
 */
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { TrafficClass } from '../src/classes.ts'
import { writeData } from '../src/commands/terminal/output.io.ts'
import { after, millis } from '../src/units.ts'
import { EngineLoad, loadOptions, peerOf, requestOf } from './engine-load.ts'

const { values } = parseArgs({ options: { messages: { type: 'string', default: '1000000' } } })
const MESSAGES = Number(values.messages)
const BATCH = 16
const BATCH_EVERY = millis(1)
const SLOTS = 2_000
const ACCESS_REQUESTS = 200_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

interface Cost {
  readonly label: string
  readonly mean: number
  readonly p999: number
  readonly longest: number
}

const newLoad = (): EngineLoad => new EngineLoad(loadOptions({ servers: 1, maxMessages: 10_000_000, maxRate: 0 }))

/** Microseconds of each turn: requests in, all that can be done, their answers in. */
function turns(load: EngineLoad, trafficClass: TrafficClass, from: number, count: number): number[] {
  const took: number[] = []
  for (let serial = from; serial < from + count; serial += BATCH) {
    const requests = Array.from({ length: BATCH }, (_, i) => requestOf(trafficClass, serial + i))
    const peers = requests.map((_, i) => peerOf(serial + i))
    load.now = after(load.now, BATCH_EVERY)
    const began = performance.now()
    for (let i = 0; i < BATCH; i += 1) load.engine.receive(trafficClass, peers[i]!, requests[i]!, load.now)
    load.serve()
    const paused = performance.now()
    const answers = load.pollAnswers()
    const resumed = performance.now()
    for (const { lane, port, bytes } of answers) load.engine.respond(lane, port, bytes, load.now)
    load.serve()
    took.push((performance.now() - resumed + paused - began) * 1_000)
  }
  return took
}

/** Microseconds of each look at the queues, one slot after the other. */
function looks(load: EngineLoad): number[] {
  return Array.from({ length: SLOTS }, () => {
    load.now = after(load.now, millis(50))
    const began = performance.now()
    load.serve()
    const took = (performance.now() - began) * 1_000
    load.pollAnswers()
    return took
  })
}

function costOf(label: string, took: readonly number[], each: number): Cost {
  const sorted = [...took].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number
  return { label, mean: took.reduce((a, b) => a + b, 0) / took.length / each, p999: at(0.999), longest: at(1) }
}

const say = ({ label, mean, p999, longest }: Cost): void =>
  writeData(
    `${label.padEnd(58)} mean ${mean.toFixed(2)} us, p99.9 of a turn ${p999.toFixed(0)} us, longest ${longest.toFixed(0)} us`,
  )

const megabytes = (octets: number): string => (octets / 1e6).toFixed(0)

const empty = newLoad()
turns(empty, 'authentication', 0, 50_000)
turns(empty, 'accounting', 0, 50_000)
say(costOf('Access-Request, nothing waits', turns(empty, 'authentication', 50_000, ACCESS_REQUESTS), BATCH))
say(costOf('look at the queues, nothing waits', looks(empty), 1))

const load = newLoad()
load.silent.add('accounting')
collect()
const before = process.memoryUsage()
const fill = turns(load, 'accounting', 0, MESSAGES)
const tenth = Math.floor(fill.length / 10)
say(costOf('Accounting-Request, first tenth of the filling', fill.slice(0, tenth), BATCH))
say(costOf('Accounting-Request, last tenth of the filling', fill.slice(-tenth), BATCH))
collect()
const filled = process.memoryUsage()
const { queued, queuedBytes } = load.engine.inspection.snapshot(load.now).classes.accounting
writeData(
  `${queued} messages of ${(queuedBytes / queued).toFixed(0)} octets wait: resident ${megabytes(filled.rss - before.rss)} MB more, ` +
    `${((filled.rss - before.rss) / queued).toFixed(0)} octets each (heap ${megabytes(filled.heapUsed - before.heapUsed)} of ${megabytes(filled.heapTotal - before.heapTotal)} MB, ` +
    `array buffers ${megabytes(filled.arrayBuffers - before.arrayBuffers)} MB)`,
)
say(costOf(`Access-Request, ${queued} wait`, turns(load, 'authentication', 300_000, ACCESS_REQUESTS), BATCH))
say(costOf(`look at the queues, ${queued} wait`, looks(load), 1))
load.engine.inspection.check()
