/**
 * A view of an instance in parts, so that no look holds its thread for long, however many servers and clients there are.
 *
 * Servers and ledgers are seen at one moment; that is cheap. Clients are counted part by part, some milliseconds apart.
 * Carrying it all over to the main thread costs most, and is done in parts of some dozens of microseconds, between which
 * the thread goes on with its packets.
 */

import type { ClientSnapshot } from '../../proxy/border/snapshot.ts'
import { untouchedSnapshot } from '../../proxy/work/client-table.ts'
import type { InstanceView, ViewPart } from './protocol.ts'

const LANES_PER_PART = 8
const CLIENTS_PER_PART = 20
const UPSTREAMS_PER_PART = 60

/** What an instance sees at one moment. */
export type Seen = Omit<InstanceView, 'engine'> & { readonly engine: Omit<InstanceView['engine'], 'clients'> }

/** A configured client, to be counted later. */
interface Countable {
  readonly name: string
  readonly isUntouched: boolean
  snapshot(): ClientSnapshot
}

export class ViewInParts {
  /** All but the long lists. */
  readonly first: InstanceView
  /** How many parts follow. */
  readonly count: number
  readonly #seen: Seen
  readonly #clients: readonly Countable[]

  constructor(seen: Seen, clients: readonly Countable[]) {
    this.first = { ...seen, engine: { ...seen.engine, lanes: [], clients: [] }, upstreams: [] }
    this.#seen = seen
    this.#clients = clients
    this.count = Math.ceil(
      Math.max(
        seen.engine.lanes.length / LANES_PER_PART,
        clients.length / CLIENTS_PER_PART,
        seen.upstreams.length / UPSTREAMS_PER_PART,
      ),
    )
  }

  /** From 0 up. */
  part(number: number): ViewPart {
    const of = <T>(list: readonly T[], size: number): T[] => list.slice(number * size, (number + 1) * size)
    return {
      lanes: of(this.#seen.engine.lanes, LANES_PER_PART),
      clients: of(this.#clients, CLIENTS_PER_PART).map((client) =>
        client.isUntouched ? client.name : client.snapshot(),
      ),
      upstreams: of(this.#seen.upstreams, UPSTREAMS_PER_PART),
    }
  }
}

/** What was taken apart. */
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
