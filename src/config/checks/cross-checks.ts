/**
 * The second pass: what no value shows by itself, but two values together, or a value and the machine it stands on.
 *
 * Errors are what could not work or would do harm (a loop, one network with two secrets); warnings are what works and is
 * likely not meant. Each check takes a partial configuration, so it runs as far as the structure allows.
 */
import {
  type Endpoint,
  endpointText,
  formatPrefix,
  isLoopback,
  isUnspecified,
  parseAddress,
  parsePrefix,
  zoneOf,
} from '../../addresses.ts'
import { TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { didYouMean } from '../../did-you-mean.ts'
import { portsFor } from '../../throttle/identifiers.ts'
import { seconds } from '../../units.ts'
import type { PortRange } from '../schema/kinds.ts'
import { inheritLane, instancesOf, type ServerSettings } from '../schema/schema.ts'
import { pathText, type SettingPath, valueAt } from '../source/source.ts'
import { checkAddresses } from './address-checks.ts'
import { checkFailoverTime } from './failover-check.ts'
import type { Findings } from './findings.ts'
import { checkLeftOvers } from './left-overs-check.ts'
import { checkMetrics } from './metrics-check.ts'
import { entriesOf, type PartialConfig } from './partial-config.ts'
import type { LoadContext } from './result.ts'

/** A listener of the configuration and where it stands. */
interface Placed extends Endpoint {
  readonly class: TrafficClass
  readonly path: SettingPath
}

/** BNGs wait 9 to 20 s for authentication; what waited longer is served for nobody. */
const SHORTEST_PATIENCE = seconds(9)
/** RFC 3539 section 3.4.1. */
const SHORTEST_WATCHDOG = seconds(6)
/** RFC 5080 section 2.2.2. */
const ANSWER_CACHE = { least: seconds(5), most: seconds(30) }
/** How long FreeRADIUS, by default, keeps an answer and takes a reused identifier for a conflict. */
const CLEANUP_DELAY = seconds(5)

export function crossCheck(partial: PartialConfig, context: LoadContext, findings: Findings): void {
  const listeners = listenersOf(partial)
  checkNames(partial.root, findings)
  checkNetworks(partial.root, findings)
  checkListeners(partial, listeners, findings)
  checkClasses(partial, listeners, context, findings)
  checkServerAddresses(partial, listeners, context, findings)
  checkAddresses(partial, findings)
  checkSources(partial, listeners, context, findings)
  checkInstances(partial, context, findings)
  checkTimes(partial, findings)
  checkFailoverTime(partial, findings)
  checkMetrics(partial, findings)
  checkSessionsLog(partial, findings)
  checkGigawords(partial, findings)
  checkLeftOvers(partial, findings)
}

/** Wraps are known from a session's records before this one. */
function checkGigawords({ root, outline }: PartialConfig, findings: Findings): void {
  if (outline?.accounting.track_sessions !== false) return
  for (const i of entriesOf(root, ['clients']).keys()) {
    const path = ['clients', i, 'accounting', 'synthesize_gigawords']
    if (valueAt(root, path) !== true) continue
    findings.error(
      path,
      'no session is tracked, so no wrap is seen; set accounting.track_sessions: true, or remove this',
    )
  }
}

function checkNames(root: unknown, findings: Findings): void {
  const lists = [
    { above: ['clients'], kind: 'client' },
    { above: ['farm', 'servers'], kind: 'server' },
  ]
  for (const { above, kind } of lists) {
    const seen = new Map<string, SettingPath>()
    for (const i of entriesOf(root, above).keys()) {
      const path = [...above, i, 'name']
      const name = valueAt(root, path)
      if (typeof name !== 'string') continue
      const first = seen.get(name)
      if (first === undefined) seen.set(name, path)
      else findings.error(path, `${pathText(first)} is "${name}" too; give each ${kind} a name of its own`)
    }
  }
}

function checkSessionsLog({ outline }: PartialConfig, findings: Findings): void {
  if (outline?.accounting.sessions_log === undefined || outline.accounting.track_sessions) return
  const path = ['accounting', 'sessions_log']
  findings.error(path, 'no session is tracked, so none is logged; set track_sessions: true, or remove sessions_log')
}

function checkNetworks(root: unknown, findings: Findings): void {
  const seen = new Map<string, SettingPath>()
  for (const i of entriesOf(root, ['clients']).keys()) {
    const path = ['clients', i, 'address']
    const written = valueAt(root, path)
    const prefix = typeof written === 'string' ? parsePrefix(written) : undefined
    if (typeof written !== 'string' || prefix === undefined) continue
    const normal = formatPrefix(prefix)
    const first = seen.get(normal)
    if (first === undefined) seen.set(normal, path)
    else findings.error(path, `${normal} is the network of ${pathText(first)} already; keep one of the two`)
    const [host = '', bits] = written.split('/')
    if (bits !== undefined && octetsOf(host).join() !== prefix.bytes.join()) {
      findings.warn(
        path,
        `${written} has bits after its prefix and is taken for ${normal}; write that, or ${host} for the one address`,
      )
    }
  }
}

function checkListeners(partial: PartialConfig, listeners: readonly Placed[], findings: Findings): void {
  for (const [i, one] of listeners.entries()) {
    const other = listeners.slice(0, i).find((earlier) => overlap(earlier, one))
    if (other === undefined) continue
    const first = pathText(other.path)
    if (other.address === one.address)
      findings.error(one.path, `${endpointText(one)} is ${first} already; remove one of the two`)
    else if (other.class === one.class)
      findings.warn(
        one.path,
        `${endpointText(one)} and ${first} (${endpointText(other)}) overlap; one of the two is enough`,
      )
    else
      findings.error(
        one.path,
        `${endpointText(one)} and ${first} (${endpointText(other)}) overlap; give the two classes ports of their own`,
      )
  }
  const admin = partial.outline?.admin.listen
  if (admin === undefined) return
  const path = ['admin', 'listen']
  const same = listeners.find((one) => overlap(one, admin))
  if (same !== undefined) {
    findings.warn(
      path,
      `${endpointText(admin)} is the port of ${pathText(same.path)} too; one is TCP and one UDP, so it works, but a port of its own is easier to read`,
    )
  }
  if (!isLoopback(octetsOf(admin.address)) && partial.outline?.admin.token_file === undefined) {
    findings.warn(
      path,
      `${endpointText(admin)} is reached from other machines, and whoever reaches it may read; add token_file, or write "127.0.0.1:${admin.port}"`,
    )
  }
}

function checkClasses(
  partial: PartialConfig,
  listeners: readonly Placed[],
  context: LoadContext,
  findings: Findings,
): void {
  const { outline, servers } = partial
  if (outline === undefined) return
  // A listener that is wrong is a problem of its own.
  const isWritten = TRAFFIC_CLASSES.some((name) => entriesOf(partial.root, ['listen', name]).length > 0)
  if (listeners.length === 0 && !isWritten) {
    findings.error(['listen'], 'nothing listens; give authentication or accounting an address')
  }
  for (const name of TRAFFIC_CLASSES) {
    const path = ['farm', name]
    const { algorithm, hash_key: key } = outline.farm[name]
    if (algorithm === 'hash' && valueAt(partial.root, [...path, 'hash_key']) === undefined) {
      findings.error(
        [...path, 'algorithm'],
        '"hash" needs to know by which attribute; add hash_key, as hash_key: Calling-Station-Id',
      )
    }
    if (algorithm !== 'hash' && key !== undefined) {
      findings.warn(
        [...path, 'hash_key'],
        `has no effect with algorithm ${algorithm}; write algorithm: hash, or remove it`,
      )
    }
    if (key !== undefined && context.attributeKey(key) === undefined) {
      const hint = didYouMean(context.similarAttributeNames(key)) || '; write it as the dictionary does, as 3GPP-IMSI'
      findings.error([...path, 'hash_key'], `"${key}" is no attribute of the dictionary${hint}`)
    }
    const listens = listeners.some((one) => one.class === name)
    if (listens && servers.length > 0 && servers.every((server) => server?.[name] === false)) {
      const written = valueAt(partial.root, ['listen', name]) !== undefined
      findings.error(
        written ? ['listen', name] : ['farm', 'servers', 0, name],
        `no server takes ${name}, and clients may send it; remove "${name}: false" from a server, or write "${name}: []" under listen`,
      )
    }
  }
}

function checkServerAddresses(
  partial: PartialConfig,
  listeners: readonly Placed[],
  context: LoadContext,
  findings: Findings,
): void {
  const own = new Set(context.localAddresses.map(placeOf))
  const isOwn = (address: string): boolean => isLoopback(octetsOf(address)) || own.has(placeOf(address))
  const seen = new Map<string, string>()
  for (const [i, server] of partial.servers.entries()) {
    if (server === undefined) continue
    const path = ['farm', 'servers', i]
    const octets = octetsOf(server.address)
    if (isUnspecified(octets) || isMulticast(octets)) {
      findings.error(
        [...path, 'address'],
        `${server.address} is not the address of one machine; write the server's own`,
      )
      continue
    }
    for (const { class: name, port } of lanesOf(partial, server)) {
      const where = endpointText({ address: server.address, port })
      // An answerer of its own requests would fill the world with them: wildcards count for every own address.
      const loop = listeners.find((one) => one.port === port && reaches(one, server.address, isOwn))
      if (loop !== undefined) {
        findings.error(
          placeOfPort(partial, path, name),
          `${where} is our own listener ${pathText(loop.path)} (${endpointText(loop)}): requests would go round in a loop; write the address and port of the server`,
        )
      }
      const first = seen.get(`${name} ${where}`)
      if (first === undefined) seen.set(`${name} ${where}`, server.name)
      else {
        findings.warn(
          placeOfPort(partial, path, name),
          `${where} is server "${first}" too; the two limits add up there, so keep one of the two`,
        )
      }
    }
  }
}

function checkSources(
  partial: PartialConfig,
  listeners: readonly Placed[],
  context: LoadContext,
  findings: Findings,
): void {
  const taken: { range: PortRange; source: string; name: string }[] = []
  const own = context.localAddresses.map(placeOf)
  for (const [i, server] of partial.servers.entries()) {
    if (server === undefined) continue
    const path = ['farm', 'servers', i]
    const { source_address: source, source_ports: range } = server
    if (source !== undefined) {
      const octets = octetsOf(source)
      const at = [...path, 'source_address']
      if (isUnspecified(octets))
        findings.error(at, `${source} is no address to send from; leave it out, and the system chooses`)
      else if (octets.length !== octetsOf(server.address).length) {
        findings.error(at, `${source} cannot send to ${server.address}; both must be IPv4, or both IPv6`)
      } else if (own.length > 0 && !isLoopback(octets) && !own.includes(placeOf(source))) {
        findings.warn(at, `${source} is not an address of this machine now; radsluice cannot start until it is`)
      }
    }
    if (range === undefined) continue
    const at = [...path, 'source_ports']
    const instances = instancesOf(partial.outline?.instances ?? 1, context.cores)
    const each = lanesOf(partial, server).reduce((sum, lane) => sum + portsFor(lane.maxOutstanding) + 1, 0)
    const needed = each * instances
    const [first, last] = range
    if (last - first + 1 < needed) {
      findings.error(
        at,
        `${first}-${last} has ${last - first + 1} ports, and this server needs ${needed}; write ${first}-${first + needed - 1} or lower max_outstanding${instances > 1 ? ' or instances' : ''}`,
      )
    }
    const family = octetsOf(server.address).length
    const from = source ?? (family === 4 ? '0.0.0.0' : '::')
    const other = taken.find((one) => one.range[0] <= last && first <= one.range[1] && sameOrWildcard(one.source, from))
    if (other !== undefined)
      findings.error(at, `overlaps the source_ports of server "${other.name}"; give each server ports of its own`)
    taken.push({ range, source: from, name: server.name })
    const listening = listeners.find(
      (one) => first <= one.port && one.port <= last && sameOrWildcard(one.address, from),
    )
    if (listening !== undefined)
      findings.error(at, `contains port ${listening.port} of ${pathText(listening.path)}; choose other ports`)
  }
}

/** What holds within one instance only, said before anybody counts on it. */
function checkInstances({ root, outline }: PartialConfig, { cores }: LoadContext, findings: Findings): void {
  const count = instancesOf(outline?.instances ?? 1, cores)
  if (count === 1 || valueAt(root, ['instances']) === undefined) return
  const path = ['instances']
  findings.warn(
    path,
    `with ${count} instances, duplicates are known and a session's records keep their order only among packets of one source address and port, and limits of queues and max_outstanding are for each; write 1 unless one core is not enough`,
  )
  if (count > cores)
    findings.warn(path, `${count} instances on ${cores} cores are slower than ${cores}; write ${cores} or less`)
}

function checkTimes({ outline }: PartialConfig, findings: Findings): void {
  if (outline === undefined) return
  if (outline.queues.authentication.max_age > SHORTEST_PATIENCE) {
    findings.warn(
      ['queues', 'authentication', 'max_age'],
      'clients give up after 9 to 20 s, and with more than 9s here the servers may work for clients that are gone; write 5s unless yours wait longer',
    )
  }
  const { probe, probe_interval: interval } = outline.farm.dead_server
  if (probe === 'status_server' && interval < SHORTEST_WATCHDOG) {
    findings.warn(
      ['farm', 'dead_server', 'probe_interval'],
      'RFC 3539 section 3.4.1 asks for 6 s or more between probes; write 6s or more',
    )
  }
  const { answer_cache: kept } = outline.duplicates
  if (kept < ANSWER_CACHE.least || kept > ANSWER_CACHE.most) {
    findings.warn(['duplicates', 'answer_cache'], 'RFC 5080 section 2.2.2 asks for 5 to 30 s; write 5s')
  }
  if (outline.farm.identifier_quarantine < CLEANUP_DELAY) {
    findings.warn(
      ['farm', 'identifier_quarantine'],
      'FreeRADIUS remembers an identifier for 5 s (cleanup_delay) and takes an earlier reuse for a conflict; write 5s unless your servers remember less',
    )
  }
}

function listenersOf({ outline }: PartialConfig): Placed[] {
  return TRAFFIC_CLASSES.flatMap((name) =>
    (outline?.listen[name] ?? []).map((one, i) => ({ ...one, class: name, path: ['listen', name, i] })),
  )
}

/** The lanes of a server that carry anything: not switched off, and something listens for their class. */
function lanesOf(
  { outline }: PartialConfig,
  server: ServerSettings,
): { class: TrafficClass; port: number; maxOutstanding: number }[] {
  if (outline === undefined) return []
  return TRAFFIC_CLASSES.flatMap((name) => {
    const lane = outline.listen[name].length === 0 ? undefined : inheritLane(server[name], outline.farm[name])
    return lane === undefined ? [] : [{ class: name, port: lane.port, maxOutstanding: lane.max_outstanding }]
  })
}

/** A lane's port where it is written, else the server's address. */
function placeOfPort({ root }: PartialConfig, server: SettingPath, name: TrafficClass): SettingPath {
  const written = [...server, name, 'port']
  return valueAt(root, written) === undefined ? [...server, 'address'] : written
}

/** Whether what is sent to `address` arrives at a listener. */
function reaches(one: Endpoint, address: string, isOwn: (address: string) => boolean): boolean {
  const at = octetsOf(one.address)
  if (at.length !== octetsOf(address).length) return false
  return isUnspecified(at) ? isOwn(address) : placeOf(one.address) === placeOf(address)
}

const overlap = (a: Endpoint, b: Endpoint): boolean => a.port === b.port && sameOrWildcard(a.address, b.address)

/** Whether two sockets at these addresses are in each other's way: the same one, or one is every address of the family. */
function sameOrWildcard(a: string, b: string): boolean {
  const [first, second] = [octetsOf(a), octetsOf(b)]
  if (first.length !== second.length) return false
  return a === b || isUnspecified(first) || isUnspecified(second)
}

const isMulticast = (octets: Uint8Array): boolean => (octets[0] ?? 0) >= (octets.length === 4 ? 224 : 255)

/** Tells two addresses apart, however they are written; a link-local one is another at each interface. */
const placeOf = (text: string): string => octetsOf(text).join() + zoneOf(text)

const octetsOf = (text: string): Uint8Array => parseAddress(text) ?? new Uint8Array(0)
