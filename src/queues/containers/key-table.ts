/**
 * A table of whole numbers by a key of a few whole numbers, for entries by the million.
 *
 * A Map keeps an object and a text for each entry, which the collector has to look at, and copies itself when it grows. Here an
 * entry is a row of 32-bit words in a large array, and the table grows by one bucket with each entry (linear hashing), so no
 * single step takes long:
 *
 *     row:  | next row of the bucket | key, `keyWords` | values, `valueWords` |
 *
 * A row keeps its number until it is removed. The hash is salted, so that nobody outside can choose keys that share a bucket. Each
 * row can also refer to one object (`T`). Whoever fills the table bounds it.
 */

const ROWS_BITS = 12
const ROWS_OF_CHUNK = 1 << ROWS_BITS
const ROW_MASK = ROWS_OF_CHUNK - 1
const FIRST_BUCKETS = 64

export class KeyTable<T> {
  readonly #keyWords: number
  readonly #rowWords: number
  readonly #salt: number
  readonly #chunks: Int32Array[] = []
  /** By chunk as well: an array that grows is copied as a whole. */
  readonly #objects: (T | undefined)[][] = []
  /** The first row of each bucket plus one; 0 if it is empty. */
  readonly #buckets: Int32Array[] = [new Int32Array(ROWS_OF_CHUNK)]
  /** Buckets are numbered by the hash's low bits: `#mask` for those that were not split yet in this round. */
  #mask = FIRST_BUCKETS - 1
  #split = 0
  #rows = 0
  #firstFree = 0
  #size = 0

  constructor(o: { readonly keyWords: number; readonly valueWords: number; readonly salt: number }) {
    this.#keyWords = o.keyWords
    this.#rowWords = 1 + o.keyWords + o.valueWords
    this.#salt = o.salt
  }

  get size(): number {
    return this.#size
  }

  /** The row with this key; -1 if there is none. */
  find(key: Int32Array): number {
    const bucket = this.#bucketOf(this.#hash(key, 0))
    let row = this.#head(bucket) - 1
    while (row >= 0 && !this.#has(row, key)) row = this.#next(row)
    return row
  }

  /** A new row for a key that has none; its values are 0. */
  add(key: Int32Array, object?: T): number {
    const row = this.#newRow()
    const chunk = this.#chunkOf(row)
    const at = this.#at(row)
    const bucket = this.#bucketOf(this.#hash(key, 0))
    for (let i = 1 + this.#keyWords; i < this.#rowWords; i += 1) chunk[at + i] = 0
    chunk[at] = this.#head(bucket)
    for (let i = 0; i < this.#keyWords; i += 1) chunk[at + 1 + i] = key[i]!
    this.#setHead(bucket, row + 1)
    this.setObject(row, object)
    this.#size += 1
    if (this.#size > this.#mask + 1 + this.#split) this.#splitNext()
    return row
  }

  remove(row: number): void {
    const chunk = this.#chunkOf(row)
    const at = this.#at(row)
    const bucket = this.#bucketOf(this.#hash(chunk, at + 1))
    let before = this.#head(bucket) - 1
    if (before === row) {
      this.#setHead(bucket, chunk[at]!)
    } else {
      while (this.#next(before) !== row) before = this.#next(before)
      this.#chunkOf(before)[this.#at(before)] = chunk[at]!
    }
    chunk[at] = this.#firstFree
    this.#firstFree = row + 1
    this.setObject(row, undefined)
    this.#size -= 1
  }

  keyWord(row: number, place: number): number {
    return this.#chunkOf(row)[this.#at(row) + 1 + place]!
  }

  keyInto(row: number, target: Int32Array): void {
    for (let i = 0; i < this.#keyWords; i += 1) target[i] = this.keyWord(row, i)
  }

  object(row: number): T | undefined {
    return this.#objects[row >> ROWS_BITS]?.[row & ROW_MASK]
  }

  setObject(row: number, object: T | undefined): void {
    const objects = this.#objects[row >> ROWS_BITS] as (T | undefined)[]
    objects[row & ROW_MASK] = object
  }

  /** Where the values of a row stand, for who reads or writes several of them: from `valuesAt` on. */
  wordsOf(row: number): Int32Array {
    return this.#chunkOf(row)
  }

  valuesAt(row: number): number {
    return this.#at(row) + 1 + this.#keyWords
  }

  value(row: number, place: number): number {
    return this.#chunkOf(row)[this.#at(row) + 1 + this.#keyWords + place]!
  }

  setValue(row: number, place: number, value: number): void {
    this.#chunkOf(row)[this.#at(row) + 1 + this.#keyWords + place] = value
  }

  #newRow(): number {
    if (this.#firstFree > 0) {
      const row = this.#firstFree - 1
      this.#firstFree = this.#chunkOf(row)[this.#at(row)]!
      return row
    }
    const row = this.#rows
    this.#rows += 1
    if (row >> ROWS_BITS === this.#chunks.length) {
      this.#chunks.push(new Int32Array(ROWS_OF_CHUNK * this.#rowWords))
      this.#objects.push(new Array<T | undefined>(ROWS_OF_CHUNK).fill(undefined))
    }
    return row
  }

  /** The bucket that is next in this round gives those of its rows to a new one whose hash has one more bit set. */
  #splitNext(): void {
    const old = this.#split
    const added = old + this.#mask + 1
    if (added >> ROWS_BITS === this.#buckets.length) this.#buckets.push(new Int32Array(ROWS_OF_CHUNK))
    this.#split += 1
    let row = this.#head(old) - 1
    this.#setHead(old, 0)
    if (this.#split > this.#mask) {
      this.#mask = this.#mask * 2 + 1
      this.#split = 0
    }
    while (row >= 0) {
      const next = this.#next(row)
      const chunk = this.#chunkOf(row)
      const at = this.#at(row)
      const bucket = this.#bucketOf(this.#hash(chunk, at + 1))
      chunk[at] = this.#head(bucket)
      this.#setHead(bucket, row + 1)
      row = next
    }
  }

  #bucketOf(hash: number): number {
    const bucket = hash & this.#mask
    return bucket < this.#split ? hash & (this.#mask * 2 + 1) : bucket
  }

  #hash(words: Int32Array, from: number): number {
    let hash = this.#salt
    for (let i = 0; i < this.#keyWords; i += 1) {
      hash = Math.imul(hash ^ words[from + i]!, 0x85ebca6b)
      hash ^= hash >>> 15
    }
    hash = Math.imul(hash, 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) >>> 0
  }

  #has(row: number, key: Int32Array): boolean {
    const chunk = this.#chunkOf(row)
    const at = this.#at(row) + 1
    for (let i = 0; i < this.#keyWords; i += 1) if (chunk[at + i] !== key[i]) return false
    return true
  }

  #next(row: number): number {
    return this.#chunkOf(row)[this.#at(row)]! - 1
  }

  #chunkOf(row: number): Int32Array {
    return this.#chunks[row >> ROWS_BITS] as Int32Array
  }

  #at(row: number): number {
    return (row & ROW_MASK) * this.#rowWords
  }

  #head(bucket: number): number {
    return this.#buckets[bucket >> ROWS_BITS]![bucket & ROW_MASK]!
  }

  #setHead(bucket: number, head: number): void {
    this.#buckets[bucket >> ROWS_BITS]![bucket & ROW_MASK] = head
  }
}
