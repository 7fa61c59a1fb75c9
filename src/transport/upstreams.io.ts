/**
 * The sockets towards the servers: per lane its source ports and one socket for probes.
 *
 * Each is connected, so the kernel drops what comes from elsewhere and reports a closed port (ECONNREFUSED) on the
 * very socket: an event for the engine, never a crash. Where no way leads to a server yet its sockets are opened later. A
 * lane is opened before the engine uses it, grows when the engine wants more ports, and is closed once the engine no
 * longer names it.
 */

import { type Endpoint, endpointText } from '../addresses.ts'
import { type LanePlan, PROBE_PORT } from '../proxy/border/ports.ts'
import type { Instant } from '../units.ts'
import { openOrAwait } from './awaited-socket.io.ts'
import { monotonicNow } from './clock.io.ts'
import type { DatagramSocket, SocketOptions } from './datagram-socket.io.ts'

/** Which of how many instances this one is: source ports of a configured range are dealt out in turn. */
export interface Share {
  readonly number: number
  readonly of: number
}

export const ALONE: Share = { number: 0, of: 1 }

/** What all instances know of the local ends of each other's sockets towards the servers. */
export interface SharedOurs {
  /** Rises with each socket that opens or closes. */
  readonly version: number
  opened(local: Endpoint, now: Instant): void
  /** Once a second. */
  stillOpen(local: Endpoint, now: Instant): void
  closed(local: Endpoint, now: Instant): void
  has(address: string, port: number, now: Instant): boolean
}

export interface UpstreamEvents {
  response(lane: number, port: number, bytes: Uint8Array): void
  probeAnswer(lane: number, bytes: Uint8Array): void
  refused(lane: number, port: number): void
  sendFailed(where: string, systemCode: string): void
}

interface Lane {
  /** Where it leads, from where. */
  readonly path: string
  readonly sources: DatagramSocket[]
  readonly probe: DatagramSocket
}

export class Upstreams {
  readonly #events: UpstreamEvents
  readonly #share: Share
  readonly #lanes = new Map<number, Lane>()
  readonly #shared: SharedOurs | undefined
  /** Of the open sockets, and of some that were. */
  #localPorts = new Set<number>()
  #version = 0

  /** `shared` where there are other instances. */
  constructor(events: UpstreamEvents, share = ALONE, shared?: SharedOurs) {
    this.#events = events
    this.#share = share
    this.#shared = shared
  }

  /** Another one: what `has` answered before may be over. */
  get version(): number {
    return this.#shared?.version ?? this.#version
  }

  /**
   * Opens what the plan names and is not open yet.
   * @throws a coded error where a socket can't be opened; lanes opened by this call are then closed again. An error without a
   * code where a lane's number has another path now: what is sent there would go to the wrong server.
   */
  async open(plan: readonly LanePlan[]): Promise<void> {
    const added: number[] = []
    try {
      for (const lane of plan) {
        const open = this.#lanes.get(lane.lane)
        const path = pathOf(lane)
        if (open === undefined) {
          this.#lanes.set(lane.lane, { path, sources: [], probe: await this.#openOne(lane, PROBE_PORT) })
          added.push(lane.lane)
        } else if (open.path !== path) throw new Error(`lane ${lane.lane} leads to ${open.path}, not to ${path}`)
        await this.#grow(lane)
      }
    } catch (error) {
      for (const lane of added) this.#close(lane)
      throw error
    }
    this.#localPorts = new Set(this.sockets().map(({ local }) => local.port))
  }

  async #grow(plan: LanePlan): Promise<void> {
    const sources = this.#lanes.get(plan.lane)?.sources ?? []
    while (sources.length < plan.ports) sources.push(await this.#openOne(plan, sources.length))
  }

  forward(lane: number, port: number, bytes: Uint8Array): void {
    const socket = this.#lanes.get(lane)?.sources[port]
    if (socket) socket.send(bytes)
    else this.#events.sendFailed(`lane ${lane} port ${port}`, 'EBADF')
  }

  probe(lane: number, bytes: Uint8Array): void {
    const socket = this.#lanes.get(lane)?.probe
    if (socket) socket.send(bytes)
    else this.#events.sendFailed(`lane ${lane} probe`, 'EBADF')
  }

  /** Closes the lanes that are not among these. */
  keepOnly(plan: readonly LanePlan[]): void {
    const kept = new Set(plan.map(({ lane }) => lane))
    for (const lane of this.#lanes.keys()) if (!kept.has(lane)) this.#close(lane)
  }

  /** Whether one of them, or of another instance's, has this local address and port. Few senders have such a port. */
  has(address: string, port: number): boolean {
    const isHere =
      this.#localPorts.has(port) && this.sockets().some(({ local }) => local.port === port && local.address === address)
    return isHere || (this.#shared?.has(address, port, monotonicNow()) ?? false)
  }

  /** Once a second: what is open is of this instance. */
  tellOthers(): void {
    const now = monotonicNow()
    for (const { local } of this.sockets()) if (local.port !== 0) this.#shared?.stillOpen(local, now)
  }

  /** All open sockets, for buffer sizes and the kernel's drop counts. */
  sockets(): DatagramSocket[] {
    return [...this.#lanes.values()].flatMap(({ sources, probe }) => [...sources, probe])
  }

  close(): void {
    for (const lane of this.#lanes.keys()) this.#close(lane)
  }

  #close(lane: number): void {
    const open = this.#lanes.get(lane)
    this.#lanes.delete(lane)
    for (const socket of open ? [...open.sources, open.probe] : []) {
      if (socket.local.port !== 0) this.#shared?.closed(socket.local, monotonicNow())
      socket.close()
    }
    this.#version += 1
  }

  #openOne(plan: LanePlan, port: number): Promise<DatagramSocket> {
    const { lane } = plan
    const server = { address: plan.address, port: plan.port }
    const where = endpointText(server)
    const options: SocketOptions = {
      purpose: `server ${plan.server}, ${plan.class}`,
      local: localEndpoint(plan, port, this.#share),
      server,
      events: {
        message:
          port === PROBE_PORT
            ? (bytes) => this.#events.probeAnswer(lane, bytes)
            : (bytes) => this.#events.response(lane, port, bytes),
        failed: (code) => {
          if (code === 'ECONNREFUSED') this.#events.refused(lane, port)
          else this.#events.sendFailed(where, code)
        },
      },
    }
    return openOrAwait(options, (local) => {
      this.#localPorts.add(local.port)
      this.#version += 1
      this.#shared?.opened(local, monotonicNow())
    })
  }
}

const pathOf = ({ address, port, sourceAddress, sourcePorts }: LanePlan): string =>
  `${endpointText({ address, port })} from ${sourceAddress ?? 'any address'}, ports ${sourcePorts?.probe ?? 'any'}`

function localEndpoint(plan: LanePlan, port: number, share: Share): { address: string; port: number } | undefined {
  const { sourceAddress, sourcePorts } = plan
  if (sourceAddress === undefined && sourcePorts === undefined) return undefined
  const address = sourceAddress ?? (plan.address.includes(':') ? '::' : '0.0.0.0')
  if (!sourcePorts) return { address, port: 0 }
  // The probe's port first, then the source ports; each place has one port for each instance.
  const place = (port - PROBE_PORT) * share.of + share.number
  return { address, port: sourcePorts.probe + place * sourcePorts.step }
}
