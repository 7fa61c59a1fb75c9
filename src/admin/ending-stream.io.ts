/**
 * The lines that follow a drain or a stop: what is in hand once a second, and what has become of it.
 *
 * JSON, one value a line, each with its `kind`. The last line of a stop is `stopped` or `not-stopped`; if a
 * stream ends without one, it was cut, and its reader does not know what was left.
 */

import type { Boundary } from '../observe/boundary/boundary.io.ts'
import type { InHand } from '../observe/view/in-hand.ts'
import type { Reader } from './route.ts'

const TELL_EVERY_MS = 1_000

/** What has become of a drain or a stop. */
export type EndingNews =
  /** Nothing is in hand; the daemon stays. */
  | { readonly kind: 'drained' }
  /** It accepts traffic again. */
  | { readonly kind: 'resumed' }
  /** The limit is over, something is left, and the daemon stays. */
  | { readonly kind: 'not-stopped'; readonly left: InHand; readonly error: string }
  /** It ends now. */
  | { readonly kind: 'stopped'; readonly left: InHand }

/**
 * The result of a `resume`: the daemon accepts traffic (also if it did not drain), a stop is under way, or somebody asked for
 * a drain meanwhile, and that one holds.
 */
export type Resumed = 'takes-traffic' | 'stopping' | 'drains-again'

/** One who follows. `hasRead` resolves when `stopped` was read. */
export interface Follower {
  tell(news: EndingNews): void
  readonly hasRead: Promise<void>
}

export interface FollowedEnding {
  inHand(): Promise<InHand>
  follow(follower: Follower): () => void
}

/** Follows from now on; `begin` starts what is followed. The stream ends with the first news of these kinds. */
export function followEnding(
  reader: Reader,
  daemon: FollowedEnding,
  o: {
    readonly first: object
    readonly ends: readonly EndingNews['kind'][]
    readonly begin: () => void
    readonly boundary: Boundary
  },
): void {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const { promise: hasRead, resolve: isRead } = Promise.withResolvers<void>()
  const leave = daemon.follow({
    tell: (news) => {
      if (isOver) return
      reader.write(JSON.stringify(news))
      if (news.kind !== 'stopped' && !o.ends.includes(news.kind)) return
      isOver = true
      clearTimeout(timer)
      reader.end()
    },
    hasRead,
  })
  reader.onEnd(() => {
    isOver = true
    clearTimeout(timer)
    leave()
    isRead()
  })
  const tell = async (): Promise<void> => {
    const inHand = await daemon.inHand().catch(() => undefined)
    if (isOver) return
    if (inHand !== undefined) reader.write(JSON.stringify({ kind: 'in-hand', inHand }))
    timer = o.boundary.after('watch', TELL_EVERY_MS, tell)
  }
  reader.write(JSON.stringify(o.first))
  o.begin()
  timer = o.boundary.after('watch', TELL_EVERY_MS, tell)
}
