/**
 * What the checks of ten thousand clients cost: each entry is looked at a bounded number of times, however many others there
 * are. Looks are counted, not seconds.
 */
import { expect, it } from 'vitest'
import { crossCheck } from '../../src/config/checks/cross-checks.ts'
import { partialConfigOf } from '../../src/config/checks/partial-config.ts'
import { world } from './fixture.ts'

/** How often something is read of the entries of `count` clients. */
function looksAt(count: number, address: (i: number) => string): number {
  let looks = 0
  const counting = {
    get: (entry: object, key: string) => {
      looks += 1
      return Reflect.get(entry, key) as unknown
    },
  }
  const clients = Array.from(
    { length: count },
    (_, i) => new Proxy({ name: `c${i}`, address: address(i), secret_file: 's' }, counting),
  )
  const servers = Array.from({ length: 5 }, (_, i) => ({ name: `s${i}`, address: `198.51.100.${i}`, secret_file: 's' }))
  const found = { error: () => undefined, warn: () => undefined }
  crossCheck(partialConfigOf({ clients, farm: { servers } }), world, found)
  return looks
}

it.each([
  ['addresses', (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`],
  ['networks', (i: number) => `10.${i >> 8}.${i & 255}.0/24`],
  ['one address', () => '10.0.0.1'],
  ['IPv6 addresses', (i: number) => `2001:db8::${i.toString(16)}`],
])('checks of clients grow with their number only: %s', (_, address) => {
  const [some, twice] = [looksAt(1_000, address), looksAt(2_000, address)]
  expect(some).toBeGreaterThan(1_000)
  expect(twice).toBeLessThanOrEqual(2 * some)
  expect(twice / 2_000).toBeLessThan(20)
})
