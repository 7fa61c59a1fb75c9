/**
 * The table of clients over a reload: what is kept, and that the work grows with the clients and not with their square.
 */
import { describe, expect, it } from 'vitest'
import type { ClientOptions } from '../../../src/proxy/border/options.ts'
import { ClientTable } from '../../../src/proxy/clients/client-table.ts'
import { client } from '../options.ts'

const optionsOf = (count: number): ClientOptions[] =>
  Array.from({ length: count }, (_, i) =>
    client({ name: `c${i}`, network: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` }),
  )

/** How often a name or a network of these clients is read. */
const readsOf = (options: readonly ClientOptions[], act: (watched: readonly ClientOptions[]) => void): number => {
  let reads = 0
  const watched = options.map((one) => ({
    ...one,
    get name() {
      reads += 1
      return one.name
    },
    get network() {
      reads += 1
      return one.network
    },
  }))
  act(watched)
  return reads
}

describe('a link-local client', () => {
  const nameAt = (table: ClientTable, address: string): string | undefined => table.find(address)?.name

  it('is that of one interface where its entry names one, and of every interface where it does not', () => {
    const table = new ClientTable([
      client({ name: 'at-eth0', network: 'fe80::2%eth0/128' }),
      client({ name: 'at-eth1', network: 'fe80::2%eth1/128' }),
      client({ name: 'anywhere', network: 'fe80::2/128' }),
      client({ name: 'link-eth0', network: 'fe80::%eth0/64' }),
    ])
    expect(nameAt(table, 'fe80::2%eth0')).toBe('at-eth0')
    expect(nameAt(table, 'fe80::2%eth1')).toBe('at-eth1')
    expect(nameAt(table, 'fe80::2%eth2')).toBe('anywhere')
    expect(nameAt(table, 'fe80::3%eth0')).toBe('link-eth0')
    expect(nameAt(table, 'fe80::3%eth1')).toBeUndefined()
  })

  it('of an IPv4-mapped address is the IPv4 client', () => {
    const table = new ClientTable([client({ name: 'v4', network: '192.0.2.0/24' })])
    expect(nameAt(table, '::ffff:192.0.2.1')).toBe('v4')
  })
})

describe('a reload of the clients', () => {
  it.each([100, 10_000])('reads each of %i a few times', (count) => {
    const options = optionsOf(count)
    let table = new ClientTable([])
    const first = readsOf(options, (watched) => {
      table = new ClientTable(watched, table)
    })
    expect(first / count).toBeLessThan(10)
    const again = readsOf(options, (watched) => {
      table = new ClientTable([...watched].reverse(), table)
    })
    expect(again / count).toBeLessThan(10)
    expect(table.find('10.0.0.99')?.name).toBe('c99')
  })

  it('keeps what each name has counted, in whatever network it stands now', () => {
    const before = new ClientTable(optionsOf(4))
    before.clients.forEach((one, i) => {
      one.received.authentication = i
      one.dropped = 10 * i
      one.badAuthenticators = 100 * i
      one.accounting.coalesced = 1_000 * i
    })
    const [zero, one, two] = optionsOf(3) as [ClientOptions, ClientOptions, ClientOptions]
    const after = new ClientTable([{ ...two, network: '192.0.2.0/24' }, one, { ...zero, name: 'new' }], before)
    const known = after.clients.map(({ name, received, dropped, badAuthenticators, accounting }) => [
      name,
      received.authentication,
      dropped,
      badAuthenticators,
      accounting.coalesced,
    ])
    expect(known).toEqual([
      ['c2', 2, 20, 200, 2_000],
      ['c1', 1, 10, 100, 1_000],
      ['new', 0, 0, 0, 0],
    ])
    expect(['192.0.2.7', '10.0.0.1', '10.0.0.0', '10.0.0.2'].map((address) => after.find(address)?.name)).toEqual([
      'c2',
      'c1',
      'new',
      undefined,
    ])
    // What a request in hand counts with its former client from now on is no figure of the new one.
    before.clients[2]!.received.authentication += 1
    expect(after.clients[0]!.received.authentication).toBe(2)
  })
})
