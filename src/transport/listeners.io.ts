/**
 * The sockets that clients send to, and the answers that leave from them.
 *
 * A client accepts an answer only from the address it asked, and dgram can't tell which address a datagram on a
 * wildcard socket was sent to. So a wildcard expands to one socket per address of this machine. Which sockets there should
 * be is decided in `listener-plan.ts`, round by round; here they are opened and closed. A listener's number is never used
 * twice, so an answer for a closed listener is counted and goes nowhere.
 */
import { type Endpoint, endpointText } from '../addresses.ts'
import { TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import { codeOf } from '../coded-error.ts'
import type { Peer } from '../proxy/border/events.ts'
import { type DatagramSocket, openSocket } from './datagram-socket.io.ts'
import {
  keyOf,
  type ListenAt,
  type OpenSocket,
  type Presence,
  presenceOf,
  stepsOf,
  type Wanted,
  wantedWith,
} from './listener-plan.ts'
import { addressesOfThisMachine } from './local-addresses.io.ts'

/** An address of IPv6 can't be opened until nobody else has claimed it (RFC 4862 section 5.4), which takes a second or two. */
const SILENT_TRIES = 5

export interface ListenerEvents {
  request(trafficClass: TrafficClass, from: Peer, bytes: Uint8Array): void
  /** An answer could not be sent, or a listening socket reported an error. */
  sendFailed(where: string, systemCode: string): void
  listenerOpened(trafficClass: TrafficClass, where: string): void
  listenerClosed(trafficClass: TrafficClass, where: string): void
  /** A configured address is absent as it starts. */
  listenerAbsent(trafficClass: TrafficClass, where: string): void
  /** An address that the machine has can't be opened; tried again in the next round. */
  listenerFailed(trafficClass: TrafficClass, where: string, why: string): void
}

/** A listener as `status` shows it; buffers of one that is not open are 0. */
export interface ListenerReport extends Endpoint {
  readonly class: TrafficClass
  readonly presence: Presence
  /** Whether the machine may lack its address: `optional`, or of a wildcard. */
  readonly isOptional: boolean
  readonly receiveBuffer: number
  readonly sendBuffer: number
}

export interface ListenerOptions {
  /** What the system lists as this machine's addresses. */
  readonly localAddresses?: () => readonly string[]
  readonly isShared?: boolean
  readonly ours?: Ours
}

/** Our own sockets towards the servers. */
export interface Ours {
  /** Another one: what `has` answered before may be over. */
  readonly version: number
  /** Whether one of them has this address and port. */
  has(address: string, port: number): boolean
}

const NONE_OURS: Ours = { version: 0, has: () => false }

/** Where to listen. */
export interface ListenOptions {
  readonly at: Readonly<Record<TrafficClass, readonly ListenAt[]>>
  /** Whether an address that the machine lacks, and that is not optional, is an error. */
  readonly mustHaveAll: boolean
}

interface Listener extends OpenSocket {
  readonly number: number
  readonly wanted: Wanted
  readonly address: string
  readonly socket: DatagramSocket
}

export class Listeners {
  readonly #events: ListenerEvents
  readonly #localAddresses: () => readonly string[]
  readonly #isShared: boolean
  readonly #ours: Ours
  readonly #open = new Map<number, Listener>()
  /** How often one could not be opened, by key. */
  readonly #tries = new Map<string, number>()
  #configured: readonly (ListenAt & { readonly class: TrafficClass })[] = []
  #local: readonly string[] = []
  #listed: ReadonlySet<string> = new Set()
  #wanted: ReadonlyMap<string, Wanted> = new Map()
  #isSettled = false
  #round = 0
  #nextNumber = 0
  #following: Promise<void> | undefined

  /** `isShared`: other instances listen at the same addresses and ports. */
  constructor(
    events: ListenerEvents,
    { localAddresses = addressesOfThisMachine, isShared = false, ours = NONE_OURS }: ListenerOptions = {},
  ) {
    this.#events = events
    this.#isShared = isShared
    this.#ours = ours
    this.#localAddresses = localAddresses
  }

  /**
   * Opens all configured listeners.
   * @throws a coded error where one can't be opened; those already open stay open until close().
   */
  async open({ at, mustHaveAll }: ListenOptions): Promise<void> {
    this.#configured = TRAFFIC_CLASSES.flatMap((name) => at[name].map((one) => ({ ...one, class: name })))
    this.#takeAddresses(this.#localAddresses())
    for (const wanted of this.#wanted.values()) {
      try {
        await this.#openOne(wanted)
      } catch (error) {
        if (codeOf(error) !== 'ADDRESS_NOT_LOCAL') throw error
        // An address can go between being listed and being opened.
        if (wanted.isOfWildcard) continue
        if (mustHaveAll && wanted.optional !== true) throw error
        this.#events.listenerAbsent(wanted.class, endpointText(wanted))
      }
    }
  }

  /**
   * One round, once a second: opens what came and closes what went. `local` are this machine's addresses; the same list
   * again says that they have not changed. Never throws.
   */
  followAddresses(local: readonly string[]): Promise<void> {
    this.#following ??= this.#follow(local).finally(() => {
      this.#following = undefined
    })
    return this.#following
  }

  async #follow(local: readonly string[]): Promise<void> {
    if (local !== this.#local) this.#takeAddresses(local)
    else if (this.#isSettled) return
    const { open, left, returned, close } = stepsOf({
      wanted: this.#wanted,
      listed: this.#listed,
      open: this.#open.values(),
      round: this.#round,
    })
    this.#round += 1
    for (const one of left) this.#events.listenerClosed(one.wanted.class, endpointText(one.socket.local))
    for (const one of returned) this.#events.listenerOpened(one.wanted.class, endpointText(one.socket.local))
    for (const one of close) {
      this.#open.delete(one.number)
      one.socket.close()
    }
    for (const key of this.#tries.keys()) if (!this.#wanted.has(key)) this.#tries.delete(key)
    for (const one of open) await this.#tryOpen(one)
    const all = [...this.#open.values()]
    this.#isSettled = all.length === this.#wanted.size && all.every(({ roundsAway }) => roundsAway === 0)
  }

  #takeAddresses(local: readonly string[]): void {
    this.#local = local
    this.#listed = new Set(local)
    this.#wanted = wantedWith(this.#configured, local)
    this.#isSettled = false
  }

  async #tryOpen(wanted: Wanted): Promise<void> {
    const key = keyOf(wanted)
    try {
      const local = await this.#openOne(wanted)
      this.#tries.delete(key)
      this.#events.listenerOpened(wanted.class, endpointText(local))
    } catch (error) {
      const tries = (this.#tries.get(key) ?? 0) + 1
      this.#tries.set(key, tries)
      const isLacking = codeOf(error) === 'ADDRESS_NOT_LOCAL'
      if (isLacking && !this.#listed.has(wanted.address)) return
      if (tries !== (isLacking ? SILENT_TRIES : 1)) return
      const why = error instanceof Error ? error.message : String(error)
      this.#events.listenerFailed(wanted.class, endpointText(wanted), why)
    }
  }

  /** Sends an answer from the address that was asked. */
  reply(to: Peer, bytes: Uint8Array): void {
    const listener = this.#open.get(to.link)
    if (listener) listener.socket.sendTo(bytes, to)
    else this.#events.sendFailed('a closed listener', 'EBADF')
  }

  /** Those that are open, and the configured ones that are not. */
  report(): ListenerReport[] {
    const open = [...this.#open.values()].flatMap((one): ListenerReport[] => {
      const { wanted, socket } = one
      const presence = presenceOf(one)
      if (wanted.isOfWildcard && presence === 'absent') return []
      const { local, receiveBuffer, sendBuffer } = socket
      return [{ class: wanted.class, ...local, presence, isOptional: mayBeAbsent(wanted), receiveBuffer, sendBuffer }]
    })
    const openKeys = new Set([...this.#open.values()].map(({ key }) => key))
    const closed = [...this.#wanted].flatMap(([key, wanted]): ListenerReport[] => {
      if (wanted.isOfWildcard || openKeys.has(key)) return []
      const { class: name, address, port } = wanted
      const none = { presence: 'absent', receiveBuffer: 0, sendBuffer: 0 } as const
      return [{ class: name, address, port, isOptional: mayBeAbsent(wanted), ...none }]
    })
    return [...open, ...closed]
  }

  close(): void {
    this.#configured = []
    this.#wanted = new Map()
    for (const { socket } of this.#open.values()) socket.close()
    this.#open.clear()
  }

  async #openOne(wanted: Wanted): Promise<Endpoint> {
    const number = this.#nextNumber
    this.#nextNumber += 1
    let where = endpointText(wanted)
    const peers = new Peers(number, this.#ours)
    const socket = await openSocket({
      purpose: `listen.${wanted.class}`,
      ifNotLocal: `write { address: "${where}", optional: true } where it comes and goes`,
      local: wanted,
      isShared: this.#isShared,
      events: {
        message: (bytes, { address, port }) => this.#events.request(wanted.class, peers.at(address, port), bytes),
        failed: (code) => this.#events.sendFailed(where, code),
      },
    })
    where = endpointText(socket.local)
    const { address } = wanted
    const wasListed = this.#listed.has(address)
    this.#open.set(number, { number, wanted, address, socket, key: keyOf(wanted), wasListed, roundsAway: 0 })
    return socket.local
  }
}

const mayBeAbsent = ({ isOfWildcard, optional }: Wanted): boolean => isOfWildcard || optional === true

/** Who has sent to one listener: one object for each sender, not one for each datagram that waits. */
class Peers {
  readonly #link: number
  /** The last sender with each port, so at most 65,536. */
  readonly #byPort = new Map<number, Peer>()
  readonly #ours: Ours
  /** Of our sockets, when the peers were found not to be among them. */
  #version: number

  constructor(link: number, ours: Ours) {
    this.#link = link
    this.#ours = ours
    this.#version = ours.version
  }

  at(address: string, port: number): Peer {
    const { version } = this.#ours
    if (version !== this.#version) this.#byPort.clear()
    this.#version = version
    const known = this.#byPort.get(port)
    if (known?.address === address) return known
    // Not kept: a socket of a thread that crashed is ours no more, and nobody says so.
    if (this.#ours.has(address, port)) return { link: this.#link, address, port, isOurs: true }
    const peer: Peer = { link: this.#link, address, port }
    this.#byPort.set(port, peer)
    return peer
  }
}
