/**
 * What was last seen of each name, for a while: one entry a name, so there are at most as many as there are names in the
 * configuration. The latest few are shown.
 */
import { after, type Duration, type Instant } from '../units.ts'

/** Of so many names at most. */
const SHOWN = 1_000

export interface Named {
  readonly name: string
  /** When it was last seen. */
  readonly seen: Instant
}

export class RecentByName<T extends Named> {
  /** In the order in which they were last seen. */
  readonly #entries = new Map<string, T>()
  readonly #lifetime: Duration

  constructor(lifetime: Duration) {
    this.#lifetime = lifetime
  }

  /** True where nothing was seen of that name within the lifetime before. */
  note(entry: T): boolean {
    const before = this.#entries.get(entry.name)
    this.#entries.delete(entry.name)
    this.#entries.set(entry.name, entry)
    return before === undefined || this.#isOver(before, entry.seen)
  }

  /** Forgets those of other names. */
  keepOnly(isKept: (name: string) => boolean): void {
    for (const name of this.#entries.keys()) if (!isKept(name)) this.#entries.delete(name)
  }

  /** The latest ones whose time is not over, the first seen first. */
  list(now: Instant): T[] {
    if (this.#entries.size === 0) return []
    for (const [name, entry] of this.#entries) if (this.#isOver(entry, now)) this.#entries.delete(name)
    return [...this.#entries.values()].slice(-SHOWN)
  }

  #isOver({ seen }: T, now: Instant): boolean {
    return now >= after(seen, this.#lifetime)
  }
}
