/**
 * While every server of a pool is Down: where its requests park, and, if no server is probed, which of them tries which server.
 *
 * Parked requests keep their order and are not looked at again until a server lives. One request an interval tries a server, so
 * that a server that came back is found (docs/throttling.md): the server that was least recently tried, or went Down first. A
 * server without a free slot or identifier is put aside until it may have one, so no call looks through all of them.
 *
 * The oldest request that was never sent tries it, else the one that was sent the fewest times: one that no server answers is not
 * tried for ever. A request that has left the parking place is found out when its turn comes. If more than half have left, all
 * are sorted anew, which costs no more than they did when they came.
 */
import { MomentHeap } from '../../queues/containers/moment-heap.ts'
import { ServerQueue } from '../../queues/server-queue.ts'
import { after, type Instant, instant } from '../../units.ts'
import { type EngineOptions, queueOrder } from '../border/options.ts'
import type { Lane } from '../work/lane.ts'
import { courseOf, Request } from '../work/request.ts'

const byNumber = ({ number }: Lane): number => number
/** So many requests that have left do not matter. */
const FEW = 64

export class Outage {
  readonly parked: ServerQueue<Request>
  /** The parked that were sent before, by how often. */
  readonly #sentBefore = new MomentHeap<Request>(({ arrival }) => arrival)
  /** Servers that may have room, by when they were last tried or went Down. */
  readonly #inTurn = new MomentHeap<Lane>(byNumber)
  /** The others, by when they may have room; Infinity if only a response can give it. */
  readonly #full = new MomentHeap<Lane>(byNumber)
  readonly #triedAt = new Map<Lane, Instant>()
  #options: EngineOptions['deadServer']
  /** Undefined while a server lives, or if servers are probed. */
  #nextTrialAt: Instant | undefined = undefined

  constructor(options: EngineOptions) {
    this.#options = options.deadServer
    this.parked = new ServerQueue<Request>(queueOrder(options), Request.fields)
  }

  reconfigure(options: EngineOptions): void {
    this.#options = options.deadServer
    this.parked.waiting.order = queueOrder(options)
  }

  setLanes(lanes: readonly Lane[]): void {
    for (const lane of this.#triedAt.keys()) if (!lanes.includes(lane)) this.#triedAt.delete(lane)
    this.#inTurn.clear()
    this.#full.clear()
    for (const lane of lanes) this.update(lane)
    this.#sortParked()
  }

  /** The server's health, room or hold has changed, or may have. */
  update(lane: Lane): void {
    this.#full.remove(lane)
    const mayBeTried = lane.health.state === 'down' && !lane.health.isHeldDown && !lane.isRetiring
    if (mayBeTried) this.#inTurn.put(lane, Math.max(this.#triedAt.get(lane) ?? 0, lane.health.since))
    else this.#inTurn.remove(lane)
  }

  /** The server has another state: nobody has tried it in this one. */
  forgetTrial(lane: Lane): void {
    this.#triedAt.delete(lane)
  }

  /** Whether a server lives has changed, or may have: the first trial is one interval away. */
  judge(hasLive: boolean, now: Instant): void {
    const isNeeded = !hasLive && this.#options.probe === 'none'
    this.#nextTrialAt = isNeeded ? (this.#nextTrialAt ?? after(now, this.#options.probeInterval)) : undefined
  }

  /** The request waits until a server lives, or for its trial. */
  park(request: Request): void {
    this.parked.waiting.put(request)
    if (this.#options.probe !== 'none' || request.stage !== 'failover') return
    this.#sentBefore.put(request, courseOf(request).transmissions)
    if (this.#sentBefore.size > 2 * this.parked.waiting.queued + FEW) this.#sortParked()
  }

  /** The server that a parked request may try now; the next one is an interval away. */
  startTrial(now: Instant): Lane | undefined {
    if (!this.#isDue(now)) return undefined
    const lane = this.#firstWithRoom(now)
    if (lane === undefined) return undefined
    this.#triedAt.set(lane, now)
    this.update(lane)
    this.#nextTrialAt = after(now, this.#options.probeInterval)
    return lane
  }

  trialRequest(): Request | undefined {
    return this.parked.waiting.fresh.firstOfAll() ?? this.#leastSent() ?? this.parked.waiting.oldest()
  }

  /** When `startTrial` may answer next; a trial that is due waits for a slot or an identifier like all others. */
  nextTrialAt(now: Instant): Instant | undefined {
    if (this.parked.waiting.queued === 0) return undefined
    if (!this.#isDue(now)) return this.#nextTrialAt
    if (this.#firstWithRoom(now) !== undefined) return now
    return this.#full.firstAt === Number.POSITIVE_INFINITY ? undefined : instant(this.#full.firstAt)
  }

  #isDue(now: Instant): boolean {
    return this.parked.waiting.queued > 0 && this.#nextTrialAt !== undefined && now >= this.#nextTrialAt
  }

  #firstWithRoom(now: Instant): Lane | undefined {
    while (this.#full.firstAt <= now) this.update(this.#full.first() as Lane)
    for (let lane = this.#inTurn.first(); lane !== undefined; lane = this.#inTurn.first()) {
      const roomAt = lane.limits.nextRoomAt(now) ?? Number.POSITIVE_INFINITY
      if (roomAt <= now) return lane
      this.#inTurn.remove(lane)
      this.#full.put(lane, roomAt)
    }
    return undefined
  }

  #leastSent(): Request | undefined {
    for (;;) {
      const request = this.#sentBefore.first()
      if (request === undefined) return undefined
      if (request.queue === this.parked.waiting && request.stage === 'failover') return request
      this.#sentBefore.remove(request)
    }
  }

  #sortParked(): void {
    this.#sentBefore.clear()
    for (const request of this.parked.waiting.failovers()) {
      this.#sentBefore.put(request, courseOf(request).transmissions)
    }
  }
}
