/**
 * What was last seen of each configured name, for a while. Of each name a few addresses are kept, since what is over at one of
 * them need not be over at another.
 */
import { after, type Duration, type Instant } from '../../units.ts'
import type { SignerName } from '../border/events.ts'

/** Names that are listed, the latest. */
const LISTED = 1_000
/** Addresses that are kept of a name, the latest. */
const MOST_ADDRESSES = 8

interface Named extends SignerName {
  readonly seen: Instant
}

export class RecentByName<T extends Named> {
  /** In the order in which they were last seen: names, and the addresses of each. */
  readonly #names = new Map<string, { seen: Instant; readonly addresses: Map<string, T> }>()
  readonly #lifetime: Duration

  constructor(lifetime: Duration) {
    this.#lifetime = lifetime
  }

  /** True if nothing was seen of that name within the lifetime before. */
  note(entry: T): boolean {
    const { name, at, seen } = entry
    const before = this.#names.get(name)
    const isNew = before === undefined || this.#isOver(before.seen, seen)
    const addresses = before?.addresses ?? new Map<string, T>()
    this.#names.delete(name)
    this.#names.set(name, { seen, addresses })
    addresses.delete(at)
    addresses.set(at, entry)
    if (addresses.size > MOST_ADDRESSES) addresses.delete(addresses.keys().next().value!)
    return isNew
  }

  keepOnly(isKept: (name: string) => boolean): void {
    for (const name of this.#names.keys()) if (!isKept(name)) this.#names.delete(name)
  }

  remove(isRemoved: (entry: T) => boolean): void {
    for (const [name, { addresses }] of this.#names) {
      for (const [at, entry] of addresses) if (isRemoved(entry)) addresses.delete(at)
      if (addresses.size === 0) this.#names.delete(name)
    }
  }

  /** Of each name that is listed, what is not over and counts, the latest last. */
  list(now: Instant, counts: (entry: T) => boolean = () => true): T[][] {
    if (this.#names.size === 0) return []
    for (const [name, { seen }] of this.#names) if (this.#isOver(seen, now)) this.#names.delete(name)
    return [...this.#names.values()]
      .slice(-LISTED)
      .map(({ addresses }) =>
        [...addresses.values()].filter((entry) => !this.#isOver(entry.seen, now) && counts(entry)),
      )
      .filter((entries) => entries.length > 0)
  }

  #isOver(seen: Instant, now: Instant): boolean {
    return now >= after(seen, this.#lifetime)
  }
}
