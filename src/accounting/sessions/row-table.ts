/**
 * A bounded hash table of rows of 32-bit words, each with a text as its key, least recently used first. All of it is in a
 * few typed arrays, so that a million rows cost the garbage collector nothing.
 *
 *     row r:  | hash | next of bucket | older | newer | text | lengths | second | list | words of the owner ... |
 *
 * Rows are numbered from 1, and 0 is no row. Each is in one of two lists, the least recently touched first. The arrays have
 * their full size from the start and nothing is copied. Memory that no row has used costs nothing.
 */
import { TextBlocks } from './text-blocks.ts'

/** The owner's words begin here. */
export const OWN = 8
const HASH = 0
const CHAIN = 1
const OLDER = 2
const NEWER = 3
const TEXT = 4
const LENGTHS = 5
const SECOND = 6
const LIST = 7

/** Blocks of text for each row on average: 120 octets. A table with longer texts is full with fewer rows. */
const BLOCKS_A_ROW = 2

interface Ends {
  oldest: number
  newest: number
  rows: number
}

export class RowTable {
  /** The words of all rows; row r begins at `r * width`. */
  readonly words: Uint32Array
  readonly width: number
  readonly #most: number
  readonly #buckets: Uint32Array
  readonly #texts: TextBlocks
  readonly #lists: readonly [Ends, Ends] = [
    { oldest: 0, newest: 0, rows: 0 },
    { oldest: 0, newest: 0, rows: 0 },
  ]
  #fresh = 1
  #freed = 0

  /** At most `most` rows, each with `own` words for its owner. */
  constructor(o: { readonly most: number; readonly own: number }) {
    this.width = OWN + o.own
    this.#most = o.most
    this.words = new Uint32Array((o.most + 1) * this.width)
    this.#buckets = new Uint32Array(2 ** Math.ceil(Math.log2(o.most + 1)))
    this.#texts = new TextBlocks(o.most * BLOCKS_A_ROW)
  }

  rowsIn(list: 0 | 1): number {
    return this.#lists[list].rows
  }

  /** The least recently touched row of a list, 0 if it is empty. */
  oldest(list: 0 | 1): number {
    return this.#lists[list].oldest
  }

  /** The second in which the oldest of a list was last touched; infinite if the list is empty. */
  oldestSecond(list: 0 | 1): number {
    const row = this.#lists[list].oldest
    return row === 0 ? Number.POSITIVE_INFINITY : this.secondOf(row)
  }

  /** The second in which a row was last touched. */
  secondOf(row: number): number {
    return this.words[row * this.width + SECOND]!
  }

  listOf(row: number): 0 | 1 {
    return this.words[row * this.width + LIST] as 0 | 1
  }

  /** The row with that key, 0 if there is none. */
  find(key: Uint8Array, length: number): number {
    const { words, width } = this
    const hash = hashOf(key, length)
    let row = this.#buckets[hash & (this.#buckets.length - 1)]!
    while (row !== 0) {
      const at = row * width
      if (
        words[at + HASH] === hash &&
        words[at + LENGTHS]! >>> 16 === length &&
        this.#texts.startsWith(words[at + TEXT]!, key, length)
      )
        return row
      row = words[at + CHAIN]!
    }
    return 0
  }

  /** Whether a row with a text of that length can be added. */
  hasRoomFor(length: number): boolean {
    return this.#lists[0].rows + this.#lists[1].rows < this.#most && this.#texts.hasRoomFor(length)
  }

  /** A new row in list 0, its owner's words all 0. The first `keyLength` octets of the text are its key. */
  add(text: Uint8Array, length: number, keyLength: number, second: number): number {
    const row = this.#allocate()
    const { words, width } = this
    const at = row * width
    for (let word = at; word < at + width; word += 1) words[word] = 0
    const hash = hashOf(text, keyLength)
    const bucket = hash & (this.#buckets.length - 1)
    words[at + HASH] = hash
    words[at + CHAIN] = this.#buckets[bucket]!
    words[at + TEXT] = this.#texts.put(text, length)
    words[at + LENGTHS] = (keyLength << 16) | length
    this.#buckets[bucket] = row
    this.#append(row, 0, second)
    return row
  }

  /** Its key, and what follows it. */
  textOf(row: number): { readonly key: Uint8Array; readonly rest: Uint8Array } {
    const at = row * this.width
    const lengths = this.words[at + LENGTHS]!
    const text = this.#texts.read(this.words[at + TEXT]!, lengths & 0xffff)
    return { key: text.subarray(0, lengths >>> 16), rest: text.subarray(lengths >>> 16) }
  }

  /** The row is now the most recent of that list. */
  touch(row: number, list: 0 | 1, second: number): void {
    this.#unlink(row)
    this.#append(row, list, second)
  }

  remove(row: number): void {
    const { words, width } = this
    const at = row * width
    const bucket = words[at + HASH]! & (this.#buckets.length - 1)
    if (this.#buckets[bucket] === row) this.#buckets[bucket] = words[at + CHAIN]!
    else {
      let before = this.#buckets[bucket]!
      while (words[before * width + CHAIN] !== row) before = words[before * width + CHAIN]!
      words[before * width + CHAIN] = words[at + CHAIN]!
    }
    this.#unlink(row)
    this.#texts.release(words[at + TEXT]!)
    words[at + TEXT] = 0
    words[at + CHAIN] = this.#freed
    this.#freed = row
  }

  /** Rows ever used: all that there are have a smaller number. For a walk over the table, in steps. */
  get end(): number {
    return this.#fresh
  }

  isUsed(row: number): boolean {
    return this.words[row * this.width + TEXT] !== 0
  }

  #allocate(): number {
    const freed = this.#freed
    if (freed !== 0) {
      this.#freed = this.words[freed * this.width + CHAIN]!
      return freed
    }
    return this.#fresh++
  }

  #append(row: number, list: 0 | 1, second: number): void {
    const { words, width } = this
    const ends = this.#lists[list]
    const at = row * width
    words[at + LIST] = list
    words[at + SECOND] = second
    words[at + OLDER] = ends.newest
    words[at + NEWER] = 0
    if (ends.newest === 0) ends.oldest = row
    else words[ends.newest * width + NEWER] = row
    ends.newest = row
    ends.rows += 1
  }

  #unlink(row: number): void {
    const { words, width } = this
    const at = row * width
    const ends = this.#lists[words[at + LIST] as 0 | 1]
    const older = words[at + OLDER]!
    const newer = words[at + NEWER]!
    if (older === 0) ends.oldest = newer
    else words[older * width + NEWER] = newer
    if (newer === 0) ends.newest = older
    else words[newer * width + OLDER] = older
    ends.rows -= 1
  }
}

/** FNV-1a, its bits mixed once more: the low ones choose the bucket. */
function hashOf(text: Uint8Array, length: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < length; i += 1) hash = Math.imul(hash ^ text[i]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}
