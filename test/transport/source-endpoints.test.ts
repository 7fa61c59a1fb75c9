import { describe, expect, it } from 'vitest'
import { type LanePlan, PROBE_PORT } from '../../src/proxy/border/ports.ts'
import { pathOf, sourceOf } from '../../src/transport/source-endpoints.ts'
import { ALONE } from './rig.ts'

const plan: LanePlan = {
  lane: 0,
  server: 'fr-1',
  class: 'authentication',
  address: '192.0.2.10',
  port: 1812,
  ports: 3,
}

describe('where a link sends from', () => {
  it('is left to the system unless an address or ports are configured', () => {
    expect(sourceOf(plan, 0, ALONE)).toBeUndefined()
    expect(sourceOf({ ...plan, sourceAddress: '192.0.2.1' }, 0, ALONE)).toEqual({ address: '192.0.2.1', port: 0 })
  })

  it.each([
    ['192.0.2.10', '0.0.0.0'],
    ['2001:db8::10', '::'],
  ])('of a range alone is any address of the family of %s', (address, any) => {
    const source = sourceOf({ ...plan, address, sourcePorts: { probe: 20_000, step: 1, behind: 0 } }, PROBE_PORT, ALONE)
    expect(source).toEqual({ address: any, port: 20_000 })
  })

  it.each([1, -1] as const)('is dealt out in turn: no two links of any instance share a port (step %i)', (step) => {
    const portsBehind = (behind: number, links: readonly number[]) =>
      [0, 1, 2].flatMap((number) =>
        links.map(
          (link) => sourceOf({ ...plan, sourcePorts: { probe: 20_000, step, behind } }, link, { number, of: 3 })?.port,
        ),
      )
    // The lane of another class stands behind the four sockets of this one.
    const ports = [...portsBehind(0, [PROBE_PORT, 0, 1, 2]), ...portsBehind(4, [PROBE_PORT, 0])]
    const distances = ports.map((port) => Math.abs((port ?? 0) - 20_000))
    expect(distances.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 18 }, (_, at) => at))
    // The probes come first.
    expect([0, 4, 8].map((at) => distances[at])).toEqual([0, 1, 2])
  })
})

it('the path of a lane is its server, and where it sends from', () => {
  const paths = [
    plan,
    { ...plan, port: 1813 },
    { ...plan, sourceAddress: '192.0.2.1' },
    { ...plan, sourcePorts: { probe: 20_000, step: 1 as const, behind: 0 } },
    { ...plan, sourcePorts: { probe: 20_000, step: 1 as const, behind: 2 } },
  ].map(pathOf)
  expect(new Set(paths).size).toBe(5)
  // How many ports it has, and what its server is called, may change.
  expect(pathOf({ ...plan, ports: 9, server: 'fr-2' })).toBe(paths[0])
})
