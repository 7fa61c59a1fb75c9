/**
 * A message as the queues know it, for their tests: it knows its arrival number, its preference and its stage, and
 * nothing of RADIUS.
 */
import type { Aging } from '../../src/queues/backlog.ts'
import type { Promotable, Promoter } from '../../src/queues/server-queue.ts'
import { PREFERENCE, type Preference, type Stage } from '../../src/queues/waiting-line.ts'
import { type Instant, instant } from '../../src/units.ts'

export class Waiter implements Promotable<Waiter>, Aging<Waiter> {
  readonly arrival: number
  readonly preference: Preference
  readonly size: number
  readonly receivedAt: Instant
  readonly isInterim: boolean
  nextInLine: Waiter | undefined = undefined
  previousInLine: Waiter | undefined = undefined
  isInLine = false
  nextByAge: Waiter | undefined = undefined
  previousByAge: Waiter | undefined = undefined
  isInBacklog = false
  isOutdated = false
  nextInterim: Waiter | undefined = undefined
  previousInterim: Waiter | undefined = undefined
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
    this.isInterim = o.interim ?? false
  }
}

export const arrivals = (waiters: Iterable<Waiter>): number[] => [...waiters].map(({ arrival }) => arrival)
