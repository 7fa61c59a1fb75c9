/**
 * What a request costs in the engine alone: no sockets, no loop, servers that answer at once.
 *
 *     scripts/node24 bench/engine-cost.ts [--requests N] [--batch N] [--servers N] [--class CLASS]
 *     scripts/node24 bench/engine-cost.ts --rate N      also paced, as a daemon calls it at N requests a second: with
 *                                                       sleeps between the turns, and awake between them
 *     scripts/node24 bench/engine-cost.ts --crowds      each entry while a thousand wait, or a million
 *
 * Prints, for each class, the nanoseconds of each step of a request's way, what it allocates on the heap and beside it,
 * and what the garbage collector took. Run it with `--cpu-prof` after `scripts/node24` for a profile.
 */
import { constants, type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { getHeapStatistics } from 'node:v8'
import { TRAFFIC_CLASSES, type TrafficClass } from '../src/classes.ts'
import { writeData } from '../src/commands/terminal/output.io.ts'
import { micros, seconds } from '../src/units.ts'
import { showCrowds } from './crowd-cost.ts'
import { EngineLoad, loadOptions, peerOf, requestOf, SESSIONS } from './engine-load.ts'
import { type PacedCost, pacedCost } from './engine-paced.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '300000' },
    batch: { type: 'string', default: '16' },
    servers: { type: 'string', default: '1' },
    class: { type: 'string' },
    rate: { type: 'string' },
    group: { type: 'string', default: '2' },
    crowds: { type: 'boolean', default: false },
  },
})
const REQUESTS = Number(values.requests)
const BATCH = Number(values.batch)
const SERVERS = Number(values.servers)
/** The virtual time between two batches: some 10,000 requests a second. */
const BATCH_EVERY = micros(BATCH * 100)
const WARM_UP = 20_000
const PACED_REQUESTS = 60_000

const collections = { young: 0, old: 0, milliseconds: 0, longest: 0 }
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const { duration, detail } = entry as PerformanceEntry & { readonly detail: { readonly kind: number } }
    const isYoung = detail.kind === constants.NODE_PERFORMANCE_GC_MINOR
    if (isYoung) collections.young += 1
    else collections.old += 1
    collections.milliseconds += duration
    collections.longest = Math.max(collections.longest, duration)
  }
})

interface Costs {
  /** Milliseconds. */
  receive: number
  serve: number
  respond: number
  /** Octets on the heap and in array buffers beside it. */
  heap: number
  beside: number
}

async function measure(trafficClass: TrafficClass): Promise<void> {
  const sessions = { maxSessions: SESSIONS, lifetime: seconds(7_200), maxPortRate: 100e9 }
  const options = { ...loadOptions({ servers: SERVERS, maxMessages: 1_000_000, maxRate: 0 }), sessions }
  const load = new EngineLoad(options)
  const costs: Costs = { receive: 0, serve: 0, respond: 0, heap: 0, beside: 0 }
  for (let serial = 0; serial < WARM_UP; serial += BATCH) runBatch(load, trafficClass, serial, { ...costs })
  await new Promise((resolve) => setTimeout(resolve, 20))
  Object.assign(collections, { young: 0, old: 0, milliseconds: 0, longest: 0 })
  for (let serial = WARM_UP; serial < WARM_UP + REQUESTS; serial += BATCH) runBatch(load, trafficClass, serial, costs)
  await new Promise((resolve) => setTimeout(resolve, 20))
  if (load.replies < REQUESTS) throw new Error(`engine-cost: ${load.replies} answers to ${REQUESTS} requests`)
  const nanos = (milliseconds: number): string => ((milliseconds * 1e6) / REQUESTS).toFixed(0)
  const total = costs.receive + costs.serve + costs.respond
  writeData(
    `${trafficClass}: ${nanos(total)} ns (receive ${nanos(costs.receive)}, serve ${nanos(costs.serve)}, respond ${nanos(costs.respond)}); ` +
      `allocates ${(costs.heap / REQUESTS).toFixed(0)} + ${(costs.beside / REQUESTS).toFixed(0)} octets; ` +
      `collections ${collections.young} young, ${collections.old} old, ${nanos(collections.milliseconds)} ns, longest ${collections.longest.toFixed(1)} ms`,
  )
  if (values.rate !== undefined) {
    let from = WARM_UP + REQUESTS
    for (const isAwake of [false, true]) {
      const paced = { trafficClass, rate: Number(values.rate), group: Number(values.group), isAwake }
      const warm = pacedCost(load, { ...paced, requests: WARM_UP, from })
      const cost = pacedCost(load, { ...paced, requests: PACED_REQUESTS, from: warm.next })
      showPaced(`${trafficClass}, ${isAwake ? 'awake' : 'with sleeps'}`, cost)
      from = cost.next
    }
  }
  load.engine.inspection.check()
}

function showPaced(what: string, { receive, serve, respond, total }: PacedCost): void {
  const text = (micros: number): string => micros.toFixed(1)
  writeData(
    `${what}, ${values.group} at once, ${values.rate} a second: ${text(total)} us (receive ${text(receive)}, serve ${text(serve)}, respond ${text(respond)})`,
  )
}

/** One turn of the loop with requests, one with their answers. */
function runBatch(load: EngineLoad, trafficClass: TrafficClass, from: number, costs: Costs): void {
  const { engine } = load
  const requests = Array.from({ length: BATCH }, (_, i) => requestOf(trafficClass, from + i))
  const peers = requests.map((_, i) => peerOf(from + i))
  load.now = (load.now + BATCH_EVERY) as typeof load.now
  costs.receive += timed(costs, () => {
    for (let i = 0; i < BATCH; i += 1) engine.receive(trafficClass, peers[i]!, requests[i]!, load.now)
  })
  costs.serve += timed(costs, () => load.serve())
  const answers = load.pollAnswers()
  costs.respond += timed(costs, () => {
    for (const { lane, port, bytes } of answers) engine.respond(lane, port, bytes, load.now)
  })
  costs.serve += timed(costs, () => load.serve())
}

function timed(costs: Costs, act: () => void): number {
  const before = getHeapStatistics()
  const began = performance.now()
  act()
  const took = performance.now() - began
  const after = getHeapStatistics()
  // A collection in between makes it smaller; those few are left out.
  costs.heap += Math.max(0, after.used_heap_size - before.used_heap_size)
  costs.beside += Math.max(0, after.external_memory - before.external_memory)
  return took
}

if (values.crowds) showCrowds()
else {
  observer.observe({ entryTypes: ['gc'] })
  for (const each of TRAFFIC_CLASSES) if (values.class === undefined || values.class === each) await measure(each)
  observer.disconnect()
}
