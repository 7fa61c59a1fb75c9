/**
 * What was last seen of each name, for a while: of a name the latest few places where it was seen, since what is over at one
 * of them need not be over at another. So there are at most a few times as many entries as there are names in the
 * configuration. The latest names are shown.
 */

import { after, type Duration, type Instant } from '../../units.ts'
import type { Named } from '../border/events.ts'

/** Of so many names at most. */
const SHOWN = 1_000
/** Of a name. */
const PLACES = 8

export class RecentByName<T extends Named> {
  /** In the order in which they were last seen, names and the places of each. */
  readonly #names = new Map<string, { seen: Instant; readonly places: Map<string, T> }>()
  readonly #lifetime: Duration

  constructor(lifetime: Duration) {
    this.#lifetime = lifetime
  }

  /** True where nothing was seen of that name within the lifetime before. */
  note(entry: T): boolean {
    const { name, at, seen } = entry
    const before = this.#names.get(name)
    const isNew = before === undefined || this.#isOver(before.seen, seen)
    const places = before?.places ?? new Map<string, T>()
    this.#names.delete(name)
    this.#names.set(name, { seen, places })
    places.delete(at)
    places.set(at, entry)
    if (places.size > PLACES) for (const oldest of places.keys()) return places.delete(oldest) && isNew
    return isNew
  }

  /** Forgets those of other names. */
  keepOnly(isKept: (name: string) => boolean): void {
    for (const name of this.#names.keys()) if (!isKept(name)) this.#names.delete(name)
  }

  /** Forgets entries. */
  remove(isRemoved: (entry: T) => boolean): void {
    for (const [name, { places }] of this.#names) {
      for (const [at, entry] of places) if (isRemoved(entry)) places.delete(at)
      if (places.size === 0) this.#names.delete(name)
    }
  }

  /** Of the latest names, the first seen first: what was seen there that is not over and still counts, latest last. */
  list(now: Instant, counts: (entry: T) => boolean = () => true): T[][] {
    if (this.#names.size === 0) return []
    for (const [name, { seen }] of this.#names) if (this.#isOver(seen, now)) this.#names.delete(name)
    return [...this.#names.values()]
      .slice(-SHOWN)
      .map(({ places }) => [...places.values()].filter((entry) => !this.#isOver(entry.seen, now) && counts(entry)))
      .filter((entries) => entries.length > 0)
  }

  #isOver(seen: Instant, now: Instant): boolean {
    return now >= after(seen, this.#lifetime)
  }
}
