/**
 * The Failing servers of a pool: others are preferred, and each Failing one is tried now and then.
 *
 * It gets one request of 20 that it would get, and at least one in each probe interval. A trial waits for nothing: the server must
 * be able to take the request at once.
 */
import { type Duration, type Instant, since } from '../../units.ts'
import type { Algorithm } from '../border/options.ts'
import { isFailing, type Lane } from '../work/lane.ts'
import { courseOf, type Request } from '../work/request.ts'
import type { ServerChoice } from './server-choice.ts'

/** Of the requests that a Failing server would get, it gets one in so many. */
const ONE_REQUEST_IN = 20

interface Trial {
  /** When a request last tried the server, in the state that it has. */
  triedAt: Instant | undefined
  /** Requests that went elsewhere since then. */
  passedOver: number
  /** Whether a request went elsewhere since then. */
  hasRested: boolean
}

export class Failing {
  readonly #choice: ServerChoice<Lane>
  readonly #trials = new Map<Lane, Trial>()
  /** Most often none. */
  #lanes: readonly Lane[] = []

  constructor(choice: ServerChoice<Lane>) {
    this.#choice = choice
  }

  get lanes(): readonly Lane[] {
    return this.#lanes
  }

  /** The pool has these servers, or the health of one has changed. */
  update(lanes: readonly Lane[]): void {
    this.#lanes = lanes.filter(isFailing)
    for (const lane of this.#trials.keys()) if (!lanes.includes(lane)) this.#trials.delete(lane)
  }

  /** The server has another state: nobody has tried it in this one. */
  forgetTrial(lane: Lane): void {
    const trial = this.#trialOf(lane)
    trial.triedAt = undefined
    trial.passedOver = 0
  }

  /** The server whose turn to be tried has come: this request tries it. */
  startTrial(request: Request, interval: Duration, now: Instant): Lane | undefined {
    const { tried } = courseOf(request)
    const lane = this.#lanes.find((each) => !tried.lanes.includes(each.number) && this.#isDue(each, interval, now))
    if (lane !== undefined) this.#trials.set(lane, { triedAt: now, passedOver: 0, hasRested: false })
    return lane
  }

  /** A request left for the first time, for this server: each Failing one was passed over by its share of those. */
  sentTo(chosen: Lane, algorithm: Algorithm): void {
    for (const lane of this.#lanes) {
      if (lane === chosen) continue
      const trial = this.#trialOf(lane)
      trial.hasRested = true
      if (algorithm !== 'first_server') trial.passedOver += 1 / this.#choice.able
      else if (this.#choice.isBefore(lane, chosen)) trial.passedOver += 1
    }
  }

  #isDue(lane: Lane, interval: Duration, now: Instant): boolean {
    const { triedAt = lane.health.since, passedOver, hasRested } = this.#trialOf(lane)
    if (!hasRested || (passedOver < ONE_REQUEST_IN && since(triedAt, now) < interval)) return false
    return lane.isLive() && lane.queue.waiting.isEmpty() && lane.limits.nextRoomAt(now) === now
  }

  #trialOf(lane: Lane): Trial {
    let trial = this.#trials.get(lane)
    if (trial === undefined) {
      trial = { triedAt: undefined, passedOver: 0, hasRested: true }
      this.#trials.set(lane, trial)
    }
    return trial
  }
}
