/**
 * A lane: one server and one class, with everything that is counted for it (counters: RFC 4668 and RFC 4670).
 *
 * A server's two lanes share nothing but its name: its accounting can be dead while its authentication lives.
 *
 * A lane does not know what a request is: `R` waits in its queue, `A` holds its identifiers. Everybody else knows it as `Lane`
 * (`lane.ts`).
 */
import type { TrafficClass } from '../../classes.ts'
import type { Message, QueueFields } from '../../queues/message.ts'
import { ServerQueue } from '../../queues/server-queue.ts'
import type { SlotBudget } from '../../throttle/budget.ts'
import { type HealthOptions, ServerHealth } from '../../throttle/server-health.ts'
import type { Instant } from '../../units.ts'
import { SERVER_DROP_REASONS, type ServerDropReason } from '../border/endings.ts'
import { emptyHistogram } from '../border/histogram.ts'
import { type LaneOptions, ONLY_FARM, type ServerOptions } from '../border/options.ts'
import type { LaneCounters } from '../border/snapshot.ts'
import { Contact, type Sent } from './contact.ts'
import { LaneLimits } from './lane-limits.ts'
import { LaneSchedule } from './lane-schedule.ts'
import type { LaneSettings } from './lane-settings.ts'

export class ServerLane<R extends Message<R>, A extends Sent> {
  readonly number: number
  readonly farm = ONLY_FARM
  readonly class: TrafficClass
  readonly limits: LaneLimits<A>
  readonly health: ServerHealth
  readonly contact: Contact
  readonly schedule: LaneSchedule<ServerLane<R, A>>
  queue: ServerQueue<R>
  readonly counters: LaneCounters = noCounts()
  isRetiring = false
  /** The name before a reload gave it another one: conversations may be known by it. */
  formerName: string | undefined = undefined
  #settings: LaneSettings

  /**
   * `budget` may be slots that others have used already, or share. `follows` is a removed lane to the same address, port and
   * class. The lane enters itself into `changed` when something changes in it.
   */
  constructor(o: {
    readonly number: number
    readonly settings: LaneSettings
    readonly now: Instant
    readonly changed: ServerLane<R, A>[]
    readonly budget: SlotBudget
    readonly follows: ServerLane<R, A> | undefined
    readonly fields: QueueFields<R>
  }) {
    const { settings, follows } = o
    this.number = o.number
    this.class = settings.class
    this.#settings = settings
    this.limits = new LaneLimits<A>(o.budget, settings, follows?.limits)
    // From another source the server may be out of reach, or in reach at last: nothing is known of that.
    this.health = new ServerHealth(healthOptions(settings), o.now)
    this.contact = new Contact(settings)
    this.schedule = new LaneSchedule<ServerLane<R, A>>(this, o.changed)
    if (follows !== undefined) follows.schedule.follower = this.schedule
    this.queue = new ServerQueue<R>(settings.order, o.fields)
  }

  get server(): ServerOptions {
    return this.#settings.server
  }

  get options(): LaneOptions {
    return this.#settings.options
  }

  /** Whether requests may be sent to it: neither Down nor removed by a reload. */
  isLive(): boolean {
    return this.health.state !== 'down' && !this.isRetiring
  }

  /** New settings from a reload, but for the rate: that is announced to the budgets. */
  reconfigure(settings: LaneSettings): void {
    if (settings.server.name !== this.server.name) this.formerName = this.server.name
    this.#settings = settings
    this.contact.reconfigure(settings)
    this.limits.reconfigure(settings)
    this.health.reconfigure(healthOptions(settings))
    this.queue.waiting.order = settings.order
    this.schedule.markChanged()
  }
}

const healthOptions = ({ health, options }: LaneSettings): HealthOptions => ({ ...health, timeout: options.timeout })

const noCounts = (): LaneCounters => ({
  requests: 0,
  retransmissions: 0,
  accepts: 0,
  rejects: 0,
  challenges: 0,
  responses: 0,
  timeouts: 0,
  promotions: 0,
  failures: 0,
  unansweredByLiveServer: 0,
  probesSent: 0,
  probesAnswered: 0,
  refused: 0,
  dropped: Object.fromEntries(SERVER_DROP_REASONS.map((reason) => [reason, 0])) as Record<ServerDropReason, number>,
  roundTrips: emptyHistogram(),
  queueWaits: emptyHistogram(),
})
