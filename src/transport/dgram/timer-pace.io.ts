/**
 * Turns out of Node's own event loop: the pace of transports whose sockets libuv reads.
 *
 * It owns the only timer of the packet path. The timer aims at an absolute moment and is aimed again after each wake, so lateness
 * never adds up.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Instant } from '../../units.ts'
import type { Clock } from '../clock.io.ts'
import type { Delay, Pace } from '../ports.ts'
import { isNear, needsTimer, sleepFor } from '../turn.ts'

const DELAY_RESOLUTION_MS = 20
const NANOS_PER_SECOND = 1e9

export class TimerPace implements Pace {
  readonly #turn: () => void
  readonly #clock: Clock
  #next: NodeJS.Immediate | undefined
  #timer: NodeJS.Timeout | undefined
  #timerAt: Instant | undefined
  #isStopped = false
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })

  constructor(turn: () => void, clock: Clock) {
    this.#turn = turn
    this.#clock = clock
    this.#delay.enable()
  }

  kick(): void {
    if (this.#next === undefined && !this.#isStopped) this.#next = setImmediate(this.#run)
  }

  /** By polling if the moment is near, by a timer if it is not. */
  aim(moment: Instant, now: Instant): void {
    if (this.#isStopped) return
    if (isNear(moment, now)) this.kick()
    else if (needsTimer(moment, this.#timerAt)) this.#sleepUntil(moment)
  }

  /** Its turns are turns of Node's event loop anyway. */
  rest(): void {}

  delay(): Delay {
    const delay = this.#delay
    // The histogram holds the time between two ticks, which includes the tick's own length.
    const late = (nanos: number): number =>
      delay.count === 0 ? 0 : Math.max(0, nanos / NANOS_PER_SECOND - DELAY_RESOLUTION_MS / 1_000)
    const read = { mean: late(delay.mean), p99: late(delay.percentile(99)), max: late(delay.max) }
    delay.reset()
    return read
  }

  stop(): void {
    this.#isStopped = true
    this.#delay.disable()
    if (this.#next !== undefined) clearImmediate(this.#next)
    this.#next = undefined
    this.#disarm()
  }

  readonly #run = (): void => {
    this.#next = undefined
    this.#turn()
  }

  /** The turn took time, so the clock is read again; this is rare, since most turns leave the timer as it is. */
  #sleepUntil(moment: Instant): void {
    const now = this.#clock()
    if (isNear(moment, now)) {
      this.kick()
      return
    }
    this.#disarm()
    this.#timerAt = moment
    this.#timer = setTimeout(this.#timeUp, sleepFor(moment, now))
  }

  readonly #timeUp = (): void => {
    this.#timer = undefined
    this.#timerAt = undefined
    if (this.#next === undefined) this.#turn()
  }

  #disarm(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerAt = undefined
  }
}
