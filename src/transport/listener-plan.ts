/**
 * Which listeners there should be, given the configuration, this machine's addresses and what is open.
 *
 * A wildcard is one listener for each address of its family. If an address leaves, its listener stays open for a minute, so
 * that a network that is away for seconds costs no answer to what came before. A configured address keeps its listener for
 * good: the kernel delivers to it again when the address returns. Only a link-local one is closed at once, since its socket
 * belongs to an interface that may come back as another one.
 *
 * The system lists addresses of interfaces that are up. Others can be opened too (127.0.0.2, `ip_nonlocal_bind`, a local
 * route), so a configured address that is not listed is tried all the same, now and then.
 *
 * Pure: lists in, lists out. `listeners.io.ts` opens and closes.
 */
import { type Endpoint, isLinkLocal, isLoopback, type ListenAt, octetsOf } from '../addresses.ts'
import type { PerClass, TrafficClass } from '../classes.ts'
import type { LinkReport } from './ports.ts'

/**
 * `listening`: open, and the machine has the address. `bound`: open, and no interface has shown the address so far.
 * `absent`: the machine lacks it.
 */
export type Presence = 'listening' | 'bound' | 'absent'

export interface ListenOptions {
  readonly at: PerClass<readonly ListenAt[]>
  /** Whether an address that the machine lacks, and that is not optional, is an error. */
  readonly mustHaveAll: boolean
}

/** A listener as `status` shows it. Buffers of one that is not open are 0. */
export interface ListenerReport extends Endpoint {
  readonly class: TrafficClass
  readonly presence: Presence
  /** Whether the machine may lack its address: `optional`, or of a wildcard. */
  readonly isOptional: boolean
  readonly receiveBuffer: number
  readonly sendBuffer: number
  /** Datagrams that the kernel dropped since the receive buffer was full; undefined if the transport is not told. */
  readonly kernelDrops?: number | undefined
}

export interface Wanted extends ListenAt {
  readonly class: TrafficClass
  /** Of a wildcard: not configured by itself. */
  readonly isOfWildcard: boolean
}

/** An open listener. `key` is that of what it was opened for. */
export interface OpenListener {
  readonly key: string
  readonly address: string
  /** Whether an interface had its address at some time since it was opened. */
  wasListed: boolean
  /** Rounds since the address left; 0 while it is there. */
  roundsAway: number
}

/** What must happen to make it so. */
export interface Steps<Open> {
  readonly open: readonly Wanted[]
  /** The machine lost the address; the listener stays. */
  readonly left: readonly Open[]
  /** An interface has the address of an open listener again, or for the first time. */
  readonly returned: readonly Open[]
  readonly close: readonly Open[]
}

/** A round is a second. */
const KEPT_FOR_ROUNDS = 60
const UNLISTED_EVERY = 10
/** An address of IPv6 can't be opened until nobody else has claimed it (RFC 4862 section 5.4), which takes a second or two. */
const SILENT_TRIES = 5

const isWildcard = (address: string): boolean => address === '0.0.0.0' || address === '::'

export const keyOf = (one: Pick<Wanted, 'class' | 'address' | 'port'>): string =>
  `${one.class} ${one.address} ${one.port}`

/** What is configured for one class. */
type Configured = ListenAt & { readonly class: TrafficClass }

/**
 * Every listener that may be open, each once, in the order of the configuration; `local` is what the system lists. A link that
 * `tellsAsked` listens at a wildcard itself, for all addresses of its family and port.
 */
export function wantedWith(
  configured: readonly Configured[],
  local: readonly string[],
  tellsAsked = false,
): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>()
  for (const one of configured) {
    if (!isWildcard(one.address) || tellsAsked) {
      const isCovered = tellsAsked && configured.some((other) => other !== one && covers(other, one))
      if (!isCovered) wanted.set(keyOf(one), { ...one, isOfWildcard: false })
      continue
    }
    for (const address of local) {
      if (address.includes(':') !== one.address.includes(':')) continue
      const ofWildcard = { class: one.class, port: one.port, address, isOfWildcard: true }
      const key = keyOf(ofWildcard)
      if (!wanted.has(key)) wanted.set(key, ofWildcard)
    }
  }
  return wanted
}

/** Which addresses came and went under a listener at a wildcard; none under another one. */
export function changedUnder(
  { address }: Endpoint,
  before: ReadonlySet<string>,
  now: ReadonlySet<string>,
): { readonly came: readonly string[]; readonly went: readonly string[] } {
  if (!isWildcard(address)) return { came: [], went: [] }
  const isOfFamily = (one: string): boolean => one.includes(':') === address.includes(':')
  return {
    came: [...now].filter((one) => isOfFamily(one) && !before.has(one)),
    went: [...before].filter((one) => isOfFamily(one) && !now.has(one)),
  }
}

/** Whether a socket at a wildcard hears what is sent to the other one. */
const covers = (wildcard: Configured, one: Configured): boolean =>
  isWildcard(wildcard.address) &&
  wildcard.class === one.class &&
  wildcard.port === one.port &&
  wildcard.address.includes(':') === one.address.includes(':') &&
  !isWildcard(one.address)

/**
 * The steps of one round. Notes in each open listener how its address fares. `listed` are the addresses that interfaces have
 * now, `round` counts up from 0.
 */
export function stepsOf<Open extends OpenListener>(o: {
  readonly wanted: ReadonlyMap<string, Wanted>
  readonly listed: ReadonlySet<string>
  readonly open: Iterable<Open>
  readonly round: number
}): Steps<Open> {
  const left: Open[] = []
  const returned: Open[] = []
  const close: Open[] = []
  const present = new Set<string>()
  for (const one of o.open) {
    const isOfInterface = isLinkLocal(octetsOf(one.address))
    if (isOfInterface && !one.wasListed && o.listed.has(one.address)) {
      // Its interface may be another than when it was bound, under the same name: it is opened again.
      close.push(one)
      continue
    }
    present.add(one.key)
    if (isWildcard(one.address)) continue
    if (o.listed.has(one.address)) {
      if (one.roundsAway > 0 || !one.wasListed) returned.push(one)
      one.wasListed = true
      one.roundsAway = 0
      continue
    }
    if (!one.wasListed) continue
    if (one.roundsAway === 0) left.push(one)
    one.roundsAway += 1
    const isConfigured = o.wanted.get(one.key)?.isOfWildcard === false
    const staysFor = isOfInterface ? 1 : isConfigured ? Number.POSITIVE_INFINITY : KEPT_FOR_ROUNDS
    if (one.roundsAway >= staysFor) {
      close.push(one)
      present.delete(one.key)
    }
  }
  const open = [...o.wanted].flatMap(([key, one]) => {
    const isDue = o.listed.has(one.address) || isWildcard(one.address) || o.round % UNLISTED_EVERY === 0
    return present.has(key) || !isDue ? [] : [one]
  })
  return { open, left, returned, close }
}

/** Whether a failure to open is told: once, and of an address that the machine lists but lacks only after some tries. */
export function isToldAfter(tries: number, o: { readonly isLacking: boolean; readonly isListed: boolean }): boolean {
  if (o.isLacking && !o.isListed) return false
  return tries === (o.isLacking ? SILENT_TRIES : 1)
}

/** How an open listener's address fares; loopback and a wildcard need no interface to show it. */
export function presenceOf({ address, wasListed, roundsAway }: OpenListener): Presence {
  if (isWildcard(address)) return 'listening'
  if (roundsAway > 0) return 'absent'
  return wasListed || isLoopback(octetsOf(address)) ? 'listening' : 'bound'
}

/** What `status` shows: the listeners that are open, and the configured ones that are not. */
export function reportsOf(
  open: readonly (OpenListener & { readonly wanted: Wanted; readonly opened: LinkReport })[],
  wanted: ReadonlyMap<string, Wanted>,
): ListenerReport[] {
  const openKeys = new Set(open.map(({ key }) => key))
  const all = [
    ...open.map((one) => ({ wanted: one.wanted, presence: presenceOf(one), opened: one.opened })),
    ...[...wanted].flatMap(([key, one]) => (openKeys.has(key) ? [] : [{ wanted: one, presence: 'absent' as const }])),
  ]
  return all.flatMap(({ wanted: one, presence, ...more }) => {
    if (one.isOfWildcard && presence === 'absent') return []
    const { local, receiveBuffer, sendBuffer, kernelDrops } =
      'opened' in more ? more.opened : { local: one, ...NO_BUFFERS }
    const { address, port } = local
    const isOptional = one.isOfWildcard || one.optional === true
    return [{ class: one.class, address, port, presence, isOptional, receiveBuffer, sendBuffer, kernelDrops }]
  })
}

const NO_BUFFERS = { receiveBuffer: 0, sendBuffer: 0, kernelDrops: undefined }
