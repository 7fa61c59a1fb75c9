/**
 * Writes the lines of the traces that run, and tells all instances what to follow (`traces.ts` says both).
 */
import type { Boundary } from '../observe/boundary/boundary.io.ts'
import type { Followed } from '../proxy/border/events.ts'
import type { ClockPair } from '../transport/clock.io.ts'
import type { Reader } from './route.ts'
import { type TracedEvent, TraceState, type TraceWish } from './traces.ts'

/** A line while nothing happens, so that a reader who is gone is noticed. */
const STILL_THERE_MS = 5_000

interface Running {
  readonly reader: Reader
  readonly timers: readonly NodeJS.Timeout[]
}

export class Traces {
  readonly #follow: (followed: readonly Followed[]) => Promise<void>
  readonly #boundary: Boundary
  readonly #state = new TraceState()
  readonly #running = new Map<number, Running>()

  /** `follow` tells all instances what to follow from now on, and resolves when they do. */
  constructor(follow: (followed: readonly Followed[]) => Promise<void>, boundary: Boundary) {
    this.#follow = follow
    this.#boundary = boundary
  }

  /** `ended` is called when the reader is gone. */
  begin(wish: TraceWish, reader: Reader, clocks: ClockPair, ended: () => void): void {
    const trace = this.#state.begin(wish, clocks.unix - clocks.monotonic)
    const timers = [
      this.#boundary.after('trace', wish.seconds * 1_000, () => this.#end(trace, 'time')),
      this.#boundary.every('trace', STILL_THERE_MS, () => reader.write(JSON.stringify({ waiting: true }))),
    ]
    this.#running.set(trace, { reader, timers })
    reader.onEnd(() => {
      this.#forget(trace)
      ended()
    })
    // Whoever reads the first line may rely on it: all instances follow by then.
    this.#boundary.start('trace', async () => {
      await this.#follow(this.#state.followed)
      const line = this.#state.begun(trace)
      if (line !== undefined) reader.write(JSON.stringify(line))
    })
  }

  /** Passes a step on to those who follow it. */
  pass(step: TracedEvent): void {
    for (const { number, unixMicros } of this.#state.readersOf(step)) {
      const line = { time: wallTime(unixMicros), instance: step.instance, ...step.event }
      const isWritten = this.#running.get(number)?.reader.write(JSON.stringify(line)) === true
      if (this.#state.told(number, step, isWritten)) this.#end(number, 'count')
    }
  }

  #end(trace: number, by: 'time' | 'count'): void {
    const reader = this.#running.get(trace)?.reader
    const line = this.#forget(trace, by)
    if (line === undefined) return
    reader?.write(JSON.stringify(line))
    reader?.end()
  }

  /** Answers its last line, if it ran. */
  #forget(trace: number, by: 'time' | 'count' = 'time'): object | undefined {
    const line = this.#state.end(trace, by)
    if (line === undefined) return undefined
    for (const timer of this.#running.get(trace)?.timers ?? []) clearTimeout(timer)
    this.#running.delete(trace)
    this.#boundary.start('trace', () => this.#follow(this.#state.followed))
    return line
  }
}

/** ISO 8601 with microseconds, UTC. */
function wallTime(unixMicros: number): string {
  const whole = new Date(unixMicros / 1_000).toISOString()
  const micros = String(Math.floor(unixMicros) % 1_000_000).padStart(6, '0')
  return `${whole.slice(0, 19)}.${micros}Z`
}
