/**
 * Which server gets a request: the class's algorithm over the servers that may be chosen.
 *
 * Each candidate has a rank: 0 is the first choice, 1 is chosen if no other can be, and without a rank it is not chosen at all.
 * Whoever changes what a rank depends on says so (`rankChanged`), so a choice costs the same with two servers and with fifty.
 *
 * A server is chosen once. Only health changes it, never a missing identifier or a used-up slot: else the second server would get
 * the overflow of the first, and a limit would be no limit.
 */
import type { Candidate } from './hash-choice.ts'
import { type Criteria, Turns } from './turns.ts'

export type Rank = 0 | 1

export class ServerChoice<T extends Candidate> {
  /** In the order of the configuration. */
  #candidates: readonly T[] = []
  /** A reload may change them. */
  #names: readonly string[] = []
  readonly #rankOf: (candidate: T) => Rank | undefined
  readonly #places = new Map<T, number>()
  /** The rank under which each is known. */
  readonly #known = new Map<T, Rank>()
  readonly #byRank: Readonly<Record<Rank, Turns<T>>> = { 0: new Turns<T>(), 1: new Turns<T>() }

  constructor(rankOf: (candidate: T) => Rank | undefined) {
    this.#rankOf = rankOf
  }

  /** Other candidates, or the same, in the order of the configuration. */
  setCandidates(candidates: readonly T[]): void {
    const before = this.#candidates
    this.#candidates = candidates
    const names = this.#names
    this.#names = candidates.map(({ server }) => server.name)
    const isSame = (candidate: T, place: number): boolean =>
      candidate === before[place] && candidate.server.name === names[place]
    if (candidates.length === before.length && candidates.every(isSame)) {
      for (const candidate of candidates) this.rankChanged(candidate)
      return
    }
    this.#places.clear()
    this.#known.clear()
    this.#byRank[0].setCandidates(candidates)
    this.#byRank[1].setCandidates(candidates)
    for (const [place, candidate] of candidates.entries()) {
      this.#places.set(candidate, place)
      this.rankChanged(candidate)
    }
  }

  /** What the candidate's rank depends on has changed, or may have. */
  rankChanged(candidate: T): void {
    const place = this.#places.get(candidate)
    const rank = this.#rankOf(candidate)
    const before = this.#known.get(candidate)
    if (place === undefined || rank === before) return
    if (before !== undefined) this.#byRank[before].remove(place)
    if (rank === undefined) {
      this.#known.delete(candidate)
      return
    }
    this.#known.set(candidate, rank)
    this.#byRank[rank].add(place)
  }

  /** Whether one stands before another in the order of the configuration. */
  isBefore(one: T, other: T): boolean {
    return (this.#places.get(one) ?? 0) < (this.#places.get(other) ?? 0)
  }

  /** How many may be chosen, of whatever rank. */
  get able(): number {
    return this.#known.size
  }

  /** Undefined if all that may be chosen were tried. */
  choose(criteria: Criteria): T | undefined {
    return this.#byRank[0].choose(criteria) ?? this.#byRank[1].choose(criteria)
  }

  /** Throws if a rank is not the one that was told: somebody changed it without a word. */
  check(): void {
    for (const candidate of this.#candidates) {
      if (this.#rankOf(candidate) !== this.#known.get(candidate)) {
        throw new Error(`server choice: the rank of candidate ${candidate.number} changed and nobody told`)
      }
    }
  }
}
