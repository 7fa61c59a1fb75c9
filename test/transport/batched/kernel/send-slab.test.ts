/**
 * What is gathered in a turn, as a kernel reads it: every datagram once, in the order of its socket, to whom and from where it was
 * meant.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Memory } from '../../../../src/transport/batched/kernel/memory.ts'
import { noChain, ROWS, SendSlab } from '../../../../src/transport/batched/kernel/send-slab.ts'
import { type SocketAddress, socketAddressOf } from '../../../../src/transport/batched/kernel/socket-addresses.ts'
import { BASE, FakeKernel } from './fake-kernel.ts'

const interfaces = { numberOf: (name: string) => (name === 'eth0' ? 7 : 0) }
const addressOf = (text: string): SocketAddress => socketAddressOf(text, interfaces)

function newSlab() {
  const memory = new Memory(new ArrayBuffer(2 * 1024 * 1024), BASE)
  return { slab: new SendSlab(memory), kernel: new FakeKernel(memory) }
}

function put(slab: SendSlab, text: string): number {
  const octets = Buffer.from(text)
  slab.room(octets.length).set(octets)
  return octets.length
}

describe('the send slab', () => {
  it('sends to whom and from where it is said', () => {
    const { slab, kernel } = newSlab()
    const chain = noChain()
    slab.push(chain, put(slab, 'to a server'))
    slab.push(chain, put(slab, 'to a client'), addressOf('192.0.2.1'), 1_645)
    slab.push(chain, put(slab, 'as asked'), addressOf('192.0.2.2'), 65_535, addressOf('198.51.100.9'))
    slab.push(chain, put(slab, 'on a link'), addressOf('fe80::2%eth0'), 1, addressOf('fe80::1%eth0'))
    slab.push(chain, put(slab, 'to a server again'))
    expect(kernel.sendmmsg(slab.headers, slab.headersOf(chain))).toEqual([
      { text: 'to a server', to: undefined, from: undefined },
      { text: 'to a client', to: '192.0.2.1 1645', from: undefined },
      { text: 'as asked', to: '192.0.2.2 65535', from: '198.51.100.9' },
      {
        text: 'on a link',
        to: 'fe800000000000000000000000000002 1 at 7',
        from: 'fe800000000000000000000000000001 at 7',
      },
      { text: 'to a server again', to: undefined, from: undefined },
    ])
  })

  it('keeps the order of each socket, however they take turns', () => {
    const datagrams = fc.array(fc.record({ socket: fc.nat(4), length: fc.nat(400) }), { maxLength: 200 })
    fc.assert(
      fc.property(fc.array(datagrams, { minLength: 1, maxLength: 3 }), (turns) => {
        const { slab, kernel } = newSlab()
        const chains = Array.from({ length: 5 }, noChain)
        for (const turn of turns) {
          const wanted: string[][] = chains.map(() => [])
          for (const [i, { socket, length }] of turn.entries()) {
            const text = `${i} ${'x'.repeat(length)}`
            wanted[socket]!.push(text)
            slab.push(chains[socket]!, put(slab, text), addressOf(`192.0.2.${socket}`), i)
          }
          const sent = chains.map((chain) =>
            kernel.sendmmsg(slab.headers, slab.headersOf(chain)).map(({ text }) => text),
          )
          slab.clear()
          expect(sent).toEqual(wanted)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('knows its own room, and gives the same one until it is taken', () => {
    const { slab } = newSlab()
    const room = slab.room(20)
    expect(slab.isRoom(room)).toBe(true)
    expect(slab.isRoom(new Uint8Array(20))).toBe(false)
    expect(slab.room(4_096).byteOffset).toBe(room.byteOffset)
    slab.push(noChain(), 20)
    expect(slab.isRoom(room)).toBe(false)
    expect(slab.room(20).byteOffset).toBe(room.byteOffset + 24)
  })

  it('is full at its last row, or where a datagram does not fit', () => {
    const { slab } = newSlab()
    for (let row = 0; row < ROWS; row += 1) {
      expect(slab.hasRoom(100)).toBe(true)
      slab.push(noChain(), 100)
    }
    expect([slab.rows, slab.hasRoom(1)]).toEqual([ROWS, false])
    slab.clear()
    for (let large = 0; large < 16; large += 1) slab.push(noChain(), 65_507)
    expect([slab.hasRoom(65_507), slab.hasRoom(20)]).toEqual([false, true])
  })
})
