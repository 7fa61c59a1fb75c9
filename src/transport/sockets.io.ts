/**
 * All sockets of the daemon behind one port: the engine's way out, and the world's way in.
 *
 * It moves bytes and decides nothing. What arrives is given to `Arrivals` with the number of the socket; what goes out
 * is sent at once and never waited for. Errors of sending are counted here and noted, they never throw.
 */

import type { Endpoint } from '../addresses.ts'
import type { Peer } from '../proxy/border/events.ts'
import type { LanePlan, Outbox } from '../proxy/border/ports.ts'
import { WANTED_RECEIVE_BUFFER } from './datagram-socket.io.ts'
import {
  type ListenerEvents,
  type ListenerOptions,
  type ListenerReport,
  Listeners,
  type ListenOptions,
} from './listeners.io.ts'
import { ALONE, type Share, type SharedOurs, type UpstreamEvents, Upstreams } from './upstreams.io.ts'

/** What comes in: datagrams, and the news that a server's port is closed. */
export type Arrivals = Pick<ListenerEvents, 'request'> & Omit<UpstreamEvents, 'sendFailed'>

/** What the log should hear of. */
export type SocketNotes = Omit<ListenerEvents, 'request'>

export interface SocketsOptions extends Pick<ListenerOptions, 'localAddresses'> {
  readonly share?: Share
  /** What other instances know of this one's sockets towards the servers, and it of theirs. */
  readonly shared?: SharedOurs | undefined
}

export class Sockets implements Outbox {
  readonly #listeners: Listeners
  readonly #upstreams: Upstreams
  #sendFailures = 0

  /** One of several instances shares the listeners' ports with the others, and has its own share of source ports. */
  constructor(arrivals: Arrivals, notes: SocketNotes, options: SocketsOptions = {}) {
    const { share = ALONE, shared } = options
    const sendFailed = (where: string, systemCode: string): void => {
      this.#sendFailures += 1
      notes.sendFailed(where, systemCode)
    }
    const upstreamEvents = {
      response: (lane: number, port: number, bytes: Uint8Array) => arrivals.response(lane, port, bytes),
      probeAnswer: (lane: number, bytes: Uint8Array) => arrivals.probeAnswer(lane, bytes),
      refused: (lane: number, port: number) => arrivals.refused(lane, port),
      sendFailed,
    }
    this.#upstreams = new Upstreams(upstreamEvents, share, shared)
    this.#listeners = new Listeners(
      {
        request: (trafficClass, from, bytes) => arrivals.request(trafficClass, from, bytes),
        listenerOpened: (trafficClass, where) => notes.listenerOpened(trafficClass, where),
        listenerClosed: (trafficClass, where) => notes.listenerClosed(trafficClass, where),
        listenerAbsent: (trafficClass, where) => notes.listenerAbsent(trafficClass, where),
        listenerFailed: (trafficClass, where, why) => notes.listenerFailed(trafficClass, where, why),
        sendFailed,
      },
      { ...options, isShared: share.of > 1, ours: this.#upstreams },
    )
  }

  /** @throws a coded error where a listener can't be opened. */
  openListeners(options: ListenOptions): Promise<void> {
    return this.#listeners.open(options)
  }

  /** @throws a coded error where a socket towards a server can't be opened; then none of this call stays open. */
  openLanes(plan: readonly LanePlan[]): Promise<void> {
    return this.#upstreams.open(plan)
  }

  keepOnlyLanes(plan: readonly LanePlan[]): void {
    this.#upstreams.keepOnly(plan)
  }

  /** Once a second: what this machine's addresses are. */
  followAddresses(local: readonly string[]): Promise<void> {
    this.#upstreams.tellOthers()
    return this.#listeners.followAddresses(local)
  }

  forward(lane: number, port: number, bytes: Uint8Array): void {
    this.#upstreams.forward(lane, port, bytes)
  }

  probe(lane: number, bytes: Uint8Array): void {
    this.#upstreams.probe(lane, bytes)
  }

  reply(to: Peer, bytes: Uint8Array): void {
    this.#listeners.reply(to, bytes)
  }

  /** Nothing is gathered: each datagram was given to the system at once. */
  flush(): void {}

  /** Datagrams that the system refused to send, since the start. */
  get sendFailures(): number {
    return this.#sendFailures
  }

  listeners(): ListenerReport[] {
    return this.#listeners.report()
  }

  /** The local addresses and ports of the sockets towards the servers, as the kernel's table lists them. */
  upstreams(): Endpoint[] {
    return this.#upstreams.sockets().flatMap(({ local }) => (local.port === 0 ? [] : [local]))
  }

  /** The smallest receive buffer granted, where the kernel gave less than was asked; bytes. */
  clampedReceiveBuffer(): { readonly granted: number; readonly wanted: number } | undefined {
    const listeners = this.#listeners.report().filter(({ receiveBuffer }) => receiveBuffer > 0)
    const sizes = [...listeners, ...this.#upstreams.sockets()].map((socket) => socket.receiveBuffer)
    const granted = Math.min(WANTED_RECEIVE_BUFFER, ...sizes)
    return granted < WANTED_RECEIVE_BUFFER ? { granted, wanted: WANTED_RECEIVE_BUFFER } : undefined
  }

  /** Closes everything; what the engine sends from then on is counted as failed. */
  close(): void {
    this.#listeners.close()
    this.#upstreams.close()
  }
}
