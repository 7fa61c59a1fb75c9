import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  endpointText,
  formatAddress,
  formatPrefix,
  isLoopback,
  isUnspecified,
  parseAddress,
  parsePrefix,
} from '../src/addresses.ts'

const octets = (text: string): number[] => [...(parseAddress(text) ?? [])]

describe('parseAddress', () => {
  it('reads IPv4 as four octets', () => {
    expect(octets('192.0.2.10')).toEqual([192, 0, 2, 10])
    expect(octets('0.0.0.0')).toEqual([0, 0, 0, 0])
    expect(octets('255.255.255.255')).toEqual([255, 255, 255, 255])
  })

  it('reads IPv6 in all its spellings as the same sixteen octets', () => {
    const expected = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 2, 0x21]
    for (const text of ['2001:db8::c000:221', '2001:0DB8:0:0:0:0:C000:0221', '2001:db8::192.0.2.33']) {
      expect(octets(text), text).toEqual(expected)
    }
    expect(octets('::')).toEqual(Array(16).fill(0))
    expect(octets('1::')).toEqual([0, 1, ...Array(14).fill(0)])
  })

  it('makes an IPv4-mapped address the IPv4 address, however it is written', () => {
    for (const text of ['::ffff:192.0.2.1', '::FFFF:c000:201', '0:0:0:0:0:ffff:192.0.2.1', '::ffff:192.0.2.1%lo']) {
      expect(octets(text), text).toEqual([192, 0, 2, 1])
    }
  })

  it('drops a zone', () => {
    expect(octets('fe80::1%eth0')).toEqual(octets('fe80::1'))
  })

  it('answers undefined to what is no address', () => {
    const wrong = [
      '',
      ' ',
      '1',
      '1.2.3',
      '1.2.3.4.5',
      '256.0.0.1',
      '01.2.3.4',
      '1.2.3.',
      '-1.2.3.4',
      '1.2.3.4 ',
      '0x1.2.3.4',
    ]
    wrong.push(':', ':::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2::3', '1:2:3:4:5:6:7::8', '12345::', 'g::')
    wrong.push('1.2.3.4::', '::1.2.3', '1:2:3:4:5:6:7:1.2.3.4', 'localhost', '[::1]', '1.2.3.4%lo', '::1/128')
    for (const text of wrong) expect(parseAddress(text), text).toBeUndefined()
  })

  it('agrees with the system on what is an address and on its octets', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{0,20}$/)), (text) => {
        const family = isIPv4(text) ? 'ipv4' : isIPv6(text) ? 'ipv6' : undefined
        const parsed = parseAddress(text)
        expect(parsed !== undefined).toBe(family !== undefined)
        if (family === undefined || parsed === undefined) return
        const list = new BlockList()
        list.addAddress(formatAddress(parsed), parsed.length === 4 ? 'ipv4' : 'ipv6')
        expect(list.check(new SocketAddress({ address: text, family }))).toBe(true)
      }),
    )
  })
})

describe('parsePrefix', () => {
  const normal = (text: string): string | undefined => {
    const prefix = parsePrefix(text)
    return prefix && formatPrefix(prefix)
  }

  it('clears what comes after the prefix', () => {
    expect(normal('192.0.2.9/24')).toBe('192.0.2.0/24')
    expect(normal('192.0.2.255/25')).toBe('192.0.2.128/25')
    expect(normal('2001:db8:ffff::1/33')).toBe('2001:db8:8000::/33')
    expect(normal('10.0.0.1/0')).toBe('0.0.0.0/0')
    expect(normal('::1/0')).toBe('::/0')
  })

  it('takes an address for a prefix of all its bits', () => {
    expect(normal('192.0.2.9')).toBe('192.0.2.9/32')
    expect(normal('2001:db8::1')).toBe('2001:db8::1/128')
  })

  it('makes a mapped prefix the IPv4 prefix that it contains', () => {
    expect(normal('::ffff:192.0.2.9/120')).toBe('192.0.2.0/24')
    expect(normal('::ffff:192.0.2.9')).toBe('192.0.2.9/32')
    expect(normal('::ffff:0:0/96')).toBe('0.0.0.0/0')
    expect(normal('::ffff:192.0.2.9/64')).toBe('::/64')
  })

  it('answers undefined to what is no prefix', () => {
    for (const text of [
      '',
      '/',
      '/24',
      '192.0.2.0/',
      '192.0.2.0/33',
      '192.0.2.0/024',
      '::/129',
      '192.0.2.0/24/1',
      '::/-1',
    ]) {
      expect(parsePrefix(text), text).toBeUndefined()
    }
  })

  it('keeps exactly the addresses that the system finds in the same subnet', () => {
    const ipv4 = fc.nat({ max: 0xffffffff }).map((n) => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join('.'))
    fc.assert(
      fc.property(ipv4, ipv4, fc.nat({ max: 32 }), (network, other, bits) => {
        const list = new BlockList()
        list.addSubnet(network, bits)
        const same = normal(`${network}/${bits}`) === normal(`${other}/${bits}`)
        expect(same).toBe(list.check(other))
      }),
    )
  })
})

describe('formatAddress', () => {
  it('writes IPv6 as RFC 5952 section 4 does', () => {
    const written: readonly (readonly [string, string])[] = [
      ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
      ['0:0:0:0:0:0:0:1', '::1'],
      ['0:0:0:0:0:0:0:0', '::'],
      ['1:0:0:0:0:0:0:0', '1::'],
    ]
    for (const [text, expected] of written) expect(formatAddress(parseAddress(text) as Uint8Array)).toBe(expected)
  })

  it('writes what parseAddress reads back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const back = parseAddress(formatAddress(bytes)) as Uint8Array
        expect([...back]).toEqual([...(back.length === 4 ? bytes.subarray(12) : bytes)])
      }),
    )
  })
})

describe('special addresses', () => {
  it('knows loopback and unspecified addresses of both families', () => {
    const of = (text: string): Uint8Array => parseAddress(text) as Uint8Array
    expect(['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1'].map((text) => isLoopback(of(text)))).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(['128.0.0.1', '0.0.0.0', '::', '::2'].map((text) => isLoopback(of(text)))).toEqual([
      false,
      false,
      false,
      false,
    ])
    expect(['0.0.0.0', '::', '0.0.0.1', '::1'].map((text) => isUnspecified(of(text)))).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})

describe('endpointText', () => {
  it('puts IPv6 into brackets, with its zone', () => {
    expect(endpointText({ address: '192.0.2.1', port: 1812 })).toBe('192.0.2.1:1812')
    expect(endpointText({ address: 'fe80::1%eth0', port: 1813 })).toBe('[fe80::1%eth0]:1813')
  })
})
