/**
 * Which listening sockets there should be, given the configuration, this machine's addresses and what is open.
 *
 * A wildcard is one socket for each address of its family; where the address has left, its socket stays open for a while in
 * silence, so that a link that is away for seconds costs no answer of what came before. A configured address keeps its
 * socket for good: the kernel delivers to it again at the moment of the address's return. Only a link-local one is closed at
 * once, since its socket belongs to an interface that may come back as another one.
 *
 * The system lists addresses of interfaces that are up. Others can be had too (127.0.0.2, `ip_nonlocal_bind`, a local
 * route), so a configured address that is not listed is tried all the same, now and then.
 *
 * Pure: lists in, lists out. `listeners.io.ts` opens and closes.
 */
import { isLinkLocal, isLoopback, parseAddress } from '../addresses.ts'
import type { TrafficClass } from '../classes.ts'

/**
 * `listening`: open, and the machine has the address. `bound`: open, and no interface has shown the address so far.
 * `absent`: the machine lacks it.
 */
export type Presence = 'listening' | 'bound' | 'absent'

/** A listener as it is configured. */
export interface ListenAt {
  readonly address: string
  readonly port: number
  readonly optional?: true
}

export interface Wanted extends ListenAt {
  readonly class: TrafficClass
  /** Of a wildcard: not configured by itself. */
  readonly isOfWildcard: boolean
}

/** An open socket; `key` is that of what it was opened for. */
export interface OpenSocket {
  readonly key: string
  /** Whether an interface had its address at some time since it was opened. */
  wasListed: boolean
  /** Rounds since the address left; 0 while it is there. */
  roundsAway: number
}

/** What must happen to make it so. */
export interface Steps<Open> {
  readonly open: readonly Wanted[]
  /** The machine lost the address; the socket stays. */
  readonly left: readonly Open[]
  /** An interface has the address of an open socket again, or for the first time. */
  readonly returned: readonly Open[]
  readonly close: readonly Open[]
}

/** A round is a second. */
const KEPT_FOR_ROUNDS = 60
const UNLISTED_EVERY = 10

const isWildcard = (address: string): boolean => address === '0.0.0.0' || address === '::'

export const keyOf = (one: Pick<Wanted, 'class' | 'address' | 'port'>): string =>
  `${one.class} ${one.address} ${one.port}`

/** Every socket that may be open, each once, in the order of the configuration; `local` is what the system lists. */
export function wantedWith(
  configured: readonly (ListenAt & { readonly class: TrafficClass })[],
  local: readonly string[],
): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>()
  for (const one of configured) {
    if (!isWildcard(one.address)) {
      wanted.set(keyOf(one), { ...one, isOfWildcard: false })
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

/**
 * The steps of one round; notes in each open socket how its address fares. `listed` are the addresses that interfaces have
 * now, `round` counts up from 0.
 */
export function stepsOf<Open extends OpenSocket & { readonly address: string }>(o: {
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
    const isDue = o.listed.has(one.address) || o.round % UNLISTED_EVERY === 0
    return present.has(key) || !isDue ? [] : [one]
  })
  return { open, left, returned, close }
}

/** How an open socket's address fares; loopback needs no interface to show it. */
export function presenceOf({ address, wasListed, roundsAway }: OpenSocket & { readonly address: string }): Presence {
  if (roundsAway > 0) return 'absent'
  return wasListed || isLoopback(octetsOf(address)) ? 'listening' : 'bound'
}

const octetsOf = (address: string): Uint8Array => parseAddress(address) ?? new Uint8Array(0)
