/**
 * Who follows the daemon right now: an open `top`, a running trace. A stop asks here first, so that nobody ends a daemon
 * under the eyes of a colleague who is at work on it.
 */

import type { Attachment } from '../observe/view/view.ts'

/** Watching and tracing cost something each. */
const MOST_ATTACHED = 16

export class Attached {
  readonly #all = new Set<Attachment>()

  get all(): readonly Attachment[] {
    return [...this.#all]
  }

  /** Takes one in; the answer lets it go. Undefined where there are too many. */
  tryAdd(one: Attachment): (() => void) | undefined {
    if (this.#all.size >= MOST_ATTACHED) return undefined
    this.#all.add(one)
    return () => this.#all.delete(one)
  }
}
