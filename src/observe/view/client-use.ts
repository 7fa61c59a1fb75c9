/**
 * Which clients ask for most: what was sent of them to the servers in an interval, and what of them waits at its end. With turns,
 * clients that wait are sent alike, so what was sent alone would not tell who is the cause of a storm.
 *
 * There may be ten thousand clients, so only the first few are kept, in one pass over all.
 */
import { sumOverClasses, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { ClientSnapshot } from '../../proxy/border/snapshot.ts'
import { type Duration, micros } from '../../units.ts'

/** How many are kept. */
export const MOST_BUSIEST = 8

/** One client over an interval, all instances and both classes together. */
export interface ClientUse {
  readonly client: string
  readonly weight: number
  /** Requests that were sent to servers, a second; retries and copies not counted. */
  readonly sent: number
  /** Of what was sent of all clients, 0 to 1. */
  readonly share: number
  /** At the end of the interval; `oldestAge` is 0 with `fairness: none`. */
  readonly queued: number
  readonly oldestAge: Duration
  /** A second. */
  readonly shed: number
  readonly expired: number
}

export interface BusiestClients {
  /** Length of the interval. */
  readonly seconds: number
  /** The first asks for most. Empty if there is only one client. */
  readonly clients: readonly ClientUse[]
}

export const NONE_BUSY: BusiestClients = { seconds: 0, clients: [] }

export const sentOf = ({ served }: Pick<ClientSnapshot, 'served'>): number =>
  sumOverClasses((each) => served[each].sent)

export const shedOf = ({ served }: Pick<ClientSnapshot, 'served'>): number =>
  sumOverClasses((each) => served[each].shed)

export const expiredOf = ({ served }: Pick<ClientSnapshot, 'served'>): number =>
  sumOverClasses((each) => served[each].expired)

export const queuedOf = ({ waiting }: Pick<ClientSnapshot, 'waiting'>): number =>
  sumOverClasses((each) => waiting[each].queued)

export const oldestAgeOf = ({ waiting }: Pick<ClientSnapshot, 'waiting'>): Duration =>
  micros(Math.max(...TRAFFIC_CLASSES.map((each) => waiting[each].oldestAge)))

interface Counted {
  readonly now: ClientSnapshot
  readonly before: ClientSnapshot | undefined
  readonly sent: number
  readonly queued: number
}

/** `before`: what a client of that name, at that place of the list, was at the beginning of the interval. */
export function busiestOf(
  clients: readonly ClientSnapshot[],
  before: (name: string, at: number) => ClientSnapshot | undefined,
  seconds: number,
): BusiestClients {
  if (clients.length < 2) return NONE_BUSY
  const first: Counted[] = []
  let all = 0
  for (const [at, now] of clients.entries()) {
    const was = before(now.name, at)
    const sent = rise(was, now, sentOf)
    const one = { now, before: was, sent, queued: queuedOf(now) }
    all += sent
    if (sent > 0 || one.queued > 0 || rise(was, now, lostOf) > 0) insert(first, one)
  }
  return { seconds, clients: first.map((one) => useOf(one, all, seconds)) }
}

/** A client that was sent so much of its max-rate has used it up: a slot's rest is lost, and polls are not whole seconds. */
const USED_UP = 0.9

/** The clients of which messages of a class expired in so many seconds, and whether their own max-rate was used up meanwhile. */
export function expiredOfClients(
  clients: readonly ClientSnapshot[],
  before: (name: string, at: number) => ClientSnapshot | undefined,
  { name, seconds }: { readonly name: TrafficClass; readonly seconds: number },
): { readonly client: string; readonly expired: number; readonly hasUsedUpItsRate: boolean }[] {
  return clients.flatMap((now, at) => {
    const was = before(now.name, at)
    const expired = rise(was, now, ({ served }) => served[name].expired)
    if (expired === 0) return []
    const sent = rise(was, now, ({ served }) => served[name].sent)
    return [{ client: now.name, expired, hasUsedUpItsRate: now.maxRate > 0 && sent >= USED_UP * now.maxRate * seconds }]
  })
}

const lostOf = (client: ClientSnapshot): number => shedOf(client) + expiredOf(client)

/** Of two alike, the one that came first stays before. */
function insert(first: Counted[], one: Counted): void {
  const asked = one.sent + one.queued
  const place = first.findIndex(({ sent, queued }) => asked > sent + queued)
  first.splice(place === -1 ? first.length : place, 0, one)
  if (first.length > MOST_BUSIEST) first.pop()
}

const useOf = ({ now, before, sent, queued }: Counted, all: number, seconds: number): ClientUse => ({
  client: now.name,
  weight: now.weight,
  sent: sent / seconds,
  share: all === 0 ? 0 : sent / all,
  queued,
  oldestAge: oldestAgeOf(now),
  shed: rise(before, now, shedOf) / seconds,
  expired: rise(before, now, expiredOf) / seconds,
})

const rise = (before: ClientSnapshot | undefined, now: ClientSnapshot, read: (of: ClientSnapshot) => number): number =>
  Math.max(0, read(now) - (before === undefined ? 0 : read(before)))
