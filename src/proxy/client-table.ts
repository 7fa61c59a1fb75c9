/**
 * Which configured client an address belongs to: the longest matching prefix wins (RFC 2865 section 3: the source
 * address alone chooses the shared secret).
 *
 * Prefixes are kept by length, longest first, each length a map from its octets; an answer is remembered per address
 * in a bounded table, so the packet path pays one map look-up.
 */
import { type ClientAccounting, copyOf, noAccounting } from '../accounting/client-accounting.ts'
import type { Addition } from '../accounting/rewriting.ts'
import { parseAddress, parsePrefix } from '../addresses.ts'
import type { ClientOptions } from './ports.ts'
import type { ClientSnapshot } from './snapshot.ts'

/** Addresses whose client is remembered; beyond it the table starts anew (it is only a shortcut). */
const REMEMBERED = 65_536

/** A configured client with what it did. A reload makes new ones; requests in hand keep theirs. */
export class Client {
  readonly options: ClientOptions
  readonly received = { authentication: 0, accounting: 0 }
  dropped = 0
  /** Of these, those whose authenticator did not verify. */
  badAuthenticators = 0
  /** Kept by a reload as it is. */
  accounting: ClientAccounting = noAccounting()
  /** Additions that did not fit into a packet for a server; kept by a reload. */
  leftOut: Record<Addition, number> = { nas_ip_address: 0, gigawords: 0, acct_delay_time: 0 }

  constructor(options: ClientOptions) {
    this.options = options
  }

  get name(): string {
    return this.options.name
  }

  snapshot(): ClientSnapshot {
    const { name, dropped, badAuthenticators } = this
    return {
      name,
      received: { ...this.received },
      dropped,
      badAuthenticators,
      accounting: copyOf(this.accounting),
      leftOut: { ...this.leftOut },
    }
  }
}

export class ClientTable {
  /** By prefix length in bits and family, longest first. */
  readonly #byLength: { readonly octets: number; readonly bits: number; readonly clients: Map<string, Client> }[] = []
  readonly #remembered = new Map<string, Client>()
  readonly clients: readonly Client[]

  /**
   * Throws RangeError for a network that is no address and no prefix; the configuration has refused it before. A client
   * that `before` knows by name keeps its counters.
   */
  constructor(options: readonly ClientOptions[], before?: ClientTable) {
    this.clients = options.map((one) => new Client(one))
    for (const client of this.clients) {
      const former = before?.clients.find(({ options: { name } }) => name === client.options.name)
      if (former !== undefined) {
        Object.assign(client.received, former.received)
        client.dropped = former.dropped
        client.badAuthenticators = former.badAuthenticators
        client.accounting = former.accounting
        client.leftOut = former.leftOut
      }
      this.#add(client)
    }
    this.#byLength.sort((a, b) => b.bits - a.bits)
  }

  find(address: string): Client | undefined {
    const known = this.#remembered.get(address)
    if (known !== undefined) return known
    const octets = parseAddress(address)
    if (octets === undefined) return undefined
    const found = this.#search(octets)
    if (found === undefined) return undefined
    if (this.#remembered.size >= REMEMBERED) this.#remembered.clear()
    this.#remembered.set(address, found)
    return found
  }

  #add(client: Client): void {
    const prefix = parsePrefix(client.options.network)
    if (prefix === undefined)
      throw new RangeError(`client ${client.options.name}: ${client.options.network} is no network`)
    const octets = prefix.bytes.length
    let same = this.#byLength.find((entry) => entry.octets === octets && entry.bits === prefix.bits)
    if (same === undefined) {
      same = { octets, bits: prefix.bits, clients: new Map() }
      this.#byLength.push(same)
    }
    same.clients.set(maskedKey(prefix.bytes, prefix.bits), client)
  }

  #search(address: Uint8Array): Client | undefined {
    for (const { octets, bits, clients } of this.#byLength) {
      if (octets !== address.length) continue
      const client = clients.get(maskedKey(address, bits))
      if (client !== undefined) return client
    }
    return undefined
  }
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
