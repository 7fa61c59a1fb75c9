/**
 * With whom a request has turns, by the options and by the packet: the client that it comes from, and the user, station or
 * session inside of it.
 */
import { CLASS_TRAITS, classOfRequest, type TrafficClass } from '../../classes.ts'
import type { Peer } from '../../proxy/border/events.ts'
import type { ClientOptions, EngineOptions } from '../../proxy/border/options.ts'
import { ClientTable } from '../../proxy/clients/client-table.ts'
import type { Engine } from '../../proxy/engine.ts'
import type { Packet } from '../../radius/packet.ts'
import type { Instant } from '../../units.ts'
import type { Observer } from '../world/observer.ts'

const PART_OF: Readonly<Record<ClientOptions['flowKey'], number | undefined>> = {
  none: undefined,
  user: 1,
  calling_station: 31,
  session: 44,
}

/** Who has a turn, and how much of one. */
export interface Turn {
  /** A client, or an address of it; one and the same for all where clients have no turns. */
  readonly of: string
  /** In whose order its messages leave. */
  readonly flow: string
  readonly weight: number
  /** Its client has a rate of its own, so it may wait while a slot has room. */
  readonly isLimited: boolean
}

const NOBODYS: Turn = { of: '', flow: '', weight: 1, isLimited: false }

export class TurnBook implements Observer {
  #clients: ClientTable
  hasTurns = false
  /** Rises by one when a reload changes who has turns with whom: what waits is sorted anew. */
  epoch = 0
  #whom = ''

  constructor(options: EngineOptions) {
    this.#clients = new ClientTable(options.clients)
    this.reconfigured(options)
  }

  reconfigured({ clients, fairness, serviceOrder }: EngineOptions): void {
    this.#clients = new ClientTable(clients)
    this.hasTurns = fairness === 'client' && serviceOrder === 'authentication_first'
    const keys = clients.map(({ name, network, fairnessKey, flowKey }) => [name, network, fairnessKey, flowKey])
    const whom = JSON.stringify([this.hasTurns, keys])
    if (whom !== this.#whom) this.epoch += 1
    this.#whom = whom
  }

  /** How many of a class wait whose clients have a rate of their own. */
  limitedQueued(trafficClass: TrafficClass, engine: Engine | undefined, now: Instant): number {
    if (engine === undefined || !this.hasTurns) return 0
    const limited = this.#clients.clients.filter(({ options }) => options.maxRate > 0)
    const waiting = limited.map(({ name }) => engine.inspection.clients.find((one) => one.name === name))
    const snapshotOf = engine.inspection.clientSnapshots(now)
    return waiting.reduce((sum, one) => sum + (one === undefined ? 0 : snapshotOf(one).waiting[trafficClass].queued), 0)
  }

  turnOf({ address }: Peer, packet: Packet): Turn {
    const { options } = this.#clients.find(address) ?? {}
    if (options === undefined) return NOBODYS
    const isLimited = options.maxRate > 0
    if (!this.hasTurns) return { ...NOBODYS, isLimited }
    const of = options.fairnessKey === 'address' ? address : options.name
    const type = PART_OF[options.flowKey]
    const part = type === undefined ? undefined : packet.find({ vendor: 0, type })
    return { of, flow: part === undefined ? of : `${of} ${part.join('.')}`, weight: options.weight, isLimited }
  }
}

/** Of those that are sent for the first time, the lowest goes first. */
export const preferenceOf = (packet: Packet): number => {
  const { plain, withState } = CLASS_TRAITS[classOfRequest(packet.code) as TrafficClass].preference
  return packet.stateAt === 0 ? plain : withState
}
