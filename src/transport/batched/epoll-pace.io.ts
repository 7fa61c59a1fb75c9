/**
 * Turns out of a loop of its own: it waits for sockets and for the engine's moment in one call, in the thread of the instance. Under
 * load it gathers for a tick first (`tick.ts`), and looks once for responses meanwhile (`second-look.ts`).
 *
 * Node's event loop has its turn between two blocks: after 10 ms under load, after 100 ms of quiet, and at once when the main
 * thread has sent something or the thread itself asked for it. So timers, promises and messages of the thread still run, and `terminate()` never waits long.
 */
import { after, type Duration, type Instant, instant, micros, since } from '../../units.ts'
import type { Clock } from '../clock.io.ts'
import type { Delay, Pace } from '../ports.ts'
import type { SecondLook } from './second-look.ts'
import type { Tick } from './tick.ts'
import type { TurnTimes } from './turn-times.ts'

/** What the loop waits with. */
export interface Waiting {
  /** Waits for at most so long; returns whether something is ready. */
  poll(atMost: Duration): boolean
  /** Whether a response is ready; what else is ready waits for the next `poll`. */
  pollResponses(): boolean
  /** Sleeps whatever arrives. */
  sleep(duration: Duration): void
  /** Whether the main thread wants to be heard; asked once for each time. */
  wasWoken(): boolean
  /** How many datagrams the last turn read, and how many it sent to servers. */
  readonly messages: number
  readonly forwarded: number
}

const BLOCK_UNDER_LOAD = micros(10_000)
const LONGEST_WAIT = micros(100_000)
const AT_ONCE = micros(0)

export class EpollPace implements Pace {
  readonly #waiting: Waiting
  readonly #turn: () => void
  readonly #clock: Clock
  readonly #tick: Tick
  readonly #look: SecondLook
  readonly #times: TurnTimes
  #next: NodeJS.Immediate | undefined
  #isKicked = false
  /** The wait ended for responses that came within the tick. */
  #isLook = false
  #mustRest = false
  #moment: Instant | undefined
  /** When the last wait was to end. */
  #waitsUntil = instant(0)
  #isStopped = false

  constructor(
    waiting: Waiting,
    o: {
      readonly turn: () => void
      readonly clock: Clock
      readonly tick: Tick
      readonly look: SecondLook
      readonly times: TurnTimes
    },
  ) {
    this.#waiting = waiting
    this.#turn = o.turn
    this.#clock = o.clock
    this.#tick = o.tick
    this.#look = o.look
    this.#times = o.times
    this.#next = setImmediate(this.#block)
  }

  kick(): void {
    this.#isKicked = true
  }

  aim(moment: Instant): void {
    if (this.#moment === undefined || moment < this.#moment) this.#moment = moment
  }

  rest(): void {
    this.#mustRest = true
  }

  delay(): Delay {
    return this.#times.read()
  }

  stop(): void {
    this.#isStopped = true
    if (this.#next !== undefined) clearImmediate(this.#next)
    this.#next = undefined
  }

  readonly #block = (): void => {
    const began = this.#clock()
    let now = began
    do {
      const isReady = this.#wait(now)
      now = this.#clock()
      // The system let this thread run late: whatever came meanwhile has waited for it.
      if (now > this.#waitsUntil) this.#times.add(since(this.#waitsUntil, now), now)
      if (!isReady && !this.#isKicked && (this.#moment === undefined || this.#moment > now)) continue
      this.#isKicked = false
      this.#moment = undefined
      this.#turn()
      const turned = this.#clock()
      this.#note(now, turned)
      now = turned
    } while (!this.#isOver(began, now))
    this.#mustRest = false
    if (!this.#isStopped) this.#next = setImmediate(this.#block)
  }

  /** A turn came, and took so long. */
  #note(from: Instant, to: Instant): void {
    const { messages, forwarded } = this.#waiting
    this.#times.add(since(from, to), to)
    if (this.#isLook) {
      this.#tick.looked(messages)
      this.#look.looked(messages)
    } else {
      this.#tick.turned(messages, from)
      this.#look.turned(forwarded, to)
    }
    this.#isLook = false
  }

  #isOver(began: Instant, now: Instant): boolean {
    return this.#isStopped || this.#mustRest || this.#waiting.wasWoken() || since(began, now) >= BLOCK_UNDER_LOAD
  }

  /** Until something is ready, or the moment has come; first for the rest of the tick, if it is worth it. */
  #wait(now: Instant): boolean {
    if (this.#isKicked || this.#mustRest) {
      this.#waitsUntil = now
      return this.#waiting.poll(AT_ONCE)
    }
    const gathered = this.#tick.gathersUntil(now)
    let from = now
    if (gathered !== undefined) {
      const until = this.#moment !== undefined && this.#moment < gathered ? this.#moment : gathered
      const lookAt = this.#look.before(until)
      if (lookAt !== undefined) return this.#lookAt(lookAt, now)
      if (until > now) {
        this.#waiting.sleep(since(now, until))
        from = until
      }
    }
    const latest = after(from, LONGEST_WAIT)
    const until = this.#moment !== undefined && this.#moment < latest ? this.#moment : latest
    // A moment that has passed already is no wait.
    this.#waitsUntil = instant(Math.max(until, from))
    return this.#waiting.poll(since(from, until))
  }

  /** Whether there are responses. If not, the wait goes on with another look at the clock, and at what the main thread wants. */
  #lookAt(moment: Instant, now: Instant): boolean {
    if (moment > now) this.#waiting.sleep(since(now, moment))
    this.#waitsUntil = moment > now ? moment : now
    this.#isLook = this.#waiting.pollResponses()
    if (!this.#isLook) this.#look.looked(0)
    return this.#isLook
  }
}
