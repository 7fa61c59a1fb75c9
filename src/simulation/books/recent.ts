/**
 * A memory that forgets: an entry lives at least `keep` after its last use, and at most twice that.
 *
 * Laws watch hours of traffic and can't see from outside when a request ends, so what they know of it has to end by itself.
 * There are two generations. What is used moves into the young one, and every `keep` the old one is thrown away.
 */

import { TRAFFIC_CLASSES } from '../../classes.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import { type Duration, type Instant, micros, seconds } from '../../units.ts'

export class Recent<Key, Value> {
  readonly #keep: Duration
  #young = new Map<Key, Value>()
  #old = new Map<Key, Value>()
  #nextAt = Number.NEGATIVE_INFINITY

  constructor(keep: Duration) {
    this.#keep = keep
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: Key, now: Instant): Value | undefined {
    this.#age(now)
    const value = this.#young.get(key) ?? this.#old.get(key)
    if (value !== undefined && this.#old.delete(key)) this.#young.set(key, value)
    return value
  }

  set(key: Key, value: Value, now: Instant): void {
    this.#age(now)
    this.#old.delete(key)
    this.#young.set(key, value)
  }

  delete(key: Key): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  #age(now: Instant): void {
    if (now < this.#nextAt) return
    const isIdle = now >= this.#nextAt + this.#keep
    this.#old = isIdle ? new Map() : this.#young
    this.#young = new Map()
    this.#nextAt = now + this.#keep
  }
}

/** Whether the engine remembers a record from one copy to the next: if it remembers few, it may forget one between them. */
export const remembersRecords = ({ duplicates }: EngineOptions): boolean => duplicates.maxRecords >= 10_000

/** How long a request can be in hand: it waits up to max-age, and each transmission is a use. */
export const inHand = (options: EngineOptions): Duration =>
  micros(Math.max(...TRAFFIC_CLASSES.map((each) => options.queues[each].maxAge)) + seconds(120))
