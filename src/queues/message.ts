/**
 * A message as the queues know it, and what they keep in it.
 *
 * A million messages can wait. So a queue allocates nothing for one that was never sent: its links and flags stand in the
 * message. Only queues write them. So others do not see them: a message gives the queues `QueueFields`, which read and write them.
 */
import type { Instant } from '../units.ts'
import type { Chain } from './containers/chained-list.ts'
import type { Allowance, Flow } from './flow.ts'
import type { Patience } from './patience.ts'

/**
 * `fresh` was never sent; `failover` needs an identifier at another server; `retry` holds one and needs quota only;
 * `aside` was left unanswered by a server that lives, and needs an identifier.
 */
export type Stage = 'fresh' | 'failover' | 'retry' | 'aside'

export interface Message<T> {
  /** Rises by one with each message: who is older. */
  readonly arrival: number
  readonly receivedAt: Instant
  stage: Stage
  /** Where it waits; written by that queue alone. */
  queue: { remove(message: T): void } | undefined
}

export interface MessageField<T, V> {
  get(of: T): V
  set(of: T, value: V): void
}

/** Who is told when a promoted message has been served, or left the instance queue in another way. */
export interface Promoter<T> {
  /** It is the queue of no server any more: what it has given back may wait for another one. */
  readonly isDissolving: boolean
  /** Takes back `settle`: the message is still promoted, but has another flow by now. */
  promise(item: T): void
  settle(item: T): void
}

export interface QueueFields<T> {
  size(of: T): number
  /** Among messages that were never sent the lowest goes first. */
  preference(of: T): number
  isInterim(of: T): boolean
  /** Whose turn it has. It changes only while the message waits nowhere, or by `regroup`. */
  flow(of: T): Flow
  /** How many of its client may go in a slot; undefined if that is not limited. */
  allowance(of: T): Allowance | undefined
  /** From when on max-age counts; it may rise while a copy waits. */
  agesFrom(of: T): Instant
  /** What its own copies say of how long its client waits; undefined if only one came, or if max-age does not ask for it. */
  patience(of: T): Patience | undefined
  /** Its place among the first transmissions of one queue. */
  readonly inQueue: Chain<T>
  /** The server queue that gave it back. */
  readonly promoter: MessageField<T, Promoter<T> | undefined>
  readonly byAge: Chain<T>
  /** Its place among all that waits of its flow. */
  readonly inFlow: Chain<T>
  /** Its place among the interim updates; those are linked if they are linked by age. */
  readonly amongInterims: Chain<T>
  /** A newer record of its session waits that says all that it says. */
  readonly isOutdated: MessageField<T, boolean>
}
