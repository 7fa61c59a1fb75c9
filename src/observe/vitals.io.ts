/**
 * Memory and processor time of the process, and what the kernel dropped.
 *
 * Read for each view, never on the packet path. Reading may fail (it takes a descriptor, and there may be none left): then
 * the last value stays. What the system does not offer, or what was never read, is undefined, not 0.
 */
import { readFileSync } from 'node:fs'
import type { Endpoint } from '../addresses.ts'
import { systemCodeOf } from '../coded-error.ts'
import type { Boundary } from './boundary/boundary.io.ts'
import { parseUdpTable, udpTableKey } from './kernel-drops.ts'
import type { DaemonView } from './view/view.ts'

const UDP_TABLES = ['/proc/net/udp', '/proc/net/udp6']

/** Tests give one that fails. */
export interface System {
  residentBytes(): number
  cpuMicros(): number
  readText(file: string): string
}

const THIS_SYSTEM: System = {
  residentBytes: () => process.memoryUsage.rss(),
  cpuMicros: () => {
    const { user, system } = process.cpuUsage()
    return user + system
  },
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
    this.#cpuSeconds = this.#boundary.value('memory', () => this.#system.cpuMicros() / 1e6, this.#cpuSeconds)
    return { residentBytes: this.#residentBytes, cpuSeconds: this.#cpuSeconds }
  }

  /** Of the sockets at these local addresses, in their order; undefined if the kernel's table lacks one. */
  kernelDrops(locals: readonly Endpoint[]): (number | undefined)[] {
    const tables = UDP_TABLES.map((file) => this.#table(file))
    return locals.map(({ address, port }) => {
      const key = udpTableKey(address, port)
      return key === undefined ? undefined : tables.map((table) => table.get(key)).find((count) => count !== undefined)
    })
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
