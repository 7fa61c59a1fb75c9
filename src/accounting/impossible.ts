/**
 * Figures that can't be true, whatever the session did: packets too small or too large on the average, a part greater than
 * the whole, more octets than the port can carry. A counter comes as its two halves of 32 bits.
 *
 * Exact, and without BigInt wherever that can be: with fewer than 2^32 packets every product here stays below 2^53, and
 * octets beyond 2^53 are too many however a double rounds them.
 */

/** An IPv4 packet has a header of 20 octets at least and a length of 16 bits (RFC 791 section 3.1). */
const SMALLEST_PACKET = 20
const LARGEST_PACKET = 65_535

export const TWO_TO_32 = 0x1_0000_0000

/** Octets for each packet outside of what a packet can have. No octets in no packets is fine. */
export function isPacketSizeImpossible(
  octetsHigh: number,
  octetsLow: number,
  packetsHigh: number,
  packetsLow: number,
): boolean {
  if (packetsHigh === 0) {
    const octets = octetsHigh * TWO_TO_32 + octetsLow
    return octets < packetsLow * SMALLEST_PACKET || octets > packetsLow * LARGEST_PACKET
  }
  const octets = whole(octetsHigh, octetsLow)
  const packets = whole(packetsHigh, packetsLow)
  return octets < packets * BigInt(SMALLEST_PACKET) || octets > packets * BigInt(LARGEST_PACKET)
}

/** Whether the first counter is greater than the second. */
export const isGreater = (aHigh: number, aLow: number, bHigh: number, bLow: number): boolean =>
  aHigh > bHigh || (aHigh === bHigh && aLow > bLow)

/**
 * More octets within `seconds` than a port of `bitsPerSecond` carries; 0 is no limit. Both ends of the time were cut to
 * whole seconds, so one second more may have passed.
 */
export const isBeyondRate = (octets: number, seconds: number, bitsPerSecond: number): boolean =>
  bitsPerSecond > 0 && octets * 8 > bitsPerSecond * (seconds + 1)

const whole = (high: number, low: number): bigint => BigInt(high) * BigInt(TWO_TO_32) + BigInt(low)
