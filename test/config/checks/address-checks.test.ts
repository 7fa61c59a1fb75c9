/**
 * What addresses of clients, servers and listeners say together.
 */
import { describe, expect, it } from 'vitest'
import { parseAddress, parsePrefix, prefixContains } from '../../../src/addresses.ts'
import { configText, expectClean, expectProblem, expectWarning, load, type Parts, world } from '../fixture.ts'

const client = (name: string, address: string): string => `  - { name: ${name}, address: ${address}, secret_file: c }`
const server = (name: string, address: string): string => `    - { name: ${name}, address: ${address}, secret_file: s }`
const listen = (...authentication: string[]): string =>
  `listen: { authentication: [${authentication.join(', ')}], accounting: [] }`

describe('a client whose address is a server too', () => {
  it('is warned about: two proxies that name each other send one request in a circle', () => {
    expectWarning(
      { clients: client('peer', '▶198.51.100.1'), servers: server('fr-1', '198.51.100.1') },
      'clients[0].address',
      'is the address of server "fr-1" (198.51.100.1): two proxies that name each other send one request in a circle until max_outstanding of it are on their way; remove one of the two entries unless that server never proxies to here',
    )
  })

  it('is warned about where its network covers servers, once for all of them', () => {
    const servers = ['1', '2', '3', '4', '5'].map((n) => server(`fr-${n}`, `198.51.100.${n}`)).join('\n')
    expectWarning(
      { clients: client('all', '▶198.51.0.0/16'), servers },
      'clients[0].address',
      /^covers server "fr-1" \(198\.51\.100\.1\), "fr-2" \(198\.51\.100\.2\), "fr-3" \(198\.51\.100\.3\) and 2 more: .*; write narrower networks, without the server$/,
    )
  })

  it('is the one that a packet from there belongs to: the longest prefix', () => {
    const clients = [
      client('wide', '198.0.0.0/8'),
      client('exact', '▶"::ffff:198.51.100.1"'),
      client('near', '198.51.100.0/24'),
    ].join('\n')
    expectWarning({ clients, servers: server('fr-1', '198.51.100.1') }, 'clients[1].address', /^is the address of/)
  })

  it('is none where both are this machine, as a tool and a server on it are', () => {
    for (const [from, to] of [
      ['127.0.0.1', '127.0.0.1'],
      ['127.0.0.0/8', '127.0.0.1'],
      ['127.0.0.0/8', '127.0.0.9'],
    ]) {
      const parts = {
        top: listen('"192.0.2.1:1812"'),
        clients: client('tool', from ?? ''),
        servers: server('fr', to ?? ''),
      }
      expectClean(parts)
    }
    const apart: Parts = {
      top: listen('"127.0.0.2:1812"'),
      clients: client('peer', '▶127.0.0.3'),
      servers: server('peer', '127.0.0.3'),
    }
    expectWarning(apart, 'clients[0].address', /^is the address of server "peer"/)
  })

  it('of one interface is no server at another one', () => {
    const of = (from: string): Parts => ({
      top: listen('"[::]:1812"'),
      clients: client('nas', `▶"fe80::2%${from}"`),
      servers: server('fr', '"fe80::2%eth0"'),
    })
    expectWarning(of('eth0'), 'clients[0].address', /^is the address of server "fr"/)
    expectClean({ ...of('eth1'), clients: client('nas', '"fe80::2%eth1"') })
  })
})

describe('a client that no listener hears', () => {
  it('is warned about: a wildcard is every address of its own family', () => {
    expectWarning(
      { top: listen('"[::]:1812"'), clients: client('a', '▶192.0.2.1') },
      'clients[0].address',
      'nothing listens at an IPv4 address, so this client is never heard; add "0.0.0.0:1812" to listen ([::] is IPv6 alone)',
    )
    const clients = [client('a', '192.0.2.1'), client('b', '▶"2001:db8::1"'), client('c', '"2001:db8::2"')].join('\n')
    expectWarning(
      { clients },
      'clients[1].address',
      'nothing listens at an IPv6 address, so this client and 1 more are never heard; add "[::]:1812" to listen (0.0.0.0 is IPv4 alone)',
    )
    expectClean({ top: listen('"0.0.0.0:1812"', '"[::]:1812"'), clients: clients.replace('▶', '') })
  })

  it('is none where it is written as IPv4-mapped', () => {
    expectClean({ clients: client('a', '"::ffff:192.0.2.1"') })
  })
})

describe('an optional listener', () => {
  it('is an address of its own', () => {
    const result = load(
      configText({ top: listen('{ address: "192.0.2.7:1812", optional: true }', '"192.0.2.1:1812"') }),
    )
    expect(result).toMatchObject({
      ok: true,
      warnings: [],
      config: {
        listen: {
          authentication: [
            { address: '192.0.2.7', port: 1812, optional: true },
            { address: '192.0.2.1', port: 1812 },
          ],
        },
      },
    })
    expectWarning(
      { top: listen('{ address: "0.0.0.0:1812", optional: ▶true }') },
      'listen.authentication[0].optional',
      'has no effect: 0.0.0.0 is every address that there is; remove it',
    )
    expectProblem(
      { top: listen('▶"192.0.2.7"') },
      'listen.authentication[0]',
      '"192.0.2.7" is no IP address with a port; write it in quotes, as "0.0.0.0:1812" or "[::1]:1812"',
    )
    expectProblem(
      { top: listen('{ address: ▶"192.0.2.7", optional: true }') },
      'listen.authentication[0].address',
      /is no IP address with a port/,
    )
  })

  it('is our own address to a server, also while it is absent', () => {
    expectProblem(
      {
        top: listen('{ address: "198.51.100.7:1812", optional: true }'),
        servers: server('self', '▶198.51.100.7'),
      },
      'farm.servers[0].address',
      /^198\.51\.100\.7:1812 is our own listener listen\.authentication\[0\]/,
    )
  })

  it('at one interface is no server at another one with the same link-local address', () => {
    const parts: Parts = {
      top: listen('"[fe80::1%eth0]:1812"', '"192.0.2.1:1812"'),
      servers: server('fr', '"fe80::1%eth1"'),
    }
    expect(load(configText(parts), { ...world, localAddresses: [] })).toMatchObject({ ok: true, warnings: [] })
  })
})

describe('prefixContains', () => {
  it('compares the bits of the prefix and no others', () => {
    for (let bits = 0; bits <= 32; bits += 1) {
      const prefix = parsePrefix(`203.0.113.165/${bits}`)!
      for (let flipped = 0; flipped < 32; flipped += 1) {
        const octets = Uint8Array.from(parseAddress('203.0.113.165')!)
        octets[flipped >> 3]! ^= 0x80 >> (flipped & 7)
        expect(prefixContains(prefix, octets), `${bits} ${flipped}`).toBe(flipped >= bits)
      }
    }
    expect(prefixContains(parsePrefix('::/0')!, parseAddress('192.0.2.1')!)).toBe(false)
  })
})
