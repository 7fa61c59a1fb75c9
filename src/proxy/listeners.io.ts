/**
 * The sockets that clients send to, and the answers that leave from them.
 *
 * A client accepts an answer only from the address it asked, and dgram can't tell which address a datagram on a
 * wildcard socket was sent to. So a wildcard expands to one socket per address of this machine, and the list of
 * addresses is read again from time to time: new ones are opened, gone ones closed. A listener's number is never used
 * twice, so an answer for a closed listener is counted and goes nowhere.
 */
import { systemCodeOf } from '../coded-error.ts'
import { TRAFFIC_CLASSES, type TrafficClass } from '../units.ts'
import { type DatagramSocket, type Endpoint, endpointText, openSocket } from './datagram-socket.io.ts'
import { addressesOfThisMachine } from './local-addresses.io.ts'
import type { Peer } from './ports.ts'

const WILDCARDS = ['0.0.0.0', '::']

export interface ListenerEvents {
  request(trafficClass: TrafficClass, from: Peer, bytes: Uint8Array): void
  /** An answer could not be sent, or a listening socket reported an error. */
  sendFailed(where: string, systemCode: string): void
  listenerOpened(trafficClass: TrafficClass, where: string): void
  listenerClosed(trafficClass: TrafficClass, where: string): void
  /** An address of a wildcard can't be opened; tried again at the next reading. */
  listenerFailed(trafficClass: TrafficClass, where: string, why: string): void
}

/** An open listener as `status` shows it. */
export interface ListenerReport extends Endpoint {
  readonly class: TrafficClass
  readonly receiveBuffer: number
  readonly sendBuffer: number
}

export interface ListenerOptions {
  /** What a wildcard expands to. */
  readonly localAddresses?: () => readonly string[]
  readonly isShared?: boolean
}

interface Listener {
  readonly class: TrafficClass
  readonly socket: DatagramSocket
  /** As wanted: the real port differs where 0 was asked. */
  readonly key: string
}

type Wanted = Endpoint & { readonly class: TrafficClass; readonly wildcard: boolean }

export class Listeners {
  readonly #events: ListenerEvents
  readonly #localAddresses: () => readonly string[]
  readonly #isShared: boolean
  readonly #open = new Map<number, Listener>()
  readonly #failing = new Set<string>()
  #configured: readonly (Endpoint & { readonly class: TrafficClass })[] = []
  #nextNumber = 0
  #following: Promise<void> | undefined

  /** `isShared`: other instances listen at the same addresses and ports. */
  constructor(
    events: ListenerEvents,
    { localAddresses = addressesOfThisMachine, isShared = false }: ListenerOptions = {},
  ) {
    this.#events = events
    this.#isShared = isShared
    this.#localAddresses = localAddresses
  }

  /**
   * Opens all configured listeners.
   * @throws a coded error where one can't be opened; those already open stay open until close().
   */
  async open(endpoints: Readonly<Record<TrafficClass, readonly Endpoint[]>>): Promise<void> {
    this.#configured = TRAFFIC_CLASSES.flatMap((name) =>
      endpoints[name].map(({ address, port }) => ({ address, port, class: name })),
    )
    for (const wanted of this.#wanted()) {
      try {
        await this.#openOne(wanted)
      } catch (error) {
        // An address can go between being listed and being opened: only then, and only for a wildcard, go on.
        if (!wanted.wildcard || systemCodeOf((error as Error).cause) !== 'EADDRNOTAVAIL') throw error
      }
    }
  }

  /** Reads the machine's addresses again; opens and closes the sockets of wildcards. Never throws. */
  followAddresses(): Promise<void> {
    this.#following ??= this.#follow().finally(() => {
      this.#following = undefined
    })
    return this.#following
  }

  async #follow(): Promise<void> {
    const wanted = new Map(this.#wanted().map((one) => [keyOf(one), one]))
    for (const [number, listener] of this.#open) {
      if (wanted.has(listener.key)) continue
      this.#open.delete(number)
      listener.socket.close()
      this.#events.listenerClosed(listener.class, endpointText(listener.socket.local))
    }
    const present = new Set([...this.#open.values()].map(({ key }) => key))
    for (const [key, one] of wanted) {
      if (!present.has(key)) await this.#tryOpen(key, one)
    }
  }

  async #tryOpen(key: string, wanted: Wanted): Promise<void> {
    try {
      this.#events.listenerOpened(wanted.class, endpointText(await this.#openOne(wanted)))
      this.#failing.delete(key)
    } catch (error) {
      if (!this.#failing.has(key)) {
        const why = error instanceof Error ? error.message : String(error)
        this.#events.listenerFailed(wanted.class, endpointText(wanted), why)
      }
      this.#failing.add(key)
    }
  }

  /** Sends an answer from the address that was asked. */
  reply(to: Peer, bytes: Uint8Array): void {
    const listener = this.#open.get(to.listener)
    if (listener) listener.socket.sendTo(bytes, to)
    else this.#events.sendFailed('a closed listener', 'EBADF')
  }

  report(): ListenerReport[] {
    return [...this.#open.values()].map(({ class: name, socket: { local, receiveBuffer, sendBuffer } }) => ({
      class: name,
      ...local,
      receiveBuffer,
      sendBuffer,
    }))
  }

  close(): void {
    this.#configured = []
    for (const { socket } of this.#open.values()) socket.close()
    this.#open.clear()
  }

  /** Every socket that should be open now, each once. */
  #wanted(): Wanted[] {
    const all = this.#configured.flatMap((one): Wanted[] => {
      if (!WILDCARDS.includes(one.address)) return [{ ...one, wildcard: false }]
      const sameFamily = (address: string): boolean => address.includes(':') === one.address.includes(':')
      return this.#localAddresses()
        .filter(sameFamily)
        .map((address) => ({ ...one, address, wildcard: true }))
    })
    return [...new Map(all.map((one) => [keyOf(one), one])).values()]
  }

  async #openOne(wanted: Wanted): Promise<Endpoint> {
    const number = this.#nextNumber
    this.#nextNumber += 1
    let where = endpointText(wanted)
    const peers = new Peers(number)
    const socket = await openSocket({
      purpose: `listen.${wanted.class}`,
      local: wanted,
      isShared: this.#isShared,
      events: {
        message: (bytes, { address, port }) => this.#events.request(wanted.class, peers.at(address, port), bytes),
        failed: (code) => this.#events.sendFailed(where, code),
      },
    })
    where = endpointText(socket.local)
    this.#open.set(number, { class: wanted.class, socket, key: keyOf(wanted) })
    return socket.local
  }
}

/** Who has sent to one listener: one object for each sender, not one for each datagram that waits. */
class Peers {
  readonly #listener: number
  /** The last sender with each port, so at most 65,536. */
  readonly #byPort = new Map<number, Peer>()

  constructor(listener: number) {
    this.#listener = listener
  }

  at(address: string, port: number): Peer {
    const known = this.#byPort.get(port)
    if (known?.address === address) return known
    const peer: Peer = { listener: this.#listener, address, port }
    this.#byPort.set(port, peer)
    return peer
  }
}

const keyOf = (one: Endpoint & { readonly class: TrafficClass }): string => `${one.class} ${endpointText(one)}`
