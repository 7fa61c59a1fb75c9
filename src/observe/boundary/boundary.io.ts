/**
 * The boundary around all that only watches: an error there never ends the daemon.
 *
 * The admin API, the alarms, the metrics and the files of figures run on the main thread, where an uncaught error would
 * end the process and with it the packets. So each timer, each event and each promise of theirs runs in here. An error
 * is counted by its place and logged: the first of its kind at once, then at most one line a minute with the count. The
 * caller goes on with the value it had before, and the next attempt comes at its usual time.
 *
 * Bugs in the engine and in changes that take force do not belong in here: they end what they broke.
 */
import { monotonicNow } from '../../transport/clock.io.ts'
import { type Instant, MICROS_PER_MINUTE } from '../../units.ts'
import { LineLimiter } from './line-limiter.ts'
import { kindOfError, noErrors, type WatchErrors, type WatchPlace } from './watch-errors.ts'

/** Writes one line; it may throw, which costs that line. */
type Tell = (place: WatchPlace, error: unknown, count: number) => void

export class Boundary {
  readonly #tell: Tell
  readonly #now: () => Instant
  readonly #limiter = new LineLimiter<{ readonly place: WatchPlace; readonly error: unknown }>(MICROS_PER_MINUTE)
  readonly #counts = noErrors()

  constructor(tell: Tell, now: () => Instant = monotonicNow) {
    this.#tell = tell
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
    if (line) this.#say(line)
  }

  /** Does `act`; an error is noted here and goes no further. */
  run(place: WatchPlace, act: () => void): void {
    this.value(place, act, undefined)
  }

  /** What `act` answers; `otherwise` if it throws. */
  value<T>(place: WatchPlace, act: () => T, otherwise: T): T {
    try {
      return act()
    } catch (error) {
      this.failed(place, error)
      return otherwise
    }
  }

  /** Begins what takes longer and that nobody waits for. */
  start(place: WatchPlace, act: () => Promise<unknown>): void {
    this.value<Promise<unknown>>(place, act, Promise.resolve()).catch((error: unknown) => this.failed(place, error))
  }

  /** `act` as a listener of events. */
  guarded<Event extends unknown[]>(place: WatchPlace, act: (...event: Event) => void): (...event: Event) => void {
    return (...event) => this.run(place, () => act(...event))
  }

  /** A timer, once. `act` may answer a promise. */
  after(place: WatchPlace, milliseconds: number, act: () => unknown): NodeJS.Timeout {
    return setTimeout(() => this.start(place, async () => await act()), milliseconds)
  }

  /** A timer, again and again until it is cleared. */
  every(place: WatchPlace, milliseconds: number, act: () => void): NodeJS.Timeout {
    return setInterval(() => this.run(place, act), milliseconds)
  }

  /** Writes the lines whose minute is over; call it about once a second. */
  flushDue(): void {
    for (const line of this.#limiter.due(this.#now())) this.#say(line)
  }

  #say({ event: { place, error }, count }: { event: { place: WatchPlace; error: unknown }; count: number }): void {
    try {
      this.#tell(place, error, count)
    } catch {
      // The log itself has failed; the count stands in the metrics.
      this.#counts.log += 1
    }
  }
}
