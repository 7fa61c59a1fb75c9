/**
 * What a view (for a scrape, or the daemon's own poll) costs an instance's thread: 50 servers of two classes, 200 clients, 300
 * sockets towards the servers; in one piece, and in parts as it is done.
 *
 *     scripts/node24 bench/view-cost.ts
 *
 * A view is rare, so before each the caches are filled with other things. The other thread's work is not counted.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import { writeData } from '../src/commands/terminal/output.io.ts'
import { type InstanceView, ViewInParts } from '../src/instances/protocol/instance-view.ts'
import { noErrors } from '../src/observe/boundary/watch-errors.ts'
import { EngineLoad, loadOptions, peerOf, requestOf } from './engine-load.ts'
import { medianOf } from './load/medians.ts'

const SERVERS = 50
const CLIENTS = 200
const UPSTREAMS = 300
const VIEWS = 60
const REQUESTS_BETWEEN = 200

const options = loadOptions({ servers: SERVERS, maxMessages: 100_000, maxRate: 0 })
const [client] = options.clients
if (client === undefined) throw new Error('view-cost: no client in the options of the load')
const others = Array.from({ length: CLIENTS - 1 }, (_, at) => ({
  ...client,
  name: `client-${at + 2}`,
  network: `198.18.${at}.0/24`,
}))
const load = new EngineLoad({ ...options, clients: [client, ...others] })
const { port1: out, port2: other } = new MessageChannel()
other.on('message', () => undefined)
const upstreams = Array.from({ length: UPSTREAMS }, (_, at) => ({ address: '127.0.0.1', port: 20_000 + at }))
const elsewhere = new Float64Array(4_000_000)

/** Microseconds of each. */
const took = { 'in one piece': [] as number[], 'the first part': [] as number[], 'each more part': [] as number[] }
for (let view = 0; view < VIEWS; view += 1) {
  disturb(view)
  if (view % 2 === 0)
    timed('in one piece', () => out.postMessage({ ...viewNow(), engine: load.engine.inspection.snapshot(load.now) }))
  else await carryOver()
}
other.close()
for (const [what, all] of Object.entries(took)) {
  const warm = all.slice(Math.ceil(all.length / 5))
  writeData(
    `${what}: ${medianOf(warm).toFixed(0)} us in the middle, ${Math.max(...warm).toFixed(0)} us at most, of ${warm.length}`,
  )
}

function viewNow(): InstanceView {
  return {
    number: 0,
    isRunning: true,
    crashes: 0,
    engine: load.engine.inspection.overview(load.now),
    listeners: [],
    upstreams,
    clampedReceiveBuffer: undefined,
    packetIo: { use: 'dgram' },
    transport: undefined,
    sendFailures: 0,
    internalErrors: 0,
    watchErrors: noErrors(),
    cpuSeconds: 0,
    loopDelay: { mean: 0, p99: 0, max: 0 },
  }
}

async function carryOver(): Promise<void> {
  const inParts = timed('the first part', () => {
    const { inspection } = load.engine
    const view = new ViewInParts(viewNow(), inspection.clients, inspection.clientSnapshots(load.now))
    out.postMessage(view.first)
    return view
  })
  for (let number = 0; number < inParts.count; number += 1) {
    await sleep(1)
    timed('each more part', () => out.postMessage(inParts.part(number)))
  }
}

/** Requests, their answers, and memory that is not used by a view. */
function disturb(view: number): void {
  for (let at = 0; at < REQUESTS_BETWEEN; at += 1) {
    const serial = view * REQUESTS_BETWEEN + at
    load.engine.receive('accounting', peerOf(serial), requestOf('accounting', serial), load.now)
  }
  load.serve()
  for (const { lane, port, bytes } of load.pollAnswers()) load.engine.respond(lane, port, bytes, load.now)
  for (let at = 0; at < elsewhere.length; at += 8) elsewhere[at] = view
}

function timed<T>(what: keyof typeof took, act: () => T): T {
  const began = performance.now()
  const result = act()
  took[what].push((performance.now() - began) * 1_000)
  return result
}
