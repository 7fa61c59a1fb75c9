/**
 * A bounded table from octets to a small number, in memory that several threads read and write at once.
 *
 *     int32   0         1 ...
 *             entries   buckets: version, then WAYS entries of key (4), value, until
 *
 * A key is the MD5 of its octets, all 128 bits of it. It belongs to one bucket, and where that is full the entry that ends
 * first makes room. A bucket's version is odd while somebody writes there: a reader tries again, a second writer waits its
 * turn. Both give up after a bounded number of tries; what is not remembered then was only a shortcut.
 */
import { md5 } from '../../radius/md5.ts'

const COUNT = 0
const HEADER = 1
const WAYS = 8
const KEY_INTS = 4
const VALUE = KEY_INTS
const UNTIL = KEY_INTS + 1
const ENTRY_INTS = KEY_INTS + 2
const BUCKET_INTS = 1 + WAYS * ENTRY_INTS
/** Half full at most, so that a bucket rarely overflows before the table is full. */
const ROOM = 2
const MOST_TRIES = 10_000

export class SharedTable {
  readonly #ints: Int32Array
  readonly #capacity: number
  readonly #buckets: number
  readonly #digest = new Uint8Array(16)
  readonly #key: Int32Array

  /** Memory for `capacity` entries, at least 1. */
  static memory(capacity: number): SharedArrayBuffer {
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, (ROOM * capacity) / WAYS)))
    return new SharedArrayBuffer((HEADER + buckets * BUCKET_INTS) * Int32Array.BYTES_PER_ELEMENT)
  }

  /** `capacity` as the memory was made for. */
  constructor(memory: SharedArrayBuffer, capacity: number) {
    this.#ints = new Int32Array(memory)
    this.#capacity = capacity
    this.#buckets = (this.#ints.length - HEADER) / BUCKET_INTS
    this.#key = new Int32Array(this.#digest.buffer)
  }

  /** Entries; one that is over counts until somebody needs its place. */
  get size(): number {
    return Atomics.load(this.#ints, COUNT)
  }

  /** The number of this key (0 - 2^31-1), undefined where there is none or it was over at that second. */
  get(key: Uint8Array, second: number): number | undefined {
    const ints = this.#ints
    const bucket = this.#bucketOf(key)
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const version = Atomics.load(ints, bucket)
      const at = this.#find(bucket)
      const value =
        at === undefined || Atomics.load(ints, at + UNTIL) <= second ? undefined : Atomics.load(ints, at + VALUE)
      if (version % 2 === 0 && Atomics.load(ints, bucket) === version) return value
    }
    return undefined
  }

  /** From now on the key has this number, until that second of the monotonic clock is over. */
  put(key: Uint8Array, value: number, until: number, second: number): void {
    const bucket = this.#bucketOf(key)
    const version = this.#lock(bucket)
    if (version === undefined) return
    const ints = this.#ints
    const at = this.#find(bucket) ?? this.#roomIn(bucket, second)
    for (let i = 0; i < KEY_INTS; i += 1) Atomics.store(ints, at + i, this.#key[i]!)
    Atomics.store(ints, at + VALUE, value)
    Atomics.store(ints, at + UNTIL, until)
    Atomics.store(ints, bucket, version + 2)
  }

  /** Makes the version odd; answers what it was. */
  #lock(bucket: number): number | undefined {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const version = Atomics.load(this.#ints, bucket)
      if (version % 2 === 0 && Atomics.compareExchange(this.#ints, bucket, version, version + 1) === version)
        return version
    }
    return undefined
  }

  /** An entry to be written over: an empty one, one that is over, or the one that ends first. */
  #roomIn(bucket: number, second: number): number {
    const ints = this.#ints
    let empty: number | undefined
    let first: number | undefined
    for (let at = bucket + 1; at < bucket + BUCKET_INTS; at += ENTRY_INTS) {
      const until = Atomics.load(ints, at + UNTIL)
      if (until !== 0 && until <= second) {
        Atomics.store(ints, at + UNTIL, 0)
        Atomics.sub(ints, COUNT, 1)
      }
      if (until <= second) empty ??= at
      else if (first === undefined || until < Atomics.load(ints, first + UNTIL)) first = at
    }
    const isFull = Atomics.load(ints, COUNT) >= this.#capacity
    if (first !== undefined && (empty === undefined || isFull)) return first
    Atomics.add(ints, COUNT, 1)
    return empty as number
  }

  #find(bucket: number): number | undefined {
    const ints = this.#ints
    for (let at = bucket + 1; at < bucket + BUCKET_INTS; at += ENTRY_INTS) {
      if (Atomics.load(ints, at + UNTIL) === 0) continue
      let same = true
      for (let i = 0; i < KEY_INTS && same; i += 1) same = Atomics.load(ints, at + i) === this.#key[i]
      if (same) return at
    }
    return undefined
  }

  /** Where the key's bucket begins; `#key` holds the key then. */
  #bucketOf(key: Uint8Array): number {
    md5.begin().add(key).finishInto(this.#digest, 0)
    return HEADER + (this.#key[0]! & (this.#buckets - 1)) * BUCKET_INTS
  }
}
