/**
 * What a request has once it is on its way, or was somewhere: copies, tries, turns that were given back.
 *
 * Most requests are answered where they were sent first. So this is made when it is first needed. `R` is the request, and `A` its copy
 * at one server (`request.ts`).
 */
import type { Wraps } from '../../accounting/record/rewriting.ts'
import type { Promoter } from '../../queues/message.ts'
import type { Patience } from '../../queues/patience.ts'
import type { Hanger } from '../../throttle/timing-wheel.ts'
import type { Instant } from '../../units.ts'
import type { TriedServer } from '../border/events.ts'
import type { Exchange } from './exchange.ts'
import { NONE_TRIED } from './unanswered.ts'

/** Most requests are answered where they were sent first: nothing is made for what those do not have. */
const NONE: readonly never[] = []

/** What a request has once it is on its way, or was somewhere. */
export class Course<R, A> {
  /** Exchanges that wait, but the one of its origin. */
  repeats: readonly Exchange[] = NONE
  /** Lanes that did not answer it. */
  tried = NONE_TRIED
  /** What was tried where, for people. */
  history: readonly TriedServer[] = NONE
  /** When its client sent it last, if that was after it came. */
  latestCopyAt: Instant | undefined = undefined
  /** With `max_age: auto`, an Access-Request: what its copies say of how long its client waits. */
  patience: Patience | undefined = undefined
  /** Accounting: a living server left it unanswered lately. */
  #wasLeft = false
  /** Accounting: made when it is first set aside, and how often it was. */
  asideTimer: Hanger<R> | undefined = undefined
  timesAside = 0
  /** Over all servers. */
  transmissions = 0
  /** Outstanding: its copy at a server. */
  attempt: A | undefined = undefined
  /** Its copy at the server that refused it, if it was moved for that. That copy may still be answered. */
  refused: A | undefined = undefined
  promoter: Promoter<R> | undefined = undefined
  /** Accounting: how often the session's counters have wrapped, if its Gigawords are to be added. */
  wraps: Wraps | undefined = undefined
  /** Accounting: when the record came, if it took the place of an older one. */
  cameAt: Instant | undefined = undefined

  /** A living server left it unanswered: lately, or before it was set aside. */
  get wasLeftByLiving(): boolean {
    return this.#wasLeft || this.asideTimer !== undefined
  }

  set wasLeftByLiving(was: boolean) {
    this.#wasLeft = was
  }
}
