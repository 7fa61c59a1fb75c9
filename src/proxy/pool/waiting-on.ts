/**
 * Logins that have used up their tries and that no other server is left to ask for: each waits on at its server while its
 * client asks, in the same attempt.
 *
 * A server that takes its time (a push to a telephone) gets each login once so: it knows a retransmission by its octets (RFC
 * 5080 section 2.2.1), and would begin anew with a new identifier. Each copy of the client is one more try, since what was
 * lost on the way comes to nothing else. Where others wait for this server, they need its places more.
 */
import type { Backlog } from '../../queues/backlog.ts'
import { after, type Instant, instant, micros } from '../../units.ts'
import type { Lane } from '../work/lane.ts'
import { type Attempt, latestCopyAt, type Request } from '../work/request.ts'
import type { Pools } from './pools.ts'

/** From its arrival: no client asks so long for one login. */
const LONGEST = micros(30_000_000)

export class WaitingOn {
  readonly #backlog: Backlog<Request>
  readonly #pools: Pools
  /** Nothing waits on: the engine drains before its end. */
  isOver = false

  /** The backlog is that of authentication. */
  constructor(backlog: Backlog<Request>, pools: Pools) {
    this.#backlog = backlog
    this.#pools = pools
  }

  /** Whether it may keep its place. With a secret that is not the server's any more, an answer would come to nobody. */
  may(request: Request, { lane, secret }: Attempt, now: Instant): boolean {
    if (request.class === 'accounting' || !lane.isLive() || this.isOver) return false
    if (lane.queue.waiting.queued > 0 || now >= this.until(request)) return false
    if (secret !== lane.server.secret && !secret.equals(lane.server.secret)) return false
    return request.isBound || !this.#pools.of(request).hasOther(lane, request)
  }

  /** Until when an answer is of use: max-age after its client last asked, and no longer than any client asks. */
  until(request: Request): Instant {
    const { receivedAt } = request
    return instant(Math.min(after(receivedAt, LONGEST), after(latestCopyAt(request), this.#backlog.limits.maxAge) + 1))
  }

  /** Whether a server that failed it may answer now, and this one hardly will: then it may try that one again. */
  leavesFor(request: Request, { lane, signsAtFirst }: Attempt): boolean {
    if (request.isBound) return false
    const again = this.#toAskAgain(request, lane, lane.contact.signsOfLife === signsAtFirst)
    for (const { number } of again) request.course?.forgetTried(number)
    return again.length > 0
  }

  /**
   * Servers that live and failed the request, and are worth asking again: all of them if this lane is silent, else those
   * that gave no sign of life while they were asked, and one since.
   */
  #toAskAgain(request: Request, lane: Lane, isSilent: boolean): readonly Lane[] {
    return this.#pools.of(request).lanes.filter((other) => {
      const signs = other === lane || !other.isLive() ? undefined : request.course?.signsOf(other.number)
      return signs !== undefined && (isSilent || other.contact.signsOfLife > signs)
    })
  }
}
