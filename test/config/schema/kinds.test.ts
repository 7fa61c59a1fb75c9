import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { address, duration, listener, name, network, portRange, size } from '../../../src/config/schema/kinds.ts'

const wide = { least: '0s', most: '1000h' }
const readAs = <T>(kind: z.ZodType<T>, text: unknown): T => kind.parse(text)
const sentenceOf = (kind: z.ZodType, text: unknown): string | undefined =>
  kind.safeParse(text).error?.issues[0]?.message

describe('duration', () => {
  it('is microseconds, whatever the unit', () => {
    const written = {
      '250us': 250,
      '50ms': 50_000,
      '3s': 3_000_000,
      '10m': 600_000_000,
      '1h': 3_600_000_000,
      '0s': 0,
      '0us': 0,
    }
    for (const [text, expected] of Object.entries(written)) expect(readAs(duration(wide), text), text).toBe(expected)
  })

  it('refuses a number without a unit, and every other spelling', () => {
    for (const text of [
      '3',
      '0',
      '',
      's',
      '3 s',
      '-3s',
      '+3s',
      '1.5s',
      '03s',
      '3S',
      '3sec',
      '3s ',
      '1e3s',
      '3µs',
      '1d',
    ]) {
      expect(sentenceOf(duration(wide), text), text).toBe(
        `${JSON.stringify(text)} is no duration; write a whole number and a unit (us, ms, s, m, h), as 3s or 250ms`,
      )
    }
    expect(sentenceOf(duration(wide), 3)).toMatch(/^3 is no duration; /)
    expect(sentenceOf(duration(wide), { secret: 'hidden' })).toMatch(/^a mapping is no duration; /)
  })

  it('holds its range to the microsecond, both ends included', () => {
    const kind = duration({ least: '1ms', most: '1s' })
    for (const text of ['1ms', '1000us', '1s', '1000ms']) expect(kind.safeParse(text).success, text).toBe(true)
    for (const text of ['999us', '0s', '1000001us', '2s', '1h', `${'9'.repeat(400)}h`]) {
      expect(sentenceOf(kind, text), text).toBe(`${text} is out of range; write 1ms to 1s`)
    }
  })

  it('is an exact integer for every whole number of every unit in range', () => {
    fc.assert(
      fc.property(fc.nat({ max: 900 }), fc.constantFrom('us', 'ms', 's', 'm', 'h'), (count, unit) => {
        const one = { us: 1, ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9 }[unit] as number
        expect(readAs(duration(wide), `${count}${unit}`)).toBe(count * one)
      }),
    )
  })
})

describe('size', () => {
  it('is bytes, in binary units', () => {
    const kind = size({ least: '0B', most: '1024GiB' })
    const written = { '1B': 1, '256KiB': 262_144, '32MiB': 33_554_432, '1GiB': 1_073_741_824 }
    for (const [text, expected] of Object.entries(written)) expect(readAs(kind, text), text).toBe(expected)
  })

  it('refuses decimal units and bare numbers', () => {
    for (const text of ['32MB', '32M', '32', '32mib', '1.5GiB']) {
      expect(sentenceOf(size({ least: '0B', most: '1GiB' }), text)).toMatch(/ is no size; write .* as 32MiB$/)
    }
  })
})

describe('addresses', () => {
  it('come out in one normal form', () => {
    expect(readAs(address(), '2001:0DB8:0::1')).toBe('2001:db8::1')
    expect(readAs(address(), '::ffff:192.0.2.1')).toBe('192.0.2.1')
    expect(readAs(network(), '192.0.2.9/24')).toBe('192.0.2.0/24')
    expect(readAs(network(), '192.0.2.9')).toBe('192.0.2.9/32')
  })

  it('keep the zone, which the socket needs', () => {
    expect(readAs(address(), 'fe80::1%eth0.7')).toBe('fe80::1%eth0.7')
    expect(readAs(listener(), '[fe80::1%eth0]:1812')).toEqual({ address: 'fe80::1%eth0', port: 1812 })
  })

  it('of one link name its interface, and no others do', () => {
    expect(readAs(network(), 'fe80::1%eth0')).toBe('fe80::1%eth0/128')
    expect(readAs(network(), 'fe80::9%eth0/64')).toBe('fe80::%eth0/64')
    expect(readAs(network(), 'fe80::/10')).toBe('fe80::/10')
    expect(sentenceOf(address(), 'fe80::1')).toBe(
      'fe80::1 is a link-local address, which every interface may have; add the interface, as fe80::1%eth0',
    )
    expect(sentenceOf(listener(), '[fe80::1]:1812')).toMatch(/^fe80::1 is a link-local address/)
    const elsewhere = /%eth0: only a link-local address \(fe80::\/10\) belongs to one interface; leave %eth0 away$/
    expect(sentenceOf(address(), '2001:db8::1%eth0')).toMatch(elsewhere)
    expect(sentenceOf(listener(), '[2001:db8::1%eth0]:1812')).toMatch(elsewhere)
    expect(sentenceOf(network(), '2001:db8::1%eth0/64')).toMatch(/leave %eth0 away$/)
    expect(sentenceOf(network(), '::ffff:192.0.2.1%eth0')).toMatch(elsewhere)
    // Sockets report names, so a number would match nothing.
    expect(sentenceOf(network(), 'fe80::1%2')).toMatch(/is no IP address or network/)
  })

  it('are no names', () => {
    expect(sentenceOf(address(), 'radius.example')).toBe(
      '"radius.example" is no IP address; names are not resolved, so write 192.0.2.10 or "2001:db8::10"',
    )
    expect(sentenceOf(network(), 'any')).toMatch(/^"any" is no IP address or network; /)
  })
})

describe('listener', () => {
  it('has an address of either family and a port', () => {
    expect(readAs(listener(), '0.0.0.0:1812')).toEqual({ address: '0.0.0.0', port: 1812 })
    expect(readAs(listener(), '[::]:1813')).toEqual({ address: '::', port: 1813 })
    expect(readAs(listener(), '127.0.0.1:65535')).toEqual({ address: '127.0.0.1', port: 65_535 })
  })

  it('refuses what lacks one of the two, or has a port that is none', () => {
    const wrong = [
      '1812',
      '0.0.0.0',
      ':1812',
      '[::]',
      '::1:1812',
      '0.0.0.0:0',
      '0.0.0.0:65536',
      '256.0.0.1:1',
      '*:1812',
      '[1.2.3.4]:x',
    ]
    for (const text of wrong)
      expect(sentenceOf(listener(), text), text).toMatch(/ is no IP address with a port; write it in quotes/)
    expect(sentenceOf(listener(), 1812)).toMatch(/^1812 is no IP address with a port/)
  })
})

describe('portRange', () => {
  it('has its ends within', () => {
    expect(readAs(portRange(), '20000-20099')).toEqual([20_000, 20_099])
    expect(readAs(portRange(), '1-65535')).toEqual([1, 65_535])
    expect(readAs(portRange(), '7-7')).toEqual([7, 7])
  })

  it('refuses what is none, by its fault', () => {
    expect(sentenceOf(portRange(), 20_000)).toMatch(/^20000 is no port range; write/)
    expect(sentenceOf(portRange(), '0-9')).toMatch(/is no port range/)
    expect(sentenceOf(portRange(), '9-8')).toBe('9-8 ends before it begins; write the lower port first')
    expect(sentenceOf(portRange(), '9-65536')).toBe('9-65536 goes beyond port 65535; write a lower last port')
  })
})

describe('name', () => {
  it('is short and has nothing that a metric label or a log line would have to escape', () => {
    for (const text of ['fr-1', 'a', '0', 'a.b_c-D', 'x'.repeat(63)]) expect(readAs(name(), text)).toBe(text)
    for (const text of ['', 'a b', '-a', 'ä', 'a\n', 'a"', 'x'.repeat(64)])
      expect(sentenceOf(name(), text)).toMatch(/ is no name; write/)
  })
})
