/**
 * Unpredictable octets from the system's generator, fetched in blocks: one call to it for each packet would cost more
 * than the packet. What was handed out is overwritten, so a later look at memory finds no past authenticator.
 */
import { randomFillSync } from 'node:crypto'
import type { Randomness } from '../proxy/border/ports.ts'

const BLOCK = 8192

/** A source of its own; never shared between threads. */
export function systemRandomness(): Randomness {
  const block = new Uint8Array(BLOCK)
  let used = BLOCK
  return (target) => {
    if (target.length > BLOCK) {
      randomFillSync(target)
      return
    }
    if (used + target.length > BLOCK) {
      randomFillSync(block)
      used = 0
    }
    target.set(block.subarray(used, used + target.length))
    block.fill(0, used, used + target.length)
    used += target.length
  }
}
