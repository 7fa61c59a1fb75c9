/**
 * The links that clients send to, and the answers that leave by them.
 *
 * A client accepts an answer only from the address that it asked, and dgram can't tell which address a datagram on a
 * wildcard socket was sent to. So there a wildcard is one link for each address of this machine. A transport that can tell opens
 * one for all of them. `listener-plan.ts` decides, round by round, which links there should be; here they are opened and closed.
 *
 * To the engine, each address that was asked is a link with a number of its own. A number is never used twice, so an answer for
 * a closed one is counted and goes nowhere.
 */
import { type Endpoint, endpointText, type ListenAt } from '../addresses.ts'
import { TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import { codeOf } from '../coded-error.ts'
import type { Peer } from '../proxy/border/events.ts'
import {
  changedUnder,
  isToldAfter,
  keyOf,
  type ListenerReport,
  type ListenOptions,
  type OpenListener,
  reportsOf,
  stepsOf,
  type Wanted,
  wantedWith,
} from './listener-plan.ts'
import { addressesOfThisMachine } from './local-addresses.io.ts'
import type { Arrivals, Link, LinkReport, ListenPlan, Transport } from './ports.ts'

/**
 * What becomes of a listener while the instance runs. `absent`: a configured address is lacking at the start. `failed`: an
 * address that the machine has can't be opened; it is tried again in the next round.
 */
export type ListenerEvent = { readonly class: TrafficClass; readonly address: string } & (
  | { readonly kind: 'listener-opened' | 'listener-closed' | 'listener-absent' }
  | { readonly kind: 'listener-failed'; readonly why: string }
)

/** What the log should hear of. */
export interface LinkNotes {
  /** A datagram could not be sent, or a link reported an error. */
  sendFailed(where: string, systemCode: string): void
  listener(event: ListenerEvent): void
}

export interface ListenersOptions {
  readonly transport: Transport
  readonly notes: LinkNotes
  /** What the system lists as this machine's addresses. */
  readonly localAddresses?: (() => readonly string[]) | undefined
  /** Other instances listen at the same addresses and ports. */
  readonly isShared?: boolean
  readonly own?: OwnEndpoints
}

/** The local ends of our own links to servers: what comes from one of them goes round in a circle. */
interface OwnEndpoints {
  /** Another number: who was not among them before may be now. */
  version(): number
  has(address: string, port: number): boolean
}

/** A machine has fewer addresses, unless whole networks are local to it. */
const MOST_ASKED = 4_096

/** Where the answers of one number leave. */
interface Exit {
  readonly listener: Listener
  readonly asked: string | undefined
}

const NO_OWN: OwnEndpoints = { version: () => 0, has: () => false }

interface Listener extends OpenListener {
  readonly number: number
  readonly wanted: Wanted
  readonly link: Link
  readonly opened: LinkReport
}

export class Listeners {
  readonly #o: ListenersOptions
  #arrivals: Arrivals | undefined
  readonly #open = new Map<number, Listener>()
  /** By the number that the engine knows. */
  readonly #exits = new Map<number, Exit>()
  /** How often one could not be opened, by key. */
  readonly #tries = new Map<string, number>()
  #configured: readonly (ListenAt & { readonly class: TrafficClass })[] = []
  #local: readonly string[] = []
  #listed: ReadonlySet<string> = new Set()
  #wanted: ReadonlyMap<string, Wanted> = new Map()
  #isSettled = false
  #round = 0
  #nextNumber = 0
  #following: Promise<void> | undefined

  constructor(options: ListenersOptions) {
    this.#o = options
  }

  /**
   * Opens all configured listeners.
   * @throws a coded error if one can't be opened; those already open stay open until close().
   */
  async open({ at, mustHaveAll }: ListenOptions, arrivals: Arrivals): Promise<void> {
    this.#arrivals = arrivals
    this.#configured = TRAFFIC_CLASSES.flatMap((name) => at[name].map((one) => ({ ...one, class: name })))
    this.#updateAddresses((this.#o.localAddresses ?? addressesOfThisMachine)())
    for (const wanted of this.#wanted.values()) {
      try {
        await this.#openOne(wanted)
      } catch (error) {
        if (codeOf(error) !== 'ADDRESS_NOT_LOCAL') throw error
        // An address can go between being listed and being opened.
        if (wanted.isOfWildcard) continue
        if (mustHaveAll && wanted.optional !== true) throw error
        this.#tell('listener-absent', wanted, wanted)
      }
    }
  }

  /**
   * One round, once a second: opens what came and closes what went. `local` are this machine's addresses; the same list
   * again says that they have not changed. Never throws.
   */
  followAddresses(local: readonly string[]): Promise<void> {
    this.#following ??= this.#follow(local).finally(() => {
      this.#following = undefined
    })
    return this.#following
  }

  async #follow(local: readonly string[]): Promise<void> {
    const before = this.#listed
    if (local !== this.#local) this.#updateAddresses(local)
    else if (this.#isSettled) return
    this.#tellAddressesSince(before)
    const { open, left, returned, close } = stepsOf({
      wanted: this.#wanted,
      listed: this.#listed,
      open: this.#open.values(),
      round: this.#round,
    })
    this.#round += 1
    for (const one of left) this.#tell('listener-closed', one.wanted, one.opened.local)
    for (const one of returned) this.#tell('listener-opened', one.wanted, one.opened.local)
    for (const one of close) {
      this.#open.delete(one.number)
      for (const [number, { listener }] of this.#exits) if (listener === one) this.#exits.delete(number)
      one.link.close()
    }
    for (const key of this.#tries.keys()) if (!this.#wanted.has(key)) this.#tries.delete(key)
    for (const one of open) await this.#tryOpen(one)
    const all = [...this.#open.values()]
    this.#isSettled = all.length === this.#wanted.size && all.every(({ roundsAway }) => roundsAway === 0)
  }

  /** One link serves all addresses, and people still want to know which. */
  #tellAddressesSince(before: ReadonlySet<string>): void {
    for (const { wanted, opened } of this.#open.values()) {
      const { came, went } = changedUnder(wanted, before, this.#listed)
      const { port } = opened.local
      for (const address of went) this.#tell('listener-closed', wanted, { address, port })
      for (const address of came) this.#tell('listener-opened', wanted, { address, port })
    }
  }

  #updateAddresses(local: readonly string[]): void {
    this.#local = local
    this.#listed = new Set(local)
    this.#wanted = wantedWith(this.#configured, local, this.#o.transport.tellsAsked)
    this.#isSettled = false
  }

  async #tryOpen(wanted: Wanted): Promise<void> {
    const key = keyOf(wanted)
    try {
      const { local } = await this.#openOne(wanted)
      this.#tries.delete(key)
      this.#tell('listener-opened', wanted, local)
    } catch (error) {
      const tries = (this.#tries.get(key) ?? 0) + 1
      this.#tries.set(key, tries)
      const isLacking = codeOf(error) === 'ADDRESS_NOT_LOCAL'
      if (!isToldAfter(tries, { isLacking, isListed: this.#listed.has(wanted.address) })) return
      const why = error instanceof Error ? error.message : String(error)
      this.#o.notes.listener({ kind: 'listener-failed', class: wanted.class, address: endpointText(wanted), why })
    }
  }

  /** Sends an answer from the address that was asked. */
  reply(to: Peer, octets: Uint8Array): void {
    const exit = this.#exits.get(to.link)
    if (exit) exit.listener.link.send(octets, to, exit.asked)
    else this.#o.notes.sendFailed('a closed listener', 'EBADF')
  }

  report(): ListenerReport[] {
    const open = [...this.#open.values()].map((one) => ({
      ...one,
      opened: { ...one.opened, kernelDrops: one.link.report()?.kernelDrops },
    }))
    return reportsOf(open, this.#wanted)
  }

  close(): void {
    this.#configured = []
    this.#wanted = new Map()
    for (const { link } of this.#open.values()) link.close()
    this.#open.clear()
    this.#exits.clear()
  }

  async #openOne(wanted: Wanted): Promise<LinkReport> {
    const number = this.#newNumber()
    const { transport, isShared = false, own = NO_OWN, notes } = this.#o
    let where = endpointText(wanted)
    /** Of the addresses that were asked, the oldest first. */
    const numbers = new Map<string, number>()
    const plan = {
      class: wanted.class,
      local: wanted,
      purpose: `listen.${wanted.class}`,
      ifNotLocal: `write { address: "${where}", optional: true } where it comes and goes`,
      isShared,
      peers: peersOf(number, own, (asked) => this.#linkOf(number, numbers, asked)),
      failed: (code: string) => notes.sendFailed(where, code),
    }
    const link = await transport.listen(plan, this.#arrivals as Arrivals)
    const opened = link.report() as LinkReport
    where = endpointText(opened.local)
    const { address } = wanted
    const wasListed = this.#listed.has(address)
    const listener = { number, wanted, address, link, opened, key: keyOf(wanted), wasListed, roundsAway: 0 }
    this.#open.set(number, listener)
    this.#exits.set(number, { listener, asked: undefined })
    return opened
  }

  /** The number of an address that was asked at an open listener. */
  #linkOf(listener: number, numbers: Map<string, number>, asked: string): number {
    const known = numbers.get(asked)
    if (known !== undefined) return known
    const [oldest] = numbers
    if (numbers.size >= MOST_ASKED && oldest !== undefined) {
      numbers.delete(oldest[0])
      this.#exits.delete(oldest[1])
    }
    const number = this.#newNumber()
    numbers.set(asked, number)
    const open = this.#open.get(listener)
    if (open !== undefined) this.#exits.set(number, { listener: open, asked })
    return number
  }

  #newNumber(): number {
    this.#nextNumber += 1
    return this.#nextNumber - 1
  }

  #tell(kind: 'listener-opened' | 'listener-closed' | 'listener-absent', { class: of }: Wanted, at: Endpoint): void {
    this.#o.notes.listener({ kind, class: of, address: endpointText(at) })
  }
}

/** Who has sent to one link: one object for each sender, not one for each datagram that waits. */
function peersOf(listener: number, own: OwnEndpoints, linkOf: (asked: string) => number): ListenPlan['peers'] {
  /** The last sender with each port, so at most 65,536; none of them is one of our own links of that version. */
  const byPort = new Map<number, Peer>()
  let version = own.version()
  return {
    at: (address, port, asked) => {
      if (own.version() !== version) byPort.clear()
      version = own.version()
      const link = asked === undefined ? listener : linkOf(asked)
      const known = byPort.get(port)
      if (known?.address === address && known.link === link) return known
      // Not kept: a socket of a thread that crashed is ours no more, and nobody says so.
      if (own.has(address, port)) return { link, address, port, isOurs: true }
      const peer: Peer = { link, address, port }
      byPort.set(port, peer)
      return peer
    },
  }
}
