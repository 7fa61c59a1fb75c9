/**
 * What a kernel does with the structures that are handed to it: it follows their addresses (man 2 sendmmsg, recvmmsg, man 3 cmsg).
 * Written from the manual, and knows nothing of how our side lays out its memory.
 */
import type { Memory } from '../../../../src/transport/batched/kernel/memory.ts'

/** Above 4 GiB, so that both words of an address count. */
export const BASE = 0x7f12_f000_0000

export interface Sent {
  readonly text: string
  /** `192.0.2.1 1812`, from the socket address that was given. */
  readonly to: string | undefined
  /** From the control data: the address to send from, and the number of an interface. */
  readonly from: string | undefined
}

export interface Arriving {
  readonly octets: Uint8Array
  readonly sender?: Uint8Array
  readonly control?: readonly { readonly level: number; readonly type: number; readonly data: Uint8Array }[]
}

const MMSGHDR = 64
const CMSGHDR = 16
const MSG_TRUNC = 0x20

export class FakeKernel {
  readonly #view: DataView
  readonly #octets: Uint8Array

  constructor(memory: Memory) {
    this.#view = new DataView(memory.buffer)
    this.#octets = memory.octets
  }

  /** Reads `count` headers at an address. */
  sendmmsg(headers: number, count: number): Sent[] {
    return Array.from({ length: count }, (_, i) => {
      const at = headers - BASE + i * MMSGHDR
      const name = this.#pointer(at)
      const nameLength = this.#view.getUint32(at + 8, true)
      const vector = this.#pointer(at + 16)
      if (this.#pointer(at + 24) !== 1) throw new Error('one vector each')
      const control = this.#pointer(at + 32)
      const controlLength = this.#pointer(at + 40)
      const octets = this.#at(this.#pointer(vector - BASE), this.#pointer(vector - BASE + 8))
      return {
        text: Buffer.from(octets).toString(),
        to: nameLength === 0 ? undefined : socketAddressText(this.#at(name, nameLength)),
        from: controlLength === 0 ? undefined : this.#askedText(this.#at(control, controlLength)),
      }
    })
  }

  /** Writes what arrived into the headers at an address; answers how many there were. */
  recvmmsg(headers: number, arriving: readonly Arriving[]): number {
    for (const [i, { octets, sender, control = [] }] of arriving.entries()) {
      const at = headers - BASE + i * MMSGHDR
      const vector = this.#pointer(at + 16) - BASE
      const room = this.#pointer(vector + 8)
      const put = octets.subarray(0, room)
      this.#octets.set(put, this.#pointer(vector) - BASE)
      this.#view.setUint32(at + 56, put.length, true)
      this.#view.setUint32(at + 48, octets.length > room ? MSG_TRUNC : 0, true)
      if (sender !== undefined) {
        if (this.#view.getUint32(at + 8, true) < sender.length) throw new Error('no room for the sender')
        this.#octets.set(sender, this.#pointer(at) - BASE)
        this.#view.setUint32(at + 8, sender.length, true)
      }
      this.#putControl(at, control)
    }
    return arriving.length
  }

  #putControl(at: number, control: NonNullable<Arriving['control']>): void {
    const room = this.#pointer(at + 40)
    let to = this.#pointer(at + 32) - BASE
    let used = 0
    for (const { level, type, data } of control) {
      const length = CMSGHDR + data.length
      if (used + length > room) throw new Error('no room for control data')
      this.#view.setBigUint64(to, BigInt(length), true)
      this.#view.setInt32(to + 8, level, true)
      this.#view.setInt32(to + 12, type, true)
      this.#octets.set(data, to + CMSGHDR)
      to += Math.ceil(length / 8) * 8
      used += Math.ceil(length / 8) * 8
    }
    this.#view.setBigUint64(at + 40, BigInt(used), true)
  }

  #askedText(control: Uint8Array): string {
    const view = new DataView(control.buffer, control.byteOffset, control.length)
    const length = Number(view.getBigUint64(0, true))
    const [level, type] = [view.getInt32(8, true), view.getInt32(12, true)]
    const data = control.subarray(CMSGHDR, length)
    if (level === 0 && type === 8 && data.length === 12) return data.subarray(4, 8).join('.')
    if (level === 41 && type === 50 && data.length === 20) {
      return `${Buffer.from(data.subarray(0, 16)).toString('hex')} at ${view.getInt32(CMSGHDR + 16, true)}`
    }
    throw new Error(`control data of level ${level}, type ${type}, ${length} octets`)
  }

  #pointer(at: number): number {
    return Number(this.#view.getBigUint64(at, true))
  }

  #at(address: number, length: number): Uint8Array {
    return this.#octets.subarray(address - BASE, address - BASE + length)
  }
}

/** `struct sockaddr_in` and `sockaddr_in6`. */
function socketAddressText(octets: Uint8Array): string {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
  const port = view.getUint16(2)
  if (view.getUint16(0, true) === 2 && octets.length === 16) return `${octets.subarray(4, 8).join('.')} ${port}`
  if (view.getUint16(0, true) === 10 && octets.length === 28) {
    const scope = view.getUint32(24, true)
    return `${Buffer.from(octets.subarray(8, 24)).toString('hex')} ${port} at ${scope}`
  }
  throw new Error(`a socket address of family ${view.getUint16(0, true)} and ${octets.length} octets`)
}
