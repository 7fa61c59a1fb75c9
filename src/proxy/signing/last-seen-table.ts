/**
 * A bounded table from 128-bit keys to the second in which something was last seen of them, for one engine or for several
 * on shared memory.
 *
 *     header (int32)   entries, epoch, key of the hash (2)
 *     bucket (int32)   version, forgotten, then WAYS entries of key (4), last, first, packet, epoch
 *
 * Strangers choose the keys, so nobody outside can foresee the bucket of a key (`keyedHash`). In a full bucket the entry that
 * was not seen for longest makes room, and the bucket keeps when that was seen (`forgottenBeside`). A bucket's version is odd
 * while somebody writes there: a reader tries again, a second writer waits. `clear` begins an epoch, and entries of former
 * epochs are empty. No step depends on how many entries there are. Without shared memory, pages are made when needed.
 */
import { mix } from '../../queues/containers/hashing.ts'
import { keyedHash } from './keyed-hash.ts'

const ENTRIES = 0
const EPOCH = 1
const HASH_KEY = 2
const HEADER_INTS = 4

const VERSION = 0
const FORGOTTEN = 1
const BUCKET_HEADER = 2
const WAYS = 8
const KEY_INTS = 4
/** Seconds plus one, so that 0 is empty. */
const LAST = KEY_INTS
const FIRST = KEY_INTS + 1
const PACKET = KEY_INTS + 2
const ENTRY_EPOCH = KEY_INTS + 3
const ENTRY_INTS = KEY_INTS + 4
const BUCKET_INTS = BUCKET_HEADER + WAYS * ENTRY_INTS

/** The table is half full at most, so that a bucket rarely overflows before. */
const ROOM = 2
const PAGE_BITS = 4
const BUCKETS_OF_PAGE = 1 << PAGE_BITS
const PAGE_INTS = BUCKETS_OF_PAGE * BUCKET_INTS
const INT = Int32Array.BYTES_PER_ELEMENT
const MOST_TRIES = 10_000

/** What is known of a key; all in whole seconds of the monotonic clock. */
export interface Sighting {
  last: number
  first: number
  /** What the user noted of a packet (`packedPacket`). */
  packet: number
}

export interface ListedSighting extends Readonly<Sighting> {
  readonly key: Int32Array
}

export class LastSeenTable {
  readonly #header: Int32Array
  readonly #memory: SharedArrayBuffer | undefined
  readonly #pages: (Int32Array | undefined)[]
  readonly #mask: number
  readonly #k0: number
  readonly #k1: number

  /** Memory of a table for `capacity` keys, at least 1, that several threads share. */
  static memory(capacity: number): SharedArrayBuffer {
    return new SharedArrayBuffer((HEADER_INTS + pagesFor(capacity) * PAGE_INTS) * INT)
  }

  /** `salt` is any unpredictable number: the hash's key. On shared memory that of its first user holds for all. */
  constructor(o: {
    readonly capacity: number
    readonly salt: number
    readonly memory?: SharedArrayBuffer | undefined
  }) {
    const pages = pagesFor(o.capacity)
    this.#memory = o.memory
    this.#header = o.memory === undefined ? new Int32Array(HEADER_INTS) : new Int32Array(o.memory, 0, HEADER_INTS)
    this.#pages = new Array<Int32Array | undefined>(pages).fill(undefined)
    this.#mask = pages * BUCKETS_OF_PAGE - 1
    this.#k0 = this.#agreed(HASH_KEY, mix(o.salt) | 1)
    this.#k1 = this.#agreed(HASH_KEY + 1, mix(o.salt + 1) | 1)
  }

  /** Entries; one that is too old for its user counts until it is removed or overwritten. */
  get size(): number {
    return Atomics.load(this.#header, ENTRIES)
  }

  /** How many buckets there are: the bound of `list`. */
  get buckets(): number {
    return this.#mask + 1
  }

  /** Whether the key is known; `into` gets what is known of it. */
  read(key: Int32Array, into: Sighting): boolean {
    const bucket = this.#bucketOf(key)
    const page = this.#page(bucket)
    const from = startOf(bucket)
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const version = Atomics.load(page, from + VERSION)
      const at = this.#find(page, from, key)
      if (at !== -1) this.#copy(page, at, into)
      if (version % 2 === 0 && Atomics.load(page, from + VERSION) === version) return at !== -1
    }
    return false
  }

  /** The latest second in which a key was seen that made room in this key's bucket; -1 if none ever did. */
  forgottenBeside(key: Int32Array): number {
    const bucket = this.#bucketOf(key)
    return Atomics.load(this.#page(bucket), startOf(bucket) + FORGOTTEN) - 1
  }

  put(key: Int32Array, second: number, packet: number): void {
    this.#write(key, (page, from) => {
      const known = this.#find(page, from, key)
      const at = known === -1 ? this.#roomIn(page, from) : known
      if (known === -1) {
        for (let i = 0; i < KEY_INTS; i += 1) Atomics.store(page, at + i, key[i]!)
        Atomics.store(page, at + FIRST, second + 1)
        Atomics.store(page, at + ENTRY_EPOCH, this.#epoch)
      }
      Atomics.store(page, at + LAST, second + 1)
      Atomics.store(page, at + PACKET, packet)
    })
  }

  /** The key, if it is known, is seen again in this second. */
  touch(key: Int32Array, second: number): void {
    this.#write(key, (page, from) => {
      const at = this.#find(page, from, key)
      if (at !== -1) Atomics.store(page, at + LAST, second + 1)
    })
  }

  remove(key: Int32Array): void {
    this.#write(key, (page, from) => {
      const at = this.#find(page, from, key)
      if (at === -1) return
      Atomics.store(page, at + LAST, 0)
      Atomics.sub(this.#header, ENTRIES, 1)
    })
  }

  clear(): void {
    Atomics.add(this.#header, EPOCH, 1)
    Atomics.store(this.#header, ENTRIES, 0)
  }

  /** What stands in `count` buckets from `from` on. */
  list(from: number, count: number): ListedSighting[] {
    const listed: ListedSighting[] = []
    const end = Math.min(from + count, this.buckets)
    for (let bucket = from; bucket < end; bucket += 1) {
      const page = this.#page(bucket)
      const start = startOf(bucket) + BUCKET_HEADER
      for (let way = 0; way < WAYS; way += 1) {
        const at = start + way * ENTRY_INTS
        if (this.#isEmpty(page, at)) continue
        // Read again under the bucket's version: it may change meanwhile.
        const key = Int32Array.from({ length: KEY_INTS }, (_, i) => Atomics.load(page, at + i))
        const found = { last: 0, first: 0, packet: 0 }
        if (this.read(key, found)) listed.push({ key, ...found })
      }
    }
    return listed
  }

  /** What the first user wrote there. */
  #agreed(word: number, mine: number): number {
    return Atomics.compareExchange(this.#header, word, 0, mine) || mine
  }

  get #epoch(): number {
    return Atomics.load(this.#header, EPOCH)
  }

  #write(key: Int32Array, act: (page: Int32Array, from: number) => void): void {
    const bucket = this.#bucketOf(key)
    const page = this.#page(bucket)
    const from = startOf(bucket)
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const version = Atomics.load(page, from + VERSION)
      if (version % 2 !== 0) continue
      if (Atomics.compareExchange(page, from + VERSION, version, version + 1) !== version) continue
      act(page, from)
      Atomics.store(page, from + VERSION, version + 2)
      return
    }
  }

  /** An entry to be written over: an empty one, or the one that was not seen for longest. */
  #roomIn(page: Int32Array, from: number): number {
    let oldest = from + BUCKET_HEADER
    for (let way = 0; way < WAYS; way += 1) {
      const at = from + BUCKET_HEADER + way * ENTRY_INTS
      if (this.#isEmpty(page, at)) {
        Atomics.add(this.#header, ENTRIES, 1)
        return at
      }
      if (Atomics.load(page, at + LAST) < Atomics.load(page, oldest + LAST)) oldest = at
    }
    const left = Atomics.load(page, oldest + LAST)
    if (left > Atomics.load(page, from + FORGOTTEN)) Atomics.store(page, from + FORGOTTEN, left)
    return oldest
  }

  #copy(page: Int32Array, at: number, into: Sighting): void {
    into.last = Atomics.load(page, at + LAST) - 1
    into.first = Atomics.load(page, at + FIRST) - 1
    into.packet = Atomics.load(page, at + PACKET)
  }

  /** Where the key's entry begins in the page; -1 if it has none. */
  #find(page: Int32Array, from: number, key: Int32Array): number {
    for (let way = 0; way < WAYS; way += 1) {
      const at = from + BUCKET_HEADER + way * ENTRY_INTS
      let same = 0
      while (same < KEY_INTS && Atomics.load(page, at + same) === key[same]) same += 1
      if (same === KEY_INTS && !this.#isEmpty(page, at)) return at
    }
    return -1
  }

  #isEmpty(page: Int32Array, at: number): boolean {
    return Atomics.load(page, at + LAST) === 0 || Atomics.load(page, at + ENTRY_EPOCH) !== this.#epoch
  }

  #page(bucket: number): Int32Array {
    const number = bucket >> PAGE_BITS
    const known = this.#pages[number]
    if (known !== undefined) return known
    const page =
      this.#memory === undefined
        ? new Int32Array(PAGE_INTS)
        : new Int32Array(this.#memory, (HEADER_INTS + number * PAGE_INTS) * INT, PAGE_INTS)
    this.#pages[number] = page
    return page
  }

  #bucketOf(key: Int32Array): number {
    return keyedHash(key, this.#k0, this.#k1) & this.#mask
  }
}

const pagesFor = (capacity: number): number =>
  2 ** Math.ceil(Math.log2(Math.max(1, (ROOM * capacity) / (WAYS * BUCKETS_OF_PAGE))))

const startOf = (bucket: number): number => (bucket & (BUCKETS_OF_PAGE - 1)) * BUCKET_INTS
