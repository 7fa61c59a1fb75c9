/**
 * All links of one instance: the engine's way out, and the clients' way in. It opens them through a transport and keeps them.
 *
 * A lane has one link for each source port, and one for probes. It is opened before the engine uses it, grows when the engine
 * wants more ports, and is closed once the engine no longer names it. What is sent is never waited for. Errors of sending are
 * noted.
 */
import { type Endpoint, endpointText } from '../addresses.ts'
import type { Peer } from '../proxy/border/events.ts'
import { type LanePlan, type Outbox, PROBE_PORT } from '../proxy/border/ports.ts'
import type { Instant } from '../units.ts'
import { monotonicNow } from './clock.io.ts'
import type { ListenerReport, ListenOptions } from './listener-plan.ts'
import { Listeners, type ListenersOptions } from './listeners.io.ts'
import { type Arrivals, type Link, type LinkReport, WANTED_RECEIVE_BUFFER } from './ports.ts'
import { pathOf, type Share, sourceOf } from './source-endpoints.ts'

/** What all instances know of the local ends of each other's links to servers. */
export interface SharedEndpointsPort {
  /** Rises with each link that opens or closes. */
  readonly version: number
  opened(local: Endpoint, now: Instant): void
  /** Once a second. */
  stillOpen(local: Endpoint, now: Instant): void
  closed(local: Endpoint, now: Instant): void
  has(address: string, port: number, now: Instant): boolean
}

export interface LinksOptions extends Pick<ListenersOptions, 'transport' | 'notes' | 'localAddresses'> {
  /** One of several instances shares the listeners' ports with the others, and has its own share of source ports. */
  readonly share: Share
  readonly shared?: SharedEndpointsPort | undefined
}

interface LaneLinks {
  readonly path: string
  readonly sources: Link[]
  readonly probe: Link
}

export class Links implements Outbox {
  readonly #o: LinksOptions
  readonly #listeners: Listeners
  readonly #lanes = new Map<number, LaneLinks>()
  /** Of the open links to servers, and of some that were. */
  #localPorts = new Set<number>()
  /** Rises with each link to a server that opens. */
  #version = 0

  constructor(options: LinksOptions) {
    this.#o = options
    const { transport, notes, share, shared, localAddresses } = options
    this.#listeners = new Listeners({
      transport,
      notes,
      localAddresses,
      isShared: share.of > 1,
      own: { version: () => shared?.version ?? this.#version, has: (address, port) => this.#isOwn(address, port) },
    })
  }

  /** @throws a coded error if a listener can't be opened. */
  openListeners(options: ListenOptions, arrivals: Arrivals): Promise<void> {
    return this.#listeners.open(options, arrivals)
  }

  /**
   * Opens what the plan names and is not open yet.
   * @throws a coded error if a link can't be opened; lanes opened by this call are then closed again. An error without a code
   * if a lane's number has another path now: what is sent there would go to the wrong server.
   */
  async openLanes(plan: readonly LanePlan[], arrivals: Arrivals): Promise<void> {
    const added: number[] = []
    try {
      for (const lane of plan) {
        const path = pathOf(lane)
        let open = this.#lanes.get(lane.lane)
        if (open === undefined) {
          open = { path, sources: [], probe: await this.#openOne(lane, PROBE_PORT, arrivals) }
          this.#lanes.set(lane.lane, open)
          added.push(lane.lane)
        } else if (open.path !== path) throw new Error(`lane ${lane.lane} leads to ${open.path}, not to ${path}`)
        const { sources } = open
        while (sources.length < lane.ports) sources.push(await this.#openOne(lane, sources.length, arrivals))
      }
    } catch (error) {
      for (const lane of added) this.#close(lane)
      throw error
    }
    this.#localPorts = new Set(this.upstreams().map(({ port }) => port))
  }

  /** Closes the lanes that are not among these. */
  keepOnlyLanes(plan: readonly LanePlan[]): void {
    const kept = new Set(plan.map(({ lane }) => lane))
    for (const lane of this.#lanes.keys()) if (!kept.has(lane)) this.#close(lane)
  }

  /** Once a second: what this machine's addresses are. */
  followAddresses(local: readonly string[]): Promise<void> {
    const now = monotonicNow()
    for (const end of this.upstreams()) this.#o.shared?.stillOpen(end, now)
    return this.#listeners.followAddresses(local)
  }

  forward(lane: number, port: number, octets: Uint8Array): void {
    const link = this.#lanes.get(lane)?.sources[port]
    if (link) link.send(octets)
    else this.#o.notes.sendFailed(`lane ${lane} port ${port}`, 'EBADF')
  }

  probe(lane: number, octets: Uint8Array): void {
    const link = this.#lanes.get(lane)?.probe
    if (link) link.send(octets)
    else this.#o.notes.sendFailed(`lane ${lane} probe`, 'EBADF')
  }

  reply(to: Peer, octets: Uint8Array): void {
    this.#listeners.reply(to, octets)
  }

  flush(): void {
    this.#o.transport.flush()
  }

  room(length: number): Uint8Array {
    return this.#o.transport.room(length)
  }

  listeners(): ListenerReport[] {
    return this.#listeners.report()
  }

  /** The local ends of the links to the servers, as the kernel's table lists them. */
  upstreams(): Endpoint[] {
    return this.#reports().map(({ local }) => local)
  }

  /** The smallest receive buffer granted, if the kernel gave less than was asked; octets. */
  clampedReceiveBuffer(): { readonly granted: number; readonly wanted: number } | undefined {
    const listeners = this.#listeners.report().filter(({ receiveBuffer }) => receiveBuffer > 0)
    const sizes = [...listeners, ...this.#reports()].map(({ receiveBuffer }) => receiveBuffer)
    const granted = Math.min(WANTED_RECEIVE_BUFFER, ...sizes)
    return granted < WANTED_RECEIVE_BUFFER ? { granted, wanted: WANTED_RECEIVE_BUFFER } : undefined
  }

  /** Closes everything; what the engine sends from then on is counted as failed. */
  close(): void {
    this.#listeners.close()
    for (const lane of this.#lanes.keys()) this.#close(lane)
  }

  #reports(): LinkReport[] {
    return [...this.#lanes.values()].flatMap(({ sources, probe }) =>
      [...sources, probe].flatMap((link) => link.report() ?? []),
    )
  }

  /** Whether a link to a server, or one of another instance's, has this local end. Few senders have such a port. */
  #isOwn(address: string, port: number): boolean {
    const isHere =
      this.#localPorts.has(port) && this.upstreams().some((own) => own.port === port && own.address === address)
    return isHere || (this.#o.shared?.has(address, port, monotonicNow()) ?? false)
  }

  #close(lane: number): void {
    const open = this.#lanes.get(lane)
    this.#lanes.delete(lane)
    for (const link of open ? [...open.sources, open.probe] : []) {
      const local = link.report()?.local
      if (local !== undefined) this.#o.shared?.closed(local, monotonicNow())
      link.close()
    }
  }

  #openOne(plan: LanePlan, link: number, arrivals: Arrivals): Promise<Link> {
    const server = { address: plan.address, port: plan.port }
    const where = endpointText(server)
    const connection = {
      lane: plan.lane,
      link,
      purpose: `server ${plan.server}, ${plan.class}`,
      server,
      local: sourceOf(plan, link, this.#o.share),
      failed: (code: string) => this.#o.notes.sendFailed(where, code),
      opened: (local: Endpoint) => {
        this.#localPorts.add(local.port)
        this.#version += 1
        this.#o.shared?.opened(local, monotonicNow())
      },
    }
    return this.#o.transport.connect(connection, arrivals)
  }
}
