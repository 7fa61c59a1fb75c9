/**
 * The traces that run: what they follow, what each of them was told, and when it has all that it wanted.
 *
 * A trace ends by time, by count, or when its reader goes, so nobody has to switch it off. All instances follow the same
 * requests. Pure: the shell (`traces.io.ts`) writes the lines.
 */
import type { Followed, TraceEvent } from '../proxy/border/events.ts'

export interface TraceWish extends Omit<Followed, 'trace'> {
  readonly seconds: number
  readonly count: number
}

/** What an instance tells; `lost` events before this one were left out, since a second had too many. */
export interface TracedEvent {
  readonly instance: number
  readonly traces: readonly number[]
  readonly event: TraceEvent
  readonly lost: number
}

interface RunningTrace extends Pick<TraceWish, 'seconds' | 'count'> {
  readonly sought: Omit<Followed, 'trace'>
  /** The Unix time at which the monotonic clock was 0, microseconds. */
  readonly epoch: number
  /** All instances follow it, and its reader knows. */
  hasBegun: boolean
  told: number
  lost: number
}

export class TraceState {
  readonly #traces = new Map<number, RunningTrace>()
  #last = 0

  /** Returns the number of the trace. `begun` follows when all instances follow it. */
  begin({ seconds, count, ...sought }: TraceWish, epoch: number): number {
    this.#last += 1
    this.#traces.set(this.#last, { sought, seconds, count, epoch, hasBegun: false, told: 0, lost: 0 })
    return this.#last
  }

  /** What all instances are to follow. */
  get followed(): Followed[] {
    return [...this.#traces].map(([trace, { sought }]) => ({ trace, ...sought }))
  }

  /** All instances follow it. Returns its first line; undefined if it has ended meanwhile. */
  begun(number: number): object | undefined {
    const trace = this.#traces.get(number)
    if (trace === undefined) return undefined
    trace.hasBegun = true
    const { sought, seconds, count } = trace
    return { following: sought, seconds, count }
  }

  /** The traces that are told of the event, and its time in Unix microseconds. */
  readersOf({ traces, event }: TracedEvent): { readonly number: number; readonly unixMicros: number }[] {
    return traces.flatMap((number) => {
      const trace = this.#traces.get(number)
      return trace?.hasBegun === true ? [{ number, unixMicros: event.at + trace.epoch }] : []
    })
  }

  /** Its line was written, or the reader was too slow. Returns true if the trace has all that it wanted. */
  told(number: number, { lost }: TracedEvent, isWritten: boolean): boolean {
    const trace = this.#traces.get(number)
    if (trace === undefined) return false
    if (isWritten) trace.told += 1
    trace.lost += lost + (isWritten ? 0 : 1)
    return trace.told >= trace.count
  }

  /** It is not followed any more. Returns its last line; undefined if it has ended before. */
  end(number: number, by: 'time' | 'count'): object | undefined {
    const trace = this.#traces.get(number)
    this.#traces.delete(number)
    return trace && { ended: by, told: trace.told, lost: trace.lost }
  }
}
