/**
 * The local ends of all instances' sockets towards the servers, in memory that all of them read: what comes from one of
 * them is a circle, whichever instance the kernel gives it to.
 *
 *     int32   0         1 ... 2048
 *             version   one bit for each port that ever was of such a socket
 *
 * The bits are a first test, the table behind it has each address with its port. Each instance says again once a second what
 * it has, so what a crashed one leaves is over by itself. The version rises with each socket that opens or closes:
 * who remembered an answer asks again.
 */
import type { Endpoint } from '../../addresses.ts'
import type { SharedEndpointsPort } from '../../transport/links.io.ts'
import { type Instant, MICROS_PER_SECOND } from '../../units.ts'
import { SharedTable } from './shared-table.ts'

const PORTS = 65_536
const BITS = 32
/** More than the sockets of all instances; what has no place is found by its own instance only. */
const MOST_ENDPOINTS = 16_384
/** Longer than a thread is ever busy. */
const SECONDS_KEPT = 60

export interface EndpointsMemory {
  readonly ports: SharedArrayBuffer
  readonly table: SharedArrayBuffer
}

export class SharedEndpoints implements SharedEndpointsPort {
  readonly #ports: Int32Array
  readonly #table: SharedTable
  readonly #encoder = new TextEncoder()

  static memory(): EndpointsMemory {
    return {
      ports: new SharedArrayBuffer((1 + PORTS / BITS) * Int32Array.BYTES_PER_ELEMENT),
      table: SharedTable.memory(MOST_ENDPOINTS),
    }
  }

  constructor({ ports, table }: EndpointsMemory) {
    this.#ports = new Int32Array(ports)
    this.#table = new SharedTable(table, MOST_ENDPOINTS)
  }

  get version(): number {
    return Atomics.load(this.#ports, 0)
  }

  opened(endpoint: Endpoint, now: Instant): void {
    this.stillOpen(endpoint, now)
    Atomics.add(this.#ports, 0, 1)
  }

  stillOpen(endpoint: Endpoint, now: Instant): void {
    const second = secondOf(now)
    Atomics.or(this.#ports, placeOf(endpoint.port), bitOf(endpoint.port))
    this.#table.put(this.#keyOf(endpoint), 1, second + SECONDS_KEPT, second)
  }

  closed(endpoint: Endpoint, now: Instant): void {
    const second = secondOf(now)
    this.#table.put(this.#keyOf(endpoint), 0, second, second)
    Atomics.add(this.#ports, 0, 1)
  }

  has(address: string, port: number, now: Instant): boolean {
    if ((Atomics.load(this.#ports, placeOf(port)) & bitOf(port)) === 0) return false
    return this.#table.get(this.#keyOf({ address, port }), secondOf(now)) === 1
  }

  #keyOf({ address, port }: Endpoint): Uint8Array {
    return this.#encoder.encode(`${port} ${address}`)
  }
}

const placeOf = (port: number): number => 1 + (port >> 5)
const bitOf = (port: number): number => 1 << (port & 31)

/** From 1 up: an entry that ends at 0 is no entry. */
const secondOf = (at: Instant): number => Math.floor(at / MICROS_PER_SECOND) + 1
