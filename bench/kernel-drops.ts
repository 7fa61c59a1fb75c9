/**
 * Datagrams that the kernel dropped at sockets of this bench because a receive buffer was full. Such a loss is the fault of
 * the bench or the machine and not of what is measured, so it is printed with every result.
 */
import { readFileSync } from 'node:fs'
import { parseUdpTable, udpTableKey } from '../src/observe/kernel-drops.ts'

/** Datagrams dropped so far at these UDP ports of 127.0.0.1 together; undefined where the system doesn't say. */
export function kernelDropsAt(ports: readonly number[]): number | undefined {
  let table: Map<string, number>
  try {
    table = parseUdpTable(readFileSync('/proc/net/udp', 'utf8'))
  } catch {
    return undefined
  }
  return ports.reduce((sum, port) => sum + (table.get(udpTableKey('127.0.0.1', port) ?? '') ?? 0), 0)
}
