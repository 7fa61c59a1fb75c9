/**
 * The simulated network. Each link is one direction, and delays, loses, doubles and reorders datagrams, or is cut.
 *
 * A datagram is delivered whole or not at all. Delay with a spread reorders: a slow datagram is overtaken.
 */
import { after, type Duration, type Instant, micros } from '../../units.ts'
import type { Actor, Agenda } from './agenda.ts'
import type { Random } from './random.ts'

export interface Faults {
  /** One way. */
  readonly delay: Duration
  /** Up to so much more, drawn for each datagram. */
  readonly spread: Duration
  /** Probabilities, 0-1. */
  readonly loss: number
  readonly duplicate: number
  /** The second of two comes so much later, besides what it draws; 0 by default. */
  readonly apart?: Duration
}

export const NO_FAULTS: Faults = { delay: micros(200), spread: micros(0), loss: 0, duplicate: 0 }

/** What a link needs of the world. An envelope says where a datagram goes; the world chooses what is in it. */
interface LinkPorts<Envelope> {
  readonly agenda: Agenda
  readonly random: Random
  readonly deliver: (envelope: Envelope, bytes: Uint8Array, now: Instant) => void
}

export class SimulatedLink<Envelope> implements Actor<{ readonly envelope: Envelope; readonly bytes: Uint8Array }> {
  readonly #ports: LinkPorts<Envelope>
  faults: Faults
  /** Until then nothing gets through. */
  cutUntil: Instant | undefined = undefined

  constructor(faults: Faults, ports: LinkPorts<Envelope>) {
    this.faults = faults
    this.#ports = ports
  }

  send(envelope: Envelope, bytes: Uint8Array, now: Instant): void {
    const isCut = this.cutUntil !== undefined && now < this.cutUntil
    if (isCut || this.#ports.random.chance(this.faults.loss)) return
    this.#schedule(envelope, bytes, now)
    const { duplicate, apart = 0 } = this.faults
    if (this.#ports.random.chance(duplicate)) this.#schedule(envelope, bytes, after(now, micros(apart)))
  }

  act({ envelope, bytes }: { readonly envelope: Envelope; readonly bytes: Uint8Array }, now: Instant): void {
    this.#ports.deliver(envelope, bytes, now)
  }

  #schedule(envelope: Envelope, bytes: Uint8Array, now: Instant): void {
    const { delay, spread } = this.faults
    const wait = spread === 0 ? delay : delay + this.#ports.random.between(0, spread)
    this.#ports.agenda.at(after(now, micros(wait)), this, { envelope, bytes })
  }
}
