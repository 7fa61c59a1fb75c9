/**
 * How many of the accounting records in hand have a client that still sends them, and how many one that has given up.
 *
 * A record whose client repeats it comes again after a restart; any other is lost with this process. By RFC 5080 section 2.2.1 a
 * client repeats for at most 30 s by default, so a client that was silent for 30 s has given up.
 *
 * Each record is counted in the span of time in which it was last heard of. So a change is one step, and nothing walks over a
 * million that wait. All spans older than an hour and eight minutes count as one.
 */
import type { MessageField } from '../../queues/message.ts'
import { type Duration, type Instant, instant, micros, since } from '../../units.ts'

const SPAN = 4_000_000
const SPANS = 1_024
const GIVEN_UP_AFTER = 30_000_000

export class LastHeard<T> {
  readonly #span: MessageField<T, number>
  /** Of the newest `SPANS` spans, each at its number modulo `SPANS`. */
  readonly #counts = new Int32Array(SPANS)
  #newest = 0
  #older = 0
  #all = 0

  /** `span` is where each keeps the number of the span in which it was last heard of: -1 while it is not counted. */
  constructor(span: MessageField<T, number>) {
    this.#span = span
  }

  get all(): number {
    return this.#all
  }

  hear(one: T, now: Instant): void {
    this.forget(one)
    this.#passTo(spanOf(now))
    this.#span.set(one, this.#newest)
    this.#counts[placeOf(this.#newest)]! += 1
    this.#all += 1
  }

  forget(one: T): void {
    const span = this.#span.get(one)
    if (span === -1) return
    if (span <= this.#newest - SPANS) this.#older -= 1
    else this.#counts[placeOf(span)]! -= 1
    this.#span.set(one, -1)
    this.#all -= 1
  }

  /** Those that nobody has sent for 30 s (or 34 s, by spans), and how long the first has been silent at least; 0 if none are. */
  givenUp(now: Instant): { readonly records: number; readonly longest: Duration } {
    this.#passTo(spanOf(now))
    let records = this.#older
    let oldest = this.#older > 0 ? this.#newest - SPANS : undefined
    for (let span = Math.max(0, this.#newest - SPANS + 1); endOf(span) <= now - GIVEN_UP_AFTER; span += 1) {
      const count = this.#counts[placeOf(span)] as number
      records += count
      if (count > 0) oldest ??= span
    }
    return { records, longest: oldest === undefined ? micros(0) : since(instant(endOf(oldest)), now) }
  }

  /** Spans that fall out of reach are counted together. */
  #passTo(span: number): void {
    for (let steps = 0; this.#newest < span && steps < SPANS; steps += 1) {
      this.#newest += 1
      const place = placeOf(this.#newest)
      this.#older += this.#counts[place] as number
      this.#counts[place] = 0
    }
    if (this.#newest < span) this.#newest = span
  }
}

const spanOf = (now: Instant): number => Math.floor(now / SPAN)
const placeOf = (span: number): number => span % SPANS
const endOf = (span: number): number => (span + 1) * SPAN
