/**
 * The rule of server health once more, as plain as it can be said: a list of what happened, and each question answered by
 * reading that list. It shares nothing with src/throttle/server-health.ts but the words, so that each can find the other wrong.
 *
 * One thing it does not decide: the moment at which a Failing server has recovered, for which there are bounds only.
 */
import type { HealthOptions, ServerState } from '../../src/throttle/server-health.ts'

/** `failed` and `doubtful` speak against it, `overdue` says that a first time-out passed; `compared`: another does better. */
export type Happening =
  | 'answered'
  | 'late answer'
  | 'probe answered'
  | 'overdue'
  | 'failed'
  | 'doubtful'
  | 'time passes'
  | 'compared'

interface Entry {
  readonly what: Happening
  readonly at: number
}

const SECOND = 1_000_000
const ALIVE_FOR = 2 * SECOND
const WINDOW_SECONDS = 10
const ENOUGH = 10
const USELESS_SECONDS = 4
const USELESS_ENDED = 50

export class HealthReference {
  readonly #options: HealthOptions
  readonly #log: Entry[] = []
  /** Entries before it say nothing of failures in a row any more. */
  #forgotten = 0
  #since: number
  #askedUntil: number | undefined
  #notAskedBefore = Number.NEGATIVE_INFINITY
  #failingFrom = 0
  state: ServerState = 'active'

  constructor(options: HealthOptions, now: number) {
    this.#options = options
    this.#since = now
  }

  happens(what: Happening, at: number): void {
    this.#log.push({ what, at })
    const before = this.state
    if (before === 'down') this.#whileDown(what, at)
    else this.#whileUp(what, at)
    if (this.state === before) return
    this.#since = at
    if (this.state === 'failing') this.#failingFrom = this.#log.length
  }

  /** Whether it may be said now that a Failing server has recovered. */
  mayRecover(now: number): boolean {
    const since = this.#log.slice(this.#failingFrom).filter(isCount)
    const { ended, answered } = this.#punctuality(now)
    return since.length >= 3 && (ended < ENOUGH || answered * 2 >= ended)
  }

  /** Whether it must have been said: the last eight were all answered, and half of the last ten seconds'. */
  mustHaveRecovered(now: number): boolean {
    const latest = this.#log.slice(this.#failingFrom).filter(isCount).slice(-8)
    return latest.length === 8 && latest.every(({ what }) => what === 'answered') && this.mayRecover(now)
  }

  recovers(now: number): void {
    this.state = 'active'
    this.#since = now
  }

  #whileDown(what: Happening, now: number): void {
    const isOver = what === 'time passes' && now >= this.#since + this.#options.deadTime
    if (what !== 'answered' && what !== 'probe answered' && !isOver) return
    this.#forget()
    this.state = 'active'
  }

  #whileUp(what: Happening, now: number): void {
    switch (what) {
      case 'answered':
        this.#forget()
        if (this.state === 'not_responding') this.state = 'active'
        return
      case 'late answer':
      case 'probe answered':
        if (this.#askedUntil !== undefined) this.#isFoundAlive(now)
        return
      case 'failed':
      case 'doubtful':
      case 'time passes':
        if (what === 'doubtful' && this.#options.probe === 'none') return
        if (this.#isDead(now)) {
          this.state = 'down'
          this.#askedUntil = undefined
        } else if (what === 'failed' && this.state === 'active') this.state = 'not_responding'
        return
      case 'compared':
        if (this.state !== 'failing' && this.#servesNobody(now)) this.state = 'failing'
        return
      case 'overdue':
        return
    }
  }

  #isDead(now: number): boolean {
    const { consecutiveFailures, responseTimeout, probe, timeout } = this.#options
    const failures = this.#inARow().filter(({ what }) => what === 'failed' || probe === 'status_server')
    const [first] = failures
    if (first === undefined || failures.length < consecutiveFailures || now < first.at + responseTimeout) return false
    const answeredAt = this.#log.findLast(({ what }) => what === 'answered')?.at ?? Number.NEGATIVE_INFINITY
    if (probe === 'none') return now >= answeredAt + ALIVE_FOR
    if (this.#askedUntil === undefined) {
      if (now < this.#notAskedBefore) return false
      this.#askedUntil = Math.max(now + timeout, answeredAt + ALIVE_FOR)
    }
    return now >= this.#askedUntil
  }

  /** It was asked and lives: it is Failing, unless all that spoke against it was what others leave unanswered too. */
  #isFoundAlive(now: number): void {
    if (this.#inARow().some(({ what }) => what === 'failed')) this.state = 'failing'
    this.#forget()
    this.#notAskedBefore = now + this.#options.probeInterval
  }

  #inARow(): Entry[] {
    return this.#log.slice(this.#forgotten).filter(({ what }) => what === 'failed' || what === 'doubtful')
  }

  #forget(): void {
    this.#forgotten = this.#log.length
    this.#askedUntil = undefined
  }

  #servesNobody(now: number): boolean {
    const { ended, answered } = this.#punctuality(now)
    const signs: readonly Happening[] = ['answered', 'late answer', 'probe answered']
    const heardAt = this.#log.findLast(({ what }) => signs.includes(what))?.at
    const lives = heardAt !== undefined && now - heardAt <= WINDOW_SECONDS * SECOND
    const few = ended >= ENOUGH && answered * 10 < ended
    const ofLate = this.#punctuality(now, USELESS_SECONDS)
    const livesOfLate = heardAt !== undefined && now - heardAt <= USELESS_SECONDS * SECOND
    return (lives && few) || (livesOfLate && ofLate.ended >= USELESS_ENDED && ofLate.answered === 0)
  }

  /** Of so many seconds of the clock up to this one. */
  #punctuality(now: number, seconds = WINDOW_SECONDS): { readonly ended: number; readonly answered: number } {
    const from = (Math.floor(now / SECOND) - seconds + 1) * SECOND
    const counted = this.#log.filter((entry) => isCount(entry) && entry.at >= from)
    return { ended: counted.length, answered: counted.filter(({ what }) => what === 'answered').length }
  }
}

const isCount = ({ what }: Entry): boolean => what === 'answered' || what === 'overdue'
