/**
 * What addresses of clients, servers and listeners say together: a server that is also a client, clients that no listener
 * can hear, a listener that is optional in vain.
 *
 * Two proxies that name each other as server and as client send one request round and round until `max_outstanding` of it
 * are on their way. No other setting shows that, so every server's address is looked for among the clients.
 */
import {
  formatAddress,
  isLoopback,
  isUnspecified,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixContains,
  zoneOf,
} from '../../addresses.ts'
import { TRAFFIC_CLASSES } from '../../classes.ts'
import { valueAt } from '../source/source.ts'
import type { Findings } from './findings.ts'
import { entriesOf, type PartialConfig } from './partial-config.ts'

interface ClientNetwork {
  readonly prefix: Prefix
  /** Its place among the clients. */
  readonly index: number
}

/** Networks named in one warning. */
const MOST_NAMED = 3

export function checkAddresses(partial: PartialConfig, findings: Findings): void {
  const clients = networksOf(partial)
  checkServersAmongClients(partial, clients, findings)
  checkFamilies(partial, clients, findings)
  checkOptional(partial, findings)
}

function networksOf({ root }: PartialConfig): ClientNetwork[] {
  return [...entriesOf(root, ['clients']).keys()].flatMap((index) => {
    const written = valueAt(root, ['clients', index, 'address'])
    const prefix = typeof written === 'string' ? parsePrefix(written) : undefined
    return prefix === undefined ? [] : [{ prefix, index }]
  })
}

function checkServersAmongClients(
  { servers }: PartialConfig,
  clients: readonly ClientNetwork[],
  findings: Findings,
): void {
  const found = new Map<ClientNetwork, string[]>()
  for (const server of servers) {
    if (server === undefined) continue
    const octets = parseAddress(server.address)
    const client = octets && longestOf(clients, octets, zoneOf(server.address))
    if (octets === undefined || client === undefined || isOnlyThisMachine(client.prefix, octets)) continue
    const named = `"${server.name}" (${server.address})`
    const before = found.get(client)
    if (before === undefined) found.set(client, [named])
    else if (!before.includes(named)) before.push(named)
  }
  for (const [{ prefix, index }, names] of found) {
    const isHost = prefix.bits === prefix.bytes.length * 8
    const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : ''
    const which = `server ${names.slice(0, MOST_NAMED).join(', ')}${more}`
    findings.warn(
      ['clients', index, 'address'],
      `${isHost ? 'is the address of' : 'covers'} ${which}: two proxies that name each other send one request in a circle until max_outstanding of it are on their way; ${isHost ? 'remove one of the two entries unless that server never proxies to here' : 'write narrower networks, without the server'}`,
    )
  }
}

/** The client that a packet from there would belong to. */
function longestOf(clients: readonly ClientNetwork[], octets: Uint8Array, zone: string): ClientNetwork | undefined {
  let longest: ClientNetwork | undefined
  for (const one of clients) {
    if (longest !== undefined && one.prefix.bits <= longest.prefix.bits) continue
    if (prefixContains(one.prefix, octets, zone)) longest = one
  }
  return longest
}

/** Tools and servers on this machine share 127.0.0.1; another loopback address that is written out is a machine of its own. */
const isOnlyThisMachine = ({ bytes, bits }: Prefix, octets: Uint8Array): boolean =>
  isLoopback(octets) && (bits < bytes.length * 8 || ['127.0.0.1', '::1'].includes(formatAddress(octets)))

/** `[::]` takes no IPv4, and `0.0.0.0` no IPv6: a client of the other family would never be heard. */
function checkFamilies({ outline }: PartialConfig, clients: readonly ClientNetwork[], findings: Findings): void {
  if (outline === undefined) return
  const listeners = TRAFFIC_CLASSES.flatMap((name) => outline.listen[name])
  if (listeners.length === 0) return
  for (const [octets, family, wildcard, other] of [
    [4, 'IPv4', '0.0.0.0', '[::] is IPv6 alone'],
    [16, 'IPv6', '[::]', '0.0.0.0 is IPv4 alone'],
  ] as const) {
    if (listeners.some(({ address }) => parseAddress(address)?.length === octets)) continue
    const [first, ...more] = clients.filter(({ prefix }) => prefix.bytes.length === octets)
    if (first === undefined) continue
    const others = more.length === 0 ? 'this client is' : `this client and ${more.length} more are`
    findings.warn(
      ['clients', first.index, 'address'],
      `nothing listens at an ${family} address, so ${others} never heard; add "${wildcard}:1812" to listen (${other})`,
    )
  }
}

function checkOptional({ root, outline }: PartialConfig, findings: Findings): void {
  for (const name of TRAFFIC_CLASSES) {
    for (const [i, one] of (outline?.listen[name] ?? []).entries()) {
      if (!('optional' in one) || !isUnspecified(parseAddress(one.address) ?? new Uint8Array(1).fill(1))) continue
      const path = ['listen', name, i, 'optional']
      if (valueAt(root, path) === undefined) continue
      findings.warn(path, `has no effect: ${one.address} is every address that there is; remove it`)
    }
  }
}
