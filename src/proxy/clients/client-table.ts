/**
 * Which configured client an address belongs to: the longest matching prefix wins (RFC 2865 section 3: the source address alone
 * chooses the shared secret).
 *
 * Prefixes are kept by length, longest first. The answer for an address is remembered in a bounded table, so the packet path pays
 * one look-up. A link-local network can be limited to one interface (`%eth0`). Of two networks of one length, that one wins.
 */
import type { Addition } from '../../accounting/record/rewriting.ts'
import { type ClientAccounting, copyOf, noAccounting } from '../../accounting/sessions/client-accounting.ts'
import { parseAddress, parsePrefix, zoneOf } from '../../addresses.ts'
import { perClass, sumOverClasses, type TrafficClass } from '../../classes.ts'
import { micros, perSecond } from '../../units.ts'
import { addedNumbers } from '../border/added-numbers.ts'
import type { ClientDropReason } from '../border/endings.ts'
import type { ClientOptions } from '../border/options.ts'
import type { ClientSnapshot } from '../border/snapshot.ts'
import { ClientShare } from './client-share.ts'

/** Addresses whose client is remembered; beyond it the table starts anew (it is only a shortcut). */
const REMEMBERED = 65_536

const UNLIMITED = perSecond(0)

const NONE_LEFT_OUT = { nas_ip_address: 0, gigawords: 0, acct_delay_time: 0 } as const

export const NONE_WAITS: ClientSnapshot['waiting'] = perClass(() => ({ queued: 0, oldestAge: micros(0) }))

/** Where a network stands: its length, and its octets as text. */
interface NetworkKey {
  readonly octets: number
  readonly bits: number
  readonly key: string
}

/** A configured client with what it did. A reload makes a new one if it changed; requests in hand keep theirs. */
export class Client {
  readonly options: ClientOptions
  readonly network: NetworkKey
  readonly received: Record<TrafficClass, number>
  dropped: number
  /** Of these, those whose authenticator did not verify. */
  badAuthenticators: number
  /** Why one was dropped last whose authenticator was not wrong. */
  lastDrop: ClientDropReason | undefined
  readonly share: ClientShare
  /** Additions that did not fit into a packet for a server; kept by a reload. */
  readonly leftOut: Record<Addition, number>

  /** What `former`, the client of that name before a reload, did is kept, and its network is not read again. */
  constructor(options: ClientOptions, former?: Client) {
    this.options = options
    this.network = former?.options.network === options.network ? former.network : networkKeyOf(options)
    this.received = perClass((each) => former?.received[each] ?? 0)
    this.dropped = former?.dropped ?? 0
    this.badAuthenticators = former?.badAuthenticators ?? 0
    this.lastDrop = former?.lastDrop
    this.share = former?.share ?? new ClientShare()
    this.share.reconfigure(options)
    this.leftOut = former?.leftOut ?? { ...NONE_LEFT_OUT }
  }

  get name(): string {
    return this.options.name
  }

  get accounting(): ClientAccounting {
    return this.share.accounting
  }

  /** Nothing of its snapshot but the name has ever been other than at the start. After a reload it may have what another received. */
  get isUntouched(): boolean {
    const { received, dropped, badAuthenticators, share } = this
    const came = sumOverClasses((each) => received[each]) + dropped + badAuthenticators
    return this.options.weight === 1 && !share.isLimited && came === 0 && share.isUntouched
  }

  /** `waiting`: what of it waits, which the queues know. */
  snapshot(waiting: ClientSnapshot['waiting'] = NONE_WAITS): ClientSnapshot {
    const { name, dropped, badAuthenticators, lastDrop, share } = this
    return {
      name,
      weight: this.options.weight,
      maxRate: share.isLimited ? this.options.maxRate : UNLIMITED,
      served: servedOf(share),
      waiting,
      received: { ...this.received },
      dropped,
      badAuthenticators,
      lastDrop,
      accounting: copyOf(this.accounting),
      leftOut: { ...this.leftOut },
    }
  }
}

const servedOf = ({ counts }: ClientShare): ClientSnapshot['served'] => perClass((each) => ({ ...counts[each] }))

const UNTOUCHED = {
  weight: 1,
  maxRate: UNLIMITED,
  served: perClass(() => ({ sent: 0, shed: 0, expired: 0 })),
  waiting: NONE_WAITS,
  received: perClass(() => 0),
  dropped: 0,
  badAuthenticators: 0,
  lastDrop: undefined,
  accounting: noAccounting(),
  leftOut: { ...NONE_LEFT_OUT },
} as const

/** The snapshot of a client that nothing came from; all of them share its parts. */
export const untouchedSnapshot = (name: string): ClientSnapshot => ({ name, ...UNTOUCHED })

/** The clients whose networks have one length: at most 33 of IPv4 and 129 of IPv6, however many clients. */
interface SameLength extends Omit<NetworkKey, 'key'> {
  readonly clients: ReadonlyMap<string, Client>
}

export class ClientTable {
  /** By prefix length in bits and family, longest first. */
  readonly #byLength: readonly SameLength[]
  readonly #remembered = new Map<string, Client>()
  readonly #byName: ReadonlyMap<string, Client>
  readonly clients: readonly Client[]
  /** Of what is in hand from addresses that belong to no client any more. */
  readonly nobodys: ClientShare
  /** What clients did that reloads removed. */
  readonly #former: ClientSnapshot | undefined

  /** Clients that `before` knows by name keep their counters. Throws RangeError if a network is no address and no prefix. */
  constructor(options: readonly ClientOptions[], before?: ClientTable) {
    this.clients = options.map((one) => {
      const former = before?.named(one.name)
      return former?.options === one ? former : new Client(one, former)
    })
    this.#byName = new Map(this.clients.map((client) => [client.name, client]))
    const byLength = Map.groupBy(this.clients, ({ network: { octets, bits } }) => `${octets} ${bits}`)
    this.#byLength = Array.from(byLength.values(), sameLengthOf).sort((a, b) => b.bits - a.bits)
    this.nobodys = before?.nobodys ?? new ClientShare()
    this.#former = before === undefined ? undefined : this.#formerAfter(before)
  }

  /** The sum of what clients did that reloads removed: sums of all clients never fall. */
  get former(): ClientSnapshot | undefined {
    const { nobodys } = this
    if (this.#former === undefined && nobodys.isUntouched) return undefined
    const waiting = perClass((each) => ({ queued: nobodys.queued[each], oldestAge: micros(0) }))
    const did = this.#former ?? untouchedSnapshot('')
    const { accounting } = nobodys
    return { ...did, maxRate: UNLIMITED, served: servedOf(nobodys), waiting, accounting: copyOf(accounting) }
  }

  #formerAfter(before: ClientTable): ClientSnapshot | undefined {
    const removed = before.clients.filter((one) => !this.#byName.has(one.name))
    const touched = removed.filter((one) => !one.isUntouched).map((one) => one.snapshot())
    for (const { share } of removed) this.nobodys.takeOver(share)
    return touched.reduce((sum, one) => (sum === undefined ? one : addedNumbers(sum, one)), before.#former)
  }

  /**
   * The shares of clients of `before` whose requests would be the same clients' requests today, with turns among the same others. The
   * waiting messages of all others may belong to another client now.
   */
  sharesKeptFrom(before: ClientTable): ReadonlySet<ClientShare> {
    const added = this.clients.filter((client) => !hasSameRequests(before.named(client.name), client))
    const carved = new Set(added.map(({ network }) => before.#widest(network)?.share))
    const kept = this.clients.filter((client) => hasSameRequests(before.named(client.name), client))
    return new Set(kept.map(({ share }) => share).filter((share) => !carved.has(share)))
  }

  /** Whose addresses those of a network were, if it was not there: the longest prefix that holds it. */
  #widest({ octets, bits, key }: NetworkKey): Client | undefined {
    const address = Uint8Array.from({ length: octets }, (_, at) => key.charCodeAt(at))
    const zone = key.slice(octets)
    for (const { octets: length, bits: prefix, clients } of this.#byLength) {
      if (length !== octets || prefix > bits) continue
      const masked = maskedKey(address, prefix)
      const client = clients.get(masked + zone) ?? clients.get(masked)
      if (client !== undefined) return client
    }
    return undefined
  }

  named(name: string): Client | undefined {
    return this.#byName.get(name)
  }

  find(address: string): Client | undefined {
    const known = this.#remembered.get(address)
    if (known !== undefined) return known
    const octets = parseAddress(address)
    if (octets === undefined) return undefined
    const found = this.#search(octets, zoneOf(address))
    if (found === undefined) return undefined
    if (this.#remembered.size >= REMEMBERED) this.#remembered.clear()
    this.#remembered.set(address, found)
    return found
  }

  #search(address: Uint8Array, zone: string): Client | undefined {
    for (const { octets, bits, clients } of this.#byLength) {
      if (octets !== address.length) continue
      const key = maskedKey(address, bits)
      const client = (zone === '' ? undefined : clients.get(key + zone)) ?? clients.get(key)
      if (client !== undefined) return client
    }
    return undefined
  }
}

const hasSameRequests = (before: Client | undefined, now: Client): boolean =>
  before !== undefined &&
  before.options.network === now.options.network &&
  before.options.fairnessKey === now.options.fairnessKey &&
  before.options.flowKey === now.options.flowKey

const sameLengthOf = (clients: readonly Client[]): SameLength => {
  const { octets, bits } = clients[0]!.network
  return { octets, bits, clients: new Map(clients.map((client) => [client.network.key, client])) }
}

const networkKeyOf = ({ name, network }: ClientOptions): NetworkKey => {
  const prefix = parsePrefix(network)
  if (prefix === undefined) throw new RangeError(`client ${name}: ${network} is no network`)
  const { bytes, bits, zone = '' } = prefix
  return { octets: bytes.length, bits, key: maskedKey(bytes, bits) + zone }
}

/** The first `bits` bits as text; two addresses in one prefix give the same key. */
const maskedKey = (octets: Uint8Array, bits: number): string => {
  let key = ''
  for (let i = 0; i < octets.length; i += 1) {
    const kept = Math.min(8, Math.max(0, bits - 8 * i))
    key += String.fromCharCode(octets[i]! & (0xff00 >> kept))
  }
  return key
}
