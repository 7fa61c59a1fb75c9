import { describe, expect, it } from 'vitest'
import { engineOptions } from '../../../src/config/outward/engine-options.ts'
import { loaded } from '../fixture.ts'

const everything = `
listen: { authentication: ["127.0.0.1:1"], accounting: ["127.0.0.1:2"] }
throttle: { slot: 3ms, service_order: fifo, adaptive: window }
queues:
  authentication: { max_messages: 4, max_bytes: 5KiB, max_age: auto, max_age_limit: 6s, max_age_most: 16s, overflow: drop_oldest }
  accounting: { max_messages: 7, max_bytes: 8KiB, max_age: 9s, overflow: drop_newest }
duplicates: { answer_cache: 10s, max_answers: 11, record_cache: 12s, max_records: 13 }
accounting: { max_sessions: 134, session_lifetime: 135s, max_port_rate: 136Gbit/s }`

const farm = `
  authentication: { algorithm: round_robin, max_transmissions: 14 }
  accounting: { algorithm: hash, hash_key: 3GPP-IMSI, max_transmissions: 15 }
  identifier_quarantine: 16s
  max_attributes: 137
  state: { lifetime: 17s, max_entries: 18 }
  dead_server: { consecutive_failures: 19, response_timeout: 20s, dead_time: 21s, probe: none, probe_interval: 22s }`

const clients = `
  - name: a
    address: 192.0.2.0/24
    secret_file: x
    require_message_authenticator: yes
    limit_proxy_state: true
    add_nas_ip_address: never
    weight: 20
    max_rate: 201
    max_share: 20
    fairness_key: address
    flow_key: session
    accounting: { acct_delay_time: keep, synthesize_gigawords: true, swap_directions: true, erx_ipv6_zeros: drop_on_mlppp, interims: newest }`

const servers = `
    - name: b
      address: 198.51.100.1
      secret_file: x
      require_message_authenticator: no
      source_address: 203.0.113.5
      source_ports: 23000-23999
      authentication: { port: 24, max_rate: 25, max_outstanding: 26, timeout: 27s, max_retries: 28 }
      accounting: { port: 29, max_rate: 30, max_outstanding: 31, timeout: 32s, max_retries: 33 }`

describe('engineOptions', () => {
  it('carries every setting of the engine to its option', () => {
    const config = loaded({ top: everything, farm, clients, servers })
    const options = engineOptions(config)
    expect(options).toEqual({
      slot: 3_000,
      serviceOrder: 'fifo',
      fairness: 'none',
      adaptive: 'window',
      clients: [
        {
          name: 'a',
          network: '192.0.2.0/24',
          secret: config.clients[0]?.secret,
          requireMessageAuthenticator: 'yes',
          limitProxyState: true,
          addNasIpAddress: 'never',
          accounting: {
            acctDelayTime: 'keep',
            synthesizeGigawords: true,
            swapDirections: true,
            erxIpv6Zeros: 'drop_on_mlppp',
            interims: 'newest',
          },
          weight: 20,
          maxRate: 201,
          maxShare: 20,
          fairnessKey: 'address',
          flowKey: 'session',
        },
      ],
      servers: [
        {
          name: 'b',
          address: '198.51.100.1',
          secret: config.farm.servers[0]?.secret,
          requireMessageAuthenticator: 'no',
          sourceAddress: '203.0.113.5',
          sourcePorts: [23_000, 23_999],
          lanes: {
            authentication: { port: 24, maxRate: 25, maxOutstanding: 26, timeout: 27e6, maxRetries: 28 },
            accounting: { port: 29, maxRate: 30, maxOutstanding: 31, timeout: 32e6, maxRetries: 33 },
          },
        },
      ],
      classes: {
        authentication: { algorithm: 'round_robin', maxTransmissions: 14 },
        accounting: {
          algorithm: 'hash',
          hashKey: { name: '3GPP-IMSI', vendor: 10_415, type: 1 },
          maxTransmissions: 15,
        },
      },
      queues: {
        authentication: { maxMessages: 4, maxBytes: 5 * 1024, maxAge: 6e6, maxAgeMost: 16e6, overflow: 'drop_oldest' },
        accounting: { maxMessages: 7, maxBytes: 8 * 1024, maxAge: 9e6, overflow: 'drop_newest' },
      },
      identifierQuarantine: 16e6,
      maxAttributes: 137,
      deadServer: {
        consecutiveFailures: 19,
        responseTimeout: 20e6,
        deadTime: 21e6,
        probe: 'none',
        probeInterval: 22e6,
      },
      duplicates: { answerCache: 10e6, maxAnswers: 11, recordCache: 12e6, maxRecords: 13, recordMemory: 135e6 },
      state: { lifetime: 17e6, maxEntries: 18 },
      sessions: { maxSessions: 134, lifetime: 135e6, maxPortRate: 136e9 },
    })
  })

  it('opens no lane for a class that is switched off, or that nothing listens for', () => {
    const lanesOf = (parts: Parameters<typeof loaded>[0]): string[][] =>
      engineOptions(loaded(parts)).servers.map(({ lanes }) => Object.keys(lanes))
    expect(lanesOf({})).toEqual([['authentication', 'accounting']])
    expect(lanesOf({ top: 'listen: { accounting: [] }' })).toEqual([['authentication']])
    expect(
      lanesOf({
        servers: `${servers.replace(/accounting: .*/, 'accounting: false')}${servers.replace('name: b', 'name: c').replace('.1\n', '.2\n').replace('23000-23999', '24000-24999')}`,
      }),
    ).toEqual([['authentication'], ['authentication', 'accounting']])
  })
})
