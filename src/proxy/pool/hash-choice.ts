/**
 * Rendezvous hashing in buckets: a key always has the same server, and a server that goes or comes moves only its own keys.
 *
 * A key falls into one of 65,536 buckets. A bucket belongs to the server with the highest score for it, and the second highest
 * gets the copies that the owner did not answer. Owner and second are remembered from the bucket's first use. A change of health
 * does not compute all buckets anew: a bucket that is used again is compared with the few servers that came since, and is
 * computed only if its owner or its second went.
 */
import { hashOf, mix } from '../../queues/containers/hashing.ts'

const BUCKET_BITS = 16
const BUCKETS = 1 << BUCKET_BITS
/** A bucket catches up with so many changes one by one; after more it is computed anew. */
const CHANGES_KEPT = 8
/** A bucket that has seen change 0 was never used. */
const FIRST_CHANGE = 1
const NOBODY = -1

export interface Candidate {
  readonly number: number
  readonly server: { readonly name: string }
}

export class HashChoice<T extends Candidate> {
  #candidates: readonly T[] = []
  /** By the candidate's place: a fixed number of its name. */
  #nameHashes: readonly number[] = []
  /** By the candidate's place: whether it can be chosen. */
  #isMember: boolean[] = []
  /** By bucket: the places of its owner and of its second, and the changes that it has caught up with. */
  #owners = new Int16Array(0)
  #seconds = new Int16Array(0)
  #seen = new Uint32Array(0)
  #changes = FIRST_CHANGE
  /** By the number of the change: whose place went or came. */
  readonly #recent = new Int16Array(CHANGES_KEPT)

  /** Other candidates, none of whom is a member yet: nothing that is remembered holds any more. */
  setCandidates(candidates: readonly T[]): void {
    this.#candidates = candidates
    this.#nameHashes = candidates.map(({ server }) => hashOf(new TextEncoder().encode(server.name)))
    this.#isMember = candidates.map(() => false)
    this.#changes = FIRST_CHANGE
    this.#seen.fill(0)
  }

  /** The candidate at this place is a member from now on, or is none any more. */
  setMember(place: number, isMember: boolean): void {
    this.#isMember[place] = isMember
    this.#recent[this.#changes % CHANGES_KEPT] = place
    this.#changes += 1
  }

  /** The key's server among the members; undefined if all of them were tried. */
  choose(key: Uint8Array, tried: readonly number[]): T | undefined {
    const bucket = mix(hashOf(key)) >>> (32 - BUCKET_BITS)
    if (tried.length > 1)
      return this.#candidates[this.#highest(bucket, (place) => tried.includes(this.#candidates[place]!.number))]
    this.#catchUp(bucket)
    const owner = this.#candidates[this.#owners[bucket]!]
    if (owner === undefined || owner.number !== tried[0]) return owner
    return this.#candidates[this.#seconds[bucket]!]
  }

  #catchUp(bucket: number): void {
    // Only a pool that hashes pays for the buckets.
    if (this.#seen.length === 0) {
      this.#owners = new Int16Array(BUCKETS)
      this.#seconds = new Int16Array(BUCKETS)
      this.#seen = new Uint32Array(BUCKETS)
    }
    const seen = this.#seen[bucket]!
    if (seen === this.#changes) return
    this.#seen[bucket] = this.#changes
    if (seen < FIRST_CHANGE || this.#changes - seen > CHANGES_KEPT || this.#hasLost(bucket, seen)) {
      const owner = this.#highest(bucket, () => false)
      this.#owners[bucket] = owner
      this.#seconds[bucket] = this.#highest(bucket, (place) => place === owner)
      return
    }
    for (let change = seen; change < this.#changes; change += 1) {
      this.#compete(bucket, this.#recent[change % CHANGES_KEPT]!)
    }
  }

  /** Whether the owner or the second went in one of the changes since. */
  #hasLost(bucket: number, seen: number): boolean {
    for (let change = seen; change < this.#changes; change += 1) {
      const place = this.#recent[change % CHANGES_KEPT]!
      if (place === this.#owners[bucket] || place === this.#seconds[bucket]) return true
    }
    return false
  }

  /** A server that came takes the bucket, or becomes its second, if it scores higher. */
  #compete(bucket: number, place: number): void {
    const owner = this.#owners[bucket]!
    const second = this.#seconds[bucket]!
    if (this.#isMember[place] !== true || place === owner || place === second) return
    if (this.#isHigher(place, owner, bucket)) {
      this.#seconds[bucket] = owner
      this.#owners[bucket] = place
    } else if (this.#isHigher(place, second, bucket)) this.#seconds[bucket] = place
  }

  #highest(bucket: number, isLeftOut: (place: number) => boolean): number {
    let best = NOBODY
    for (let place = 0; place < this.#candidates.length; place += 1) {
      if (this.#isMember[place] && !isLeftOut(place) && this.#isHigher(place, best, bucket)) best = place
    }
    return best
  }

  /** Equal scores, which two names can have, go to the first in the configuration. */
  #isHigher(place: number, than: number, bucket: number): boolean {
    if (than === NOBODY) return true
    const mine = scoreOf(this.#nameHashes[place]!, bucket)
    const its = scoreOf(this.#nameHashes[than]!, bucket)
    return mine > its || (mine === its && place < than)
  }
}

const scoreOf = (nameHash: number, bucket: number): number => mix(nameHash ^ Math.imul(bucket + 1, 0x9e3779b1))
