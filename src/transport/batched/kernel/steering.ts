/**
 * A filter that gives each client to one instance by its address, whatever its ports: so its duplicates and the order of its
 * sessions hold over all of them.
 *
 * It is a classic BPF program (SO_ATTACH_REUSEPORT_CBPF, man 7 socket). It answers the number of a socket among those that share
 * the port, in the order in which they were bound. While there are fewer, the kernel spreads by address and port instead.
 */

/** One step: code, jumps, operand. */
export type FilterStep = readonly [code: number, k: number]

const LOAD_WORD = 0x20
const TO_X = 0x07
const XOR_X = 0xac
const MULTIPLY = 0x24
const SHIFT_RIGHT = 0x74
const MODULO = 0x94
const ANSWER_A = 0x16
/** Offsets from here on count from the IP header (linux/filter.h). */
const NETWORK_HEADER = -0x100000
const SOURCE_OF_IPV4 = 12
const SOURCE_OF_IPV6 = 8
const WORDS_OF_IPV6 = 4
/** Knuth's multiplier: neighbouring addresses fall far apart. */
const MULTIPLIER = 0x9e3779b1

/** `instances` from 2 up. */
export function steeringBySource(isIpv6: boolean, instances: number): FilterStep[] {
  const from = NETWORK_HEADER + (isIpv6 ? SOURCE_OF_IPV6 : SOURCE_OF_IPV4)
  const steps: FilterStep[] = [[LOAD_WORD, from]]
  for (let word = 1; isIpv6 && word < WORDS_OF_IPV6; word += 1) {
    steps.push([TO_X, 0], [LOAD_WORD, from + 4 * word], [XOR_X, 0])
  }
  return [...steps, [MULTIPLY, MULTIPLIER], [SHIFT_RIGHT, 16], [MODULO, instances], [ANSWER_A, 0]]
}

/** The program as the kernel reads it: 8 octets a step. */
export function encodedFilter(steps: readonly FilterStep[]): Uint8Array {
  const octets = new Uint8Array(steps.length * 8)
  const view = new DataView(octets.buffer)
  for (const [i, [code, k]] of steps.entries()) {
    view.setUint16(8 * i, code, true)
    view.setUint32(8 * i + 4, k >>> 0, true)
  }
  return octets
}

/** Which instance has a client: what the filter answers, for tests and for people. */
export function instanceOf(addressWords: readonly number[], instances: number): number {
  const mixed = addressWords.reduce((a, b) => a ^ b, 0)
  return (Math.imul(mixed, MULTIPLIER | 0) >>> 16) % instances
}
