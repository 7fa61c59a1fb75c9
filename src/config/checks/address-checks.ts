/**
 * What the addresses of clients and listeners say together: networks that are written twice, listeners in each other's way,
 * clients that no listener can hear, a server that is also a client.
 *
 * Two proxies that name each other as server and as client send one request round and round, until `max_outstanding` of it are
 * on their way. No other setting shows that, so every server's address is looked for among the clients.
 */
import {
  type Endpoint,
  endpointText,
  formatAddress,
  formatPrefix,
  isLoopback,
  isUnspecified,
  octetsOf,
  type Prefix,
  parsePrefix,
  prefixContains,
  zoneOf,
} from '../../addresses.ts'
import { TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { pathText, type SettingPath, valueAt } from '../source/source.ts'
import { entriesOf, type Outline, type PartialConfig } from './partial-config.ts'
import type { Findings } from './result.ts'

/** A listener of the configuration, and its setting. */
export interface ListenerSetting extends Endpoint {
  readonly class: TrafficClass
  readonly path: SettingPath
}

export type ListenerSettings = readonly ListenerSetting[]

interface ClientNetwork {
  readonly prefix: Prefix
  readonly written: string
  readonly path: SettingPath
}

type Clients = readonly ClientNetwork[]

/** Networks named in one warning. */
const MOST_NAMED = 3

export function checkAddresses(partial: PartialConfig, findings: Findings): void {
  const { outline } = partial
  const clients = networksOf(partial)
  checkNetworks(clients, findings)
  checkServersAmongClients(partial, clients, findings)
  if (outline === undefined) return
  const listeners = listenersOf(outline)
  checkListeners(listeners, findings)
  checkAdmin(outline, listeners, findings)
  checkFamilies(listeners, clients, findings)
  checkOptional(partial, findings)
}

export const listenersOf = (outline: Outline): ListenerSettings =>
  TRAFFIC_CLASSES.flatMap((name) =>
    outline.listen[name].map((one, i) => ({ ...one, class: name, path: ['listen', name, i] })),
  )

function networksOf({ root }: PartialConfig): ClientNetwork[] {
  return [...entriesOf(root, ['clients']).keys()].flatMap((index) => {
    const path = ['clients', index, 'address']
    const written = valueAt(root, path)
    const prefix = typeof written === 'string' ? parsePrefix(written) : undefined
    return typeof written !== 'string' || prefix === undefined ? [] : [{ prefix, written, path }]
  })
}

function checkNetworks(clients: Clients, findings: Findings): void {
  const seen = new Map<string, SettingPath>()
  for (const { prefix, written, path } of clients) {
    const normal = formatPrefix(prefix)
    const first = seen.get(normal)
    if (first === undefined) seen.set(normal, path)
    else findings.error(path, `${normal} is the network of ${pathText(first)} already; keep one of the two`)
    const [host = '', bits] = written.split('/')
    if (bits !== undefined && octetsOf(host).join() !== prefix.bytes.join()) {
      const message = `${written} has bits after its prefix and is taken for ${normal}; write that, or ${host} for the one address`
      findings.warn(path, message)
    }
  }
}

function checkListeners(listeners: ListenerSettings, findings: Findings): void {
  for (const [i, one] of listeners.entries()) {
    const other = listeners.slice(0, i).find((earlier) => overlap(earlier, one))
    if (other === undefined) continue
    const first = pathText(other.path)
    const both = `${endpointText(one)} and ${first} (${endpointText(other)}) overlap`
    if (other.address === one.address)
      findings.error(one.path, `${endpointText(one)} is ${first} already; remove one of the two`)
    else if (other.class === one.class) findings.warn(one.path, `${both}; one of the two is enough`)
    else findings.error(one.path, `${both}; give the two classes ports of their own`)
  }
}

function checkAdmin({ admin }: Outline, listeners: ListenerSettings, findings: Findings): void {
  const path = ['admin', 'listen']
  const where = endpointText(admin.listen)
  const same = listeners.find((one) => overlap(one, admin.listen))
  if (same !== undefined) {
    const message = `${where} is the port of ${pathText(same.path)} too; one is TCP and one UDP, so it works, but a port of its own is easier to read`
    findings.warn(path, message)
  }
  if (!isLoopback(octetsOf(admin.listen.address)) && admin.token_file === undefined) {
    const message = `${where} is reached from other machines, and whoever reaches it may read; add token_file, or write "127.0.0.1:${admin.listen.port}"`
    findings.warn(path, message)
  }
}

function checkServersAmongClients({ servers }: PartialConfig, clients: Clients, findings: Findings): void {
  const found = new Map<ClientNetwork, string[]>()
  for (const server of servers) {
    if (server === undefined) continue
    const octets = octetsOf(server.address)
    const client = longestOf(clients, octets, zoneOf(server.address))
    if (client === undefined || isOnlyThisMachine(client.prefix, octets)) continue
    const named = `"${server.name}" (${server.address})`
    const before = found.get(client)
    if (before === undefined) found.set(client, [named])
    else if (!before.includes(named)) before.push(named)
  }
  for (const [{ prefix, path }, names] of found) {
    const isHost = prefix.bits === prefix.bytes.length * 8
    const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : ''
    const which = `server ${names.slice(0, MOST_NAMED).join(', ')}${more}`
    const message = `${isHost ? 'is the address of' : 'covers'} ${which}: two proxies that name each other send one request in a circle until max_outstanding of it are on their way; ${isHost ? 'remove one of the two entries unless that server never proxies to here' : 'write narrower networks, without the server'}`
    findings.warn(path, message)
  }
}

/** The client that a packet from there would belong to. */
function longestOf(clients: Clients, octets: Uint8Array, zone: string): ClientNetwork | undefined {
  const all = clients.filter(({ prefix }) => prefixContains(prefix, octets, zone))
  return all.toSorted((a, b) => b.prefix.bits - a.prefix.bits)[0]
}

/** Tools and servers on this machine share 127.0.0.1. Any other loopback address that is written out is like another machine. */
const isOnlyThisMachine = ({ bytes, bits }: Prefix, octets: Uint8Array): boolean =>
  isLoopback(octets) && (bits < bytes.length * 8 || ['127.0.0.1', '::1'].includes(formatAddress(octets)))

/** `[::]` takes no IPv4, and `0.0.0.0` no IPv6: a client of the other family would never be heard. */
function checkFamilies(listeners: ListenerSettings, clients: Clients, findings: Findings): void {
  if (listeners.length === 0) return
  for (const [octets, family, wildcard, other] of [
    [4, 'IPv4', '0.0.0.0', '[::] is IPv6 alone'],
    [16, 'IPv6', '[::]', '0.0.0.0 is IPv4 alone'],
  ] as const) {
    if (listeners.some(({ address }) => octetsOf(address).length === octets)) continue
    const [first, ...more] = clients.filter(({ prefix }) => prefix.bytes.length === octets)
    if (first === undefined) continue
    const others = more.length === 0 ? 'this client is' : `this client and ${more.length} more are`
    const message = `nothing listens at an ${family} address, so ${others} never heard; add "${wildcard}:1812" to listen (${other})`
    findings.warn(first.path, message)
  }
}

function checkOptional({ root, outline }: PartialConfig, findings: Findings): void {
  for (const name of TRAFFIC_CLASSES) {
    for (const [i, one] of (outline?.listen[name] ?? []).entries()) {
      const path = ['listen', name, i, 'optional']
      if (!('optional' in one) || !isUnspecified(octetsOf(one.address)) || valueAt(root, path) === undefined) continue
      findings.warn(path, `has no effect: ${one.address} is every address that there is; remove it`)
    }
  }
}

const overlap = (a: Endpoint, b: Endpoint): boolean => a.port === b.port && sameOrWildcard(a.address, b.address)

/** Whether two sockets at these addresses are in each other's way: they are the same, or one is a wildcard of the family. */
export function sameOrWildcard(a: string, b: string): boolean {
  const [first, second] = [octetsOf(a), octetsOf(b)]
  if (first.length !== second.length) return false
  return a === b || isUnspecified(first) || isUnspecified(second)
}
