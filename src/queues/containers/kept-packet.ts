/**
 * A packet that was sent, in an octet store: with all its octets until `release`, and with its header for ever. The header verifies
 * its response, and says whether an error is about it.
 *
 * The header is kept as five small integers. So a packet that was released takes some words of memory and no cell.
 */
import { AUTHENTICATOR_AT, HEADER_LENGTH } from '../../codes.ts'
import type { OctetStore } from './octet-store.ts'

const NO_CELL = -1

/** Of the packet that was asked last. */
const itsHeader = new Uint8Array(HEADER_LENGTH)
const itsAuthenticator = itsHeader.subarray(AUTHENTICATOR_AT)

export class KeptPacket {
  // The words of its header.
  readonly #word0: number
  readonly #word1: number
  readonly #word2: number
  readonly #word3: number
  readonly #word4: number
  readonly #length: number
  readonly #store: OctetStore
  #cell: number

  /** `octets`, 20 at least, are copied. */
  constructor(octets: Uint8Array, store: OctetStore) {
    this.#word0 = wordAt(octets, 0)
    this.#word1 = wordAt(octets, 4)
    this.#word2 = wordAt(octets, 8)
    this.#word3 = wordAt(octets, 12)
    this.#word4 = wordAt(octets, 16)
    this.#length = octets.length
    this.#store = store
    this.#cell = store.keep(octets)
  }

  /** As they were sent, in the store. Nobody has them after `release`. */
  get octets(): Uint8Array {
    if (this.#cell === NO_CELL) throw new Error('kept packet: its octets were given back')
    return this.#store.at(this.#cell, this.#length)
  }

  get code(): number {
    return this.#word0 >>> 24
  }

  /** Its 20 octets, valid until another packet is asked for its own. */
  get header(): Uint8Array {
    this.#load()
    return itsHeader
  }

  /** Its 16 octets, valid as those of the header are. */
  get authenticator(): Uint8Array {
    this.#load()
    return itsAuthenticator
  }

  /** It is not sent again: its place in the store is for others. */
  release(): void {
    this.#store.free(this.#cell)
    this.#cell = NO_CELL
  }

  #load(): void {
    putWord(itsHeader, 0, this.#word0)
    putWord(itsHeader, 4, this.#word1)
    putWord(itsHeader, 8, this.#word2)
    putWord(itsHeader, 12, this.#word3)
    putWord(itsHeader, 16, this.#word4)
  }
}

/** As a signed number: those of 32 bits are no objects. */
const wordAt = (octets: Uint8Array, at: number): number =>
  (octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!

function putWord(target: Uint8Array, at: number, word: number): void {
  target[at] = word >>> 24
  target[at + 1] = word >>> 16
  target[at + 2] = word >>> 8
  target[at + 3] = word
}
