/**
 * What a request costs in the engine as a daemon calls it: a few at a time, with sleeps and other work between.
 *
 * In a tight loop all that the engine touches stays in the processor's caches. In a daemon at 10,000 a second a turn brings one to
 * three packets. Between two turns the thread sleeps, and the kernel uses the same caches. So each turn here has one group of
 * requests, or the answers to one, at its moment in real time, after a walk over `OTHER_WORK` octets.
 *
 * How much of that is the sleep's alone, `isAwake` shows: then the thread spins until its next turn, and its processor is never idle.
 *
 * Only the engine's calls are counted, by the clock: the system accounts a thread's processor time in steps that are longer than
 * they are. A call that took longer than `INTERRUPTED` is left out. It was interrupted by another process or by the garbage
 * collector, whose share `engine-cost.ts` prints.
 */
import { performance } from 'node:perf_hooks'
import type { TrafficClass } from '../src/classes.ts'
import { monotonicNow } from '../src/transport/clock.io.ts'
import { instant, MICROS_PER_SECOND } from '../src/units.ts'
import { type EngineLoad, peerOf, requestOf } from './engine-load.ts'

interface PacedOptions {
  readonly trafficClass: TrafficClass
  /** Requests a second. */
  readonly rate: number
  /** Requests of one turn. */
  readonly group: number
  readonly requests: number
  /** The first request's number. */
  readonly from: number
  /** Whether the thread stays awake between two turns, which uses a whole processor, instead of sleeping. */
  readonly isAwake: boolean
}

/** Microseconds for each request, and the number of the next one. */
export interface PacedCost {
  readonly receive: number
  readonly serve: number
  readonly respond: number
  readonly total: number
  readonly next: number
}

/** As much as the kernel and the rest of a daemon may touch between two turns. */
const OTHER_WORK = 256 * 1_024
const LINE = 64
/** Microseconds. */
const INTERRUPTED = 500

const otherMemory = new Uint8Array(OTHER_WORK)
const never = new Int32Array(new SharedArrayBuffer(4))

export function pacedCost(load: EngineLoad, o: PacedOptions): PacedCost {
  const { engine } = load
  const everyTurn = (o.group * MICROS_PER_SECOND) / o.rate / 2
  const turns = new Turns(load, everyTurn, o.isAwake)
  const spent = { receive: 0, serve: 0, respond: 0 }
  const until = o.from + o.requests
  for (let first = o.from; first < until; first += o.group) {
    const requests = Array.from({ length: o.group }, (_, i) => requestOf(o.trafficClass, first + i))
    turns.sleep()
    let began = performance.now()
    for (let i = 0; i < o.group; i += 1) engine.receive(o.trafficClass, peerOf(first + i), requests[i]!, load.now)
    spent.receive += since(began)
    began = performance.now()
    load.serve()
    spent.serve += since(began)
    const answers = load.pollAnswers()
    turns.sleep()
    began = performance.now()
    for (const { lane, port, bytes } of answers) engine.respond(lane, port, bytes, load.now)
    spent.respond += since(began)
    began = performance.now()
    load.serve()
    spent.serve += since(began)
  }
  const [receive, serve, respond] = [spent.receive, spent.serve, spent.respond].map((all) => all / o.requests) as [
    number,
    number,
    number,
  ]
  return { receive, serve, respond, total: receive + serve + respond, next: until }
}

/** Turns at their moments in real time. The time of the load goes on with them. */
class Turns {
  readonly #load: EngineLoad
  readonly #every: number
  readonly #isAwake: boolean
  readonly #ahead: number
  #next = monotonicNow()

  constructor(load: EngineLoad, every: number, isAwake: boolean) {
    this.#load = load
    this.#every = every
    this.#isAwake = isAwake
    this.#ahead = load.now - this.#next
  }

  /** Until the next turn; one that is late comes at once. */
  sleep(): void {
    this.#next = instant(this.#next + this.#every)
    const left = this.#next - monotonicNow()
    if (this.#isAwake) while (monotonicNow() < this.#next);
    else if (left > 0) Atomics.wait(never, 0, 0, left / 1_000)
    for (let at = 0; at < OTHER_WORK; at += LINE) otherMemory[at]! += 1
    this.#load.now = instant(Math.floor(monotonicNow() + this.#ahead))
  }
}

/** Microseconds; 0 if it was interrupted. */
function since(began: number): number {
  const took = (performance.now() - began) * 1_000
  return took > INTERRUPTED ? 0 : took
}
