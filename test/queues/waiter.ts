/**
 * A message as the queues know it, for their tests: it knows its arrival number, its preference and its stage, and
 * nothing of RADIUS.
 */
import { Link } from '../../src/queues/arrival-list.ts'
import type { Aging } from '../../src/queues/backlog.ts'
import type { Promotable, Promoter } from '../../src/queues/server-queue.ts'
import { PREFERENCE, type Preference, type Stage } from '../../src/queues/waiting-line.ts'
import { type Instant, instant } from '../../src/units.ts'

export class Waiter implements Promotable<Waiter>, Aging<Waiter> {
  readonly arrival: number
  readonly preference: Preference
  readonly size: number
  readonly receivedAt: Instant
  readonly link: Link<Waiter>
  readonly ageLink: Link<Waiter>
  readonly interimLink: Link<Waiter> | undefined
  stage: Stage
  heapPlace = -1
  line: object | undefined = undefined
  promotedBy: Promoter | undefined = undefined

  constructor(
    arrival: number,
    o: {
      readonly preference?: keyof typeof PREFERENCE
      readonly stage?: Stage
      readonly size?: number
      readonly receivedAt?: number
      readonly interim?: boolean
    } = {},
  ) {
    this.arrival = arrival
    this.preference = PREFERENCE[o.preference ?? 'authentication']
    this.stage = o.stage ?? 'fresh'
    this.size = o.size ?? 100
    this.receivedAt = instant(o.receivedAt ?? arrival)
    this.link = new Link<Waiter>(this, arrival)
    this.ageLink = new Link<Waiter>(this, arrival)
    this.interimLink = o.interim ? new Link<Waiter>(this, arrival) : undefined
  }
}

export const arrivals = (waiters: Iterable<Waiter>): number[] => [...waiters].map(({ arrival }) => arrival)
