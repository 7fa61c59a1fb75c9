/**
 * IP datagrams put together again from the fragments of a capture (RFC 791 section 3.2, RFC 8200 section 4.5).
 *
 * Fragments may come in any order. Those that overlap, and those whose datagram never becomes complete, are counted; no octet is
 * invented. At most `MOST_WAITING` datagrams wait. If there are more, the one that began first is dropped.
 */

export interface Fragment {
  /** Both addresses, the protocol and the identification: one datagram's fragments have the same. */
  readonly datagram: string
  /** In octets. */
  readonly offset: number
  readonly isLast: boolean
  readonly bytes: Uint8Array
}

const MOST_WAITING = 4_096

export class Fragments {
  /** Oldest first; of each datagram, what came by its offset. */
  readonly #waiting = new Map<string, Map<number, Fragment>>()
  #given = 0
  #used = 0

  /** Fragments that belong to no complete datagram so far. */
  get unused(): number {
    return this.#given - this.#used
  }

  /** The datagram's payload, if this fragment completes it. */
  add(fragment: Fragment): Uint8Array | undefined {
    this.#given += 1
    const pieces = this.#waiting.get(fragment.datagram) ?? new Map<number, Fragment>()
    // The same fragment twice: captured on two interfaces, or retransmitted.
    if (pieces.has(fragment.offset)) this.#used += 1
    pieces.set(fragment.offset, fragment)
    this.#waiting.set(fragment.datagram, pieces)
    const whole = joined(pieces)
    if (whole !== undefined) {
      this.#used += pieces.size
      this.#waiting.delete(fragment.datagram)
    } else if (this.#waiting.size > MOST_WAITING) {
      this.#waiting.delete(this.#waiting.keys().next().value!)
    }
    return whole
  }
}

function joined(pieces: ReadonlyMap<number, Fragment>): Uint8Array | undefined {
  const inOrder: Fragment[] = []
  let end = 0
  for (let next = pieces.get(0); next !== undefined; next = next.isLast ? undefined : pieces.get(end)) {
    // A fragment without octets leads nowhere.
    if (next.bytes.length === 0) return undefined
    inOrder.push(next)
    end += next.bytes.length
  }
  if (inOrder.at(-1)?.isLast !== true) return undefined
  const whole = new Uint8Array(end)
  for (const { offset, bytes } of inOrder) whole.set(bytes, offset)
  return whole
}
