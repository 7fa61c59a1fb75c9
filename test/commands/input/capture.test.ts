import { describe, expect, it } from 'vitest'
import { readCapture } from '../../../src/commands/input/capture.ts'

const PAYLOAD = Buffer.from('0c2a0026', 'hex')

const udp = (payload: Buffer): Buffer => {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(1645, 0)
  header.writeUInt16BE(1812, 2)
  header.writeUInt16BE(8 + payload.length, 4)
  return Buffer.concat([header, payload])
}
const ipv4 = (payload: Buffer, fragment = 0): Buffer => {
  const header = Buffer.from('45000000000040004011000000000000c0000201c0000202'.slice(0, 40), 'hex')
  header.writeUInt16BE(20 + payload.length, 2)
  header.writeUInt16BE(fragment, 6)
  Buffer.from([192, 0, 2, 1, 192, 0, 2, 2]).copy(header, 12)
  return Buffer.concat([header, payload])
}
const ipv6 = (payload: Buffer, next = 17): Buffer => {
  const header = Buffer.alloc(40)
  header[0] = 0x60
  header.writeUInt16BE(payload.length, 4)
  header[6] = next
  Buffer.from('20010db8000000000000000000000001', 'hex').copy(header, 8)
  Buffer.from('20010db8000000000000000000000002', 'hex').copy(header, 24)
  return Buffer.concat([header, payload])
}
const ethernet = (type: string, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.alloc(12), Buffer.from(type, 'hex'), payload])

function pcap(link: number, frames: readonly Buffer[], little = true, magic = 0xa1b2c3d4): Buffer {
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    if (little) bytes.writeUInt32LE(value)
    else bytes.writeUInt32BE(value)
    return bytes
  }
  const heading = [word(magic), word(0), word(0), word(0), word(65_535), word(link)]
  const packets = frames.flatMap((frame) => [word(1), word(2), word(frame.length), word(frame.length), frame])
  return Buffer.concat([...heading, ...packets])
}

function pcapng(link: number, frames: readonly Buffer[], little = true): Buffer {
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    if (little) bytes.writeUInt32LE(value)
    else bytes.writeUInt32BE(value)
    return bytes
  }
  const half = (value: number): Buffer => {
    const bytes = Buffer.alloc(2)
    if (little) bytes.writeUInt16LE(value)
    else bytes.writeUInt16BE(value)
    return bytes
  }
  const block = (type: number, body: Buffer): Buffer => {
    const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)])
    return Buffer.concat([word(type), word(padded.length + 12), padded, word(padded.length + 12)])
  }
  const unknownLength = Buffer.alloc(8, 0xff)
  return Buffer.concat([
    block(0x0a0d0d0a, Buffer.concat([word(0x1a2b3c4d), half(1), half(0), unknownLength])),
    block(1, Buffer.concat([half(link), half(0), word(65_535)])),
    ...frames.map((frame) =>
      block(6, Buffer.concat([word(0), word(1), word(2), word(frame.length), word(frame.length), frame])),
    ),
  ])
}

const IPV4 = { from: '192.0.2.1:1645', to: '192.0.2.2:1812' }
const IPV6 = { from: '[2001:db8::1]:1645', to: '[2001:db8::2]:1812' }
const found = (file: Uint8Array) =>
  readCapture(file)?.datagrams.map(({ from, to, bytes }) => ({ from, to, hex: Buffer.from(bytes).toString('hex') }))
const hex = PAYLOAD.toString('hex')

describe('a capture', () => {
  const plain = ethernet('0800', ipv4(udp(PAYLOAD)))

  it.each([
    ['pcap, little-endian, microseconds', pcap(1, [plain])],
    ['pcap, big-endian', pcap(1, [plain], false)],
    ['pcap, nanoseconds', pcap(1, [plain], true, 0xa1b23c4d)],
    ['pcapng, little-endian', pcapng(1, [plain])],
    ['pcapng, big-endian', pcapng(1, [plain], false)],
    ['a VLAN tag', pcap(1, [ethernet('81000064', ethernet('0800', ipv4(udp(PAYLOAD))).subarray(12))])],
    ['raw IP', pcap(101, [ipv4(udp(PAYLOAD))])],
    ['BSD loopback', pcap(0, [Buffer.concat([Buffer.alloc(4), ipv4(udp(PAYLOAD))])])],
    ['Linux "any"', pcap(113, [Buffer.concat([Buffer.alloc(16), ipv4(udp(PAYLOAD))])])],
    ['Linux "any", second form', pcap(276, [Buffer.concat([Buffer.alloc(20), ipv4(udp(PAYLOAD))])])],
  ])('gives the datagrams of %s', (_kind, file) => {
    expect(found(file)).toEqual([{ ...IPV4, hex }])
  })

  it('gives IPv6 datagrams', () => {
    expect(found(pcap(1, [ethernet('86dd', ipv6(udp(PAYLOAD)))]))).toEqual([{ ...IPV6, hex }])
  })

  it('leaves out padding behind the datagram', () => {
    expect(found(pcap(1, [Buffer.concat([plain, Buffer.alloc(10)])]))).toEqual([{ ...IPV4, hex }])
  })

  it('passes over other protocols and links without IP', () => {
    const tcp = ipv4(udp(PAYLOAD))
    tcp[9] = 6
    const frames = [ethernet('0800', tcp), ethernet('0806', Buffer.alloc(28))]
    expect(found(pcap(1, frames))).toEqual([])
    expect(found(pcap(147, [plain]))).toEqual([])
  })

  it('puts fragments together in any order, and counts those whose datagram is not complete', () => {
    const datagram = udp(Buffer.alloc(60, 7))
    const cuts = [0, 16, 40, datagram.length]
    const pieces = cuts
      .slice(1)
      .map((end, i) => ({ at: cuts[i]!, bytes: datagram.subarray(cuts[i]!, end), isLast: i === 2 }))
    const ofIPv4 = ({ at, bytes, isLast }: (typeof pieces)[number]): Buffer =>
      ethernet('0800', ipv4(bytes, at / 8 + (isLast ? 0 : 0x2000)))
    const ofIPv6 = ({ at, bytes, isLast }: (typeof pieces)[number]): Buffer => {
      const header = Buffer.from([17, 0, 0, 0, 0, 0, 0, 9])
      header.writeUInt16BE(at + (isLast ? 0 : 1), 2)
      return ethernet('86dd', ipv6(Buffer.concat([header, bytes]), 44))
    }
    const whole = datagram.subarray(8).toString('hex')
    for (const [frame, addresses] of [
      [ofIPv4, IPV4],
      [ofIPv6, IPV6],
    ] as const) {
      for (const order of [
        [0, 1, 2],
        [2, 1, 0],
        [1, 2, 0],
        [0, 0, 2, 1],
      ]) {
        const file = pcap(
          1,
          order.map((i) => frame(pieces[i]!)),
        )
        expect([found(file), readCapture(file)?.fragments]).toEqual([[{ ...addresses, hex: whole }], 0])
      }
      for (const missing of [[0], [0, 1], [1, 2], [2]]) {
        const file = pcap(
          1,
          missing.map((i) => frame(pieces[i]!)),
        )
        expect([found(file), readCapture(file)?.fragments]).toEqual([[], missing.length])
      }
    }
  })

  it('gives IPv6 datagrams behind headers with options', () => {
    const options = Buffer.from([60, 0, 1, 4, 0, 0, 0, 0, 17, 1, ...Buffer.alloc(14)])
    const frame = ethernet('86dd', ipv6(Buffer.concat([options, udp(PAYLOAD)]), 0))
    expect(found(pcap(1, [frame]))).toEqual([{ ...IPV6, hex }])
  })

  it('is none where the octets are something else', () => {
    expect(readCapture(Buffer.from('0c2a002600000000000000000000000000000000000000000000', 'hex'))).toBeUndefined()
    expect(readCapture(new Uint8Array(0))).toBeUndefined()
  })

  it.each([
    ['pcap', pcap(1, [plain, plain])],
    ['pcapng', pcapng(1, [plain, plain])],
  ])('cut anywhere, a %s gives whole datagrams or fewer, and never throws', (_kind, file) => {
    for (let cut = 0; cut <= file.length; cut += 1) {
      const datagrams = found(file.subarray(0, cut)) ?? []
      expect(datagrams).toEqual(Array.from({ length: datagrams.length }, () => ({ ...IPV4, hex })))
    }
    expect(found(file)).toHaveLength(2)
  })

  it('survives any octet changed', () => {
    const files = [pcap(1, [plain, plain]), pcapng(1, [plain, plain])]
    for (const file of files) {
      for (let at = 0; at < file.length; at += 1) {
        for (const octet of [0x00, 0x7f, 0xff]) {
          const changed = Buffer.from(file)
          changed[at] = octet
          expect(readCapture(changed)?.datagrams.length ?? 0).toBeLessThanOrEqual(2)
        }
      }
    }
  })
})
