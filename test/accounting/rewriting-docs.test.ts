/**
 * The records before and after rewriting that docs/accounting.md shows are what the code makes of them.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { delayTime } from '../../src/accounting/record/record.ts'
import { REWRITES, type RecordChanges, type Rewrite, rewrittenRecord } from '../../src/accounting/record/rewriting.ts'
import { Packet, readPacket } from '../../src/radius/packet.ts'

const page = readFileSync(new URL('../../docs/accounting.md', import.meta.url), 'utf8')
const ROW = /^\| `(\w+)`[^|]*\| `([0-9a-f ]+)` \| `([0-9a-f ]+)` \|$/gm
const rows = [...page.matchAll(ROW)].map(([, name, before, after]) => ({
  name: name as Rewrite,
  before: hex(before),
  after: hex(after),
}))

function hex(text = ''): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex')
}

const packetOf = (attributes: Buffer): Packet => {
  const bytes = Buffer.concat([Buffer.alloc(20), attributes])
  bytes.writeUInt16BE(bytes.length, 2)
  const packet = readPacket(bytes)
  if (packet instanceof Packet) return packet
  throw new Error(packet)
}

const changesOf = (name: Rewrite, packet: Packet): RecordChanges => {
  switch (name) {
    case 'acct_delay_time':
      return { delay: (delayTime(packet) ?? 0) + 7 }
    case 'gigawords':
      return { gigawords: { input: 1, output: 0 } }
    case 'directions':
      return { swapDirections: true }
    case 'erx_ipv6_zeros':
      return { dropIpv6Zeros: true }
  }
}

describe('the table in docs/accounting.md', () => {
  it('shows each kind of rewriting', () => {
    expect(new Set(rows.map(({ name }) => name))).toEqual(new Set(REWRITES))
  })

  for (const { name, before, after } of rows) {
    it(`${name}: ${before.toString('hex')} becomes ${after.toString('hex')}`, () => {
      const packet = packetOf(before)
      const written = rewrittenRecord(packet, changesOf(name, packet))
      expect(Buffer.from(written?.packet.bytes.subarray(20) ?? []).toString('hex')).toBe(after.toString('hex'))
      expect(written?.took).toEqual([name])
    })
  }
})
