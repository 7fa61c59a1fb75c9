/**
 * Records a world second by second: the series that the report plots and the summary adds up.
 *
 * It observes the world, and samples it ten times a virtual second. What it keeps grows only with the seconds, a few dozen
 * numbers each.
 */
import { perClass, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { type Duration, type Instant, MICROS_PER_SECOND } from '../../units.ts'
import type { ObservedWorld, Observer } from '../world/observer.ts'
import { START } from '../world/world.ts'
import { Deliveries } from './deliveries.ts'
import { SlotScope } from './slot-scope.ts'
import { Waits } from './waits.ts'

const none = (): number[] => []

/** One number for each second: of flows the sum, of levels the highest that was sampled. */
const newSeries = () => ({
  /** What clients sent, retransmissions too. */
  arrived: perClass(none),
  /** What radsluice sent to servers. */
  sent: perClass(none),
  /** What servers worked off. */
  worked: perClass(none),
  /** What was answered while the client still waited. */
  useful: perClass(none),
  queued: perClass(none),
  /** Of the oldest message in the queues, in microseconds. */
  age: perClass(none),
  outstanding: perClass(none),
  /** Of all servers together. */
  serverBacklog: none(),
  up: none(),
  /** Sessions whose users wait for service. */
  trying: none(),
})
export type Series = ReturnType<typeof newSeries>
const FLOWS = ['arrived', 'sent', 'worked', 'useful'] as const

export class Recorder implements Observer {
  readonly series = newSeries()
  readonly deliveries = new Deliveries()
  readonly scope = new SlotScope()
  readonly waits = new Waits()
  readonly deepestBacklogOf = new Map<string, number>()
  /** When a session last came up, and when one last did that took longer than `late`. */
  lastUpAt: Instant | undefined
  lastLateUpAt: Instant | undefined
  longestWait: Duration = 0 as Duration
  readonly #late: Duration
  readonly #sent = perClass(() => 0)
  readonly #former = perClass(() => ({ arrived: 0, sent: 0, worked: 0, useful: 0 }))
  #classOfLane = new Map<number, TrafficClass>()

  constructor(late: Duration) {
    this.#late = late
  }

  begins(world: ObservedWorld): void {
    this.#classOfLane = new Map((world.engine?.plan() ?? []).map((lane) => [lane.lane, lane.class]))
  }

  forwarded(lane: number): void {
    const trafficClass = this.#classOfLane.get(lane)
    if (trafficClass !== undefined) this.#sent[trafficClass] += 1
  }

  cameUp(_client: string, waited: Duration, now: Instant): void {
    this.lastUpAt = now
    if (waited > this.#late) this.lastLateUpAt = now
    if (waited > this.longestWait) this.longestWait = waited
  }

  /** Raises the levels of the present second. */
  sample(world: ObservedWorld): void {
    const { series } = this
    const second = Math.ceil((world.now - START) / MICROS_PER_SECOND) - 1
    const snapshot = world.engine?.inspection.snapshot(world.now)
    for (const each of TRAFFIC_CLASSES) {
      raise(series.queued[each], second, snapshot?.classes[each].queued ?? 0)
      raise(series.age[each], second, snapshot?.classes[each].oldestAge ?? 0)
      raise(series.outstanding[each], second, snapshot?.classes[each].outstanding ?? 0)
    }
    for (const { plan, waiting } of world.servers) {
      this.deepestBacklogOf.set(plan.name, Math.max(waiting, this.deepestBacklogOf.get(plan.name) ?? 0))
    }
    const backlog = sum(world.servers, ({ waiting }) => waiting)
    raise(series.serverBacklog, second, backlog)
    if (snapshot !== undefined) this.scope.sample(snapshot)
  }

  /** Adds the flows of a second that is over, and its sessions. */
  endSecond(world: ObservedWorld): void {
    const { series } = this
    for (const each of TRAFFIC_CLASSES) {
      const former = this.#former[each]
      const totals = {
        arrived: sum(world.clients, ({ counters }) => counters.transmissions[each]),
        sent: this.#sent[each],
        worked: this.deliveries.workedOff[each],
        useful: sum(world.clients, ({ counters }) => counters.answered[each]),
      }
      for (const flow of FLOWS) {
        series[flow][each].push(totals[flow] - former[flow])
        former[flow] = totals[flow]
      }
    }
    series.up.push(sum(world.clients, ({ counters }) => counters.up))
    series.trying.push(sum(world.clients, (client) => client.trying(world.now).sessions))
  }
}

const raise = (levels: number[], second: number, level: number): void => {
  levels[second] = Math.max(level, levels[second] ?? 0)
}

export const sum = <T>(of: readonly T[], number: (one: T) => number): number =>
  of.reduce((total, one) => total + number(one), 0)
