/**
 * What the addresses and ports of servers say beside our own: a server that is one of our listeners, two servers at one place,
 * source ports that are too few or in use.
 */
import { type Endpoint, endpointText, isLoopback, isUnspecified, octetsOf, zoneOf } from '../../addresses.ts'
import { TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { portsFor } from '../../throttle/identifiers.ts'
import { inheritLane, instancesOf, type LaneConfig } from '../schema/config.ts'
import type { PortRange } from '../schema/kinds.ts'
import type { ServerSettings } from '../schema/schema.ts'
import { pathText, type SettingPath, valueAt } from '../source/source.ts'
import { type ListenerSettings, listenersOf, sameOrWildcard } from './address-checks.ts'
import type { PartialConfig } from './partial-config.ts'
import type { Findings, LoadContext } from './result.ts'

/** The keys of this machine's addresses; empty if they are not known. */
type Own = ReadonlySet<string>

export function checkServers(partial: PartialConfig, context: LoadContext, findings: Findings): void {
  const listeners = partial.outline === undefined ? [] : listenersOf(partial.outline)
  const own = new Set(context.localAddresses.map(addressKey))
  checkTargets(partial, listeners, own, findings)
  checkSourceAddresses(partial, own, findings)
  checkSourcePorts(partial, listeners, context.cores, findings)
}

/** The servers that could be read, each with its setting. */
const serversOf = ({ servers }: PartialConfig): (readonly [ServerSettings, SettingPath])[] =>
  servers.flatMap((server, i) => (server === undefined ? [] : [[server, ['farm', 'servers', i]] as const]))

function checkTargets(partial: PartialConfig, listeners: ListenerSettings, own: Own, findings: Findings): void {
  const isOwn = (address: string): boolean => isLoopback(octetsOf(address)) || own.has(addressKey(address))
  const seen = new Map<string, string>()
  for (const [server, path] of serversOf(partial)) {
    const octets = octetsOf(server.address)
    if (isUnspecified(octets) || isMulticast(octets)) {
      const message = `${server.address} is not the address of one machine; write the server's own`
      findings.error([...path, 'address'], message)
      continue
    }
    for (const { class: name, port } of lanesOf(partial, server)) {
      const where = endpointText({ address: server.address, port })
      // A proxy that answers its own requests would multiply them for ever. A wildcard counts for every own address.
      const loop = listeners.find((one) => one.port === port && reaches(one, server.address, isOwn))
      if (loop !== undefined) {
        const message = `${where} is our own listener ${pathText(loop.path)} (${endpointText(loop)}): requests would go round in a loop; write the address and port of the server`
        findings.error(portPath(partial, path, name), message)
      }
      const first = seen.get(`${name} ${where}`)
      if (first === undefined) seen.set(`${name} ${where}`, server.name)
      else {
        const message = `${where} is server "${first}" too; the two limits add up there, so keep one of the two`
        findings.warn(portPath(partial, path, name), message)
      }
    }
  }
}

function checkSourceAddresses(partial: PartialConfig, own: Own, findings: Findings): void {
  for (const [{ source_address: source, address }, path] of serversOf(partial)) {
    if (source === undefined) continue
    const octets = octetsOf(source)
    const at = [...path, 'source_address']
    if (isUnspecified(octets))
      findings.error(at, `${source} is no address to send from; leave it out, and the system chooses`)
    else if (octets.length !== octetsOf(address).length)
      findings.error(at, `${source} cannot send to ${address}; both must be IPv4, or both IPv6`)
    else if (own.size > 0 && !isLoopback(octets) && !own.has(addressKey(source)))
      findings.warn(at, `${source} is not an address of this machine now; radsluice cannot start until it is`)
  }
}

function checkSourcePorts(
  partial: PartialConfig,
  listeners: ListenerSettings,
  cores: number,
  findings: Findings,
): void {
  const taken: { range: PortRange; source: string; name: string }[] = []
  const instances = instancesOf(partial.outline?.instances ?? 1, cores)
  for (const [server, path] of serversOf(partial)) {
    const { source_ports: range, name } = server
    if (range === undefined) continue
    const at = [...path, 'source_ports']
    const each = lanesOf(partial, server).reduce((sum, lane) => sum + portsFor(lane.max_outstanding) + 1, 0)
    const needed = each * instances
    const [first, last] = range
    if (last - first + 1 < needed) {
      const message = `${first}-${last} has ${last - first + 1} ports, and this server needs ${needed}; write ${first}-${first + needed - 1} or lower max_outstanding${instances > 1 ? ' or instances' : ''}`
      findings.error(at, message)
    }
    const source = server.source_address ?? (octetsOf(server.address).length === 4 ? '0.0.0.0' : '::')
    const other = taken.find(
      (one) => one.range[0] <= last && first <= one.range[1] && sameOrWildcard(one.source, source),
    )
    if (other !== undefined)
      findings.error(at, `overlaps the source_ports of server "${other.name}"; give each server ports of its own`)
    taken.push({ range, source, name })
    const listening = listeners.find(
      ({ port, address }) => first <= port && port <= last && sameOrWildcard(address, source),
    )
    if (listening !== undefined)
      findings.error(at, `contains port ${listening.port} of ${pathText(listening.path)}; choose other ports`)
  }
}

type LaneInUse = LaneConfig & { readonly class: TrafficClass }

/** The lanes of a server that carry anything: not switched off, and something listens for their class. */
function lanesOf({ outline }: PartialConfig, server: ServerSettings): LaneInUse[] {
  if (outline === undefined) return []
  return TRAFFIC_CLASSES.flatMap((name) => {
    const lane = outline.listen[name].length === 0 ? undefined : inheritLane(server[name], outline.farm[name])
    return lane === undefined ? [] : [{ ...lane, class: name }]
  })
}

/** The setting of a lane's port if it is written, else of the server's address. */
function portPath({ root }: PartialConfig, server: SettingPath, name: TrafficClass): SettingPath {
  const written = [...server, name, 'port']
  return valueAt(root, written) === undefined ? [...server, 'address'] : written
}

/** Whether what is sent to `address` arrives at a listener. */
function reaches(one: Endpoint, address: string, isOwn: (address: string) => boolean): boolean {
  const at = octetsOf(one.address)
  if (at.length !== octetsOf(address).length) return false
  return isUnspecified(at) ? isOwn(address) : addressKey(one.address) === addressKey(address)
}

const isMulticast = (octets: Uint8Array): boolean => (octets[0] ?? 0) >= (octets.length === 4 ? 224 : 255)

/** The same for one address, however it is written. A link-local address is another one at each interface. */
const addressKey = (text: string): string => octetsOf(text).join() + zoneOf(text)
