/**
 * Identifiers and max-outstanding of one server and class.
 *
 * One octet tells a source port's requests apart (RFC 2865 section 3), so 256 requests can be unanswered on a port. The least
 * recently used identifier of a port goes first, and ports are filled one after the other (few sockets, long batches).
 * After a time-out an identifier rests in quarantine, so that a late response does not meet another request. Its last request
 * is remembered, so that a late response is recognised.
 *
 * Promises: never more than max-outstanding in use; no identifier in use twice on one port; O(1) each.
 */
import { after, type Duration, type Instant } from '../units.ts'
import type { AdaptiveWindow } from './adaptive-window.ts'

export const IDENTIFIERS_PER_PORT = 256

/** Source ports that hold max-outstanding and a quarantine's worth beside it: 256 takes 2, 4000 takes 32. */
export const portsFor = (maxOutstanding: number): number => Math.ceil((2 * maxOutstanding) / IDENTIFIERS_PER_PORT)

/** One identifier on one source port, and what it carries. */
export class Identifier<T> {
  readonly port: number
  readonly value: number
  held: T | undefined = undefined
  /** What it carried before: what a late response is checked against. */
  last: T | undefined = undefined
  /** In use, but nobody waits for the answer any more. */
  abandoned = false
  quarantinedUntil: Instant | undefined = undefined
  next: Identifier<T> | undefined = undefined

  constructor(port: number, value: number) {
    this.port = port
    this.value = value
  }
}

/** Identifiers in the order in which they were put here: the free ones of a port, or those in quarantine. */
class Chain<T> {
  first: Identifier<T> | undefined = undefined
  #last: Identifier<T> | undefined = undefined
  length = 0

  push(identifier: Identifier<T>): void {
    if (this.#last === undefined) this.first = identifier
    else this.#last.next = identifier
    this.#last = identifier
    this.length += 1
  }

  /** Removes the first, which the caller has looked at. */
  shift(): Identifier<T> {
    const first = this.first as Identifier<T>
    this.first = first.next
    if (first.next === undefined) this.#last = undefined
    first.next = undefined
    this.length -= 1
    return first
  }
}

interface Port<T> {
  readonly all: readonly Identifier<T>[]
  readonly free: Chain<T>
}

/** The places of one lane, or of all that followed each other at a server: they are the server's. */
export interface ServerPlaces {
  /** How many of them are taken. */
  taken: number
  /** How many may be taken for now, if that adapts to the server; max-outstanding is its ceiling. */
  window: AdaptiveWindow | undefined
}

export interface IdentifiersView {
  readonly total: number
  readonly free: number
  readonly quarantined: number
  readonly abandoned: number
}

export class Identifiers<T> {
  /** What max-outstanding bounds: for a lane that follows at the same server. */
  readonly places: ServerPlaces
  readonly #ports: Port<T>[] = []
  /** Of every 32 ports a word, with a bit for each port that has one free: so the first is found at once. */
  readonly #portsWithFree: number[] = []
  readonly #inQuarantine = new Chain<T>()
  #maxOutstanding: number
  #quarantineTime: Duration
  #outstanding = 0
  #abandoned = 0
  #free = 0

  /** `maxOutstanding` 1-4000. `quarantine`: how long an identifier rests after a time-out. `places`: shared with others. */
  constructor(o: { maxOutstanding: number; quarantine: Duration; places?: ServerPlaces | undefined }) {
    this.#maxOutstanding = o.maxOutstanding
    this.#quarantineTime = o.quarantine
    this.places = o.places ?? { taken: 0, window: undefined }
    this.#openPorts()
  }

  /** Unanswered now, abandoned ones included. */
  get outstanding(): number {
    return this.#outstanding
  }

  /** How many must give up their places so that one more can be taken than now; Infinity if no identifier is free. */
  lacking(): number {
    const room = this.room()
    if (this.#free <= room) return Number.POSITIVE_INFINITY
    return Math.max(0, this.places.taken - this.#most()) + 1
  }

  /** How many more could be taken now: places below max-outstanding and the window, with a free identifier each. */
  room(): number {
    return Math.max(0, Math.min(this.#most() - this.places.taken, this.#free))
  }

  /** The identifier that `hold` would take. */
  peek(): Identifier<T> | undefined {
    return this.room() > 0 ? this.#firstPort()?.free.first : undefined
  }

  /** Takes that identifier for `holder`; throws if there is no room. */
  hold(holder: T): Identifier<T> {
    const port = this.room() > 0 ? this.#firstPort() : undefined
    if (port === undefined) throw new Error('identifier: none free')
    const identifier = port.free.shift()
    if (port.free.length === 0) this.#portsWithFree[identifier.port >> 5]! &= ~(1 << (identifier.port & 31))
    identifier.held = holder
    this.#free -= 1
    this.#outstanding += 1
    this.places.taken += 1
    return identifier
  }

  /** The response came: free at once. */
  release(identifier: Identifier<T>): void {
    this.#endUse(identifier)
    this.#makeFree(identifier)
  }

  /** No response came: it rests, but its place below max-outstanding is free at once. */
  quarantine(identifier: Identifier<T>, now: Instant): void {
    this.#endUse(identifier)
    identifier.quarantinedUntil = after(now, this.#quarantineTime)
    this.#inQuarantine.push(identifier)
  }

  /** Nobody waits for it any more. It stays outstanding until its response or its time-out. */
  abandon(identifier: Identifier<T>): void {
    identifier.abandoned = true
    this.#abandoned += 1
  }

  passTime(now: Instant): void {
    for (let { first } = this.#inQuarantine; first !== undefined; first = this.#inQuarantine.first) {
      if ((first.quarantinedUntil as Instant) > now) return
      first.quarantinedUntil = undefined
      this.#makeFree(this.#inQuarantine.shift())
    }
  }

  nextWakeAt(): Instant | undefined {
    return this.#inQuarantine.first?.quarantinedUntil
  }

  at(port: number, value: number): Identifier<T> | undefined {
    return this.#ports[port]?.all[value]
  }

  /** A lower bound lets nothing new out until fewer are outstanding; a higher one opens ports. */
  reconfigure({ maxOutstanding, quarantine }: { maxOutstanding: number; quarantine: Duration }): void {
    this.#maxOutstanding = maxOutstanding
    this.#quarantineTime = quarantine
    this.#openPorts()
  }

  get ports(): number {
    return this.#ports.length
  }

  view(): IdentifiersView {
    return {
      total: this.#ports.length * IDENTIFIERS_PER_PORT,
      free: this.#free,
      quarantined: this.#inQuarantine.length,
      abandoned: this.#abandoned,
    }
  }

  /** What bounds the places now. Ports are opened for max-outstanding, whatever the window is. */
  #most(): number {
    const { window } = this.places
    return window === undefined ? this.#maxOutstanding : Math.min(this.#maxOutstanding, window.size)
  }

  #openPorts(): void {
    while (this.#ports.length < portsFor(this.#maxOutstanding)) {
      const port = this.#ports.length
      const all = Array.from({ length: IDENTIFIERS_PER_PORT }, (_, value) => new Identifier<T>(port, value))
      this.#ports.push({ all, free: new Chain<T>() })
      for (const identifier of all) this.#makeFree(identifier)
    }
  }

  #endUse(identifier: Identifier<T>): void {
    if (identifier.held === undefined) throw new Error('identifier: given back twice')
    identifier.last = identifier.held
    identifier.held = undefined
    if (identifier.abandoned) this.#abandoned -= 1
    identifier.abandoned = false
    this.#outstanding -= 1
    this.places.taken -= 1
  }

  #makeFree(identifier: Identifier<T>): void {
    const { port } = identifier
    this.#ports[port]?.free.push(identifier)
    this.#portsWithFree[port >> 5] = (this.#portsWithFree[port >> 5] ?? 0) | (1 << (port & 31))
    this.#free += 1
  }

  #firstPort(): Port<T> | undefined {
    const word = this.#portsWithFree.findIndex((bits) => bits !== 0)
    const bits = this.#portsWithFree[word] ?? 0
    // The lowest bit that is set.
    return this.#ports[32 * word + 31 - Math.clz32(bits & -bits)]
  }
}
