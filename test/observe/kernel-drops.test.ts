import { describe, expect, it } from 'vitest'
import { parseUdpTable, udpTableKey } from '../../src/observe/kernel-drops.ts'

const HEADING =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n'
const row = (local: string, drops: number): string =>
  `  123: ${local} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7 2 0000000000000000 ${drops}  \n`

describe("the kernel's table of UDP sockets", () => {
  it('gives the drops of a socket by its local address and port', () => {
    const table = parseUdpTable(HEADING + row('0100007F:0714', 12) + row('0A0200C0:0715', 0))
    expect(table.get('0100007F:0714')).toBe(12)
    expect(table.get('0A0200C0:0715')).toBe(0)
  })

  it('adds up sockets that share address and port', () => {
    expect(parseUdpTable(HEADING + row('0100007F:0714', 1) + row('0100007F:0714', 2)).get('0100007F:0714')).toBe(3)
  })

  it('is empty where there is no table, or a damaged one', () => {
    expect(parseUdpTable('').size).toBe(0)
    expect(parseUdpTable(`${HEADING}  1: 0100007F:0714\n\n`).size).toBe(0)
  })

  it.each([
    ['127.0.0.1', 1812, '0100007F:0714'],
    ['192.0.2.10', 1813, '0A0200C0:0715'],
    ['::1', 1812, '00000000000000000000000001000000:0714'],
    ['2001:db8::1', 53, 'B80D0120000000000000000001000000:0035'],
  ])('writes %s port %i as %s', (address, port, key) => {
    expect(udpTableKey(address, port)).toBe(key)
  })

  it('has no word for what is no address', () => {
    expect(udpTableKey('nowhere', 1)).toBeUndefined()
  })
})
