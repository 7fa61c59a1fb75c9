/**
 * All links of one instance: the engine's way out, and the clients' way in.
 *
 * It moves octets and decides nothing. What is sent is never waited for. Errors of sending are counted here and noted.
 */
import type { Endpoint } from '../addresses.ts'
import type { Peer } from '../proxy/border/events.ts'
import type { LanePlan, Outbox } from '../proxy/border/ports.ts'
import { Links, type LinksOptions } from './links.io.ts'
import type { ListenerReport, ListenOptions } from './listener-plan.ts'
import { type ListenerEvent, Listeners, type ListenersOptions } from './listeners.io.ts'
import { type Arrivals, type Transport, WANTED_RECEIVE_BUFFER } from './ports.ts'

/** What the log should hear of. */
export interface SocketNotes {
  sendFailed(where: string, systemCode: string): void
  listener(event: ListenerEvent): void
}

export interface SocketsOptions
  extends Pick<LinksOptions, 'share' | 'shared'>,
    Pick<ListenersOptions, 'localAddresses'> {
  readonly transport: Transport
  readonly notes: SocketNotes
}

export class Sockets implements Outbox {
  readonly #transport: Transport
  readonly #listeners: Listeners
  readonly #links: Links
  #sendFailures = 0

  /** One of several instances shares the listeners' ports with the others, and has its own share of source ports. */
  constructor({ transport, notes, share, shared, localAddresses }: SocketsOptions) {
    const failed = (where: string, systemCode: string): void => {
      this.#sendFailures += 1
      notes.sendFailed(where, systemCode)
    }
    this.#transport = transport
    this.#links = new Links({ transport, failed, share, shared })
    this.#listeners = new Listeners({
      transport,
      failed,
      tell: (event) => notes.listener(event),
      localAddresses,
      isShared: (share?.of ?? 1) > 1,
      ours: this.#links,
    })
  }

  /** @throws a coded error if a listener can't be opened. */
  openListeners(options: ListenOptions, arrivals: Arrivals): Promise<void> {
    return this.#listeners.open(options, arrivals)
  }

  /** @throws a coded error if a link to a server can't be opened; then none of this call stays open. */
  openLanes(plan: readonly LanePlan[], arrivals: Arrivals): Promise<void> {
    return this.#links.open(plan, arrivals)
  }

  keepOnlyLanes(plan: readonly LanePlan[]): void {
    this.#links.keepOnly(plan)
  }

  /** Once a second: what this machine's addresses are. */
  followAddresses(local: readonly string[]): Promise<void> {
    this.#links.tellOthers()
    return this.#listeners.followAddresses(local)
  }

  forward(lane: number, port: number, octets: Uint8Array): void {
    this.#links.forward(lane, port, octets)
  }

  probe(lane: number, octets: Uint8Array): void {
    this.#links.probe(lane, octets)
  }

  reply(to: Peer, octets: Uint8Array): void {
    this.#listeners.reply(to, octets)
  }

  flush(): void {
    this.#transport.flush()
  }

  /** Datagrams that the system refused to send, since the start. */
  get sendFailures(): number {
    return this.#sendFailures
  }

  listeners(): ListenerReport[] {
    return this.#listeners.report()
  }

  /** The local ends of the links to the servers, as the kernel's table lists them. */
  upstreams(): Endpoint[] {
    return this.#links.reports().map(({ local }) => local)
  }

  /** The smallest receive buffer granted, if the kernel gave less than was asked; octets. */
  clampedReceiveBuffer(): { readonly granted: number; readonly wanted: number } | undefined {
    const listeners = this.#listeners.report().filter(({ receiveBuffer }) => receiveBuffer > 0)
    const sizes = [...listeners, ...this.#links.reports()].map(({ receiveBuffer }) => receiveBuffer)
    const granted = Math.min(WANTED_RECEIVE_BUFFER, ...sizes)
    return granted < WANTED_RECEIVE_BUFFER ? { granted, wanted: WANTED_RECEIVE_BUFFER } : undefined
  }

  /** Closes everything; what the engine sends from then on is counted as failed. */
  close(): void {
    this.#listeners.close()
    this.#links.close()
  }
}
