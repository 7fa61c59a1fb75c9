/**
 * A table of what is remembered for a while: rows by key, forgotten in the order in which they came.
 *
 * All stay equally long, so the oldest is forgotten first. A row that is forgotten early leaves from the middle in O(1). Rows,
 * values and objects are those of `KeyTable`; the first four values are this table's own.
 */
import { type Instant, instant, MICROS_PER_SECOND } from '../../units.ts'
import { KeyTable } from './key-table.ts'

const SECOND = 0
const MICROS = 1
const NEXT = 2
const PREVIOUS = 3
const OWN = 4

export class ForgettingTable<T = never> {
  readonly #table: KeyTable<T>
  /** Rows plus one; 0 is none. */
  #oldest = 0
  #newest = 0

  constructor(o: { readonly keyWords: number; readonly valueWords: number; readonly salt: number }) {
    this.#table = new KeyTable<T>({ ...o, valueWords: OWN + o.valueWords })
  }

  get size(): number {
    return this.#table.size
  }

  /** The row with this key; -1 if there is none. */
  find(key: Int32Array): number {
    return this.#table.find(key)
  }

  /** A new row for a key that has none. Its time is not before those that are there, or it is forgotten with them. */
  add(key: Int32Array, forgetAt: Instant, object?: T): number {
    const table = this.#table
    const row = table.add(key, object)
    const words = table.wordsOf(row)
    const at = table.valuesAt(row)
    const second = Math.floor(forgetAt / MICROS_PER_SECOND)
    words[at + SECOND] = second
    words[at + MICROS] = forgetAt - second * MICROS_PER_SECOND
    words[at + PREVIOUS] = this.#newest
    if (this.#newest === 0) this.#oldest = row + 1
    else table.setValue(this.#newest - 1, NEXT, row + 1)
    this.#newest = row + 1
    return row
  }

  remove(row: number): void {
    const table = this.#table
    const words = table.wordsOf(row)
    const at = table.valuesAt(row)
    const next = words[at + NEXT]!
    const previous = words[at + PREVIOUS]!
    if (previous === 0) this.#oldest = next
    else table.setValue(previous - 1, NEXT, next)
    if (next === 0) this.#newest = previous
    else table.setValue(next - 1, PREVIOUS, previous)
    table.remove(row)
  }

  /** The row that is forgotten next; -1 on an empty table. */
  oldest(): number {
    return this.#oldest - 1
  }

  /** `forget` removes the oldest rows, `atMost` of them, if they are too old or beyond `most`; others wait for the next call. */
  forgetSome(atMost: number, most: number, now: Instant, forget: (row: number) => void): void {
    for (let forgotten = 0; forgotten < atMost; forgotten += 1) {
      const oldest = this.oldest()
      if (oldest === -1 || (this.size <= most && this.forgetAt(oldest) > now)) return
      forget(oldest)
    }
  }

  forgetAt(row: number): Instant {
    return instant(this.#table.value(row, SECOND) * MICROS_PER_SECOND + this.#table.value(row, MICROS))
  }

  object(row: number): T | undefined {
    return this.#table.object(row)
  }

  keyWord(row: number, place: number): number {
    return this.#table.keyWord(row, place)
  }

  /** Where the caller's values of a row stand, for who reads or writes several of them: from `valuesAt` on. */
  wordsOf(row: number): Int32Array {
    return this.#table.wordsOf(row)
  }

  valuesAt(row: number): number {
    return this.#table.valuesAt(row) + OWN
  }

  /** The caller's values, from 0 on. */
  value(row: number, place: number): number {
    return this.#table.value(row, OWN + place)
  }

  setValue(row: number, place: number, value: number): void {
    this.#table.setValue(row, OWN + place, value)
  }
}
