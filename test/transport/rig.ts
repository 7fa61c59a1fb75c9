/**
 * The links of an instance on some network, in memory or real, with what happens to them written down: what the suite of all
 * transports stands on.
 */

import { afterEach } from 'vitest'
import type { ListenAt } from '../../src/addresses.ts'
import { perClass } from '../../src/classes.ts'
import type { SharedEndpoints } from '../../src/instances/shared/shared-endpoints.ts'
import type { Peer } from '../../src/proxy/border/events.ts'
import { type LanePlan, PROBE_PORT } from '../../src/proxy/border/ports.ts'
import { Links } from '../../src/transport/links.io.ts'
import type { Arrivals, Transport } from '../../src/transport/ports.ts'

/** A network, and what is at the other ends of it. */
export interface Outside {
  transport(): Transport
  freePort(): Promise<number>
  peer(address: string, port?: number): Promise<OutsidePeer>
  /** Lets what is on the way arrive until `isSo`; `turn` is what a loop does meanwhile. */
  until(isSo: () => boolean, what: string, turn: () => void): Promise<void>
  /** Of a transport that is asked what has arrived, and does not say it by itself. */
  hasArrived?(transport: Transport): boolean
  /** The routes to the servers go, or come back; undefined if that can't be done here. */
  cut: ((is: boolean) => void) | undefined
  /** Addresses of this machine: one of IPv6 is not everywhere. */
  readonly addresses: readonly string[]
}

/** A socket of somebody else. */
export interface OutsidePeer {
  readonly port: number
  /** Each datagram with its sender. */
  readonly got: string[]
  /** From now on each datagram is answered. */
  answer(make: (text: string) => string): void
  send(text: string, port: number, address: string): void
  close(): Promise<void>
}

interface Happened {
  readonly requests: { readonly class: string; readonly from: Peer; readonly text: string }[]
  readonly responses: { readonly lane: number; readonly port: number; readonly text: string }[]
  readonly changes: string[]
  /** What refused ports quoted, if the transport tells of it. */
  readonly quotes: string[]
  readonly notes: string[]
}

/** The only instance. */
export const ALONE = { number: 0, of: 1 }

export const textOf = (octets: Uint8Array): string => Buffer.from(octets).toString()

export const planOf = (o: Partial<LanePlan> & { port: number }): LanePlan => ({
  lane: 0,
  server: 'fr-1',
  class: 'authentication',
  address: '127.0.0.1',
  ports: 2,
  ...o,
})

export const listenAt = (authentication: readonly ListenAt[], accounting: readonly ListenAt[] = []) => ({
  at: { ...perClass((): readonly ListenAt[] => []), authentication, accounting },
  mustHaveAll: true,
})

/** The links of an instance on that network, with what happens to them written down. */
export class Instance implements Happened {
  readonly requests: Happened['requests'] = []
  readonly responses: Happened['responses'] = []
  readonly changes: string[] = []
  readonly quotes: string[] = []
  readonly notes: string[] = []
  pendings = 0
  readonly arrivals: Arrivals = {
    pending: () => {
      this.pendings += 1
    },
    request: (name, from, octets) => this.requests.push({ class: name, from, text: textOf(octets) }),
    response: (lane, port, octets) => this.responses.push({ lane, port, text: textOf(octets) }),
    probeAnswer: (lane, octets) => this.responses.push({ lane, port: PROBE_PORT, text: textOf(octets) }),
    linkChanged: (lane, port, to, quoted) => {
      this.changes.push(`${lane} ${port} ${to}`)
      if (quoted !== undefined) this.quotes.push(`${lane} ${port} ${textOf(quoted)}`)
    },
  }
  readonly transport: Transport
  readonly links: Links
  readonly #outside: Outside

  constructor(outside: Outside, localAddresses?: () => readonly string[], shared?: SharedEndpoints) {
    this.#outside = outside
    this.transport = outside.transport()
    this.links = new Links({
      transport: this.transport,
      share: ALONE,
      notes: {
        sendFailed: (where, code) => this.notes.push(`failed ${where} ${code}`),
        listener: ({ kind, class: name, address }) =>
          this.notes.push(`${kind.replace('listener-', '')} ${name} ${address}`),
      },
      shared,
      localAddresses,
    })
  }

  /** Datagrams that could not be sent. */
  get failures(): number {
    return this.notes.filter((note) => note.startsWith('failed ')).length
  }

  listen(authentication: readonly ListenAt[], accounting: readonly ListenAt[] = []): Promise<void> {
    return this.links.openListeners(listenAt(authentication, accounting), this.arrivals)
  }

  connect(...plan: readonly LanePlan[]): Promise<void> {
    return this.links.openLanes(plan, this.arrivals)
  }

  forward(lane: number, port: number, text: string): void {
    this.links.forward(lane, port, Buffer.from(text))
  }

  probe(lane: number, text: string): void {
    this.links.probe(lane, Buffer.from(text))
  }

  until(isSo: () => boolean, what: string): Promise<void> {
    return this.#outside.until(isSo, what, () => {
      this.transport.deliver()
      this.links.flush()
    })
  }
}

export interface Rig {
  readonly outside: Outside
  readonly instance: Instance
  /** One more on that network. */
  instanceOf(shared?: SharedEndpoints): Instance
  peer(address?: string, port?: number): Promise<OutsidePeer>
  freePort(): Promise<number>
}

/** For the tests of one file: each test starts what it needs, and all of it is closed behind it. */
export function rigs(open: () => Outside): (localAddresses?: () => readonly string[]) => Rig {
  const toClose: (() => void | Promise<void>)[] = []
  afterEach(async () => {
    for (const close of toClose.splice(0)) await close()
  })
  return (localAddresses) => {
    const outside = open()
    const instanceOf = (shared?: SharedEndpoints): Instance => {
      const made = new Instance(outside, localAddresses, shared)
      toClose.push(() => made.links.close())
      return made
    }
    const peer = async (address = '127.0.0.1', port?: number): Promise<OutsidePeer> => {
      const made = await outside.peer(address, port)
      toClose.push(() => made.close())
      return made
    }
    return { outside, peer, instanceOf, instance: instanceOf(), freePort: () => outside.freePort() }
  }
}
