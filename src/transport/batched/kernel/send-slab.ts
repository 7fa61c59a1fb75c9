/**
 * Where datagrams wait until they are sent together: their octets one behind the other, and a row of each. The rows of a socket are
 * linked, and become the headers of one call of the system.
 *
 *     octets   | datagram 0 | datagram 1      | datagram 2 | free ...
 *     rows       vector, receiver, control data, and the next row of the same socket
 */
import { AF_INET, AF_INET6, IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6, IPV6_PKTINFO, SIZE_OF } from './linux.ts'
import type { Memory } from './memory.ts'
import type { SocketAddress } from './socket-addresses.ts'

/** Datagrams that may wait before they are sent early. */
export const ROWS = 1_024
const SLAB_OCTETS = 1024 * 1024
const RECEIVER_OCTETS = 32
const CONTROL_OCTETS = 40
const SOCKADDR_IN = 16
const NO_ROW = -1

/** Offsets in `struct mmsghdr`. */
const NAME_LENGTH = 8
const VECTOR = 16
const VECTOR_COUNT = 24
const CONTROL = 32
const CONTROL_LENGTH = 40

/** The rows of one socket. */
export interface SendChain {
  first: number
  last: number
}

export const noChain = (): SendChain => ({ first: NO_ROW, last: NO_ROW })

export class SendSlab {
  /** The address of the first header. */
  readonly headers: number
  readonly #memory: Memory
  readonly #slabAt: number
  readonly #headersAt: number
  readonly #vectorsAt: number
  readonly #receiversAt: number
  readonly #controlAt: number
  readonly #next = new Int32Array(ROWS)
  readonly #nameLengths = new Int32Array(ROWS)
  readonly #controlLengths = new Int32Array(ROWS)
  /** Datagrams without a receiver of their own: those for servers, of this turn. */
  forwarded = 0
  #rows = 0
  #used = 0

  constructor(memory: Memory) {
    this.#memory = memory
    this.#slabAt = memory.deal(SLAB_OCTETS)
    this.#headersAt = memory.deal(ROWS * SIZE_OF.mmsghdr)
    this.#vectorsAt = memory.deal(ROWS * SIZE_OF.iovec)
    this.#receiversAt = memory.deal(ROWS * RECEIVER_OCTETS)
    this.#controlAt = memory.deal(ROWS * CONTROL_OCTETS)
    this.headers = memory.address(this.#headersAt)
    for (let row = 0; row < ROWS; row += 1) memory.setLong(this.#header(row) + VECTOR_COUNT, 1)
  }

  /** How many wait. */
  get rows(): number {
    return this.#rows
  }

  hasRoom(length: number): boolean {
    return this.#rows < ROWS && this.#used + length <= SLAB_OCTETS
  }

  /** Where the next datagram is written. */
  room(length: number): Uint8Array {
    return this.#memory.view(this.#slabAt + this.#used, length)
  }

  /** Whether these octets stand where `room` said. */
  isRoom(octets: Uint8Array): boolean {
    return octets.buffer === this.#memory.buffer && octets.byteOffset === this.#slabAt + this.#used
  }

  /** The next datagram, which stands in `room`: to `receiver`, from the address that was `asked`, where these are given. */
  push(chain: SendChain, length: number, receiver?: SocketAddress, port = 0, asked?: SocketAddress): void {
    const row = this.#rows
    const vector = this.#vectorsAt + row * SIZE_OF.iovec
    this.#memory.setPointer(vector, this.#slabAt + this.#used)
    this.#memory.setLong(vector + 8, length)
    if (receiver === undefined) this.forwarded += 1
    this.#nameLengths[row] = receiver === undefined ? 0 : this.#putReceiver(row, receiver, port)
    this.#controlLengths[row] = asked === undefined ? 0 : this.#putAsked(row, asked)
    this.#next[row] = NO_ROW
    if (chain.last === NO_ROW) chain.first = row
    else this.#next[chain.last] = row
    chain.last = row
    this.#rows = row + 1
    this.#used += (length + 7) & ~7
  }

  /** Makes the headers of a socket's datagrams, and answers how many there are. */
  headersOf(chain: SendChain): number {
    const memory = this.#memory
    let count = 0
    for (let row = chain.first; row !== NO_ROW; row = this.#next[row] as number) {
      const header = this.#header(count)
      const [nameLength, controlLength] = [this.#nameLengths[row] as number, this.#controlLengths[row] as number]
      memory.setPointer(header + VECTOR, this.#vectorsAt + row * SIZE_OF.iovec)
      memory.setWord(header + NAME_LENGTH, nameLength)
      if (nameLength > 0) memory.setPointer(header, this.#receiversAt + row * RECEIVER_OCTETS)
      else memory.setLong(header, 0)
      memory.setWord(header + CONTROL_LENGTH, controlLength)
      if (controlLength > 0) memory.setPointer(header + CONTROL, this.#controlAt + row * CONTROL_OCTETS)
      else memory.setLong(header + CONTROL, 0)
      count += 1
    }
    chain.first = NO_ROW
    chain.last = NO_ROW
    return count
  }

  /** All were sent, or given up. */
  clear(): void {
    this.#rows = 0
    this.#used = 0
  }

  #putReceiver(row: number, { family, words, scope }: SocketAddress, port: number): number {
    const { words: memory, octets } = this.#memory
    const at = this.#receiversAt + row * RECEIVER_OCTETS
    memory[at / 4] = family
    octets[at + 2] = port >>> 8
    octets[at + 3] = port & 0xff
    if (family === AF_INET) {
      memory[at / 4 + 1] = words[0] as number
      memory[at / 4 + 2] = 0
      memory[at / 4 + 3] = 0
      return SOCKADDR_IN
    }
    memory[at / 4 + 1] = 0
    memory.set(words, at / 4 + 2)
    memory[at / 4 + 6] = scope
    return SIZE_OF.sockaddr
  }

  /** The address that it leaves from (`struct in_pktinfo`, `in6_pktinfo`); one of IPv6 with its interface. */
  #putAsked(row: number, { family, words, scope }: SocketAddress): number {
    const memory = this.#memory.words
    const at = (this.#controlAt + row * CONTROL_OCTETS) / 4
    const size = SIZE_OF.cmsghdr + (family === AF_INET6 ? SIZE_OF.in6Pktinfo : SIZE_OF.inPktinfo)
    memory[at] = size
    memory[at + 1] = 0
    if (family === AF_INET6) {
      memory[at + 2] = IPPROTO_IPV6
      memory[at + 3] = IPV6_PKTINFO
      memory.set(words, at + 4)
      memory[at + 8] = scope
    } else {
      memory[at + 2] = IPPROTO_IP
      memory[at + 3] = IP_PKTINFO
      memory[at + 4] = 0
      memory[at + 5] = words[0] as number
      memory[at + 6] = 0
    }
    return (size + 7) & ~7
  }

  #header(row: number): number {
    return this.#headersAt + row * SIZE_OF.mmsghdr
  }
}
