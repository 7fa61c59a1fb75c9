/**
 * The traces that run: what they follow, what each of them was told, and when it has all that it wanted.
 *
 * A trace ends by time, by count, or when its reader goes; nobody has to remember to switch it off. All instances follow
 * the same, and their events meet here. Pure: the shell (`traces.io.ts`) writes the lines.
 */
import type { Followed, TraceEvent } from '../proxy/border/events.ts'

export interface TraceWish extends Omit<Followed, 'trace'> {
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

interface Trace {
  readonly sought: Omit<Followed, 'trace'>
  readonly seconds: number
  readonly count: number
  /** Unix time of the moment 0 of the monotonic clock, microseconds. */
  readonly epoch: number
  /** All instances follow it, and its reader knows. */
  hasBegun: boolean
  told: number
  lost: number
}

export class TraceState {
  readonly #traces = new Map<number, Trace>()
  #last = 0

  /** Answers the number of the trace: instances are to follow it now, and `begun` comes after that. */
  begin({ seconds, count, ...sought }: TraceWish, epoch: number): number {
    this.#last += 1
    this.#traces.set(this.#last, { sought, seconds, count, epoch, hasBegun: false, told: 0, lost: 0 })
    return this.#last
  }

  /** What all instances are to follow. */
  get followed(): Followed[] {
    return [...this.#traces].map(([trace, { sought }]) => ({ trace, ...sought }))
  }

  /** All instances follow it. Answers its first line; undefined if it has ended meanwhile. */
  begun(number: number): object | undefined {
    const trace = this.#traces.get(number)
    if (trace === undefined) return undefined
    trace.hasBegun = true
    const { sought, seconds, count } = trace
    return { following: sought, seconds, count }
  }

  /** Which traces are told of the step, and when it was, in Unix microseconds. */
  readersOf({ traces, event }: TracedEvent): { readonly number: number; readonly unixMicros: number }[] {
    return traces.flatMap((number) => {
      const trace = this.#traces.get(number)
      return trace?.hasBegun === true ? [{ number, unixMicros: event.at + trace.epoch }] : []
    })
  }

  /** Its line was written, or the reader was too slow for it. True if the trace has all that it wanted. */
  told(number: number, { lost }: TracedEvent, isWritten: boolean): boolean {
    const trace = this.#traces.get(number)
    if (trace === undefined) return false
    if (isWritten) trace.told += 1
    trace.lost += lost + (isWritten ? 0 : 1)
    return trace.told >= trace.count
  }

  /** It is not followed any more. Answers its last line; undefined if it has ended before. */
  end(number: number, by: 'time' | 'count'): object | undefined {
    const trace = this.#traces.get(number)
    this.#traces.delete(number)
    return trace && { ended: by, told: trace.told, lost: trace.lost }
  }
}
