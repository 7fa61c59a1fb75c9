/**
 * An outbox that is as strict as a transport may be. All that is sent is written in one place. What is handed over must be what
 * `room` gave last. It is copied, and the place is overwritten at once: so an engine that reads or writes there later is found.
 */
import type { Peer } from '../../proxy/border/events.ts'
import type { Outbox } from '../../proxy/border/ports.ts'

const LARGEST = 4_096
/** No packet has only such octets. */
const OVERWRITTEN = 0xee

/** Who gets what is sent, in octets of their own. */
export type Receivers = Pick<Outbox, 'forward' | 'probe' | 'reply'>

export class StrictOutbox implements Outbox {
  readonly #to: Receivers
  readonly #memory = new Uint8Array(LARGEST)
  #given: Uint8Array | undefined

  constructor(to: Receivers) {
    this.#to = to
  }

  room(length: number): Uint8Array {
    this.#given = this.#memory.subarray(0, length)
    return this.#given
  }

  forward(lane: number, port: number, octets: Uint8Array): void {
    this.#to.forward(lane, port, this.#taken(octets))
  }

  probe(lane: number, octets: Uint8Array): void {
    this.#to.probe(lane, this.#taken(octets))
  }

  reply(to: Peer, octets: Uint8Array): void {
    this.#to.reply(to, this.#taken(octets))
  }

  /** What is sent is on its way at once. */
  flush(): void {}

  #taken(octets: Uint8Array): Uint8Array {
    if (octets !== this.#given) throw new Error('outbox: these octets do not stand where it gave room')
    this.#given = undefined
    const copy = octets.slice()
    this.#memory.fill(OVERWRITTEN)
    return copy
  }
}
