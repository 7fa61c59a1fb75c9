/**
 * The servers of one class: the lanes in the order of the configuration, the choice among them, and the place where
 * messages park while every one of them is Down.
 *
 * Parked messages keep their order and are not looked at again until a server lives. Where no probe is configured, one
 * live request an interval is sent to the Down server that was least recently tried, so that a farm that came back is
 * found (docs/throttling.md).
 */

import { parseAddress } from '../addresses.ts'
import { ServerQueue } from '../queues/server-queue.ts'
import type { Duration, Instant, TrafficClass } from '../units.ts'
import type { Lane } from './lane.ts'
import type { ClassOptions, EngineOptions } from './ports.ts'
import type { Request } from './request.ts'
import { ServerChoice } from './server-choice.ts'
import { TrialRequests } from './trial-requests.ts'
import { Trials } from './trials.ts'

const NO_KEY = new Uint8Array(0)

export class Farm {
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

  constructor(trafficClass: TrafficClass, options: EngineOptions) {
    this.class = trafficClass
    this.#options = options.classes[trafficClass]
    this.#probe = options.deadServer.probe
    this.#interval = options.deadServer.probeInterval
    this.parked = new ServerQueue<Request>(options.serviceOrder)
    this.#trialRequests = new TrialRequests(this.parked.line)
  }

  get options(): ClassOptions {
    return this.#options
  }

  /** In the order of the configuration; retiring lanes are not among them. */
  get lanes(): readonly Lane[] {
    return this.#lanes
  }

  change(options: EngineOptions): void {
    this.#options = options.classes[this.class]
    this.#probe = options.deadServer.probe
    this.#interval = options.deadServer.probeInterval
    this.parked.line.changeOrder(options.serviceOrder)
  }

  /** The lanes are these from now on, with whatever changed in them. */
  setLanes(lanes: readonly Lane[]): void {
    this.#lanes = lanes
    this.#byName.clear()
    // Two servers of one name do not get this far; the first would be found.
    for (const lane of lanes) if (!this.#byName.has(lane.server.name)) this.#byName.set(lane.server.name, lane)
    this.#choice.change(lanes)
    this.#trials.change(lanes)
    this.#trialRequests.renew()
  }

  hasLive(): boolean {
    return this.#choice.able > 0
  }

  /** Whether this is the one server that lives. */
  isOnlyLive(lane: Lane): boolean {
    return this.#choice.able === 1 && this.#choice.isAble(lane)
  }

  find(server: string): Lane | undefined {
    return this.#byName.get(server)
  }

  /** The server of a request by the class's algorithm; undefined where none lives that did not fail it. */
  choose(request: Request): Lane | undefined {
    const { algorithm } = this.#options
    return this.#choice.choose({ algorithm, tried: request.tried, key: () => this.#keyOf(request) })
  }

  /** The lane's health or hold has changed, or may have. */
  healthChanged(lane: Lane): void {
    this.#choice.rankChanged(lane)
    this.#trials.look(lane)
  }

  /** Whether a server lives has changed, or may have: without one, the first trial is one interval away. */
  judgeOutage(now: Instant): void {
    this.#trials.judge(!this.hasLive() && this.#probe === 'none', this.#interval, now)
  }

  /** It waits until a server lives, or for its trial. */
  park(request: Request): void {
    this.parked.line.put(request)
    if (this.#probe === 'none') this.#trialRequests.add(request)
  }

  /** A Down server may have room again. */
  lookForTrial(lane: Lane): void {
    this.#trials.look(lane)
  }

  /** The Down server that a live request may try now; the next one is an interval away. */
  takeTrial(now: Instant): Lane | undefined {
    return this.parked.line.queued === 0 ? undefined : this.#trials.take(this.#interval, now)
  }

  /** When `takeTrial` may answer next. */
  nextTrialAt(now: Instant): Instant | undefined {
    return this.parked.line.queued === 0 ? undefined : this.#trials.nextAt(now)
  }

  /** Who tries a Down server: the oldest that was never sent, else the one that was sent the fewest times. */
  trialRequest(): Request | undefined {
    return this.parked.line.oldestFresh() ?? this.#trialRequests.first()
  }

  /** Throws where a lane's health changed and the choice was not told, which is a bug. */
  check(): void {
    this.#choice.check()
  }

  /** The octets that `hash` keeps together; a request without the attribute stays with its client's address. */
  #keyOf(request: Request): Uint8Array {
    const { hashKey } = this.#options
    const value = hashKey === undefined ? undefined : request.origin.packet.find(hashKey)
    return value ?? parseAddress(request.origin.from.address) ?? NO_KEY
  }
}
