/**
 * Two small hash functions for spreading keys over servers: quick, and the same in every instance and every version. And the
 * salt for tables, so that nobody outside can choose keys that meet.
 */

/** FNV-1a, 32 bits: quick, and even enough once mixed. */
export const hashOf = (octets: Uint8Array): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < octets.length; i += 1) hash = Math.imul(hash ^ octets[i]!, 0x01000193)
  return hash >>> 0
}

/** The finalizer of MurmurHash3: every bit of the input moves every bit of the output. */
export const mix = (value: number): number => {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A number that nobody can foresee, 0 to 2^32 - 1. Nothing secret depends on it. */
export const unpredictableNumber = (random: (target: Uint8Array) => void): number => {
  const octets = new Uint8Array(4)
  random(octets)
  return new DataView(octets.buffer).getUint32(0)
}
