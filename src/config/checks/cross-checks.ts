/**
 * The second pass: what no value shows by itself, but two values together, or a value and the machine.
 *
 * Errors are what cannot work or does harm (a loop, one network with two secrets). Warnings are what works and is probably not
 * meant. Each check takes a partial configuration, so it runs as far as the structure allows.
 */
import { TRAFFIC_CLASSES } from '../../classes.ts'
import { didYouMean } from '../../did-you-mean.ts'
import { seconds } from '../../units.ts'
import { ageLimitOf, instancesOf } from '../schema/config.ts'
import { perClientOf } from '../schema/watch-settings.ts'
import { quoted } from '../source/problem.ts'
import { pathText, type SettingPath, valueAt } from '../source/source.ts'
import { checkAddresses, listenersOf } from './address-checks.ts'
import { checkFailoverTime } from './failover-check.ts'
import { checkFairness } from './fairness-checks.ts'
import { entriesOf, type PartialConfig } from './partial-config.ts'
import type { Findings, LoadContext } from './result.ts'
import { checkServers } from './server-checks.ts'
import { checkWindows } from './window-check.ts'

/** BNGs wait 9 to 20 s for authentication. An older request is served for nobody. */
const SHORTEST_PATIENCE = seconds(9)
/** RFC 3539 section 3.4.1. */
const SHORTEST_WATCHDOG = seconds(6)
/** RFC 5080 section 2.2.2. */
const ANSWER_CACHE = { least: seconds(5), most: seconds(30) }
/** How long FreeRADIUS, by default, keeps an answer and takes a reused identifier for a conflict. */
const CLEANUP_DELAY = seconds(5)
/** The series of one client in /metrics, in one instance, as text. */
const OCTETS_OF_A_CLIENT = 2_700

export function crossCheck(partial: PartialConfig, context: LoadContext, findings: Findings): void {
  checkNames(partial, findings)
  checkClasses(partial, context, findings)
  checkAddresses(partial, findings)
  checkServers(partial, context, findings)
  checkInstances(partial, context, findings)
  checkPacketIo(partial, findings)
  checkFairness(partial, findings)
  checkTimes(partial, findings)
  checkFailoverTime(partial, findings)
  checkWindows(partial, findings)
  checkMetrics(partial, findings)
  checkSessions(partial, findings)
  checkLeftOvers(partial, findings)
}

function checkNames({ root }: PartialConfig, findings: Findings): void {
  for (const [kind, above] of [
    ['client', ['clients']],
    ['server', ['farm', 'servers']],
  ] as const) {
    const seen = new Map<string, SettingPath>()
    for (const i of entriesOf(root, above).keys()) {
      const path = [...above, i, 'name']
      const name = valueAt(root, path)
      if (typeof name !== 'string') continue
      const first = seen.get(name)
      if (first === undefined) seen.set(name, path)
      else findings.error(path, `${pathText(first)} is ${quoted(name)} too; give each ${kind} a name of its own`)
    }
  }
}

function checkClasses({ root, outline, servers }: PartialConfig, context: LoadContext, findings: Findings): void {
  if (outline === undefined) return
  const listeners = listenersOf(outline)
  // A listener that is wrong is a problem of its own.
  const isWritten = TRAFFIC_CLASSES.some((name) => entriesOf(root, ['listen', name]).length > 0)
  if (listeners.length === 0 && !isWritten) {
    findings.error(['listen'], 'nothing listens; give authentication or accounting an address')
  }
  for (const name of TRAFFIC_CLASSES) {
    const path = ['farm', name]
    const { algorithm, hash_key: key } = outline.farm[name]
    if (algorithm === 'hash' && valueAt(root, [...path, 'hash_key']) === undefined) {
      const message = '"hash" needs to know by which attribute; add hash_key, as hash_key: Calling-Station-Id'
      findings.error([...path, 'algorithm'], message)
    }
    if (algorithm !== 'hash' && key !== undefined) {
      const message = `has no effect with algorithm ${algorithm}; write algorithm: hash, or remove it`
      findings.warn([...path, 'hash_key'], message)
    }
    if (key !== undefined && context.attributeKey(key) === undefined) {
      const hint = didYouMean(context.similarAttributeNames(key)) || '; write it as the dictionary does, as 3GPP-IMSI'
      findings.error([...path, 'hash_key'], `${quoted(key)} is no attribute of the dictionary${hint}`)
    }
    const listens = listeners.some((one) => one.class === name)
    if (listens && servers.length > 0 && servers.every((server) => server?.[name] === false)) {
      const written = valueAt(root, ['listen', name]) !== undefined
      const message = `no server takes ${name}, and clients may send it; remove "${name}: false" from a server, or write "${name}: []" under listen`
      findings.error(written ? ['listen', name] : ['farm', 'servers', 0, name], message)
    }
  }
}

/** What holds within one instance only is said before anybody relies on it. */
function checkInstances({ root, outline }: PartialConfig, { cores }: LoadContext, findings: Findings): void {
  const count = instancesOf(outline?.instances ?? 1, cores)
  if (count === 1 || valueAt(root, ['instances']) === undefined) return
  const path = ['instances']
  const source = outline?.instances_by === 'address' ? 'address, whatever its port' : 'address and port'
  const message = `with ${count} instances, duplicates are known and a session's records keep their order only among packets of one source ${source}, and limits of queues and max_outstanding are for each; write 1 unless one core is not enough`
  findings.warn(path, message)
  if (count > cores)
    findings.warn(path, `${count} instances on ${cores} cores are slower than ${cores}; write ${cores} or less`)
}

/** Only batched packet I/O can tell the kernel by what it spreads the clients. */
function checkPacketIo({ root, outline }: PartialConfig, findings: Findings): void {
  if (outline?.packet_io !== 'dgram') return
  const message = 'has no effect with packet_io: dgram; write packet_io: auto, or remove this'
  if (outline.instances_by === 'address') findings.warn(['instances_by'], message)
  if (valueAt(root, ['batch_tick']) !== undefined) findings.warn(['batch_tick'], message)
}

function checkTimes({ outline }: PartialConfig, findings: Findings): void {
  if (outline === undefined) return
  if (ageLimitOf(outline.queues.authentication) > SHORTEST_PATIENCE) {
    const message =
      'clients give up after 9 to 20 s, and with more than 9s here the servers may work for clients that are gone; write 5s unless yours wait longer'
    const key = outline.queues.authentication.max_age === 'auto' ? 'max_age_limit' : 'max_age'
    findings.warn(['queues', 'authentication', key], message)
  }
  const { probe, probe_interval: interval } = outline.farm.dead_server
  if (probe === 'status_server' && interval < SHORTEST_WATCHDOG) {
    const message = 'RFC 3539 section 3.4.1 asks for 6 s or more between probes; write 6s or more'
    findings.warn(['farm', 'dead_server', 'probe_interval'], message)
  }
  const { answer_cache: kept } = outline.duplicates
  if (kept < ANSWER_CACHE.least || kept > ANSWER_CACHE.most) {
    findings.warn(['duplicates', 'answer_cache'], 'RFC 5080 section 2.2.2 asks for 5 to 30 s; write 5s')
  }
  if (outline.farm.identifier_quarantine < CLEANUP_DELAY) {
    const message =
      'FreeRADIUS remembers an identifier for 5 s (cleanup_delay) and takes an earlier reuse for a conflict; write 5s unless your servers remember less'
    findings.warn(['farm', 'identifier_quarantine'], message)
  }
}

/** If `auto` leaves clients out of /metrics, nobody should have to find out. */
function checkMetrics({ root, outline }: PartialConfig, findings: Findings): void {
  const count = entriesOf(root, ['clients']).length
  if (outline?.metrics.per_client !== 'auto' || perClientOf('auto', count) === 'all') return
  const message = `with ${count} clients /metrics shows those with traffic in the last hour, since all of them are some ${Math.round((count * OCTETS_OF_A_CLIENT) / 1e6)} MB a scrape; write per_client: active to agree, or all`
  findings.warn(['metrics'], message)
}

/** What needs sessions that are tracked: their log, and wraps of counters, which show only between two records. */
function checkSessions({ root, outline }: PartialConfig, findings: Findings): void {
  if (outline?.accounting.track_sessions !== false) return
  if (outline.accounting.sessions_log !== undefined) {
    const message = 'no session is tracked, so none is logged; set track_sessions: true, or remove sessions_log'
    findings.error(['accounting', 'sessions_log'], message)
  }
  for (const i of entriesOf(root, ['clients']).keys()) {
    const path = ['clients', i, 'accounting', 'synthesize_gigawords']
    if (valueAt(root, path) !== true) continue
    const message = 'no session is tracked, so no wrap is seen; set accounting.track_sessions: true, or remove this'
    findings.error(path, message)
  }
}

/** Settings of older files that do nothing any more. The file still loads. */
function checkLeftOvers({ root }: PartialConfig, findings: Findings): void {
  const path = ['health', 'ready_at_least']
  if (valueAt(root, path) === undefined) return
  const message =
    'has no effect any more: /readyz never answers 503 for the health, which strangers can lower with a few packets; take it out, and watch radsluice_health or the alarms instead'
  findings.warn(path, message)
}
