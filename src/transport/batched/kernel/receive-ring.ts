/**
 * Where arriving datagrams are put: 64 slots, which one call of the system fills.
 *
 *     header 0 -> octets 0 (4,096), sender 0, control data 0
 *     header 1 -> octets 1, ...
 *
 * The headers are filled once. After a call only what the kernel wrote into them is put back. A packet of RADIUS has at most 4,096
 * octets, and what follows it in its datagram is padding (RFC 2865 section 3): so what is cut off a longer one is never read.
 */
import {
  AF_INET,
  IP_PKTINFO,
  IP_RECVERR,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_PKTINFO,
  IPV6_RECVERR,
  SIZE_OF,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
} from './linux.ts'
import type { Memory } from './memory.ts'
import type { SocketAddresses } from './socket-addresses.ts'

export const SLOTS = 64
const SLOT_OCTETS = 4_096
const SENDER_OCTETS = 32
const CONTROL_OCTETS = 192

/** Offsets in `struct mmsghdr`. */
const NAME_LENGTH = 8
const VECTOR = 16
const VECTOR_COUNT = 24
const CONTROL = 32
const CONTROL_LENGTH = 40
const LENGTH = 56

/** What the control data of a datagram said. It is overwritten with the next one that is read. */
export interface ControlData {
  /** Of the kernel's clock for the time of day; 0 and 0 if it noted none. */
  seconds: number
  nanoseconds: number
  /** The address that was asked, as text; undefined if it was not noted. */
  asked: string | undefined
  /** Of a datagram that came back: the system's code, and 0 if it did not come back. */
  refusedWith: number
}

export class ReceiveRing {
  /** The address of the first header. */
  readonly headers: number
  readonly control: ControlData = { seconds: 0, nanoseconds: 0, asked: undefined, refusedWith: 0 }
  readonly #memory: Memory
  readonly #addresses: SocketAddresses
  readonly #headersAt: number
  readonly #octetsAt: number
  readonly #sendersAt: number
  readonly #controlAt: number
  /** The views that were made last: most datagrams of a slot are as long as the one before, and a view takes time to make. */
  readonly #views: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(SLOTS).fill(undefined)
  /** Headers of a ring that notes nothing but octets ask for no sender and no control data. */
  readonly #notesMore: boolean

  constructor(
    memory: Memory,
    addresses: SocketAddresses,
    o: { readonly octetsAt?: number; readonly notesMore: boolean },
  ) {
    this.#memory = memory
    this.#addresses = addresses
    this.#notesMore = o.notesMore
    this.#octetsAt = o.octetsAt ?? memory.deal(SLOTS * SLOT_OCTETS)
    this.#headersAt = memory.deal(SLOTS * SIZE_OF.mmsghdr)
    const vectors = memory.deal(SLOTS * SIZE_OF.iovec)
    this.#sendersAt = o.notesMore ? memory.deal(SLOTS * SENDER_OCTETS) : 0
    this.#controlAt = o.notesMore ? memory.deal(SLOTS * CONTROL_OCTETS) : 0
    this.headers = memory.address(this.#headersAt)
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const header = this.#header(slot)
      const vector = vectors + slot * SIZE_OF.iovec
      memory.setPointer(vector, this.#octetsAt + slot * SLOT_OCTETS)
      memory.setLong(vector + 8, SLOT_OCTETS)
      memory.setPointer(header + VECTOR, vector)
      memory.setLong(header + VECTOR_COUNT, 1)
      if (!o.notesMore) continue
      memory.setPointer(header, this.#sendersAt + slot * SENDER_OCTETS)
      memory.setPointer(header + CONTROL, this.#controlAt + slot * CONTROL_OCTETS)
    }
    this.reset(SLOTS)
  }

  /** Where its slots are: a second ring of the same thread may use them too, at another time. */
  get octetsAt(): number {
    return this.#octetsAt
  }

  /** The first `slots` were read and are free for the next call. */
  reset(slots: number): void {
    if (!this.#notesMore) return
    for (let slot = 0; slot < slots; slot += 1) {
      const header = this.#header(slot)
      this.#memory.setWord(header + NAME_LENGTH, SIZE_OF.sockaddr)
      this.#memory.setWord(header + CONTROL_LENGTH, CONTROL_OCTETS)
    }
  }

  /** The datagram in that slot, in place. */
  octets(slot: number): Uint8Array {
    return this.octetsOf(slot, this.#memory.word(this.#header(slot) + LENGTH))
  }

  /** The first octets of a slot that a call for one datagram filled. */
  octetsOf(slot: number, length: number): Uint8Array {
    const known = this.#views[slot]
    if (known?.length === length) return known
    const view = this.#memory.view(this.#octetsAt + slot * SLOT_OCTETS, length)
    this.#views[slot] = view
    return view
  }

  senderPort(slot: number): number {
    const at = this.#sendersAt + slot * SENDER_OCTETS
    const { octets } = this.#memory
    return ((octets[at + 2] as number) << 8) | (octets[at + 3] as number)
  }

  senderAddress(slot: number): string {
    const { words, octets } = this.#memory
    const at = this.#sendersAt + slot * SENDER_OCTETS
    if (octets[at] === AF_INET) return this.#addresses.ipv4(words[at / 4 + 1] as number)
    return this.#addresses.ipv6(words, at / 4 + 2, words[at / 4 + 6] as number)
  }

  /** Reads the control data of a slot into `control`. */
  readControl(slot: number): ControlData {
    const { control } = this
    const { words } = this.#memory
    control.seconds = 0
    control.nanoseconds = 0
    control.asked = undefined
    control.refusedWith = 0
    const end = this.#controlAt + slot * CONTROL_OCTETS + this.#memory.word(this.#header(slot) + CONTROL_LENGTH)
    for (let at = this.#controlAt + slot * CONTROL_OCTETS; at + SIZE_OF.cmsghdr <= end; ) {
      const length = words[at / 4] as number
      if (length < SIZE_OF.cmsghdr) break
      this.#note(words[at / 4 + 2] as number, words[at / 4 + 3] as number, at / 4 + SIZE_OF.cmsghdr / 4)
      at += (length + 7) & ~7
    }
    return control
  }

  #note(level: number, type: number, data: number): void {
    const { control } = this
    const { words } = this.#memory
    if (level === SOL_SOCKET && type === SO_TIMESTAMPNS) {
      control.seconds = words[data] as number
      control.nanoseconds = words[data + 2] as number
    } else if (level === IPPROTO_IP && type === IP_PKTINFO)
      control.asked = this.#addresses.ipv4(words[data + 1] as number)
    else if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO) {
      control.asked = this.#addresses.ipv6(words, data, words[data + 4] as number)
    } else if ((level === IPPROTO_IP && type === IP_RECVERR) || (level === IPPROTO_IPV6 && type === IPV6_RECVERR)) {
      control.refusedWith = words[data] as number
    }
  }

  #header(slot: number): number {
    return this.#headersAt + slot * SIZE_OF.mmsghdr
  }
}
