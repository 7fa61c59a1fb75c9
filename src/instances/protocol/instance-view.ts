/**
 * An instance at one moment: its thread sends the view in parts, its supervisor adds what the thread can't know.
 *
 * A part takes the thread some dozens of microseconds, however many servers and clients there are; between two parts it
 * handles packets. Servers and ledgers are read at one moment, which is cheap; clients are read part by part. Most of the
 * time is for the copy to the main thread.
 */

import type { Endpoint } from '../../addresses.ts'
import type { ClientSnapshot, EngineSnapshot } from '../../proxy/border/snapshot.ts'
import { untouchedSnapshot } from '../../proxy/clients/client-table.ts'
import type { PacketIo } from '../../transport/choice/packet-io.ts'
import type { ListenerReport } from '../../transport/listener-plan.ts'
import type { TransportCounts } from '../../transport/ports.ts'

const LANES_PER_PART = 8
const CLIENTS_PER_PART = 20
const UPSTREAMS_PER_PART = 60

export interface InstanceView {
  readonly number: number
  readonly isRunning: boolean
  /** Threads that ended unasked and were followed by another one. */
  readonly crashes: number
  /** The supervisor adds the counters of the threads before. */
  readonly engine: EngineSnapshot
  readonly listeners: readonly ListenerReport[]
  /** The local ends of the sockets towards the servers. */
  readonly upstreams: readonly Endpoint[]
  /** The smallest receive buffer that was granted, if it is less than wanted; bytes. */
  readonly clampedReceiveBuffer: { readonly granted: number; readonly wanted: number } | undefined
  readonly packetIo: OpenedPacketIo
  /** Since its thread was started; undefined if its transport counts nothing. */
  readonly transport: TransportCounts | undefined
  readonly sendFailures: number
  readonly internalErrors: number
  /** Errors in what only watches on its thread, by place. */
  readonly watchErrors: Readonly<Record<string, number>>
  /** Processor time of its thread, user and system. */
  readonly cpuSeconds: number
  /** How late its event loop came to its work since the last view, seconds. */
  readonly loopDelay: { readonly mean: number; readonly p99: number; readonly max: number }
}

/** What carries the packets of an instance. */
export interface OpenedPacketIo {
  readonly use: PacketIo
  /** Why it is dgram although batched was chosen. */
  readonly fellBack?: string | undefined
}

/** A part of the long lists of a view. */
export interface ViewPart {
  readonly lanes: EngineSnapshot['lanes']
  /** Only the name, if nothing came from the client. */
  readonly clients: readonly (ClientSnapshot | string)[]
  readonly upstreams: InstanceView['upstreams']
}

interface Countable {
  readonly name: string
  readonly isUntouched: boolean
}

export class ViewInParts<C extends Countable> {
  /** All but the long lists. */
  readonly first: InstanceView
  /** How many parts follow. */
  readonly count: number
  readonly #view: InstanceView
  readonly #clients: readonly C[]
  readonly #snapshotOf: (client: C) => ClientSnapshot

  /** `view` has no clients yet; `clients` are those to read. */
  constructor(view: InstanceView, clients: readonly C[], snapshotOf: (client: C) => ClientSnapshot) {
    this.first = { ...view, engine: { ...view.engine, lanes: [] }, upstreams: [] }
    this.#view = view
    this.#clients = clients
    this.#snapshotOf = snapshotOf
    this.count = Math.ceil(
      Math.max(
        view.engine.lanes.length / LANES_PER_PART,
        clients.length / CLIENTS_PER_PART,
        view.upstreams.length / UPSTREAMS_PER_PART,
      ),
    )
  }

  /** From 0 up. */
  part(number: number): ViewPart {
    const of = <T>(list: readonly T[], size: number): T[] => list.slice(number * size, (number + 1) * size)
    return {
      lanes: of(this.#view.engine.lanes, LANES_PER_PART),
      clients: of(this.#clients, CLIENTS_PER_PART).map((client) =>
        client.isUntouched ? client.name : this.#snapshotOf(client),
      ),
      upstreams: of(this.#view.upstreams, UPSTREAMS_PER_PART),
    }
  }
}

export const whole = (first: InstanceView, parts: readonly ViewPart[]): InstanceView => ({
  ...first,
  engine: {
    ...first.engine,
    lanes: parts.flatMap(({ lanes }) => lanes),
    clients: parts.flatMap(({ clients }) =>
      clients.map((client) => (typeof client === 'string' ? untouchedSnapshot(client) : client)),
    ),
  },
  upstreams: parts.flatMap(({ upstreams }) => upstreams),
})
