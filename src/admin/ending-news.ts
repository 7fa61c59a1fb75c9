/**
 * What a drain or a stop tells those who follow it: the daemon tells, the admin API passes it on.
 */
import type { InHand } from '../observe/view/in-hand.ts'

/** What has become of a drain or a stop. */
export type EndingNews =
  /** Nothing is in hand; the daemon stays. */
  | { readonly kind: 'drained' }
  /** It takes traffic again. */
  | { readonly kind: 'resumed' }
  /** The limit is over, something is left, and the daemon stays. */
  | { readonly kind: 'not-stopped'; readonly left: InHand; readonly error: string }
  /** The last word. */
  | { readonly kind: 'stopped'; readonly left: InHand }

/**
 * What came of a `resume`: traffic is taken (also where nothing drained), a stop is under way, or a drain was asked for while
 * it was on its way, and that one holds.
 */
export type Resumed = 'takes-traffic' | 'stopping' | 'drains-again'

/** One who follows: told of the news; `stopped` resolves when it has been read. */
export interface Follower {
  tell(news: EndingNews): void
  readonly hasRead: Promise<void>
}
