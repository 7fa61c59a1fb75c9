/**
 * The links to the servers: each lane has one for each source port, and one for probes.
 *
 * A lane is opened before the engine uses it. It grows when the engine wants more ports, and is closed once the engine no longer
 * names it.
 */
import { type Endpoint, endpointText } from '../addresses.ts'
import { type LanePlan, PROBE_PORT } from '../proxy/border/ports.ts'
import type { Instant } from '../units.ts'
import { monotonicNow } from './clock.io.ts'
import type { Arrivals, Link, LinkReport, OwnEndpoints, Transport } from './ports.ts'
import { ALONE, pathOf, type Share, sourceOf } from './source-endpoints.ts'

/** What all instances know of the local ends of each other's links. */
export interface SharedEndpointsPort {
  /** Rises with each link that opens or closes. */
  readonly version: number
  opened(local: Endpoint, now: Instant): void
  /** Once a second. */
  stillOpen(local: Endpoint, now: Instant): void
  closed(local: Endpoint, now: Instant): void
  has(address: string, port: number, now: Instant): boolean
}

export interface LinksOptions {
  readonly transport: Transport
  /** A datagram could not be sent, or a link reported an error. */
  readonly failed: (where: string, systemCode: string) => void
  readonly share?: Share | undefined
  /** If there are other instances. */
  readonly shared?: SharedEndpointsPort | undefined
}

interface Lane {
  readonly path: string
  readonly sources: Link[]
  readonly probe: Link
}

export class Links implements OwnEndpoints {
  readonly #transport: Transport
  readonly #failed: LinksOptions['failed']
  readonly #share: Share
  readonly #shared: SharedEndpointsPort | undefined
  readonly #lanes = new Map<number, Lane>()
  /** Of the open links, and of some that were. */
  #localPorts = new Set<number>()
  #version = 0

  constructor({ transport, failed, share = ALONE, shared }: LinksOptions) {
    this.#transport = transport
    this.#failed = failed
    this.#share = share
    this.#shared = shared
  }

  get version(): number {
    return this.#shared?.version ?? this.#version
  }

  /**
   * Opens what the plan names and is not open yet.
   * @throws a coded error if a link can't be opened; lanes opened by this call are then closed again. An error without a code
   * if a lane's number has another path now: what is sent there would go to the wrong server.
   */
  async open(plan: readonly LanePlan[], arrivals: Arrivals): Promise<void> {
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
    this.#localPorts = new Set(this.reports().map(({ local }) => local.port))
  }

  forward(lane: number, port: number, octets: Uint8Array): void {
    const link = this.#lanes.get(lane)?.sources[port]
    if (link) link.send(octets)
    else this.#failed(`lane ${lane} port ${port}`, 'EBADF')
  }

  probe(lane: number, octets: Uint8Array): void {
    const link = this.#lanes.get(lane)?.probe
    if (link) link.send(octets)
    else this.#failed(`lane ${lane} probe`, 'EBADF')
  }

  /** Closes the lanes that are not among these. */
  keepOnly(plan: readonly LanePlan[]): void {
    const kept = new Set(plan.map(({ lane }) => lane))
    for (const lane of this.#lanes.keys()) if (!kept.has(lane)) this.#close(lane)
  }

  /** Whether one of them, or of another instance's, has this local address and port. Few senders have such a port. */
  has(address: string, port: number): boolean {
    const isHere =
      this.#localPorts.has(port) && this.reports().some(({ local }) => local.port === port && local.address === address)
    return isHere || (this.#shared?.has(address, port, monotonicNow()) ?? false)
  }

  /** Once a second: what is open is of this instance. */
  tellOthers(): void {
    const now = monotonicNow()
    for (const { local } of this.reports()) this.#shared?.stillOpen(local, now)
  }

  /** Of all that are open. */
  reports(): LinkReport[] {
    return [...this.#lanes.values()].flatMap(({ sources, probe }) =>
      [...sources, probe].flatMap((link) => link.report() ?? []),
    )
  }

  close(): void {
    for (const lane of this.#lanes.keys()) this.#close(lane)
  }

  #close(lane: number): void {
    const open = this.#lanes.get(lane)
    this.#lanes.delete(lane)
    for (const link of open ? [...open.sources, open.probe] : []) {
      const local = link.report()?.local
      if (local !== undefined) this.#shared?.closed(local, monotonicNow())
      link.close()
    }
    this.#version += 1
  }

  #openOne(plan: LanePlan, link: number, arrivals: Arrivals): Promise<Link> {
    const server = { address: plan.address, port: plan.port }
    const where = endpointText(server)
    const opened = (local: Endpoint): void => {
      this.#localPorts.add(local.port)
      this.#version += 1
      this.#shared?.opened(local, monotonicNow())
    }
    return this.#transport.connect(
      {
        lane: plan.lane,
        link,
        purpose: `server ${plan.server}, ${plan.class}`,
        server,
        local: sourceOf(plan, link, this.#share),
        failed: (code) => this.#failed(where, code),
        opened,
      },
      arrivals,
    )
  }
}
