/**
 * The identifiers of a simulated client for one class of traffic: which of them are free, which request holds each of the
 * others, and which requests held it before.
 *
 * An identifier belongs to a source port; both together are one number here, a slot. The least recently used one is taken next,
 * and another port is opened where all are in use. Former requests are kept since an answer on its way may be to one of them.
 */
import { Fifo } from './fifo.ts'

const FIRST_PORT = 20_000
const IDENTIFIERS = 256
const REMEMBERED_REQUESTS = 16

export const portOf = (slot: number): number => Math.floor(slot / IDENTIFIERS)
export const identifierOf = (slot: number): number => slot % IDENTIFIERS

export class NasIdentifiers<Request extends { slot: number }> {
  readonly #held = new Map<number, Request>()
  readonly #former = new Map<number, readonly Request[]>()
  readonly #free = new Fifo<number>()
  #ports = 0

  /** A slot that is free no more; `hold` says for what. */
  reserve(): number {
    if (this.#free.size === 0) {
      const port = FIRST_PORT + this.#ports
      this.#ports += 1
      for (let identifier = 0; identifier < IDENTIFIERS; identifier += 1) {
        this.#free.push(port * IDENTIFIERS + identifier)
      }
    }
    return this.#free.shift()
  }

  hold(request: Request): void {
    this.#held.set(request.slot, request)
  }

  /** The slot of a request is free again, where it holds it. */
  release(request: Request): void {
    const { slot } = request
    if (this.#held.get(slot) !== request) return
    this.#held.delete(slot)
    // A renewed request has other octets by then: what is remembered is the packet that this slot carried.
    this.#former.set(slot, [{ ...request }, ...(this.#former.get(slot) ?? [])].slice(0, REMEMBERED_REQUESTS))
    this.#free.push(slot)
  }

  holders(): Request[] {
    return [...this.#held.values()]
  }

  /** The request that holds the identifier of this port, and those that held it before, newest first. */
  of(port: number, identifier: number): { readonly holder: Request | undefined; readonly former: readonly Request[] } {
    const slot = port * IDENTIFIERS + identifier
    return { holder: this.#held.get(slot), former: this.#former.get(slot) ?? [] }
  }
}
