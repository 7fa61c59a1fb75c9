/**
 * How the process itself fares: memory, processor time, and what the kernel dropped.
 *
 * Read when somebody looks, never on the packet path. All of it may fail (reading /proc takes a descriptor, and there may
 * be none left): then the last value stands, and the boundary says so. What this system does not offer, or what was
 * never read, is undefined, not 0.
 */
import { readFileSync } from 'node:fs'
import type { Endpoint } from '../addresses.ts'
import { systemCodeOf } from '../coded-error.ts'
import type { Boundary } from './boundary/boundary.io.ts'
import { parseUdpTable, udpTableKey } from './kernel-drops.ts'
import type { DaemonView } from './view/view.ts'

const UDP_TABLES = ['/proc/net/udp', '/proc/net/udp6']

/** What is asked of the system; tests give one that fails. */
export interface System {
  /** Of all threads of the process together, octets. */
  residentBytes(): number
  /** The same, microseconds. */
  cpu(): { readonly user: number; readonly system: number }
  readText(file: string): string
}

const THIS_SYSTEM: System = {
  residentBytes: () => process.memoryUsage.rss(),
  cpu: () => process.cpuUsage(),
  readText: (file) => readFileSync(file, 'latin1'),
}

export class Vitals {
  readonly #boundary: Boundary
  readonly #system: System
  #residentBytes: number | undefined
  #cpuSeconds: number | undefined
  readonly #tables = new Map<string, ReadonlyMap<string, number>>()

  constructor(boundary: Boundary, system = THIS_SYSTEM) {
    this.#boundary = boundary
    this.#system = system
  }

  process(): DaemonView['process'] {
    this.#residentBytes = this.#boundary.value('memory', () => this.#system.residentBytes(), this.#residentBytes)
    this.#cpuSeconds = this.#boundary.value('memory', () => this.#readCpu(), this.#cpuSeconds)
    return { residentBytes: this.#residentBytes, cpuSeconds: this.#cpuSeconds }
  }

  /** Drops of the sockets at these local addresses, in their order; undefined where the kernel's table has none. */
  kernelDrops(locals: readonly Endpoint[]): (number | undefined)[] {
    const tables = UDP_TABLES.map((file) => this.#table(file))
    return locals.map(({ address, port }) => {
      const key = udpTableKey(address, port)
      return key === undefined ? undefined : tables.map((table) => table.get(key)).find((count) => count !== undefined)
    })
  }

  #readCpu(): number {
    const { user, system } = this.#system.cpu()
    return (user + system) / 1e6
  }

  #table(file: string): ReadonlyMap<string, number> {
    const before = this.#tables.get(file) ?? new Map<string, number>()
    const table = this.#boundary.value('kernel-drops', () => parseUdpTable(this.#readIfThere(file)), before)
    this.#tables.set(file, table)
    return table
  }

  #readIfThere(file: string): string {
    try {
      return this.#system.readText(file)
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return ''
      throw error
    }
  }
}
