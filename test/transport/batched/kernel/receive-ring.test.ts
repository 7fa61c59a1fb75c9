/**
 * What a kernel put into the ring, as we read it: octets, senders, the address that was asked, the time, and what came back.
 */
import { describe, expect, it } from 'vitest'
import { Memory } from '../../../../src/transport/batched/kernel/memory.ts'
import { ReceiveRing, SLOTS } from '../../../../src/transport/batched/kernel/receive-ring.ts'
import { SocketAddresses } from '../../../../src/transport/batched/kernel/socket-addresses.ts'
import { type Arriving, BASE, FakeKernel } from './fake-kernel.ts'

const interfaces = { numberOf: () => 0, nameOf: (number: number) => `eth${number}` }

function newRing() {
  const memory = new Memory(new ArrayBuffer(1024 * 1024), BASE)
  const addresses = new SocketAddresses(interfaces)
  const ring = new ReceiveRing(memory, addresses, { notesMore: true })
  const bare = new ReceiveRing(memory, addresses, { notesMore: false, octetsAt: ring.octetsAt })
  return { ring, bare, kernel: new FakeKernel(memory) }
}

const ipv4 = (address: readonly number[], port: number): Uint8Array =>
  Uint8Array.of(2, 0, port >>> 8, port & 0xff, ...address, 0, 0, 0, 0, 0, 0, 0, 0)
const ipv6 = (address: readonly number[], port: number, scope: number): Uint8Array =>
  Uint8Array.of(10, 0, port >>> 8, port & 0xff, 0, 0, 0, 0, ...address, scope, 0, 0, 0)
const LINK_LOCAL = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]
const GLOBAL = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]

const stamp = (seconds: number, nanoseconds: number): Uint8Array =>
  new Uint8Array(new BigInt64Array([BigInt(seconds), BigInt(nanoseconds)]).buffer)
const asked = (address: readonly number[]): Uint8Array => Uint8Array.of(3, 0, 0, 0, ...address, 224, 0, 0, 1)
const note = (level: number, type: number, data: Uint8Array) => ({ level, type, data })

describe('the receive ring', () => {
  it('reads senders of both families, and names the interface of a link-local one only', () => {
    const { ring, kernel } = newRing()
    const octets = Uint8Array.of(1)
    const senders = [ipv4([192, 0, 2, 1], 1645), ipv6(GLOBAL, 65535, 4), ipv6(LINK_LOCAL, 0, 4)]
    kernel.recvmmsg(
      ring.headers,
      [...senders, ...senders].map((sender) => ({ octets, sender })),
    )
    const read = [0, 1, 2, 3, 4, 5].map((slot) => `${ring.senderAddress(slot)} ${ring.senderPort(slot)}`)
    expect(read.slice(0, 3)).toEqual(['192.0.2.1 1645', '2001:db8::9 65535', 'fe80::9%eth4 0'])
    expect(read.slice(3)).toEqual(read.slice(0, 3))
  })

  it('reads octets in place: none, one, a whole packet; a longer one is cut', () => {
    const { ring, bare, kernel } = newRing()
    const arriving = [0, 1, 4_096, 4_097].map((length) => ({ octets: new Uint8Array(length).fill(length) }))
    for (const one of [ring, bare]) {
      kernel.recvmmsg(one.headers, arriving)
      expect([0, 1, 2, 3].map((slot) => one.octets(slot).length)).toEqual([0, 1, 4_096, 4_096])
      expect(one.octets(1)).toEqual(Uint8Array.of(1))
    }
  })

  it('reads the time and the address that was asked, in whatever order, and nothing of the datagram before', () => {
    const { ring, kernel } = newRing()
    const octets = Uint8Array.of(1)
    const time = note(1, 35, stamp(1_800_000_000, 999_999_999))
    const local = note(0, 8, asked([198, 51, 100, 7]))
    const other = note(1, 40, Uint8Array.of(9, 0, 0, 0))
    const arriving: Arriving[] = [
      { octets, control: [time, local] },
      { octets, control: [other, local, time] },
      { octets, control: [note(41, 50, Uint8Array.of(...LINK_LOCAL, 4, 0, 0, 0))] },
      { octets },
    ]
    kernel.recvmmsg(ring.headers, arriving)
    const both = { seconds: 1_800_000_000, nanoseconds: 999_999_999, asked: '198.51.100.7', refusedWith: 0 }
    const none = { seconds: 0, nanoseconds: 0, asked: undefined, refusedWith: 0 }
    expect([0, 1, 2, 3].map((slot) => ({ ...ring.readControl(slot) }))).toEqual([
      both,
      both,
      { ...none, asked: 'fe80::9%eth4' },
      none,
    ])
  })

  it('reads what came back: the code of the system', () => {
    const { ring, kernel } = newRing()
    const refused = Uint8Array.of(111, 0, 0, 0, 2, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    for (const [level, type] of [
      [0, 11],
      [41, 25],
    ] as const) {
      kernel.recvmmsg(ring.headers, [{ octets: Uint8Array.of(4, 7), control: [note(level, type, refused)] }])
      expect(ring.readControl(0).refusedWith).toBe(111)
      expect(ring.octetsOf(0, 2)).toEqual(Uint8Array.of(4, 7))
      ring.reset(1)
    }
  })

  it('takes as much again after a reset, in every slot', () => {
    const { ring, kernel } = newRing()
    const control = [note(1, 35, stamp(1, 2)), note(41, 50, Uint8Array.of(...GLOBAL, 0, 0, 0, 0))]
    const sender = ipv6(GLOBAL, 1, 0)
    for (let round = 0; round < 3; round += 1) {
      const arriving = Array.from({ length: SLOTS }, (_, i) => ({ octets: Uint8Array.of(round, i), sender, control }))
      expect(kernel.recvmmsg(ring.headers, arriving)).toBe(SLOTS)
      for (let slot = 0; slot < SLOTS; slot += 1) {
        expect([...ring.octets(slot)]).toEqual([round, slot])
        expect(ring.readControl(slot).asked).toBe('2001:db8::9')
      }
      ring.reset(SLOTS)
    }
  })
})
