/**
 * Who follows the daemon now: an open `top`, a running trace. A stop asks here first, so that nobody ends a daemon while a
 * colleague works on it.
 */

import type { Attachment } from '../observe/view/view.ts'

/** Each follower costs processor time. */
const MOST_ATTACHED = 16

export class Attached {
  readonly #all = new Set<Attachment>()

  get all(): readonly Attachment[] {
    return [...this.#all]
  }

  /** Adds a follower. Returns a function that removes it, or undefined if there are too many. */
  tryAdd(one: Attachment): (() => void) | undefined {
    if (this.#all.size >= MOST_ATTACHED) return undefined
    this.#all.add(one)
    return () => this.#all.delete(one)
  }
}
