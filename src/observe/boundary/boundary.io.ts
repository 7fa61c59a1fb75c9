/**
 * The boundary around all that only watches: an error there never ends the daemon.
 *
 * The admin API, the alarms, the metrics and the files of figures run on the main thread, where an uncaught error would end
 * the process. So each of their timers, events and promises runs in here. An error is counted by its place and logged: the
 * first of its kind at once, then at most one line a minute with the count. The caller keeps the value it had before.
 *
 * Bugs in the engine and in reloads do not belong in here: they end the instance or the daemon.
 */
import { monotonicNow } from '../../transport/clock.io.ts'
import { type Instant, MICROS_PER_MINUTE } from '../../units.ts'
import { type LimitedLine, LineLimiter } from './line-limiter.ts'
import { kindOfError, noErrors, type WatchErrors, type WatchPlace } from './watch-errors.ts'

/** Writes one line; it may throw, which loses that line. */
type Write = (place: WatchPlace, error: unknown, count: number) => void

interface Failure {
  readonly place: WatchPlace
  readonly error: unknown
}

export class Boundary {
  readonly #write: Write
  readonly #now: () => Instant
  readonly #limiter = new LineLimiter<Failure>(MICROS_PER_MINUTE)
  readonly #counts = noErrors()

  constructor(write: Write, now: () => Instant = monotonicNow) {
    this.#write = write
    this.#now = now
  }

  /** Errors since the start, by place. */
  get counts(): WatchErrors {
    return { ...this.#counts }
  }

  /** An error that its caller has caught. Never throws. */
  failed(place: WatchPlace, error: unknown): void {
    this.#counts[place] += 1
    const line = this.#limiter.admit(`${place} ${kindOfError(error)}`, { place, error }, this.#now())
    if (line) this.#writeLine(line)
  }

  run(place: WatchPlace, act: () => void): void {
    this.value(place, act, undefined)
  }

  /** What `act` returns; `otherwise` if it throws. */
  value<T>(place: WatchPlace, act: () => T, otherwise: T): T {
    try {
      return act()
    } catch (error) {
      this.failed(place, error)
      return otherwise
    }
  }

  /** Starts what nobody waits for. */
  start(place: WatchPlace, act: () => Promise<unknown>): void {
    this.value<Promise<unknown>>(place, act, Promise.resolve()).catch((error: unknown) => this.failed(place, error))
  }

  /** `act` as a listener of events. */
  guarded<Event extends unknown[]>(place: WatchPlace, act: (...event: Event) => void): (...event: Event) => void {
    return (...event) => this.run(place, () => act(...event))
  }

  /** A timer, once. `act` may return a promise. */
  after(place: WatchPlace, milliseconds: number, act: () => unknown): NodeJS.Timeout {
    return setTimeout(() => this.start(place, async () => await act()), milliseconds)
  }

  every(place: WatchPlace, milliseconds: number, act: () => void): NodeJS.Timeout {
    return setInterval(() => this.run(place, act), milliseconds)
  }

  /** Writes the lines whose minute is over; call it about once a second. */
  flushDue(): void {
    for (const line of this.#limiter.due(this.#now())) this.#writeLine(line)
  }

  #writeLine({ event: { place, error }, count }: LimitedLine<Failure>): void {
    try {
      this.#write(place, error, count)
    } catch {
      // The log itself failed; the metrics have the count.
      this.#counts.log += 1
    }
  }
}
