/**
 * The requests that a server leaves unanswered while it answers others: what the latest of them have in common.
 *
 * Most often one client, one realm or one kind of record is the reason: a realm whose home server is dead, a client whose packets
 * the server drops in silence. The latest few of each lane are remembered for some minutes.
 *
 * And the other way round: the servers that left one request unanswered (`Tried`).
 */
import { statusType } from '../../accounting/record/record.ts'
import { kindOf } from '../../accounting/sessions/client-accounting.ts'
import { RECORD_CLASS, type TrafficClass } from '../../classes.ts'
import { type Instant, micros, since } from '../../units.ts'
import type { Origin } from './exchange.ts'

/** How many are remembered, and the fewest that say something. */
const REMEMBERED = 32
const ENOUGH = 3
/** Stands out: shared by four of five. */
const SHARE = 0.8
const LONGEST_REALM = 64
const USER_NAME = { vendor: 0, type: 1 } as const

/** What is older says nothing of today's fault. */
const LASTS = micros(300_000_000)

const ASPECTS = ['client', 'realm', 'record'] as const
type Aspect = (typeof ASPECTS)[number]

/** The lanes that did not answer a request. It is never changed: there is one for all requests that were always answered. */
export class Tried {
  readonly lanes: readonly number[]
  readonly #signs: readonly number[]

  constructor(lanes: readonly number[] = [], signs: readonly number[] = []) {
    this.lanes = lanes
    this.#signs = signs
  }

  /** `signs` of life the lane had given when it was asked; Infinity if it gave some meanwhile. */
  with(lane: number, signs: number): Tried {
    return new Tried([...this.lanes, lane], [...this.#signs, signs])
  }

  /** The request may try that one again. */
  without(lane: number): Tried {
    const place = this.lanes.indexOf(lane)
    return place === -1 ? this : new Tried(this.lanes.toSpliced(place, 1), this.#signs.toSpliced(place, 1))
  }

  /** The signs of life of a lane, as noted. */
  signsOf(lane: number): number | undefined {
    return this.#signs[this.lanes.indexOf(lane)]
  }
}

export const NONE_TRIED = new Tried()

export class Unanswered {
  readonly #latest: (Readonly<Record<Aspect, string | undefined>> & { readonly at: Instant })[] = []
  #next = 0

  note({ packet, client, class: its }: Origin & { readonly class: TrafficClass }, now: Instant): void {
    this.#latest[this.#next] = {
      at: now,
      client: client.options.name,
      realm: realmOf(packet.find(USER_NAME)),
      record: its === RECORD_CLASS ? kindOf(statusType(packet)) : undefined,
    }
    this.#next = (this.#next + 1) % REMEMBERED
  }

  /** What most of the latest share, as `client bng-7 (12 of 12)`; empty if nothing stands out. */
  common(now: Instant): string[] {
    const latest = this.#latest.filter(({ at }) => since(at, now) <= LASTS)
    const of = latest.length
    if (of < ENOUGH) return []
    return ASPECTS.flatMap((aspect) =>
      [...Map.groupBy(latest, (one) => one[aspect])]
        .filter(([value, those]) => value !== undefined && those.length >= SHARE * of)
        .map(([value, those]) => `${aspect} ${value} (${those.length} of ${of})`),
    )
  }
}

/** What stands behind the last `@` of a User-Name (RFC 7542), safe to show; undefined without one. */
function realmOf(userName: Uint8Array | undefined): string | undefined {
  const at = userName?.lastIndexOf(0x40) ?? -1
  if (userName === undefined || at === -1) return undefined
  const realm = new TextDecoder().decode(userName.subarray(at + 1, at + 1 + LONGEST_REALM))
  return realm.replace(/[\p{C}]/gu, '\ufffd').toLowerCase()
}
