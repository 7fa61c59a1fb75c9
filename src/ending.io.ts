/**
 * How a daemon comes to its end: draining (no new messages, what is in hand may finish), and stopping, which drains within
 * a limit and then ends whatever is left.
 *
 * It decides when; what has to be closed then is the daemon's.
 */
import type { InHand } from './admin/operations.io.ts'
import type { Instances } from './instances/instances.io.ts'
import { sumOf } from './instances/sum.ts'
import type { Log } from './observe/log.io.ts'
import { type Duration, MICROS_PER_SECOND } from './units.ts'

export interface EndingOf {
  readonly instances: Instances
  readonly log: Log
  readonly drainLimit: () => Duration
  /** Closes everything; called once. True: something was left in hand. */
  readonly over: (isUnfinished: boolean) => Promise<void>
}

export class Ending {
  readonly #of: EndingOf
  #isDraining = false
  #drain: Promise<void> | undefined
  #isStopAsked = false
  #isStopping = false

  constructor(of: EndingOf) {
    this.#of = of
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** Takes nothing new from now on, and stays. */
  drain(by: string): void {
    void this.#drained(by, 'no limit')
  }

  /** Drains, and ends when nothing is in hand or the limit is over; a second call ends at once. */
  stop(by: string): void {
    if (this.#isStopAsked) {
      void this.#stop(`${by} again`)
      return
    }
    this.#isStopAsked = true
    const limit = this.#of.drainLimit()
    const deadline = setTimeout(() => void this.#stop('drain_limit is over'), limit / 1_000)
    void this.#drained(by, `${limit / MICROS_PER_SECOND} s`)
      .then(() => this.#stop(''))
      .finally(() => clearTimeout(deadline))
  }

  /** What waits and what is outstanding, of both classes in all instances. */
  async inHand(): Promise<InHand> {
    const reports = await this.#of.instances.look()
    // Numbers of messages are added in either scope.
    const { authentication, accounting } = sumOf(
      reports.map(({ view }) => view.engine),
      'instance',
    ).classes
    return {
      queued: authentication.queued + accounting.queued,
      outstanding: authentication.outstanding + accounting.outstanding,
    }
  }

  async #drained(signal: string, limit: string): Promise<void> {
    this.#isDraining = true
    this.#drain ??= this.#of.instances.drain()
    this.#of.log.write('draining', { signal, ...(await this.inHand()), limit })
    await this.#drain
  }

  async #stop(why: string): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    const left = await this.inHand()
    const isUnfinished = left.queued + left.outstanding > 0
    if (isUnfinished) this.#of.log.write('drain-unfinished', { ...left, why })
    await this.#of.over(isUnfinished)
  }
}
