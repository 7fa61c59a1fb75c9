/**
 * Figures that cannot be true: packets too small or too large on average, a part greater than the whole, more octets than
 * the port can carry. A counter comes as two halves of 32 bits.
 *
 * The results are exact. BigInt is used only if it must be: with fewer than 2^32 packets every product here stays below
 * 2^53, and octets beyond 2^53 are too many however a double rounds them.
 */

/** An IPv4 packet has a header of 20 octets at least and a length of 16 bits (RFC 791 section 3.1). */
const SMALLEST_PACKET = 20
const LARGEST_PACKET = 65_535
/**
 * Control packets (LCP, NCP, keepalives) may be counted as packets without octets: a handshake, then at most an echo and its
 * answer a second. A record without a session time may be of a day.
 */
const HANDSHAKE = 100
const CONTROL_A_SECOND = 2
const DAY = 86_400
/** The two counters are not read at the same moment: so many packets may be in only one of them. */
const IN_BETWEEN = 10

export const TWO_TO_32 = 0x1_0000_0000

/** Whether packets can't have this size on average, whatever control packets and uneven reading do. `seconds`: of the session. */
export function isPacketSizeImpossible(
  octetsHigh: number,
  octetsLow: number,
  packetsHigh: number,
  packetsLow: number,
  seconds: number | undefined,
): boolean {
  const control = HANDSHAKE + CONTROL_A_SECOND * (seconds ?? DAY)
  if (packetsHigh === 0) {
    const octets = octetsHigh * TWO_TO_32 + octetsLow
    return octets < (packetsLow - control) * SMALLEST_PACKET || octets > (packetsLow + IN_BETWEEN) * LARGEST_PACKET
  }
  const octets = whole(octetsHigh, octetsLow)
  const packets = whole(packetsHigh, packetsLow)
  return (
    octets < (packets - BigInt(control)) * BigInt(SMALLEST_PACKET) ||
    octets > (packets + BigInt(IN_BETWEEN)) * BigInt(LARGEST_PACKET)
  )
}

export const isGreater = (aHigh: number, aLow: number, bHigh: number, bLow: number): boolean =>
  aHigh > bHigh || (aHigh === bHigh && aLow > bLow)

/**
 * Whether these are more octets than a port of `bitsPerSecond` (0: no limit) carries in `seconds`. Both ends of the time
 * are cut to whole seconds, so one second more may have passed.
 */
export const isBeyondRate = (octets: number, seconds: number, bitsPerSecond: number): boolean =>
  bitsPerSecond > 0 && octets * 8 > bitsPerSecond * (seconds + 1)

const whole = (high: number, low: number): bigint => BigInt(high) * BigInt(TWO_TO_32) + BigInt(low)
