/**
 * What became of every message: plain integers, one ledger a class, and the law that binds them.
 *
 *   received = answered + delivered_unanswered + duplicate + dropped + shed + expired + superseded + coalesced + given_up
 *              + queued + outstanding
 *
 * at every moment. So a message that is lost, or ends twice, is a bug that shows. Status-Server requests are answered
 * on the spot and counted apart (`ClassCounters`).
 */
import assert from 'node:assert/strict'
import { CLIENT_DROP_REASONS, type ClientDropReason, SHED_REASONS, type ShedReason } from '../border/reasons.ts'
import type { LedgerSnapshot } from '../border/snapshot.ts'

const zeroed = <Name extends string>(names: readonly Name[]): Record<Name, number> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>

export class Ledger {
  received = 0
  answered = 0
  /** A record that its server took after the client had given up waiting for the answer. */
  deliveredUnanswered = 0
  duplicate = 0
  readonly dropped = zeroed<ClientDropReason>(CLIENT_DROP_REASONS)
  readonly shed = zeroed<ShedReason>(SHED_REASONS)
  expired = 0
  superseded = 0
  /** An interim update whose place in a queue a newer one took. */
  coalesced = 0
  givenUp = 0
  /** Where the counts of every reason stand already: they change seldom, and are many. */
  #copiedTo: Float64Array | undefined = undefined

  /** One more was dropped. */
  countDropped(reason: ClientDropReason): void {
    this.dropped[reason] += 1
    this.#copiedTo = undefined
  }

  /** One more was shed. */
  countShed(reason: ShedReason): void {
    this.shed[reason] += 1
    this.#copiedTo = undefined
  }

  /** The law. `queued` and `outstanding` are counted where the messages are. */
  check({ queued, outstanding }: { readonly queued: number; readonly outstanding: number }): void {
    assert.equal(this.received, this.ended() + queued + outstanding, 'a request was lost or counted twice')
  }

  /** Every way a message can end, summed. */
  ended(): number {
    let sum =
      this.answered +
      this.deliveredUnanswered +
      this.duplicate +
      this.expired +
      this.superseded +
      this.coalesced +
      this.givenUp
    for (const reason of CLIENT_DROP_REASONS) sum += this.dropped[reason]
    for (const reason of SHED_REASONS) sum += this.shed[reason]
    return sum
  }

  snapshot(): LedgerSnapshot {
    const { received, answered, deliveredUnanswered, duplicate, expired, superseded, coalesced, givenUp } = this
    const dropped = { ...this.dropped }
    const shed = { ...this.shed }
    return {
      received,
      answered,
      deliveredUnanswered,
      duplicate,
      dropped,
      shed,
      expired,
      superseded,
      coalesced,
      givenUp,
      lost: 0,
    }
  }

  /** Writes every number into `target` from `at` on, `LEDGER_NUMBERS` of them; `ledgerFrom` reads them again. */
  copyInto(target: Float64Array, at: number): void {
    target[at] = this.received
    target[at + 1] = this.answered
    target[at + 2] = this.deliveredUnanswered
    target[at + 3] = this.duplicate
    target[at + 4] = this.expired
    target[at + 5] = this.superseded
    target[at + 6] = this.coalesced
    target[at + 7] = this.givenUp
    if (this.#copiedTo === target) return
    this.#copiedTo = target
    let next = at + PLAIN_NUMBERS
    for (const reason of CLIENT_DROP_REASONS) target[next++] = this.dropped[reason]
    for (const reason of SHED_REASONS) target[next++] = this.shed[reason]
  }
}

const PLAIN_NUMBERS = 8
/** How many numbers a ledger is. */
export const LEDGER_NUMBERS = PLAIN_NUMBERS + CLIENT_DROP_REASONS.length + SHED_REASONS.length

/** The ledger that `copyInto` wrote. What was in hand there is lost: whoever asks does so because its engine is gone. */
export function ledgerFrom(numbers: Float64Array, at: number): LedgerSnapshot {
  const read = (place: number): number => numbers[at + place] as number
  const dropped = zeroed<ClientDropReason>(CLIENT_DROP_REASONS)
  const shed = zeroed<ShedReason>(SHED_REASONS)
  let next = PLAIN_NUMBERS
  for (const reason of CLIENT_DROP_REASONS) dropped[reason] = read(next++)
  for (const reason of SHED_REASONS) shed[reason] = read(next++)
  let ended = 0
  for (let place = 1; place < LEDGER_NUMBERS; place += 1) ended += read(place)
  return {
    received: read(0),
    answered: read(1),
    deliveredUnanswered: read(2),
    duplicate: read(3),
    expired: read(4),
    superseded: read(5),
    coalesced: read(6),
    givenUp: read(7),
    dropped,
    shed,
    lost: read(0) - ended,
  }
}
