/**
 * One number that nobody can foresee, drawn once from the engine's randomness: where the spread of timers begins, and
 * what salts the tables. Nothing secret depends on it.
 */
import type { Randomness } from '../border/ports.ts'

/** 0 to 2^32 - 1. */
export const unpredictableNumber = (random: Randomness): number => {
  const octets = new Uint8Array(4)
  random(octets)
  return new DataView(octets.buffer).getUint32(0)
}
