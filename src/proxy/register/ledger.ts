/**
 * What became of every request of one class: one number for each ending of `ENDINGS`. The law that binds them is stated
 * there (border/endings.ts).
 *
 * The numbers stand in one array. It may be in memory that outlives a crash of the engine, so that the main thread can
 * say to the message what was lost.
 */
import assert from 'node:assert/strict'
import { type PerClass, perClass, TRAFFIC_CLASSES } from '../../classes.ts'
import { type LedgerSnapshot, ledgerOf, leftOver, NOWHERE, numbersOf, type PlaceCounts } from '../border/endings.ts'

/** Where each number stands. */
export const ENTRY = ledgerOf((at) => at)
const LEDGER_NUMBERS = numbersOf(ENTRY).length
const LEDGER_BYTES = LEDGER_NUMBERS * Float64Array.BYTES_PER_ELEMENT
export const BOOKS_BYTES = TRAFFIC_CLASSES.length * LEDGER_BYTES

export class Ledger {
  readonly #numbers: Float64Array

  constructor(numbers: Float64Array = new Float64Array(LEDGER_NUMBERS)) {
    this.#numbers = numbers
  }

  /** One more at this place of `ENTRY`. */
  count(entry: number): void {
    this.#numbers[entry]! += 1
  }

  counted(entry: number): number {
    return this.#numbers[entry] as number
  }

  /** The law. What is in a place is counted there. */
  check(places: PlaceCounts): void {
    assert.equal(leftOver(this.#numbers, places), 0, 'a request was lost or counted twice')
  }

  snapshot(): LedgerSnapshot {
    return ledgerOf((at) => this.counted(at))
  }

  /** The snapshot of an engine that is gone: what it had in hand is lost. */
  lastSnapshot(): LedgerSnapshot {
    return { ...this.snapshot(), lost: leftOver(this.#numbers, NOWHERE) }
  }
}

/** The ledgers of all classes, with their numbers in this memory of `BOOKS_BYTES` octets. */
export const ledgersIn = (memory: ArrayBufferLike): PerClass<Ledger> =>
  perClass((each) => {
    const at = TRAFFIC_CLASSES.indexOf(each) * LEDGER_BYTES
    return new Ledger(new Float64Array(memory, at, LEDGER_NUMBERS))
  })
