/**
 * HalfSipHash-1-3 of four 32-bit words (Aumasson and Bernstein): a hash with a secret key.
 *
 * It is for tables whose keys strangers choose. Nobody who does not know the secret key can choose inputs with equal hashes.
 * Mixers that multiply by known numbers do not promise this, whatever number they begin with.
 *
 *     state      v0 = k0, v1 = k1, v2 = k0 ^ 'lyge', v3 = k1 ^ 'tedb'
 *     each word  v3 ^= word, one round, v0 ^= word; at last the length in octets, in the top octet of a word
 *     end        v2 ^= 0xff, three rounds, v1 ^ v3
 */
const LYGE = 0x6c796765
const TEDB = 0x74656462
const WORDS = 4
const LENGTH = (4 * WORDS) << 24
/** What is mixed in: the words and the length. Then come the rounds of the end. */
const INPUTS = WORDS + 1
const END_ROUNDS = 3

/** 32 bits, signed; `words` are four, `k0` and `k1` the 64 bits of the key. */
export const keyedHash = (words: Int32Array, k0: number, k1: number): number => {
  let v0 = k0
  let v1 = k1
  let v2 = k0 ^ LYGE
  let v3 = k1 ^ TEDB
  for (let round = 0; round < INPUTS + END_ROUNDS; round += 1) {
    const word = round < WORDS ? words[round]! : round < INPUTS ? LENGTH : 0
    if (round === INPUTS) v2 ^= 0xff
    v3 ^= word
    v0 = (v0 + v1) | 0
    v1 = rotated(v1, 5) ^ v0
    v0 = rotated(v0, 16)
    v2 = (v2 + v3) | 0
    v3 = rotated(v3, 8) ^ v2
    v0 = (v0 + v3) | 0
    v3 = rotated(v3, 7) ^ v0
    v2 = (v2 + v1) | 0
    v1 = rotated(v1, 13) ^ v2
    v2 = rotated(v2, 16)
    v0 ^= word
  }
  return v1 ^ v3
}

const rotated = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))
