/**
 * The basic options are the configuration's defaults, but for what is named here.
 */
import { describe, expect, it } from 'vitest'
import { defaultOptions } from '../../../bench/failover/rig.ts'
import { basicOptions, clientOptions, laneOptions, serverOptions } from '../../../src/simulation/world/basic-options.ts'
import { seconds } from '../../../src/units.ts'

describe('the basic options', () => {
  it('are the defaults of the configuration, with more patience, smaller tables, no probe, no tracking of sessions, and max_age as a number', () => {
    const { clients, servers, queues, duplicates, state, deadServer, sessions, ...others } = defaultOptions()
    const { maxAgeMost, ...authentication } = queues.authentication
    expect(maxAgeMost).toBe(seconds(30))
    const patience = { timeout: seconds(3), maxRetries: 5 }
    expect(sessions).toBeDefined()
    expect(
      basicOptions({
        clients: clients.map(({ name, network, secret }) => clientOptions({ name, network, secret })),
        servers: servers.map(({ name, address, secret }) => serverOptions({ name, address, secret })),
      }),
    ).toEqual({
      ...others,
      clients,
      servers: servers.map(({ lanes, ...server }) => ({
        ...server,
        lanes: {
          authentication: { ...lanes.authentication, ...patience },
          accounting: { ...lanes.accounting, ...patience },
        },
      })),
      queues: { authentication, accounting: { ...queues.accounting, maxMessages: 20_000, maxBytes: 32 << 20 } },
      deadServer: { ...deadServer, probe: 'none' },
      duplicates: { ...duplicates, maxRecords: 100_000 },
      state: { ...state, maxEntries: 10_000 },
    })
  })

  it('differ where the caller says so, and nowhere else', () => {
    expect(basicOptions({ maxAttributes: 7 })).toEqual({ ...basicOptions(), maxAttributes: 7 })
    expect(laneOptions('accounting', { maxRetries: 0 })).toEqual({ ...laneOptions('accounting'), maxRetries: 0 })
  })
})
