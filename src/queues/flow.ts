/**
 * A flow: requests that share one turn. Flows of one line are served in turns, so that no flow waits for what another one has sent.
 *
 * A flow is a configured client, or one address of it. If a client's own users, stations or sessions have turns, each of them is a
 * flow too, a part of the client's: it has its turn inside the client's turn and adds nothing to it. What a flow may have is
 * written here; its waiting messages stand in the queues.
 */
import type { TrafficClass } from '../classes.ts'
import type { Instant } from '../units.ts'

/** How many messages of a flow may go, beside the server's own limit: `clients[].max_rate`. */
export interface Allowance {
  /** Messages that were given back to the instance queue for it and are not served yet. */
  promised: number
  /** What the slot that `now` lies in still has, those promised included. */
  left(now: Instant): number
  /** Takes one message of that slot; false if it is used up. */
  tryTake(now: Instant): boolean
  /** Where its next slot begins. */
  nextSlotAt(now: Instant): Instant
}

/** What became of requests that waited, or might have had to. */
export interface Outcomes {
  /** Sent to a server for the first time. */
  sent: number
  shed: number
  expired: number
}

/** What a client may have, of its flow, the flows of its addresses and their parts alike: a reload changes it for all of them. */
export interface Weight {
  /** A flow of weight 2 has two messages in each turn. 1-100. */
  weight: number
  /** How much of the bound on messages it may hold, in per cent; all of it if undefined. */
  readonly maxShare?: number
  /** By class; undefined if its rate is not limited. */
  readonly allowances?: Readonly<Record<TrafficClass, Allowance | undefined>>
  /** Messages that wait, by class. */
  readonly queued?: Record<TrafficClass, number>
  /** What became of the others, by class. */
  readonly counts?: Readonly<Record<TrafficClass, Outcomes>>
}

export class Flow {
  readonly of: Weight
  /** The flow of which this one is a part; undefined for a client or an address. */
  readonly whole: Flow | undefined
  /** Its parts have turns among themselves. */
  isDivided = false
  #waiting = 0

  constructor(of: Weight = { weight: 1 }, whole?: Flow) {
    this.of = of
    this.whole = whole
  }

  /** Parts have turns of one message. */
  get weight(): number {
    return this.whole === undefined ? this.of.weight : 1
  }

  /** Messages that wait, those of its parts too. */
  get waiting(): number {
    return this.#waiting
  }

  /** A message of this flow begins to wait (1), or waits no more (-1). */
  count(by: 1 | -1): void {
    this.#waiting += by
    this.whole?.count(by)
  }
}

/** The client's flow: it has turns among the other clients. */
export const wholeOf = (flow: Flow): Flow => flow.whole ?? flow
