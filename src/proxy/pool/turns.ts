/**
 * The servers of one rank, and whose turn it is, in the order of the configuration.
 *
 * `first_server` is the first of them, `round_robin` goes on from the one that had the last turn, `hash` asks the buckets. A server
 * that is not among them is not looked at, so a choice costs no more while servers are Down.
 */
import type { Algorithm } from '../border/options.ts'
import { type Candidate, HashChoice } from './hash-choice.ts'

export interface Criteria {
  readonly algorithm: Algorithm
  /** The numbers of those that can't be chosen. */
  readonly tried: readonly number[]
  /** What `hash` keeps together, asked for if it is needed. */
  readonly key: () => Uint8Array
}

export class Turns<T extends Candidate> {
  #candidates: readonly T[] = []
  /** Places in the order of the configuration, rising. */
  readonly #members: number[] = []
  readonly #hash = new HashChoice<T>()
  /** The place that had the last turn, of first choices and of copies. */
  #last = 0
  #lastOfCopies = 0

  setCandidates(candidates: readonly T[]): void {
    this.#candidates = candidates
    this.#members.length = 0
    this.#hash.setCandidates(candidates)
  }

  add(place: number): void {
    this.#members.splice(this.#after(place), 0, place)
    this.#hash.setMember(place, true)
  }

  remove(place: number): void {
    this.#members.splice(this.#after(place - 1), 1)
    this.#hash.setMember(place, false)
  }

  choose({ algorithm, tried, key }: Criteria): T | undefined {
    if (this.#members.length === 0) return undefined
    switch (algorithm) {
      case 'first_server':
        return this.#candidates[this.#next(-1, tried)]
      case 'round_robin':
        return this.#nextTurn(tried)
      case 'hash':
        return this.#hash.choose(key(), tried)
    }
  }

  /** Copies have turns of their own: with common ones, the server that failed a copy would lose its next turn each time. */
  #nextTurn(tried: readonly number[]): T | undefined {
    const isCopy = tried.length > 0
    const place = this.#next(isCopy ? this.#lastOfCopies : this.#last, tried)
    if (place === NOBODY) return undefined
    if (isCopy) this.#lastOfCopies = place
    else this.#last = place
    return this.#candidates[place]
  }

  /** The first behind that place, around the end, that was not tried. */
  #next(place: number, tried: readonly number[]): number {
    const begin = this.#after(place)
    for (let step = 0; step < this.#members.length; step += 1) {
      const next = this.#members[(begin + step) % this.#members.length]!
      if (!tried.includes((this.#candidates[next] as T).number)) return next
    }
    return NOBODY
  }

  /** Which of the members is the first behind that place. */
  #after(place: number): number {
    let low = 0
    let high = this.#members.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#members[middle]! <= place) low = middle + 1
      else high = middle
    }
    return low
  }
}

const NOBODY = -1
