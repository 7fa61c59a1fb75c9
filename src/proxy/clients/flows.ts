/**
 * Which flow a request belongs to: its client's; with `fairness_key: address`, that of its address; and with `flow_key`, of this its
 * user's, station's or session's part.
 *
 * Clients are configured, so there is one flow for each. Addresses and parts come from packets: a flow is made when the first of its
 * requests begins to wait, and forgotten when none waits any more. At most 4,096 addresses and 65,536 parts have a flow of
 * their own. Who comes when the table is full shares a flow with others, by a keyed hash; those that have one keep it.
 */

import type { TrafficClass } from '../../classes.ts'
import { mix } from '../../queues/containers/hashing.ts'
import { Flow } from '../../queues/flow.ts'
import type { AttributeKey, Packet } from '../../radius/packet.ts'
import type { ClientOptions } from '../border/options.ts'
import type { Client } from './client-table.ts'

export const MOST_ADDRESS_FLOWS = 4_096
export const MOST_PART_FLOWS = 65_536
/** Flows of one client that are shared when a table is full; a power of two. */
const SHARED_FLOWS = 64

const ATTRIBUTES: Readonly<Record<Exclude<ClientOptions['flowKey'], 'none'>, AttributeKey>> = {
  user: { vendor: 0, type: 1 },
  calling_station: { vendor: 0, type: 31 },
  session: { vendor: 0, type: 44 },
}

const NO_OCTETS = new Uint8Array(0)

export class Flows {
  readonly #addresses = new FlowTable(MOST_ADDRESS_FLOWS)
  readonly #parts = new FlowTable(MOST_PART_FLOWS)
  readonly #salt: number

  constructor(salt: number) {
    this.#salt = salt
  }

  /** Requests that had to share a flow because the table was full. */
  get shared(): number {
    return this.#addresses.shared + this.#parts.shared
  }

  /** Addresses and parts that have a flow of their own now. */
  get size(): number {
    return this.#addresses.size + this.#parts.size
  }

  /** The packet is read only if it has a say. */
  of({ share, options }: Client, of: { readonly from: { readonly address: string }; readonly packet: Packet }): Flow {
    const { fairnessKey, flowKey } = options
    let flow = share.flow
    if (fairnessKey === 'address') {
      flow = this.#addresses.flowOf(flow, hashOf(this.#salt, of.from.address), of.from.address, () => new Flow(share))
      flow.isDivided = flowKey !== 'none'
    }
    if (flowKey === 'none') return flow
    const whole = flow
    const hash = hashOf(this.#salt, of.packet.find(ATTRIBUTES[flowKey]) ?? NO_OCTETS)
    return this.#parts.flowOf(whole, hash, hash, () => new Flow(whole.of, whole))
  }

  /** A request of this flow begins to wait (1), or waits no more (-1). */
  count(flow: Flow, trafficClass: TrafficClass, by: 1 | -1): void {
    flow.count(by)
    const { queued } = flow.of
    if (queued !== undefined) queued[trafficClass] += by
    if (by === -1) this.#forgetIdle(flow)
  }

  /** An address may have had no other part. */
  #forgetIdle(flow: Flow): void {
    if (flow.waiting > 0) return
    this.#addresses.forget(flow)
    this.#parts.forget(flow)
    if (flow.whole !== undefined) this.#forgetIdle(flow.whole)
  }
}

/** The flows that packets of one client have named, or those of one address. */
interface Named {
  readonly byKey: Map<string | number, Flow>
  /** Those that several share. */
  readonly shared: (Flow | undefined)[]
}

class FlowTable {
  readonly #most: number
  readonly #named = new WeakMap<Flow, Named>()
  /** By the flow itself, so that it can be forgotten. */
  readonly #places = new Map<Flow, { readonly of: Named; readonly key: string | number }>()
  shared = 0

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#places.size
  }

  /** The flow of a key that packets of `owner` name. Parts of one hash are one flow. */
  flowOf(owner: Flow, hash: number, key: string | number, make: () => Flow): Flow {
    const named = this.#named.get(owner) ?? { byKey: new Map(), shared: [] }
    this.#named.set(owner, named)
    const known = named.byKey.get(key)
    if (known !== undefined) return known
    const place = hash & (SHARED_FLOWS - 1)
    const common = named.shared[place]
    // Who began to wait in a shared flow goes on there until it is empty: the order within a flow is the order of arrival.
    if (this.size >= this.#most || (common !== undefined && common.waiting > 0)) {
      this.shared += 1
      const flow = common ?? make()
      named.shared[place] = flow
      return flow
    }
    const flow = make()
    named.byKey.set(key, flow)
    this.#places.set(flow, { of: named, key })
    return flow
  }

  forget(flow: Flow): void {
    const place = this.#places.get(flow)
    if (place === undefined) return
    place.of.byKey.delete(place.key)
    this.#places.delete(flow)
  }
}

/** FNV-1a from a salt, so that nobody can choose who shares a flow. */
const hashOf = (salt: number, of: string | Uint8Array): number => {
  let hash = 0x811c9dc5 ^ salt
  for (let at = 0; at < of.length; at += 1) {
    hash = Math.imul(hash ^ (typeof of === 'string' ? of.charCodeAt(at) : of[at]!), 0x01000193)
  }
  return mix(hash)
}
