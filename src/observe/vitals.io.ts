/**
 * How the process itself fares: memory, processor time, and what the kernel dropped.
 *
 * Read when somebody looks, never on the packet path. What this system does not offer is undefined, not 0.
 */
import { readFileSync } from 'node:fs'
import type { Endpoint } from '../proxy/datagram-socket.io.ts'
import { parseUdpTable, udpTableKey } from './kernel-drops.ts'
import type { DaemonView } from './view.ts'

/** All threads of the process together. */
export function processVitals(): DaemonView['process'] {
  const { user, system } = process.cpuUsage()
  return { residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6 }
}

/** Drops of the sockets at these local addresses, in their order; undefined where the kernel's table has none. */
export function kernelDrops(locals: readonly Endpoint[]): (number | undefined)[] {
  const tables = ['/proc/net/udp', '/proc/net/udp6'].map((file) => parseUdpTable(readIfThere(file)))
  return locals.map(({ address, port }) => {
    const key = udpTableKey(address, port)
    return key === undefined ? undefined : tables.map((table) => table.get(key)).find((count) => count !== undefined)
  })
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
