/**
 * What instances know of each other's sockets towards the servers.
 */
import { describe, expect, it } from 'vitest'
import { SharedEndpoints } from '../../../src/instances/shared/shared-endpoints.ts'
import { after, instant, seconds } from '../../../src/units.ts'

const NOW = instant(5_000_000)
const local = { address: '192.0.2.1', port: 40_000 }

function two(): readonly [SharedEndpoints, SharedEndpoints] {
  const memory = SharedEndpoints.memory()
  return [new SharedEndpoints(memory), new SharedEndpoints(memory)]
}

describe('the sockets of all instances', () => {
  it('are known by address and port, also to those who did not open them, until they close', () => {
    const [one, other] = two()
    expect(other.has(local.address, local.port, NOW)).toBe(false)
    one.opened(local, NOW)
    for (const each of [one, other]) {
      expect(each.has(local.address, local.port, NOW)).toBe(true)
      expect(each.has('192.0.2.2', local.port, NOW)).toBe(false)
      expect(each.has(local.address, local.port + 1, NOW)).toBe(false)
    }
    one.closed(local, NOW)
    expect(other.has(local.address, local.port, NOW)).toBe(false)
    other.opened(local, NOW)
    expect(one.has(local.address, local.port, NOW)).toBe(true)
  })

  it('have another version with each that opens or closes, and none because time passes', () => {
    const [one, other] = two()
    const versions = [other.version]
    one.opened(local, NOW)
    versions.push(other.version)
    one.stillOpen(local, NOW)
    expect(other.version).toBe(versions.at(-1))
    one.closed(local, NOW)
    versions.push(other.version)
    expect(new Set(versions).size).toBe(3)
  })

  it('are over a minute after their instance crashed, not while it runs', () => {
    const [one, other] = two()
    const at = (seconded: number) => after(NOW, seconds(seconded))
    one.opened(local, NOW)
    for (let second = 1; second <= 100; second += 1) one.stillOpen(local, at(second))
    expect(other.has(local.address, local.port, at(150))).toBe(true)
    expect(other.has(local.address, local.port, at(160))).toBe(false)
  })

  it('may have every port, from the moment at which the clock begins', () => {
    const [one, other] = two()
    for (const port of [1, 31, 32, 65_535]) {
      one.opened({ address: '::1', port }, instant(0))
      expect(other.has('::1', port, instant(0))).toBe(true)
    }
  })
})
