import { describe, expect, it } from 'vitest'
import { configText, expectProblem, load, loaded, problemsOf, world } from './fixture.ts'

const warningsOf = (top: string): string[] => {
  const result = load(configText({ top }))
  expect(problemsOf(result)).toEqual([])
  return result.warnings.map(({ path, message }) => `${path}: ${message}`)
}

describe('instances', () => {
  it('are one by default, without a word', () => {
    expect(loaded({}).instances).toBe(1)
    expect(warningsOf('')).toEqual([])
  })

  it('are one for each core with auto, at least one and 64 at most', () => {
    expect(loaded({ top: 'instances: auto' }).instances).toBe(4)
    const of = (cores: number): unknown => {
      const result = load(configText({ top: 'instances: auto' }), { ...world, cores })
      return result.ok && result.config.instances
    }
    expect([of(0), of(1), of(64), of(256)]).toEqual([1, 1, 64, 64])
  })

  it('of more than one come with a warning of what is kept in each for itself', () => {
    expect(warningsOf('instances: 2')).toEqual([expect.stringMatching(/^instances: with 2 instances, duplicates/)])
  })

  it('that are chosen by the source address know the duplicates of all its ports', () => {
    const [warning] = warningsOf('instances: 2\ninstances_by: address')
    expect(warning).toContain('only among packets of one source address, whatever its port')
  })

  it('of more than the cores come with a warning', () => {
    expect(warningsOf('instances: 5')).toContain('instances: 5 instances on 4 cores are slower than 4; write 4 or less')
  })

  it('need source ports for each of them', () => {
    // 256 outstanding: two source ports and the probe's, for each class and each instance.
    const server = (range: string): string =>
      `    - { name: fr-1, address: 198.51.100.10, secret_file: fr-1, source_ports: ${range} }`
    const enough = load(configText({ top: 'instances: 3', servers: server('20000-20017') }))
    expect(problemsOf(enough)).toEqual([])
    expectProblem(
      { top: 'instances: 3', servers: server('▶20000-20016') },
      'farm.servers[0].source_ports',
      '20000-20016 has 17 ports, and this server needs 18; write 20000-20017 or lower max_outstanding or instances',
    )
  })
})
