/**
 * The servers of one farm and class: the lanes in the order of the configuration, the choice among them, the trials of those that
 * are Failing, and the place where messages park while every one of them is Down.
 *
 * Parked messages keep their order and are not looked at again until a server lives. Where no probe is configured, one
 * live request an interval is sent to the Down server that was least recently tried, so that a server that came back
 * is found (docs/throttling.md).
 */
import { parseAddress } from '../../addresses.ts'
import type { TrafficClass } from '../../classes.ts'
import { ServerQueue } from '../../queues/server-queue.ts'
import { type Duration, type Instant, since } from '../../units.ts'
import type { ClassOptions, EngineOptions, FarmNumber } from '../border/options.ts'
import type { Lane } from '../work/lane.ts'
import { courseOf, Request } from '../work/request.ts'
import { ServerChoice } from './server-choice.ts'
import { TrialRequests } from './trial-requests.ts'
import { Trials } from './trials.ts'

const NO_KEY = new Uint8Array(0)
/** Of the requests that a Failing server would get, it gets one in so many. */
const ONE_REQUEST_IN = 20

/** Which pool: of which farm, and of which class. */
export interface PoolKey {
  readonly farm: FarmNumber
  readonly class: TrafficClass
}

export class Pool implements PoolKey {
  readonly farm: FarmNumber
  readonly class: TrafficClass
  readonly parked: ServerQueue<Request>
  readonly #choice = new ServerChoice<Lane>()
  readonly #trials = new Trials()
  readonly #trialRequests: TrialRequests
  #lanes: readonly Lane[] = []
  readonly #byName = new Map<string, Lane>()
  #options: ClassOptions
  #probe: EngineOptions['deadServer']['probe']
  #interval: Duration
  /** Those of the lanes that are Failing: most often none. */
  #failing: readonly Lane[] = []

  constructor({ farm, class: trafficClass }: PoolKey, options: EngineOptions) {
    this.farm = farm
    this.class = trafficClass
    this.#options = options.classes[trafficClass]
    this.#probe = options.deadServer.probe
    this.#interval = options.deadServer.probeInterval
    this.parked = new ServerQueue<Request>(options.serviceOrder, Request.fields)
    this.#trialRequests = new TrialRequests(this.parked.waiting)
  }

  get options(): ClassOptions {
    return this.#options
  }

  /** In the order of the configuration; retiring lanes are not among them. */
  get lanes(): readonly Lane[] {
    return this.#lanes
  }

  reconfigure(options: EngineOptions): void {
    this.#options = options.classes[this.class]
    this.#probe = options.deadServer.probe
    this.#interval = options.deadServer.probeInterval
    this.parked.waiting.order = options.serviceOrder
  }

  /** The lanes are these from now on, with whatever changed in them. */
  setLanes(lanes: readonly Lane[]): void {
    this.#lanes = lanes
    this.#byName.clear()
    // Two servers of one name do not get this far; the first would be found.
    for (const lane of lanes) if (!this.#byName.has(lane.server.name)) this.#byName.set(lane.server.name, lane)
    for (const lane of lanes) {
      const { formerName } = lane
      if (formerName !== undefined && !this.#byName.has(formerName)) this.#byName.set(formerName, lane)
    }
    this.#failing = lanes.filter((lane) => lane.isFailing())
    this.#choice.setCandidates(lanes)
    this.#trials.setLanes(lanes)
    this.#trialRequests.renew()
  }

  hasLive(): boolean {
    return this.#choice.able > 0
  }

  /** The names of those that an operator holds Down. */
  get held(): string[] {
    return this.lanes.filter(({ health }) => health.isHeldDown).map(({ server }) => server.name)
  }

  /** Those that are Failing: most often none. */
  get failing(): readonly Lane[] {
    return this.#failing
  }

  /** Whether a server lives that is not Failing. */
  hasWell(): boolean {
    return this.#lanes.some(isWell)
  }

  /** Whether this is the one server that lives. */
  isOnlyLive(lane: Lane): boolean {
    return this.#choice.able === 1 && this.#choice.isAble(lane)
  }

  find(server: string): Lane | undefined {
    return this.#byName.get(server)
  }

  /**
   * The server of a request by the class's algorithm; undefined where none lives that did not fail it. A Failing server
   * is chosen where no other lives, and for trials: one request of those that it would get in 20, and one a probe
   * interval at least. A request that was sent before is no trial; `except` is where it comes from.
   */
  choose(request: Request, now: Instant, except?: Lane): Lane | undefined {
    const { algorithm } = this.#options
    const chosen = this.#choice.choose({ algorithm, tried: courseOf(request).tried, key: () => this.#keyOf(request) })
    if (this.#failing.length === 0 || chosen === undefined || chosen.isFailing()) return chosen
    if (courseOf(request).transmissions > 0 || except !== undefined) return chosen
    const trial = this.#failingToTry(request, now)
    if (trial === undefined) return chosen
    trial.passedOver = 0
    trial.hasRested = false
    trial.triedAt = now
    return trial
  }

  /** Whether a server lives and serves better than this one. */
  hasBetterThan(lane: Lane, now: Instant): boolean {
    return this.#lanes.some((other) => other !== lane && isWell(other) && other.health.servesBetter(now))
  }

  /** Whether another server lives that did not fail the request. Most often the numbers say so. */
  hasOther(lane: Lane, request: Request): boolean {
    const { tried } = courseOf(request)
    if (tried.length + 1 < this.#choice.able) return true
    return this.#lanes.some((other) => other !== lane && other.isLive() && !tried.includes(other.number))
  }

  /**
   * Servers that live and failed the request, and are worth asking again: where this lane is silent all of them, else those
   * that gave no sign of life while they were asked, and one since.
   */
  toAskAgain(lane: Lane, request: Request, isSilent: boolean): readonly Lane[] {
    return this.#lanes.filter((other) => {
      const signs = other === lane || !other.isLive() ? undefined : request.course?.signsOf(other.number)
      return signs !== undefined && (isSilent || other.signsOfLife > signs)
    })
  }

  /** Whether a server that is not Failing lives beside this one and did not fail the request. */
  hasWellBeside(lane: Lane, request: Request): boolean {
    const { tried } = courseOf(request)
    return this.#lanes.some((other) => other !== lane && isWell(other) && !tried.includes(other.number))
  }

  /** The lane's health or hold has changed, or may have. */
  healthChanged(lane: Lane): void {
    this.#choice.rankChanged(lane)
    this.#trials.update(lane)
    if (lane.isFailing() || this.#failing.length > 0) this.#failing = this.#lanes.filter((each) => each.isFailing())
  }

  /** A request left for the first time, for this server: each Failing one was passed over by its share of those. */
  sentTo(chosen: Lane): void {
    const { algorithm } = this.#options
    for (const lane of this.#failing) {
      if (lane === chosen) continue
      lane.hasRested = true
      if (algorithm !== 'first_server') lane.passedOver += 1 / this.#choice.able
      else if (this.#choice.isBefore(lane, chosen)) lane.passedOver += 1
    }
  }

  /** The Failing server whose turn to be tried has come, and which can take a request at once: a trial waits for nothing. */
  #failingToTry(request: Request, now: Instant): Lane | undefined {
    const { tried } = courseOf(request)
    return this.#failing.find(
      (lane) =>
        lane.isLive() &&
        lane.queue.waiting.isEmpty() &&
        lane.nextRoomAt(now) === now &&
        lane.hasRested &&
        !tried.includes(lane.number) &&
        (lane.passedOver >= ONE_REQUEST_IN || since(lane.triedAt ?? lane.health.since, now) >= this.#interval),
    )
  }

  /** The health of a server has changed, or may have: where none lives, the first trial is one interval away. */
  judgeOutage(now: Instant): void {
    this.#trials.judge(!this.hasLive() && this.#probe === 'none', this.#interval, now)
  }

  /** It waits until a server lives, or for its trial. */
  park(request: Request): void {
    this.parked.waiting.put(request)
    if (this.#probe === 'none') this.#trialRequests.add(request)
  }

  /** A Down server may have room again. */
  updateTrial(lane: Lane): void {
    this.#trials.update(lane)
  }

  /** The Down server that a live request may try now; the next one is an interval away. */
  startTrial(now: Instant): Lane | undefined {
    return this.parked.waiting.queued === 0 ? undefined : this.#trials.start(this.#interval, now)
  }

  /** When `startTrial` may answer next. */
  nextTrialAt(now: Instant): Instant | undefined {
    return this.parked.waiting.queued === 0 ? undefined : this.#trials.nextAt(now)
  }

  /** Who tries a Down server: the oldest that was never sent, else the one that was sent the fewest times. */
  trialRequest(): Request | undefined {
    return this.parked.waiting.oldestFresh() ?? this.#trialRequests.first() ?? this.parked.waiting.oldest()
  }

  /** Throws where a lane's health changed and the choice was not told, which is a bug. */
  check(): void {
    this.#choice.check()
  }

  /** The octets that `hash` keeps together; a request without the attribute stays with its client's address. */
  #keyOf(request: Request): Uint8Array {
    const { hashKey } = this.#options
    const value = hashKey === undefined ? undefined : request.packet.find(hashKey)
    return value ?? parseAddress(request.from.address) ?? NO_KEY
  }
}

const isWell = (lane: Lane): boolean => lane.isLive() && !lane.isFailing()
