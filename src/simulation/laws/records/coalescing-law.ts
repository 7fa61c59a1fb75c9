/**
 * `interims: newest`, seen at the network: only an interim update gives way, only to one of its session that counts longer
 * and waits; what gave way is not sent any more, also where it comes again after the newer one has left; and who sent it
 * is answered when the newer one is.
 *
 * What the newer one becomes is watched by the other laws: it stands in the older one's place and has its age (`order`,
 * `age`), and it ends under a name (`ledger`).
 */

import type { TrafficClass } from '../../../classes.ts'
import { ACCOUNTING_REQUEST } from '../../../codes.ts'
import type { Peer } from '../../../proxy/border/events.ts'
import type { Packet } from '../../../radius/packet.ts'
import type { Instant } from '../../../units.ts'
import type { Books } from '../../books/books.ts'
import type { Fate, InterimBook } from '../../books/interim-book.ts'
import { inHand, Recent } from '../../books/recent.ts'
import { sameOctets, serialOf, sessionOf, sessionTimeOf, wellFormed } from '../../peers/packets.ts'
import { BrokenLaw, type Observer } from '../../world/observer.ts'

/** One interim update that waits, and the identifiers of clients that wait for its answer. */
interface Group {
  readonly serial: number
  /** Those that wait, by what is the authenticator there and the serial of what was asked. */
  readonly open: Map<string, Asked>
  /** How many were added, sent again or not: the engine lets go of the oldest beyond a bound. */
  added: number
  /** Where the last of them was added: that one is never let go of. */
  last: string | undefined
  /** Which of all groups began later. */
  readonly turn: number
}

interface Asked {
  readonly serial: number
  readonly authenticator: Uint8Array
}

/** What a record says of its session. */
interface RecordFacts {
  readonly session: string
  readonly time: number
}

/** As many identifiers certainly get the answer of one record. */
const CERTAIN = 16
/** Where fewer records are remembered, what gave way may be forgotten. */
const ENOUGH_RECORDS = 10_000

export class CoalescingLaw implements Observer {
  readonly #interims: InterimBook
  readonly #groups: Recent<number, Group>
  /** By place: who waits there. */
  readonly #places: Recent<string, { readonly group: Group; readonly asked: Asked }>
  /** By serial: the record that is sent for it. */
  readonly #sentFor: Recent<number, number | undefined>
  /** By serial: the newer record that it gave way to last, also where it was let in by itself since. */
  readonly #gaveWayTo: Recent<number, number>
  /** By serial: each record of such a client, and of these the ones that ever gave way or were given way to. */
  readonly #seen: Recent<number, RecordFacts>
  readonly #parts: Recent<number, RecordFacts>
  readonly #remembers: boolean
  #turns = 0
  /** Answers that went out since the last datagram came in. */
  #replies: { readonly place: string; readonly serial: number | undefined }[] = []

  constructor({ interims, lanes: { options } }: Books) {
    this.#interims = interims
    this.#remembers = options.duplicates.maxRecords >= ENOUGH_RECORDS
    this.#groups = new Recent(inHand(options))
    this.#places = new Recent(inHand(options))
    this.#sentFor = new Recent(inHand(options))
    this.#gaveWayTo = new Recent(inHand(options))
    this.#seen = new Recent(inHand(options))
    this.#parts = new Recent(inHand(options))
  }

  received(trafficClass: TrafficClass, bytes: Uint8Array, now: Instant, from: Peer): void {
    const { fate } = this.#interims
    this.#replies = []
    if (fate.kind === 'unfounded') throw new BrokenLaw('coalescing', fate.why, now)
    if (trafficClass !== 'accounting' || !this.#interims.isFor(from.address)) return
    this.#place(wellFormed(bytes), placeOf(from, bytes[1]!), fate, now)
  }

  forwarded(_lane: number, _port: number, bytes: Uint8Array, now: Instant): void {
    const packet = wellFormed(bytes)
    if (packet.code !== ACCOUNTING_REQUEST) return
    const serial = serialOf(packet)
    const newer = serial === undefined ? undefined : this.#sentFor.get(serial, now)
    if (newer === undefined) return
    throw new BrokenLaw('coalescing', `request ${serial} leaves, and request ${newer} was to be sent for it`, now)
  }

  replied(to: Peer, bytes: Uint8Array): void {
    if (this.#interims.isFor(to.address)) {
      this.#replies.push({ place: placeOf(to, bytes[1]!), serial: serialOf(wellFormed(bytes)) })
    }
  }

  /** A server's answer: what it answers, it answers at once for all. */
  responded(_lane: number, _port: number, _bytes: Uint8Array, now: Instant): void {
    const replies = this.#replies
    this.#replies = []
    const answered = new Set<Group>()
    for (const { place, serial } of replies) {
      const waiting = this.#places.get(place, now)
      if (waiting?.group.open.get(place) !== waiting?.asked || waiting === undefined) continue
      const { group, asked } = waiting
      group.open.delete(place)
      // It was let in by itself since, and is known to have given way before: to whom it waits now can't be seen.
      if (serial !== undefined && serial !== group.serial && this.#mayBePassedBy(asked.serial, serial, now)) continue
      if (serial !== undefined && serial !== group.serial && serial !== asked.serial) {
        const saw = `request ${asked.serial} got the answer to request ${serial}, request ${group.serial} was sent for it`
        throw new BrokenLaw('coalescing', saw, now)
      }
      answered.add(group)
    }
    for (const { serial, open, added, last } of answered) {
      if (open.size === 0 || (added > CERTAIN && !open.has(last ?? ''))) continue
      const left = [...open.values()].map((asked) => asked.serial)
      throw new BrokenLaw(
        'coalescing',
        `request ${serial} was answered, but not request ${left.join(', ')} with it`,
        now,
      )
    }
  }

  /** Who waits for what, after a datagram of such a client. */
  #place(packet: Packet, place: string, fate: Fate, now: Instant): void {
    const serial = serialOf(packet)
    const before = this.#places.get(place, now)
    const isAgain = before !== undefined && sameOctets(before.asked.authenticator, packet.bytes.subarray(4, 20))
    if (serial !== undefined) {
      const session = `${place.split(' ')[1]} ${sessionOf(packet)}`
      this.#seen.set(serial, { session, time: sessionTimeOf(packet) ?? 0 }, now)
    }
    const asked = serial === undefined ? undefined : { serial, authenticator: packet.bytes.slice(4, 20) }
    if (fate.kind === 'no-place') {
      const newest = serial === undefined ? undefined : this.#newestFor(serial, now)
      const group = newest === undefined ? undefined : this.#groups.get(newest, now)
      if (isAgain && (newest === serial || before.group === group)) return
      // Another packet under an identifier: nobody waits there for the old answer any more.
      before?.group.open.delete(place)
      if (group === undefined || asked === undefined) return
      if (newest === serial) group.added += 1
      // It gave way: it waits with the newest one.
      else this.#wait(place, group, asked, now)
      return
    }
    before?.group.open.delete(place)
    if (asked === undefined || fate.kind === 'unfounded') return
    if (fate.kind !== 'joined') this.#checkIsNewest(asked.serial, now)
    this.#wait(place, this.#groupOf(asked.serial, fate, now), asked, now)
  }

  #wait(place: string, group: Group, asked: Asked, now: Instant): void {
    group.open.set(place, asked)
    group.added += 1
    group.last = place
    this.#places.set(place, { group, asked }, now)
  }

  /** Whether both are updates of one session that had to do with each other's place or a third one's, and which is newer. */
  #mayBePassedBy(serial: number, newer: number, now: Instant): boolean {
    const [one, other] = [this.#parts.get(serial, now), this.#parts.get(newer, now)]
    return one !== undefined && other !== undefined && one.session === other.session && one.time < other.time
  }

  #takePart(serial: number, now: Instant): void {
    const seen = this.#seen.get(serial, now)
    if (seen !== undefined) this.#parts.set(serial, seen, now)
  }

  /**
   * The record that is sent for this one: itself where it never gave way. Of those that it gave way to, one after the
   * other, each can have ended and come again by itself: it waits with the one that began last.
   */
  #newestFor(serial: number, now: Instant): number {
    if (this.#sentFor.get(serial, now) === undefined) return serial
    let newest = serial
    let turn = -1
    for (const each of this.#successorsOf(serial, now)) {
      const began = this.#groups.get(each, now)?.turn ?? -1
      if (began >= turn) [newest, turn] = [each, began]
    }
    return newest
  }

  /** The records that this one gave way to, each the one before it did. */
  *#successorsOf(serial: number, now: Instant): Generator<number> {
    for (let newer = this.#gaveWayTo.get(serial, now); newer !== undefined; newer = this.#gaveWayTo.get(newer, now)) {
      yield newer
    }
  }

  /** What comes again is let in; none of those that it gave way to may have left before it. */
  #checkIsNewest(serial: number, now: Instant): void {
    if (!this.#remembers) return
    for (const newer of this.#successorsOf(serial, now)) {
      if (!this.#interims.wasSent(newer, now)) continue
      throw new BrokenLaw('coalescing', `request ${serial} is let in again, request ${newer} left for it`, now)
    }
  }

  /** The group that a record belongs to from now on. */
  #groupOf(serial: number, fate: Exclude<Fate, { kind: 'no-place' | 'unfounded' }>, now: Instant): Group {
    if (fate.kind !== 'let-in') for (const each of [serial, fate.of]) this.#takePart(each, now)
    if (fate.kind === 'joined') {
      this.#giveWay(serial, fate.of, now)
      return this.#groups.get(fate.of, now) ?? this.#begin(fate.of, new Map(), 0, now)
    }
    this.#sentFor.set(serial, undefined, now)
    // It had ended: nobody waits for that one any more.
    this.#groups.get(serial, now)?.open.clear()
    if (fate.kind === 'let-in') return this.#begin(serial, new Map(), 0, now)
    this.#giveWay(fate.of, serial, now)
    const older = this.#groups.get(fate.of, now)
    const group = this.#begin(serial, new Map(older?.open), older?.added ?? 0, now)
    older?.open.clear()
    for (const [place, asked] of group.open) this.#places.set(place, { group, asked }, now)
    return group
  }

  #giveWay(older: number, newer: number, now: Instant): void {
    this.#sentFor.set(older, newer, now)
    this.#gaveWayTo.set(older, newer, now)
  }

  #begin(serial: number, open: Map<string, Asked>, added: number, now: Instant): Group {
    const group = { serial, open, added, last: undefined, turn: this.#turns }
    this.#turns += 1
    this.#groups.set(serial, group, now)
    return group
  }
}

const placeOf = ({ link, address, port }: Peer, identifier: number): string =>
  `${link} ${address} ${port} ${identifier}`
