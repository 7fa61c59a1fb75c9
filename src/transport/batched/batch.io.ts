/**
 * What the links of one thread share: the memory, the system calls, the datagrams to be sent, and the counters.
 */

import type { TransportCounts } from '../ports.ts'
import {
  CLOCK_REALTIME,
  EAGAIN,
  ECONNREFUSED,
  EINTR,
  ENOBUFS,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SIZE_OF,
} from './kernel/linux.ts'
import { Memory } from './kernel/memory.ts'
import { ReceiveRing } from './kernel/receive-ring.ts'
import { type SendChain, SendSlab } from './kernel/send-slab.ts'
import { SocketAddresses } from './kernel/socket-addresses.ts'
import type { Libc } from './libc.io.ts'
import { systemCode } from './libc.io.ts'
import { type Polled, Poller } from './poller.io.ts'
import { type Descriptors, Sockets, type Steering } from './sockets.io.ts'

/** A socket of a link. */
export interface BatchedSocket extends Polled {
  /** What it has to send. */
  readonly chain: SendChain
  /** Hands over what waits; returns how many datagrams there were. */
  read(): number
  failed(code: string): void
}

type Counts = { -readonly [Name in keyof TransportCounts]: number }

/** The descriptor of a link that is not open. */
export const CLOSED = -1
/** Calls for one socket in one turn: others have their turn, too. */
export const MOST_CALLS = 4

const MEMORY_OCTETS = 2 * 1024 * 1024
/** The largest datagram of UDP over IPv4. */
const LARGEST = 65_507
/** An error of an earlier datagram can be reported instead of sending this one. */
const MOST_TRIES = 4

export class Batch {
  readonly libc: Libc
  readonly steering: Steering
  readonly addresses: SocketAddresses
  readonly sockets: Sockets
  readonly poller: Poller
  /** Datagrams with their sender, their time and the address that was asked. */
  readonly requests: ReceiveRing
  /** Datagrams of connected sockets: nothing but octets. */
  readonly responses: ReceiveRing
  readonly slab: SendSlab
  readonly counts: Counts = { sendBufferFull: 0, strangeAge: 0 }
  readonly #memory: Memory
  readonly #timeAt: number
  readonly #time = { seconds: 0, nanoseconds: 0 }
  #knowsTime = false
  /** The first `#unsentCount` have something to send. */
  readonly #unsent: BatchedSocket[] = []
  #unsentCount = 0

  /** @throws a coded error if the system lacks a call, or refuses it. */
  constructor(libc: Libc, o: { readonly descriptors: Descriptors; readonly steering: Steering }) {
    this.libc = libc
    this.steering = o.steering
    const buffer = new ArrayBuffer(MEMORY_OCTETS)
    this.#memory = new Memory(buffer, libc.addressOf(buffer))
    this.#timeAt = this.#memory.deal(SIZE_OF.timespec)
    this.sockets = new Sockets(libc, this.#memory, o.descriptors)
    this.addresses = new SocketAddresses(this.sockets.interfaces)
    this.poller = new Poller(libc, this.#memory)
    for (const one of this.poller.descriptors) o.descriptors.opened(one)
    o.descriptors.wakes(this.poller.wakingDescriptor)
    this.requests = new ReceiveRing(this.#memory, this.addresses, { notesMore: true })
    this.responses = new ReceiveRing(this.#memory, this.addresses, {
      notesMore: false,
      octetsAt: this.requests.octetsAt,
    })
    this.slab = new SendSlab(this.#memory)
  }

  /** Where the next datagram is written. */
  room(length: number): Uint8Array {
    if (length > LARGEST) return new Uint8Array(length)
    if (!this.slab.hasRoom(length)) this.flush()
    return this.slab.room(length)
  }

  /** Puts octets where `slab.push` takes them from; false if they can't be sent. */
  put(octets: Uint8Array, socket: BatchedSocket): boolean {
    if (octets.length > LARGEST) {
      socket.failed('EMSGSIZE')
      return false
    }
    if (!this.slab.isRoom(octets)) this.room(octets.length).set(octets)
    if (socket.chain.first < 0) {
      this.#unsent[this.#unsentCount] = socket
      this.#unsentCount += 1
    }
    return true
  }

  /** Sends what waits, a socket after the other. */
  flush(): void {
    if (this.slab.rows === 0) return
    for (let i = 0; i < this.#unsentCount; i += 1) this.#send(this.#unsent[i] as BatchedSocket)
    this.#unsentCount = 0
    this.slab.clear()
  }

  /** Before a socket closes. */
  flushOf(socket: BatchedSocket): void {
    if (socket.chain.first >= 0) this.flush()
  }

  /** The time of day, read once a turn. */
  timeOfDay(): { readonly seconds: number; readonly nanoseconds: number } {
    if (!this.#knowsTime) {
      this.libc.clockTime(CLOCK_REALTIME, this.#memory.address(this.#timeAt))
      this.#time.seconds = this.#memory.word(this.#timeAt)
      this.#time.nanoseconds = this.#memory.word(this.#timeAt + 8)
      this.#knowsTime = true
    }
    return this.#time
  }

  newTurn(): void {
    this.#knowsTime = false
    this.slab.forwarded = 0
  }

  #send(socket: BatchedSocket): void {
    const { libc, slab } = this
    const count = slab.headersOf(socket.chain)
    let tries = 0
    for (let sent = 0; sent < count; ) {
      const headers = slab.headers + sent * SIZE_OF.mmsghdr
      const answer = libc.sendmmsg(socket.descriptor, headers, count - sent, MSG_DONTWAIT | MSG_NOSIGNAL)
      if (answer > 0) {
        sent += answer
        tries = 0
        continue
      }
      tries += 1
      if ((answer === -ECONNREFUSED || answer === -EINTR) && tries < MOST_TRIES) continue
      const code = systemCode(answer)
      if (answer === -EAGAIN || answer === -ENOBUFS) {
        this.counts.sendBufferFull += count - sent
        for (let lost = sent; lost < count; lost += 1) socket.failed(code)
        return
      }
      socket.failed(code)
      sent += 1
      tries = 0
    }
  }
}
