/**
 * UDP sockets of the system, opened by hand: the options that `node:dgram` has no name for, and what the kernel granted.
 *
 * Every descriptor is written into a table of the main thread while it is open. If this thread ends in whatever way, the main
 * thread closes what stands there: the runtime knows nothing of these.
 */
import { isIPv6 } from 'node:net'
import { type Endpoint, withoutZone } from '../../addresses.ts'
import { openingFailed } from '../failures.ts'
import {
  type ConnectPlan,
  type LinkReport,
  type ListenPlan,
  WANTED_RECEIVE_BUFFER,
  WANTED_SEND_BUFFER,
} from '../ports.ts'
import {
  AF_INET,
  AF_INET6,
  IP_MTU_DISCOVER,
  IP_PKTINFO,
  IP_RECVERR,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_MTU_DISCOVER,
  IPV6_RECVERR,
  IPV6_RECVPKTINFO,
  IPV6_V6ONLY,
  PMTUDISC_DONT,
  SIZE_OF,
  SK_MEMINFO_DROPS,
  SO_ATTACH_REUSEPORT_CBPF,
  SO_ERROR,
  SO_MEMINFO,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_TIMESTAMPNS,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from './kernel/linux.ts'
import type { Memory } from './kernel/memory.ts'
import { type Interfaces, type SocketAddresses, socketAddressOf } from './kernel/socket-addresses.ts'
import { encodedFilter, steeringBySource } from './kernel/steering.ts'
import { type Libc, systemCode } from './libc.io.ts'

/** Who closes what is left when this thread has ended. */
export interface Descriptors {
  /** Returns whether it was noted. */
  opened(descriptor: number): boolean
  closed(descriptor: number): void
  /** The one by which the main thread wakes this one. */
  wakes(descriptor: number): void
}

/** How several instances share a port. */
export interface Steering {
  readonly by: 'port' | 'address'
  readonly instances: number
}

/** Memory for one call at a time. */
const SCRATCH_OCTETS = 512
/** In that memory: where the length of an answer is. */
const LENGTH_AT = 256
const INTERFACE_NAME_OCTETS = 16

export class Sockets {
  readonly interfaces: Interfaces
  readonly #libc: Libc
  readonly #memory: Memory
  readonly #descriptors: Descriptors
  readonly #scratch: number

  constructor(libc: Libc, memory: Memory, descriptors: Descriptors) {
    this.#libc = libc
    this.#memory = memory
    this.#descriptors = descriptors
    this.#scratch = memory.deal(SCRATCH_OCTETS)
    this.interfaces = {
      numberOf: (name) => libc.interfaceNumber(name),
      nameOf: (number) => this.#nameOf(number),
    }
  }

  /** @throws a coded error if it can't be opened. */
  listen(plan: ListenPlan, steering: Steering): number {
    const { local, isShared } = plan
    const isIpv6 = isIPv6(withoutZone(local.address))
    const isWildcard = local.address === '0.0.0.0' || local.address === '::'
    return this.#opened(isIpv6, plan, (socket) => {
      if (isShared) this.#set(socket, [SOL_SOCKET, SO_REUSEPORT], 1)
      if (isWildcard) this.#set(socket, isIpv6 ? IPV6_NOTES : IPV4_NOTES, 1)
      this.#try(socket, [SOL_SOCKET, SO_TIMESTAMPNS], 1)
      this.#with(local, (address, length) => this.#libc.bind(socket, address, length))
      if (isShared && steering.by === 'address') this.#steer(socket, isIpv6, steering.instances)
    })
  }

  /** @throws a coded error if it can't be opened; `NO_ROUTE` if no route leads there. */
  connect(plan: ConnectPlan): number {
    const { local, server } = plan
    const isIpv6 = isIPv6(withoutZone((local ?? server).address))
    return this.#opened(isIpv6, plan, (socket) => {
      this.#set(socket, isIpv6 ? IPV6_ERRORS : IPV4_ERRORS, 1)
      if (local !== undefined) this.#with(local, (address, length) => this.#libc.bind(socket, address, length))
      this.#with(server, (address, length) => this.#libc.connect(socket, address, length))
    })
  }

  close(socket: number): void {
    this.#descriptors.closed(socket)
    this.#libc.close(socket)
  }

  report(socket: number, addresses: SocketAddresses): LinkReport {
    return {
      local: this.#localOf(socket, addresses),
      receiveBuffer: this.#get(socket, SO_RCVBUF) / 2,
      sendBuffer: this.#get(socket, SO_SNDBUF) / 2,
    }
  }

  /** Datagrams that the kernel dropped because the socket's buffer was full, since it was opened. */
  drops(socket: number): number {
    const at = this.#scratch
    this.#memory.setWord(at + LENGTH_AT, 4 * (SK_MEMINFO_DROPS + 1))
    const numbers = this.#memory.address(at)
    const answer = this.#libc.getsockopt(socket, SOL_SOCKET, SO_MEMINFO, numbers, this.#memory.address(at + LENGTH_AT))
    return answer < 0 ? 0 : this.#memory.word(at + 4 * SK_MEMINFO_DROPS) >>> 0
  }

  /** Reads, and so clears, an error that waits at a socket; 0: none. */
  clearError(socket: number): number {
    return this.#get(socket, SO_ERROR)
  }

  #opened(isIpv6: boolean, plan: ListenPlan | ConnectPlan, prepare: (socket: number) => void): number {
    const family = isIpv6 ? AF_INET6 : AF_INET
    const socket = this.#libc.socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC)
    if (socket < 0) throw openingFailed(plan, failed(socket))
    if (!this.#descriptors.opened(socket)) {
      this.#libc.close(socket)
      throw openingFailed(plan, Object.assign(new Error('the table of sockets is full'), { code: 'EMFILE' }))
    }
    try {
      if (isIpv6) this.#set(socket, [IPPROTO_IPV6, IPV6_V6ONLY], 1)
      this.#try(socket, isIpv6 ? IPV6_WHOLE : IPV4_WHOLE, PMTUDISC_DONT)
      prepare(socket)
    } catch (error) {
      this.close(socket)
      throw openingFailed(plan, error)
    }
    for (const [forced, asked, wanted] of [
      [SO_RCVBUFFORCE, SO_RCVBUF, WANTED_RECEIVE_BUFFER],
      [SO_SNDBUFFORCE, SO_SNDBUF, WANTED_SEND_BUFFER],
    ] as const) {
      if (!this.#try(socket, [SOL_SOCKET, forced], wanted)) this.#try(socket, [SOL_SOCKET, asked], wanted)
    }
    return socket
  }

  /** Calls with an endpoint as the kernel reads it. @throws the system's error. */
  #with({ address, port }: Endpoint, call: (address: number, length: number) => number): void {
    const { family, words, scope } = socketAddressOf(address, this.interfaces)
    if (address.includes('%') && scope === 0) throw failed(-NO_SUCH_INTERFACE)
    const at = this.#scratch
    const { words: memory, octets } = this.#memory
    memory.fill(0, at / 4, (at + SIZE_OF.sockaddr) / 4)
    memory[at / 4] = family
    octets[at + 2] = port >>> 8
    octets[at + 3] = port & 0xff
    memory.set(words, at / 4 + (family === AF_INET ? 1 : 2))
    if (family === AF_INET6) memory[at / 4 + 6] = scope
    must(call(this.#memory.address(at), family === AF_INET ? 16 : SIZE_OF.sockaddr))
  }

  #localOf(socket: number, addresses: SocketAddresses): Endpoint {
    const at = this.#scratch
    this.#memory.setWord(at + LENGTH_AT, SIZE_OF.sockaddr)
    must(this.#libc.getsockname(socket, this.#memory.address(at), this.#memory.address(at + LENGTH_AT)))
    const { words, octets } = this.#memory
    const port = ((octets[at + 2] as number) << 8) | (octets[at + 3] as number)
    const address =
      octets[at] === AF_INET
        ? addresses.ipv4(words[at / 4 + 1] as number)
        : addresses.ipv6(words, at / 4 + 2, words[at / 4 + 6] as number)
    return { address, port }
  }

  #steer(socket: number, isIpv6: boolean, instances: number): void {
    const filter = encodedFilter(steeringBySource(isIpv6, instances))
    const at = this.#scratch
    // struct sock_fprog: how many steps, and where they are.
    this.#memory.setLong(at, filter.length / 8)
    this.#memory.setPointer(at + 8, at + 16)
    this.#memory.octets.set(filter, at + 16)
    const program = this.#memory.address(at)
    must(this.#libc.setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, program, 16))
  }

  #set(socket: number, [level, name]: SocketOption, value: number): void {
    this.#memory.setWord(this.#scratch, value)
    must(this.#libc.setsockopt(socket, level, name, this.#memory.address(this.#scratch), 4))
  }

  /** Returns whether it was done. */
  #try(socket: number, [level, name]: SocketOption, value: number): boolean {
    this.#memory.setWord(this.#scratch, value)
    return this.#libc.setsockopt(socket, level, name, this.#memory.address(this.#scratch), 4) >= 0
  }

  #get(socket: number, name: number): number {
    const at = this.#scratch
    this.#memory.setWord(at + LENGTH_AT, 4)
    const value = this.#memory.address(at)
    must(this.#libc.getsockopt(socket, SOL_SOCKET, name, value, this.#memory.address(at + LENGTH_AT)))
    return this.#memory.word(at)
  }

  #nameOf(number: number): string {
    const at = this.#scratch
    this.#memory.octets.fill(0, at, at + INTERFACE_NAME_OCTETS)
    if (this.#libc.interfaceName(number, this.#memory.address(at)) === 0) return String(number)
    const name = this.#memory.octets.slice(at, at + INTERFACE_NAME_OCTETS)
    return new TextDecoder().decode(name.subarray(0, name.indexOf(0)))
  }
}

/** A level and a name. */
type SocketOption = readonly [level: number, name: number]

const IPV4_NOTES: SocketOption = [IPPROTO_IP, IP_PKTINFO]
const IPV6_NOTES: SocketOption = [IPPROTO_IPV6, IPV6_RECVPKTINFO]
const IPV4_ERRORS: SocketOption = [IPPROTO_IP, IP_RECVERR]
const IPV6_ERRORS: SocketOption = [IPPROTO_IPV6, IPV6_RECVERR]
const IPV4_WHOLE: SocketOption = [IPPROTO_IP, IP_MTU_DISCOVER]
const IPV6_WHOLE: SocketOption = [IPPROTO_IPV6, IPV6_MTU_DISCOVER]
/** EINVAL: what dgram says of a zone that is no interface. */
const NO_SUCH_INTERFACE = 22

const failed = (answer: number): Error => {
  const code = systemCode(answer)
  return Object.assign(new Error(code), { code })
}

/** @throws the system's error. */
function must(answer: number): void {
  if (answer < 0) throw failed(answer)
}
