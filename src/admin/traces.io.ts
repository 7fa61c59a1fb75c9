/**
 * The traces that run: what they follow, who reads them, and when they end.
 *
 * A trace ends by time, by count, or when its reader goes; nobody has to remember to switch it off. All instances follow
 * the same, and their events meet here.
 */
import type { Boundary } from '../observe/boundary/boundary.io.ts'
import type { Followed, TraceEvent } from '../proxy/border/events.ts'
import type { Reader } from './route.ts'

export interface TraceWish {
  readonly client: string | undefined
  readonly user: string | undefined
  readonly session: string | undefined
  readonly seconds: number
  readonly count: number
}

/** What an instance tells; `lost` events before this one were left out, since there were too many in a second. */
export interface TracedEvent {
  readonly instance: number
  readonly traces: readonly number[]
  readonly event: TraceEvent
  readonly lost: number
}

/** A line now and then while nothing happens, so that a reader who is gone is noticed. */
const STILL_THERE_MS = 5_000

interface Running {
  readonly followed: Followed
  readonly wish: TraceWish
  readonly reader: Reader
  readonly timers: readonly NodeJS.Timeout[]
  /** What `at` is ahead of the wall clock, microseconds. */
  readonly clockOffset: number
  /** All instances follow it, and its reader knows. */
  hasBegun: boolean
  told: number
  lost: number
}

export class Traces {
  readonly #follow: (followed: readonly Followed[]) => Promise<void>
  readonly #boundary: Boundary
  readonly #running = new Map<number, Running>()
  #last = 0

  /** `follow` tells all instances what to follow from now on, and resolves when they do. */
  constructor(follow: (followed: readonly Followed[]) => Promise<void>, boundary: Boundary) {
    this.#follow = follow
    this.#boundary = boundary
  }

  begin(
    wish: TraceWish,
    reader: Reader,
    clocks: { readonly monotonic: number; readonly unix: number },
    ended: () => void,
  ): void {
    this.#last += 1
    const trace = this.#last
    const { client, user, session, seconds, count } = wish
    const timers = [
      this.#boundary.after('trace', seconds * 1_000, () => this.#end(trace, 'time')),
      this.#boundary.every('trace', STILL_THERE_MS, () => reader.write(JSON.stringify({ waiting: true }))),
    ]
    const followed: Followed = {
      trace,
      ...(client === undefined ? {} : { client }),
      ...(user === undefined ? {} : { user }),
      ...(session === undefined ? {} : { session }),
    }
    const clockOffset = clocks.unix - clocks.monotonic
    this.#running.set(trace, { followed, wish, reader, timers, clockOffset, hasBegun: false, told: 0, lost: 0 })
    reader.onEnd(() => {
      this.#forget(trace)
      ended()
    })
    // Only then: who reads that line may rely on it.
    this.#boundary.start('trace', async () => {
      await this.#followAll()
      const running = this.#running.get(trace)
      if (running === undefined) return
      running.hasBegun = true
      reader.write(JSON.stringify({ following: { client, user, session }, seconds, count }))
    })
  }

  /** Passes an event on to those who follow it. */
  take({ instance, traces, event, lost }: TracedEvent): void {
    for (const trace of traces) {
      const running = this.#running.get(trace)
      if (!running?.hasBegun) continue
      const time = wallTime(event.at + running.clockOffset)
      if (running.reader.write(JSON.stringify({ time, instance, ...event }))) running.told += 1
      else running.lost += 1
      running.lost += lost
      if (running.told >= running.wish.count) this.#end(trace, 'count')
    }
  }

  #end(trace: number, by: 'time' | 'count'): void {
    const running = this.#running.get(trace)
    if (running === undefined) return
    this.#forget(trace)
    running.reader.write(JSON.stringify({ ended: by, told: running.told, lost: running.lost }))
    running.reader.end()
  }

  #forget(trace: number): void {
    const running = this.#running.get(trace)
    if (running === undefined) return
    for (const timer of running.timers) clearTimeout(timer)
    this.#running.delete(trace)
    this.#boundary.start('trace', () => this.#followAll())
  }

  #followAll(): Promise<void> {
    return this.#follow([...this.#running.values()].map(({ followed }) => followed))
  }
}

/** ISO 8601 with microseconds, UTC. */
function wallTime(unixMicros: number): string {
  const whole = new Date(unixMicros / 1_000).toISOString()
  const micros = String(Math.floor(unixMicros) % 1_000_000).padStart(6, '0')
  return `${whole.slice(0, 19)}.${micros}Z`
}
