import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HmacKey, md5, sameSixteen } from '../../src/radius/md5.ts'

const octetsOf = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 167 + seed * 59 + ((i * i) >> 3)) & 0xff)
const ours = (bytes: Uint8Array): string => {
  const digest = Buffer.alloc(16)
  md5.begin().add(bytes).finishInto(digest, 0)
  return digest.toString('hex')
}
const theirs = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')
const oursKeyed = (key: Uint8Array, bytes: Uint8Array): string => {
  const digest = Buffer.alloc(16)
  md5.beginHmac(new HmacKey(key)).add(bytes).finishInto(digest, 0)
  return digest.toString('hex')
}
const theirsKeyed = (key: Uint8Array, bytes: Uint8Array): string => createHmac('md5', key).update(bytes).digest('hex')

describe('MD5', () => {
  it('gives the digests of RFC 1321 appendix A.5', () => {
    expect(ours(new Uint8Array())).toBe('d41d8cd98f00b204e9800998ecf8427e')
    expect(ours(Buffer.from('message digest'))).toBe('f96b697d7cb7938d525a2f31aaf161d0')
    expect(ours(Buffer.from('1234567890'.repeat(8)))).toBe('57edf4a22be3c955ac49da2e2107b67a')
  })

  it('agrees with node:crypto on every length from 0 to 300', () => {
    for (let length = 0; length <= 300; length += 1) {
      const bytes = octetsOf(length, length)
      expect(ours(bytes)).toBe(theirs(bytes))
    }
  })

  it('agrees with node:crypto on any octets up to more than a packet', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 5_000 }), (bytes) => ours(bytes) === theirs(bytes)))
  })

  it('gives the same digest however the octets are cut into two', () => {
    const bytes = octetsOf(200, 7)
    const digest = Buffer.alloc(16)
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      md5.begin().add(bytes, 0, cut).add(bytes, cut).finishInto(digest, 0)
      expect(digest.toString('hex')).toBe(theirs(bytes))
    }
  })

  it('gives the same digest however the octets are cut into many', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 12 }), (parts) => {
        const digest = Buffer.alloc(16)
        md5.begin()
        for (const part of parts) md5.add(part)
        md5.finishInto(digest, 0)
        expect(digest.toString('hex')).toBe(theirs(Buffer.concat(parts)))
      }),
    )
  })

  it('adds any number of octets between others', () => {
    for (let count = 0; count <= 64; count += 1) {
      const digest = Buffer.alloc(16)
      md5.begin().add(octetsOf(50, 1)).add(new Uint8Array(count)).add(octetsOf(9, 2)).finishInto(digest, 0)
      expect(digest.toString('hex')).toBe(theirs(Buffer.concat([octetsOf(50, 1), Buffer.alloc(count), octetsOf(9, 2)])))
    }
  })

  it('writes its 16 octets where it is told and nothing beside them', () => {
    const target = new Uint8Array(40).fill(0xee)
    md5.begin().finishInto(target, 10)
    expect(Buffer.from(target.subarray(10, 26)).toString('hex')).toBe('d41d8cd98f00b204e9800998ecf8427e')
    expect([...target.subarray(0, 10), ...target.subarray(26)].every((octet) => octet === 0xee)).toBe(true)
  })
})

describe('HMAC-MD5', () => {
  it('gives the digests of RFC 2202 section 2', () => {
    expect(oursKeyed(new Uint8Array(16).fill(0x0b), Buffer.from('Hi There'))).toBe('9294727a3638bb1c13f48ef8158bfc9d')
    expect(oursKeyed(Buffer.from('Jefe'), Buffer.from('what do ya want for nothing?'))).toBe(
      '750c783e6ab0b503eaa86e310a5db738',
    )
    const longKey = new Uint8Array(80).fill(0xaa)
    expect(oursKeyed(longKey, Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'))).toBe(
      '6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd',
    )
  })

  it('agrees with node:crypto on every length of key and of message from 0 to 300', () => {
    for (let length = 0; length <= 300; length += 1) {
      const bytes = octetsOf(length, 3)
      expect(oursKeyed(octetsOf(20, 5), bytes)).toBe(theirsKeyed(octetsOf(20, 5), bytes))
      expect(oursKeyed(octetsOf(length, 9), octetsOf(77, 1))).toBe(theirsKeyed(octetsOf(length, 9), octetsOf(77, 1)))
    }
  })

  it('agrees with node:crypto on any key and message, and leaves no trace of a key in the next digest', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), fc.uint8Array({ maxLength: 400 }), (key, bytes) => {
        expect(oursKeyed(key, bytes)).toBe(theirsKeyed(key, bytes))
        expect(ours(bytes)).toBe(theirs(bytes))
      }),
    )
  })
})

describe('the comparison of 16 octets', () => {
  it('sees a difference of any single bit, and none where there is none', () => {
    const a = octetsOf(20, 1)
    const b = Uint8Array.from([0, 0, ...a.subarray(3, 19), 0])
    expect(sameSixteen(a, 3, b, 2)).toBe(true)
    for (let bit = 0; bit < 128; bit += 1) {
      const changed = Uint8Array.from(b)
      changed[2 + (bit >> 3)]! ^= 1 << (bit & 7)
      expect(sameSixteen(a, 3, changed, 2)).toBe(false)
    }
  })
})
