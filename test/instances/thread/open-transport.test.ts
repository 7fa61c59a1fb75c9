import { expect, it } from 'vitest'
import { openTransport } from '../../../src/instances/thread/open-transport.io.ts'
import { DgramTransport } from '../../../src/transport/dgram/transport.io.ts'
import { MemoryNetwork, MemoryTransport } from '../../transport/memory-network.ts'

const batched = new MemoryTransport(new MemoryNetwork())

it('the transport that was chosen is opened, and batched packet I/O is not touched if it was not', async () => {
  expect(await openTransport('batched', async () => batched)).toEqual({
    transport: batched,
    packetIo: { use: 'batched' },
  })
  const { transport, packetIo } = await openTransport('dgram', () => expect.unreachable())
  expect([transport instanceof DgramTransport, packetIo]).toEqual([true, { use: 'dgram' }])
})

it('dgram takes the place of batched packet I/O that can not be opened, and it is known why', async () => {
  for (const open of [
    () => Promise.reject(new Error('no descriptor is left')),
    () => {
      throw new Error('no descriptor is left')
    },
  ]) {
    const { transport, packetIo } = await openTransport('batched', open)
    expect(transport).toBeInstanceOf(DgramTransport)
    expect(packetIo).toEqual({ use: 'dgram', fellBack: 'no descriptor is left' })
  }
})
