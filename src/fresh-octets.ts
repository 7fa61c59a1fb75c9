/**
 * Memory for packets: octets of 0, cut one after the other from blocks that they share.
 *
 * A Uint8Array with memory of its own costs a call to the system's allocator, which takes ten times as long as cutting one. A
 * block is free for the garbage collector when nothing that was cut from it is in use. So it is small, and what is kept for long
 * goes into an `OctetStore` instead: one packet that lives on holds a whole block.
 */

const BLOCK = 4_096

let block = new Uint8Array(0)
let used = 0

/** So many octets of 0, which belong to nobody else. */
export function freshOctets(length: number): Uint8Array {
  if (used + length > block.length) {
    if (length > BLOCK) return new Uint8Array(length)
    block = new Uint8Array(BLOCK)
    used = 0
  }
  used += length
  return block.subarray(used - length, used)
}

/** Up to here a loop is quicker than the call that copies any length. */
const SHORT = 48

/** Copies all of `source` to `target` from `at` on. Most answers are short. */
export function copyInto(target: Uint8Array, source: Uint8Array, at = 0): void {
  const { length } = source
  if (length > SHORT) target.set(source, at)
  else for (let i = 0; i < length; i += 1) target[at + i] = source[i]!
}

/** A copy that lives for seconds. */
export function copyOf(octets: Uint8Array): Uint8Array {
  const copy = freshOctets(octets.length)
  copy.set(octets)
  return copy
}
