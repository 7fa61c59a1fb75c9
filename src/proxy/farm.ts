/**
 * The servers of one class: the lanes in the order of the configuration, the choice among them, the trials of those that
 * are Failing, and the place where messages park while every one of them is Down.
 *
 * Parked messages keep their order and are not looked at again until a server lives. Where no probe is configured, one
 * live request an interval is sent to the Down server that was least recently tried, so that a farm that came back is
 * found (docs/throttling.md).
 */

import { parseAddress } from '../addresses.ts'
import { ServerQueue } from '../queues/server-queue.ts'
import { after, type Duration, earliest, type Instant, instant, since, type TrafficClass } from '../units.ts'
import { chooseServer } from './choose-server.ts'
import type { Lane } from './lane.ts'
import type { ClassOptions, EngineOptions } from './ports.ts'
import type { Request } from './request.ts'

const NO_KEY = new Uint8Array(0)
/** Of the requests that a Failing server would get, it gets one in so many. */
const ONE_REQUEST_IN = 20

export class Farm {
  readonly class: TrafficClass
  /** In the order of the configuration; retiring lanes are not among them. */
  lanes: readonly Lane[] = []
  readonly parked: ServerQueue<Request>
  #options: ClassOptions
  #probe: EngineOptions['deadServer']['probe']
  #interval: Duration
  #turn = 0
  /** Those of the lanes that are Failing: most often none. */
  #failing: readonly Lane[] = []
  /** While no server lives: when the next live request may try one. */
  #nextTrialAt: Instant | undefined = undefined

  constructor(trafficClass: TrafficClass, options: EngineOptions) {
    this.class = trafficClass
    this.#options = options.classes[trafficClass]
    this.#probe = options.deadServer.probe
    this.#interval = options.deadServer.probeInterval
    this.parked = new ServerQueue<Request>(options.serviceOrder)
  }

  get options(): ClassOptions {
    return this.#options
  }

  change(options: EngineOptions): void {
    this.#options = options.classes[this.class]
    this.#probe = options.deadServer.probe
    this.#interval = options.deadServer.probeInterval
    this.parked.line.changeOrder(options.serviceOrder)
  }

  hasLive(): boolean {
    return this.lanes.some((lane) => lane.isLive())
  }

  find(server: string): Lane | undefined {
    return (
      this.lanes.find((lane) => lane.server.name === server) ?? this.lanes.find((lane) => lane.formerName === server)
    )
  }

  /**
   * The server of a request by the class's algorithm; undefined where none lives that did not fail it. A Failing server
   * is chosen where no other lives, and for trials: one request of those that it would get in 20, and one a probe
   * interval at least. A request that was sent before is no trial; `except` is where it comes from.
   */
  choose(request: Request, now: Instant, except?: Lane): Lane | undefined {
    const { algorithm } = this.#options
    if (algorithm === 'round_robin') this.#turn = (this.#turn + 1) % Math.max(1, this.lanes.length)
    const first = this.#chooseAmong(isLive, request)
    if (this.#failing.length === 0 || first === undefined) return first
    if (request.transmissions === 0 && except === undefined) {
      const trial = this.#failingToTry(first, request, now)
      if (trial !== undefined) {
        trial.passedOver = 0
        trial.triedAt = now
        return trial
      }
    }
    return first.isFailing() ? (this.#chooseAmong(isWell, request) ?? first) : first
  }

  /** Whether a server lives and serves better than this one. */
  hasBetterThan(lane: Lane, now: Instant): boolean {
    return this.lanes.some((other) => other !== lane && isWell(other) && other.health.servesBetter(now))
  }

  /** Whether a server that is not Failing lives beside this one and did not fail the request. */
  hasWellBeside(lane: Lane, { tried }: Request): boolean {
    return this.lanes.some((other) => other !== lane && isWell(other) && !tried.includes(other.number))
  }

  #chooseAmong(isAble: (lane: Lane) => boolean, request: Request): Lane | undefined {
    return chooseServer({
      algorithm: this.#options.algorithm,
      candidates: this.lanes,
      isAble,
      tried: request.tried,
      turn: this.#turn,
      key: () => this.#keyOf(request),
    })
  }

  /** The Failing server whose turn to be tried has come; `first` is the one that the request would go to. */
  #failingToTry(first: Lane, request: Request, now: Instant): Lane | undefined {
    if (first.isFailing()) first.passedOver += 1
    return this.#failing.find(
      (lane) =>
        lane.isLive() &&
        !request.tried.includes(lane.number) &&
        (lane.passedOver >= ONE_REQUEST_IN || since(lastLook(lane), now) >= this.#interval),
    )
  }

  /** The health of a server has changed, or may have: where none lives, the first trial is one interval away. */
  judgeOutage(now: Instant): void {
    this.#failing = this.lanes.filter((lane) => lane.isFailing())
    const isOutage = !this.hasLive() && this.#probe === 'none'
    this.#nextTrialAt = isOutage ? (this.#nextTrialAt ?? after(now, this.#interval)) : undefined
  }

  /** The Down server that a live request may try now; the next one is an interval away. */
  takeTrial(now: Instant): Lane | undefined {
    if (this.#nextTrialAt === undefined || now < this.#nextTrialAt || this.parked.line.queued === 0) return undefined
    const able = this.lanes.filter(
      (lane) => !lane.health.isHeldDown && lane.identifiers.hasRoom() && lane.budget.left(now) > 0,
    )
    const [lane] = able.sort((a, b) => lastLook(a) - lastLook(b))
    if (lane === undefined) return undefined
    lane.triedAt = now
    this.#nextTrialAt = after(now, this.#interval)
    return lane
  }

  /** When `takeTrial` may answer next; where a trial is due it waits for a slot or an identifier like all others. */
  nextTrialAt(now: Instant): Instant | undefined {
    if (this.#nextTrialAt === undefined || this.parked.line.queued === 0) return undefined
    if (now < this.#nextTrialAt) return this.#nextTrialAt
    let next: Instant | undefined
    for (const lane of this.lanes) if (!lane.health.isHeldDown) next = earliest(next, lane.nextRoomAt(now))
    return next
  }

  /** Who tries a Down server: the oldest that was never sent, else the one that was sent the fewest times. */
  trialRequest(): Request | undefined {
    const fresh = this.parked.line.oldestFresh()
    if (fresh !== undefined) return fresh
    let found: Request | undefined
    for (const request of this.parked.line.failovers()) {
      if (found === undefined || request.transmissions < found.transmissions) found = request
    }
    return found ?? this.parked.line.oldest()
  }

  /** The octets that `hash` keeps together; a request without the attribute stays with its client's address. */
  #keyOf(request: Request): Uint8Array {
    const { hashKey } = this.#options
    const value = hashKey === undefined ? undefined : request.origin.packet.find(hashKey)
    return value ?? parseAddress(request.origin.from.address) ?? NO_KEY
  }
}

/** When a Down or Failing server was last tried, or became it. */
const lastLook = (lane: Lane): Instant => instant(Math.max(lane.triedAt ?? 0, lane.health.since))

const isLive = (lane: Lane): boolean => lane.isLive()
const isWell = (lane: Lane): boolean => lane.isLive() && !lane.isFailing()
