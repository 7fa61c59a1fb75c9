/**
 * The keys of addresses: no two share one, link-local ones of two interfaces included, and each is told as it was.
 */
import { describe, expect, it } from 'vitest'
import { AddressKeys } from '../../../src/proxy/signing/address-keys.ts'

const ADDRESSES = [
  '0.0.0.0',
  '192.0.2.1',
  '255.255.255.255',
  '2001:db8::1',
  '::1',
  'fe80::1',
  'fe80::1%eth0',
  'fe80::1%eth1',
  'fe80::2%eth0',
  'febf::1%eth0',
  'fec0::1',
]

describe('the key of an address', () => {
  it('is its own, and is told as the address, by every engine that knows the interface', () => {
    const [one, other] = [new AddressKeys(), new AddressKeys()]
    for (const zone of ['', '%eth0', '%eth1']) other.know(zone)
    const keys = ADDRESSES.map((address) => one.keyOf(address))
    expect(new Set(keys.map(String)).size).toBe(ADDRESSES.length)
    expect(keys.map((key) => one.addressOf(key))).toEqual(ADDRESSES)
    expect(keys.map((key) => other.addressOf(key))).toEqual(ADDRESSES)
    expect(ADDRESSES.map((address) => String(other.keyOf(address)))).toEqual(keys.map(String))
  })

  it('says so where the interface is not known, and changes no key by being told', () => {
    const key = new AddressKeys().keyOf('fe80::1%eth0')
    const before = String(key)
    expect(new AddressKeys().addressOf(key)).toBe('fe80::1%?')
    expect(String(key)).toBe(before)
  })

  it('can not be had by octets that a link-local address should not have', () => {
    const keys = new AddressKeys()
    const octets = new Uint8Array(keys.keyOf('fe80::1%eth0').buffer)
    const groups = Array.from({ length: 8 }, (_, at) => (octets[2 * at]! * 256 + octets[2 * at + 1]!).toString(16))
    for (const zone of ['', '%eth0', '%eth1']) {
      const forged = groups.join(':') + zone
      expect(String(keys.keyOf(forged))).not.toBe(String(keys.keyOf('fe80::1%eth0')))
    }
    expect(String(keys.keyOf('fe80:1::1%eth0'))).not.toBe(String(keys.keyOf('fe80::1%eth0')))
  })

  it('knows a bounded number of interfaces, the latest of them', () => {
    const keys = new AddressKeys()
    for (let number = 0; number < 5_000; number += 1) keys.know(`%veth${number}`)
    expect(keys.addressOf(new AddressKeys().keyOf('fe80::1%veth4999'))).toBe('fe80::1%veth4999')
    expect(keys.addressOf(new AddressKeys().keyOf('fe80::1%veth0'))).toBe('fe80::1%?')
  })
})
