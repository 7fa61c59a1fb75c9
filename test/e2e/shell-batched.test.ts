/**
 * The batched transport on real loopback: all that every transport must do, and what only it can.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { DescriptorTable } from '../../src/instances/shared/descriptor-table.ts'
import { loadLibc } from '../../src/transport/batched/libc.io.ts'
import { BatchedTransport } from '../../src/transport/batched/transport.io.ts'
import { micros } from '../../src/units.ts'
import { describeLanes } from '../transport/lane-suite.ts'
import { describeListeners } from '../transport/listener-suite.ts'
import { Instance, type Outside } from '../transport/rig.ts'
import { loopbackFor, realPeer } from './kit/loopback.ts'
import { freePort } from './kit/ports.ts'

const libc = await loadLibc()

const toClose: (() => void)[] = []
afterEach(() => {
  for (const close of toClose.splice(0).reverse()) close()
})

const newTransport = (): BatchedTransport => {
  const descriptors = new DescriptorTable(DescriptorTable.memory())
  toClose.push(() => {
    for (const one of descriptors.left()) libc.close(one)
  })
  return new BatchedTransport(libc, { batchTick: micros(0), steering: { by: 'port', instances: 1 }, descriptors })
}

const loopback = (): Outside => ({
  ...loopbackFor(newTransport),
  hasArrived: (transport) => (transport as BatchedTransport).poll(micros(0)),
})

describeListeners('batched', loopback)
describeLanes('batched', loopback)

describe('one listener at a wildcard', () => {
  it('covers an address of its own, and answers from each address that was asked', async () => {
    const instance = new Instance(loopback())
    toClose.push(() => instance.links.close())
    const port = await freePort()
    await instance.listen(['127.0.0.2', '0.0.0.0'].map((address) => ({ address, port })))
    expect(instance.links.listeners().map(({ address, presence }) => [address, presence])).toEqual([
      ['0.0.0.0', 'listening'],
    ])
    const client = await realPeer('127.0.0.1')
    toClose.push(() => void client.close())
    const asked = ['127.0.0.2', '127.0.0.77', '127.0.0.2']
    for (const address of asked) client.send('request', port, address)
    await instance.until(() => instance.requests.length === asked.length, 'three requests')
    const [first, second, third] = instance.requests.map(({ from }) => from.link)
    expect(first).toBe(third)
    expect(first).not.toBe(second)
    for (const { from } of instance.requests) instance.links.reply(from, Buffer.from('answer'))
    await instance.until(() => client.got.length === asked.length, 'three answers')
    expect(client.got).toEqual(asked.map((address) => `answer from ${address} ${port}`))
  })
})
