import { describe, expect, it } from 'vitest'
import { KeptPacket } from '../../../src/queues/containers/kept-packet.ts'
import { OctetStore } from '../../../src/queues/containers/octet-store.ts'

const packetOf = (seed: number): Uint8Array =>
  Uint8Array.from({ length: 20 + seed }, (_, at) => (at * 37 + seed * 91) & 0xff)

describe('a kept packet', () => {
  it('has all its octets until they are given back, whatever becomes of those that were kept', () => {
    const store = new OctetStore()
    const octets = packetOf(9)
    const kept = new KeptPacket(octets, store)
    octets.fill(0xee)
    expect(kept.octets).toEqual(packetOf(9))
    expect(store.kept).toBe(1)
    kept.release()
    expect(store.kept).toBe(0)
    expect(() => kept.octets).toThrow('given back')
  })

  it('has its header also when others stand in its place', () => {
    const store = new OctetStore()
    const kept = new KeptPacket(packetOf(200), store)
    kept.release()
    const other = new KeptPacket(packetOf(201), store)
    expect(kept.code).toBe(packetOf(200)[0])
    expect([...kept.header]).toEqual([...packetOf(200).subarray(0, 20)])
    expect([...kept.authenticator]).toEqual([...packetOf(200).subarray(4, 20)])
    expect([...other.authenticator]).toEqual([...packetOf(201).subarray(4, 20)])
  })

  it('cannot be given back twice', () => {
    const kept = new KeptPacket(packetOf(1), new OctetStore())
    kept.release()
    expect(() => kept.release()).toThrow('nothing was kept there')
  })
})
