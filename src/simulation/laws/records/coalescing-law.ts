/**
 * `interims: newest`, seen at the network. Only an interim update gives way, and only to one of its session that counts
 * longer and waits. What gave way is not sent any more, not even if it comes again after the newer one has left. Its client
 * is answered when the newer one is.
 *
 * Other laws watch what becomes of the newer one: it has the place and the age of the older one (`order`, `age`), and its end
 * is counted (`ledger`).
 */

import type { TrafficClass } from '../../../classes.ts'
import { ACCOUNTING_REQUEST } from '../../../codes.ts'
import type { Peer } from '../../../proxy/border/events.ts'
import type { Packet } from '../../../radius/packet.ts'
import type { Instant } from '../../../units.ts'
import type { Books } from '../../books/books.ts'
import type { Fate, InterimBook } from '../../books/interim-book.ts'
import { clientKeyOf } from '../../books/lane-book.ts'
import { inHand, Recent, remembersRecords } from '../../books/recent.ts'
import { sameOctets, serialOf, sessionOf, sessionTimeOf, wellFormed } from '../../peers/packets.ts'
import { BrokenLaw, type Observer } from '../../world/observer.ts'

/** One interim update, and the identifiers of clients that wait for its answer. */
interface Group {
  readonly serial: number
  readonly open: Map<string, Asked>
  /** How many were added. Beyond a bound the engine drops the oldest. */
  added: number
  /** The one that was added last, which is never dropped. */
  last: string | undefined
  /** Groups are numbered as they begin. */
  readonly number: number
}

/** What a client asked under an identifier. */
interface Asked {
  readonly serial: number
  readonly authenticator: Uint8Array
}

interface RecordFacts {
  readonly session: string
  readonly time: number
}

/** So many identifiers certainly get the answer of one record. */
const CERTAIN = 16

export class CoalescingLaw implements Observer {
  readonly #interims: InterimBook
  readonly #groups: Recent<number, Group>
  /** By identifier: who waits there. */
  readonly #waiting: Recent<string, { readonly group: Group; readonly asked: Asked }>
  /** By serial: the record that is sent for it. */
  readonly #sentFor: Recent<number, number | undefined>
  /** By serial: the newer record that it gave way to last. It may have been let in by itself since then. */
  readonly #gaveWayTo: Recent<number, number>
  /** By serial: each record of such a client, and those that ever gave way or were given way to. */
  readonly #seen: Recent<number, RecordFacts>
  readonly #parts: Recent<number, RecordFacts>
  readonly #remembers: boolean
  #groupsBegun = 0
  /** Answers that went out since the last datagram came in. */
  #replies: { readonly key: string; readonly serial: number | undefined }[] = []

  constructor({ interims, lanes: { options } }: Books) {
    this.#interims = interims
    this.#remembers = remembersRecords(options)
    this.#groups = new Recent(inHand(options))
    this.#waiting = new Recent(inHand(options))
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
    this.#enter(wellFormed(bytes), clientKeyOf(from, bytes[1]!), fate, now)
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
      this.#replies.push({ key: clientKeyOf(to, bytes[1]!), serial: serialOf(wellFormed(bytes)) })
    }
  }

  /** A response is passed on to all that wait for it at once. */
  responded(_lane: number, _port: number, _bytes: Uint8Array, now: Instant): void {
    const replies = this.#replies
    this.#replies = []
    const answered = new Set<Group>()
    for (const { key, serial } of replies) {
      const waiting = this.#waiting.get(key, now)
      if (waiting?.group.open.get(key) !== waiting?.asked || waiting === undefined) continue
      const { group, asked } = waiting
      group.open.delete(key)
      // It gave way before and was let in by itself since then: what it waits for now can't be seen.
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
      const saw = `request ${serial} was answered, but not request ${left.join(', ')} with it`
      throw new BrokenLaw('coalescing', saw, now)
    }
  }

  /** Who waits for what, after a datagram of such a client. */
  #enter(packet: Packet, key: string, fate: Fate, now: Instant): void {
    const serial = serialOf(packet)
    const before = this.#waiting.get(key, now)
    const isAgain = before !== undefined && sameOctets(before.asked.authenticator, packet.bytes.subarray(4, 20))
    if (serial !== undefined) {
      const session = `${key.split(' ')[1]} ${sessionOf(packet)}`
      this.#seen.set(serial, { session, time: sessionTimeOf(packet) ?? 0 }, now)
    }
    const asked = serial === undefined ? undefined : { serial, authenticator: packet.bytes.slice(4, 20) }
    if (fate.kind === 'no-place') {
      const newest = serial === undefined ? undefined : this.#newestFor(serial, now)
      const group = newest === undefined ? undefined : this.#groups.get(newest, now)
      if (isAgain && (newest === serial || before.group === group)) return
      // Another packet uses the identifier, so nobody waits there for the old answer any more.
      before?.group.open.delete(key)
      if (group === undefined || asked === undefined) return
      if (newest === serial) group.added += 1
      else this.#wait(key, group, asked, now)
      return
    }
    before?.group.open.delete(key)
    if (asked === undefined || fate.kind === 'unfounded') return
    if (fate.kind !== 'joined') this.#checkIsNewest(asked.serial, now)
    this.#wait(key, this.#groupOf(asked.serial, fate, now), asked, now)
  }

  #wait(key: string, group: Group, asked: Asked, now: Instant): void {
    group.open.set(key, asked)
    group.added += 1
    group.last = key
    this.#waiting.set(key, { group, asked }, now)
  }

  /** Whether both are updates of one session that gave way or were given way to, and the second one is newer. */
  #mayBePassedBy(serial: number, newer: number, now: Instant): boolean {
    const [one, other] = [this.#parts.get(serial, now), this.#parts.get(newer, now)]
    return one !== undefined && other !== undefined && one.session === other.session && one.time < other.time
  }

  #enterPart(serial: number, now: Instant): void {
    const seen = this.#seen.get(serial, now)
    if (seen !== undefined) this.#parts.set(serial, seen, now)
  }

  /**
   * The record that is sent for this one, which is itself if it never gave way. Each of those that it gave way to can have
   * ended and come again by itself, so it waits with the one whose group began last.
   */
  #newestFor(serial: number, now: Instant): number {
    if (this.#sentFor.get(serial, now) === undefined) return serial
    let [newest, last] = [serial, -1]
    for (const each of this.#successorsOf(serial, now)) {
      const number = this.#groups.get(each, now)?.number ?? -1
      if (number >= last) [newest, last] = [each, number]
    }
    return newest
  }

  /** The record that this one gave way to, the one that that one gave way to, and so on. */
  *#successorsOf(serial: number, now: Instant): Generator<number> {
    for (let newer = this.#gaveWayTo.get(serial, now); newer !== undefined; newer = this.#gaveWayTo.get(newer, now)) {
      yield newer
    }
  }

  /** A record that comes again is let in. None of those that it gave way to may have left before. */
  #checkIsNewest(serial: number, now: Instant): void {
    if (!this.#remembers) return
    for (const newer of this.#successorsOf(serial, now)) {
      if (!this.#interims.wasSent(newer, now)) continue
      throw new BrokenLaw('coalescing', `request ${serial} is let in again, request ${newer} left for it`, now)
    }
  }

  /** The group that a record belongs to from now on. */
  #groupOf(serial: number, fate: Exclude<Fate, { kind: 'no-place' | 'unfounded' }>, now: Instant): Group {
    if (fate.kind !== 'let-in') for (const each of [serial, fate.of]) this.#enterPart(each, now)
    if (fate.kind === 'joined') {
      this.#giveWay(serial, fate.of, now)
      return this.#groups.get(fate.of, now) ?? this.#begin(fate.of, new Map(), 0, now)
    }
    this.#sentFor.set(serial, undefined, now)
    // It had ended, so nobody waits for it any more.
    this.#groups.get(serial, now)?.open.clear()
    if (fate.kind === 'let-in') return this.#begin(serial, new Map(), 0, now)
    this.#giveWay(fate.of, serial, now)
    const older = this.#groups.get(fate.of, now)
    const group = this.#begin(serial, new Map(older?.open), older?.added ?? 0, now)
    older?.open.clear()
    for (const [key, asked] of group.open) this.#waiting.set(key, { group, asked }, now)
    return group
  }

  #giveWay(older: number, newer: number, now: Instant): void {
    this.#sentFor.set(older, newer, now)
    this.#gaveWayTo.set(older, newer, now)
  }

  #begin(serial: number, open: Map<string, Asked>, added: number, now: Instant): Group {
    const group = { serial, open, added, last: undefined, number: this.#groupsBegun }
    this.#groupsBegun += 1
    this.#groups.set(serial, group, now)
    return group
  }
}
