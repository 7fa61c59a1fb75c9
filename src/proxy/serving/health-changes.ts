/**
 * What a server's change of health does to those who wait for it, and whom it is told to.
 */
import type { HealthChange } from '../../throttle/server-health.ts'
import type { Instant } from '../../units.ts'
import type { Journal } from '../border/ports.ts'
import { heldOf, isOnlyLive, type Pool, type Pools } from '../pool/pool.ts'
import { isFailing, isWell, type Lane } from '../work/lane.ts'
import { courseOf, type Request } from '../work/request.ts'
import type { Assigning } from './assigning.ts'
import type { Requeue } from './requeue.ts'

/** Of a queue, when its server goes Down. */
const MOVED_AT_ONCE = 32

interface Parts {
  readonly pools: Pools
  readonly assigning: Assigning
  readonly requeue: Requeue
  readonly journal: Journal
}

export class HealthChanges {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Acts on what the health of a lane has become; `undefined` is no change. */
  changed(lane: Lane, change: HealthChange | undefined, now: Instant): void {
    const { health, schedule, server, class: its } = lane
    if (health.nextWakeAt() !== undefined || change !== undefined) schedule.markChanged()
    if (change === undefined) return
    const { journal, requeue } = this.#parts
    const pool = this.#parts.pools.of(lane)
    pool.stateChanged(lane)
    const isLast = change.to === 'down' && !lane.isRetiring && pool.live === 0
    const hint = change.to === 'active' || health.isHeldDown ? undefined : lane.contact.likelyCause(now)
    const more = { hint, isHeld: health.isHeldDown, isLast }
    journal.note({ kind: 'server-state', lane: lane.number, server: server.name, class: its, ...change, ...more }, now)
    pool.outage.judge(pool.live > 0, now)
    if (change.to === 'down') this.emptyQueueOf(lane, now)
    else this.leaveFailing(pool)
    // What its queue has not given away yet, and what is on its way back, parks in a moment.
    const parked = pool.outage.parked.waiting.queued + requeue.queuedOf(its)
    if (lane.isRetiring) return
    if (change.to === 'down' && pool.live === 0) {
      journal.note({ kind: 'all-servers-down', class: its, parked, held: heldOf(pool) }, now)
    } else if (change.from === 'down' && isOnlyLive(lane, pool)) {
      journal.note({ kind: 'servers-back', class: its, parked }, now)
    }
  }

  /** Of a server that is Down or removed: the oldest go to the others now, the rest of a long queue through the instance queue. */
  emptyQueueOf(lane: Lane, now: Instant): void {
    const { waiting } = lane.queue
    // One by one: what moves may shed others by the overflow policy, of those that still wait here too.
    for (let moved = 0; moved < MOVED_AT_ONCE; moved += 1) {
      const next = waiting.removeOldest()
      if (next === undefined) return
      this.#parts.assigning.moveAway(next, lane, now)
    }
    this.#parts.requeue.addQueueOf(lane)
  }

  /** If a server is well, what waits for Failing ones is served once more, and goes there if it may (`shouldLeave`). */
  leaveFailing(pool: Pool): void {
    if (pool.failing.lanes.length === 0 || !pool.lanes.some(isWell)) return
    for (const lane of pool.failing.lanes) if (!lane.queue.waiting.isEmpty()) this.#parts.requeue.addQueueOf(lane)
  }

  /** Whether a request that waited for a Failing server goes to another one: its own States and due retries stay. */
  shouldLeave(request: Request, lane: Lane): boolean {
    if (!isFailing(lane) || request.isBound || request.stage === 'retry') return false
    const { tried } = courseOf(request)
    const isOther = (other: Lane): boolean => other !== lane && isWell(other) && !tried.lanes.includes(other.number)
    return this.#parts.pools.of(lane).lanes.some(isOther)
  }
}
