/**
 * Who signs: of which peers (addresses of clients, servers) `auto` has learned that they send Message-Authenticator by
 * themselves, and of which unsigned packets are taken.
 *
 * - A verified signed packet teaches, unless an unsigned one was accepted from the same peer within the last hour. Two devices
 *   may share the address, and only the operator knows. Then nothing is learned and nothing dropped (`mixed-signing`).
 * - What is learned stays. No unsigned packet ends it, since strangers can send those. It ends after 30 days without a signed
 *   packet, or if an operator has it forgotten, or if a setting lets an unsigned packet pass.
 * - If an entry of the last hour had to make room in the table of unsigned packets, every peer of its bucket counts as one
 *   that may have sent some. Then too little is learned, never too much.
 *
 * Time is in whole seconds, so the hour and the 30 days last up to a second longer. Most packets cost a comparison; once a
 * second and peer there is more to do.
 */
import { type Instant, secondOf, seconds } from '../../units.ts'
import type {
  MixedSigning,
  PeerKind,
  SeenPacket,
  SignatureForgotten,
  SignerName,
  UnsignedDropped,
} from '../border/events.ts'
import type { RequireMessageAuthenticator } from '../border/options.ts'
import type { Journal, SigningMemory } from '../border/ports.ts'
import { LastSeenTable, type Sighting } from './last-seen-table.ts'
import { RecentByName } from './recent-by-name.ts'

/** Seconds in which an accepted unsigned packet speaks against learning. */
export const UNSIGNED_COUNTS_FOR = 3_600
/** Seconds without a signed packet after which a peer is forgotten. */
export const LEARNED_FOR = 30 * 86_400
/** How long dropped unsigned packets are reported. */
const DROPPED_FOR = seconds(600)

/** One peer: its key, and what was done for it in the running second. Who knows the peer keeps this. */
export class Signer {
  /** 128 bits that are this peer's alone. */
  readonly key: Int32Array
  /** A signed packet taught what it can; one that can't teach was seen. */
  signedAt = -1
  idleAt = -1
  /** An unsigned packet was noted; one was accepted under `auto`. */
  notedAt = -1
  acceptedAt = -1

  constructor(key: Int32Array) {
    this.key = key
  }
}

export interface SignerNeeds {
  readonly salt: number
  readonly journal: Journal
  /** Engines with the same memory know the same. */
  readonly memory: SigningMemory | undefined
}

/** What `auto` has learned of a peer. */
export interface Learned {
  /** Whole seconds ago: learned, and last seen to sign. */
  readonly learnedAgo: number
  readonly signedAgo: number
  /** The packet that taught it. */
  readonly packet: SeenPacket
}

type Mixed = Omit<MixedSigning, 'others'> & { readonly key: Int32Array }

export class Signers {
  readonly #peer: PeerKind
  readonly #journal: Journal
  readonly #learned: LastSeenTable
  readonly #unsigned: LastSeenTable
  readonly #mixed = new RecentByName<Mixed>(seconds(UNSIGNED_COUNTS_FOR))
  readonly #dropped = new RecentByName<UnsignedDropped>(DROPPED_FOR)
  readonly #found: Sighting = { last: 0, first: 0, packet: 0 }

  /** Remembers about `capacity` peers. */
  constructor(o: SignerNeeds & { readonly peer: PeerKind; readonly capacity: number }) {
    const { peer, capacity, salt, journal, memory } = o
    this.#peer = peer
    this.#journal = journal
    this.#learned = new LastSeenTable({ capacity, salt, memory: memory?.learned })
    this.#unsigned = new LastSeenTable({ capacity, salt, memory: memory?.unsigned })
  }

  static memory(capacity: number): SigningMemory {
    return { learned: LastSeenTable.memory(capacity), unsigned: LastSeenTable.memory(capacity) }
  }

  /** Peers that are learned; one whose 30 days are over counts until its next packet. */
  get size(): number {
    return this.#learned.size
  }

  /** A verified signed packet. `teaches`: the setting is `auto`, and the packet need not be signed anyway (EAP). */
  signed(signer: Signer, of: SignerName, packet: SeenPacket, teaches: boolean, now: Instant): void {
    const second = secondOf(now)
    if (this.hasLearned(signer, of, now)) {
      signer.signedAt = second
      this.#learned.touch(signer.key, second)
    } else if (!teaches) signer.idleAt = second
    else {
      signer.signedAt = second
      if (this.#tryLearn(signer, packet, second)) {
        this.#journal.note({ kind: 'signature-learned', peer: this.#peer, ...named(of), packet }, now)
      } else this.#noteMixed(signer, of, packet, now)
    }
  }

  /** Whether an unsigned packet of this peer is to be dropped under `auto`. */
  hasLearned(signer: Signer, of: SignerName, now: Instant): boolean {
    // Nobody learns within an hour of what this engine accepted.
    if (signer.acceptedAt === secondOf(now) || !this.#learned.read(signer.key, this.#found)) return false
    if (secondOf(now) - this.#found.last <= LEARNED_FOR) return true
    this.#forgetOne(signer, of, 'silent', now)
    return false
  }

  /**
   * An unsigned packet passes: for an hour nothing is learned of the peer, and nothing stays learned if the setting is not
   * `auto`. False: it does not pass, since another engine has just learned that the peer signs.
   */
  tryAcceptUnsigned(signer: Signer, of: SignerName, packet: SeenPacket, isAuto: boolean, now: Instant): boolean {
    const second = secondOf(now)
    if (signer.notedAt !== second) this.#unsigned.put(signer.key, second, packed(packet))
    signer.notedAt = second
    if (!isAuto) {
      // What passes now must not be dropped once `auto` is back.
      if (this.#learned.read(signer.key, this.#found)) this.#forgetOne(signer, of, 'unsigned', now)
      return true
    }
    if (this.hasLearned(signer, of, now)) return false
    signer.acceptedAt = second
    return true
  }

  drop(of: SignerName, packet: SeenPacket, because: UnsignedDropped['because'], now: Instant): void {
    this.#dropped.note({ peer: this.#peer, ...named(of), packet, because, seen: now })
  }

  learned(signer: Signer, now: Instant): Learned | undefined {
    const isThere = this.#learned.read(signer.key, this.#found)
    return isThere && secondOf(now) - this.#found.last <= LEARNED_FOR ? learnedFrom(this.#found, now) : undefined
  }

  /** Learned peers in `count` places of the table from `from` on; undefined behind its end. */
  list(from: number, count: number, now: Instant): (Learned & { readonly key: Int32Array })[] | undefined {
    if (from >= this.#learned.buckets) return undefined
    const listed = this.#learned.list(from, count).filter(({ last }) => secondOf(now) - last <= LEARNED_FOR)
    return listed.map((sighting) => ({ key: sighting.key, ...learnedFrom(sighting, now) }))
  }

  /** Peers that need an operator. A peer that was mixed and is learned by now does not. */
  troubles(now: Instant): { readonly mixed: MixedSigning[]; readonly dropped: UnsignedDropped[] } {
    const mixed = this.#mixed.list(now, ({ key }) => !this.#learned.read(key, this.#found))
    return {
      mixed: mixed.map((entries) => {
        const { key: _, ...latest } = latestOf(entries)
        return { ...latest, others: entries.length - 1 }
      }),
      dropped: this.#dropped.list(now).map(latestOf),
    }
  }

  /** New settings answer what the operator was asked. */
  reconfigure(settingOf: (name: string) => RequireMessageAuthenticator | undefined): void {
    this.#mixed.keepOnly((name) => settingOf(name) === 'auto')
    this.#dropped.keepOnly((name) => (settingOf(name) ?? 'no') !== 'no')
  }

  /** Forgets who signs, but not who sent unsigned packets: that still speaks against learning. */
  forget(): void {
    this.#learned.clear()
    this.#dropped.remove(({ because }) => because === 'learned')
  }

  #forgetOne({ key }: Signer, of: SignerName, because: SignatureForgotten, now: Instant): void {
    this.#learned.remove(key)
    this.#journal.note({ kind: 'signature-forgotten', peer: this.#peer, ...named(of), because }, now)
  }

  #tryLearn({ key }: Signer, packet: SeenPacket, second: number): boolean {
    if (this.#mayHaveSentUnsigned(key, second)) return false
    this.#learned.put(key, second, packed(packet))
    // Another engine may have accepted one meanwhile.
    if (!this.#mayHaveSentUnsigned(key, second)) return true
    this.#learned.remove(key)
    return false
  }

  #mayHaveSentUnsigned(key: Int32Array, second: number): boolean {
    const last = this.#unsigned.read(key, this.#found) ? this.#found.last : this.#unsigned.forgottenBeside(key)
    return last >= 0 && second - last <= UNSIGNED_COUNTS_FOR
  }

  #noteMixed({ key }: Signer, of: SignerName, packet: SeenPacket, now: Instant): void {
    const isKnown = this.#unsigned.read(key, this.#found)
    const unsigned = isKnown ? unpacked(this.#found.packet) : undefined
    const mixed = { peer: this.#peer, ...named(of), packet, unsigned }
    if (this.#mixed.note({ ...mixed, key, seen: now })) this.#journal.note({ kind: 'mixed-signing', ...mixed }, now)
  }
}

const named = ({ name, at }: SignerName): SignerName => ({ name, at })

/** They are in the order in which they were seen. */
const latestOf = <T>(entries: readonly T[]): T => entries.at(-1) as T

const learnedFrom = ({ last, first, packet }: Readonly<Sighting>, now: Instant): Learned => ({
  learnedAgo: Math.max(0, secondOf(now) - first),
  signedAgo: Math.max(0, secondOf(now) - last),
  packet: unpacked(packet),
})

/** In 32 bits. */
const packed = ({ port, code, identifier }: SeenPacket): number => (port << 16) | (code << 8) | identifier

const unpacked = (packet: number): SeenPacket => ({
  port: packet >>> 16,
  code: (packet >>> 8) & 0xff,
  identifier: packet & 0xff,
})
