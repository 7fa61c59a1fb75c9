/**
 * The two worlds of a scenario: BNGs in the configuration's own networks, and the same without radsluice.
 */
import { describe, expect, it } from 'vitest'
import { ClientTable } from '../../../src/proxy/clients/client-table.ts'
import { worldsOf } from '../../../src/simulation/rehearsal/scenario-worlds.ts'
import { seconds } from '../../../src/units.ts'
import { options, scenario, worldsFor } from '../kit.ts'

describe('the BNGs', () => {
  it('get addresses of their own, each in the network of the client whose secret they use', () => {
    const { withRadsluice } = worldsFor(scenario({ bngs: 8 }))
    const table = new ClientTable(options().clients)
    const addresses = withRadsluice.clients.map(({ address }) => address)
    expect(new Set(addresses).size).toBe(8)
    expect(addresses).toContain('2001:db8::7')
    for (const { address, secret } of withRadsluice.clients) {
      const owner = table.find(address)?.options
      expect(owner?.network).toBe(address.includes(':') ? '2001:db8::7/128' : '192.0.2.0/29')
      expect(secret === withRadsluice.clients[0]?.secret).toBe(owner?.name === 'bngs')
    }
  })

  it('share the sessions evenly', () => {
    const { withRadsluice } = worldsFor(scenario({ bngs: 7, sessions: 600 }))
    expect(withRadsluice.clients.map(({ sessions }) => sessions)).toEqual([86, 86, 86, 86, 86, 85, 85])
  })

  it('must fit into the networks', () => {
    expect(worldsOf(scenario({ bngs: 9 }), options())).toEqual({
      problem:
        "9 BNGs need as many addresses, and the configuration's clients have room for 8; lower bngs, or widen a client's network",
    })
  })
})

describe('without radsluice', () => {
  it('all ask the first server where the algorithm is first_server, else they are spread', () => {
    const names = (farm?: string) =>
      worldsFor(scenario(), options(farm)).withoutRadsluice.servers.map(({ name }) => name)
    expect(names()).toEqual(['first'])
    expect(names('authentication: { algorithm: round_robin }')).toEqual(['first', 'second'])
  })

  it('clients and servers share a secret, since nobody changes it on the way', () => {
    const { clients, servers, engine } = worldsFor(scenario({ bngs: 3 })).withoutRadsluice
    expect(engine).toBeUndefined()
    expect(new Set([...clients, ...servers].map(({ secret }) => secret)).size).toBe(1)
  })
})

describe('a server that the scenario names', () => {
  it('must be in the configuration', () => {
    const silence = { kind: 'silence', at: seconds(1), lasts: seconds(1), server: 'third' } as const
    expect(worldsOf(scenario({ events: [silence] }), options())).toEqual({
      problem: 'the scenario speaks of a server third, and the configuration has none; known are first, second',
    })
  })

  it('has its own strength', () => {
    const { servers } = scenario()
    const each = [{ name: 'second', capacity: 7, backlog: 9, latency: seconds(1) }]
    const plans = worldsFor(scenario({ servers: { ...servers, each } })).withRadsluice.servers
    expect(plans.map(({ capacity }) => capacity)).toEqual([20, 7])
  })
})
