/**
 * How the process itself fares: memory, processor time, how late the event loop runs, and what the kernel dropped.
 *
 * Read when somebody looks, never on the packet path. What this system does not offer is undefined, not 0.
 */
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Endpoint } from '../proxy/datagram-socket.io.ts'
import { parseUdpTable, udpTableKey } from './kernel-drops.ts'
import type { DaemonView } from './view.ts'

const RESOLUTION_MS = 20
const NANOS_PER_SECOND = 1e9

export class Vitals {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })

  constructor() {
    this.#delay.enable()
  }

  /** Since the last reading, as for the delays. */
  read(): DaemonView['process'] {
    const { user, system } = process.cpuUsage()
    const delay = this.#delay
    // The histogram holds the time between two ticks, which includes the tick's own length.
    const late = (nanos: number): number =>
      delay.count === 0 ? 0 : Math.max(0, nanos / NANOS_PER_SECOND - RESOLUTION_MS / 1_000)
    const loopDelay = { mean: late(delay.mean), p99: late(delay.percentile(99)), max: late(delay.max) }
    delay.reset()
    return { residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6, loopDelay }
  }

  stop(): void {
    this.#delay.disable()
  }
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
