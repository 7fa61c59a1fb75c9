/**
 * A thread is told of new clients by what it has: it then has the same list as if it had been told all of it, and what did
 * not change is neither sent nor made anew.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changedClients, clientsChange } from '../../../src/instances/protocol/clients-change.ts'
import { engineOptionsFrom, type PlainClient, plainOptions } from '../../../src/instances/shared/plain-options.ts'
import { ClientTable } from '../../../src/proxy/clients/client-table.ts'
import { client, defaults } from '../../proxy/options.ts'

const plain = (of: readonly { name: number; secret: number; limit: boolean }[]): readonly PlainClient[] => {
  const unique = new Map(of.map((one) => [one.name, one]))
  return plainOptions({
    ...defaults(),
    clients: [...unique.values()].map(({ name, secret, limit }) => ({
      ...client({ name: `c${name}`, network: `10.0.0.${name}`, secret: `secret ${secret}` }),
      limitProxyState: limit,
    })),
  }).clients
}

const list = fc.array(fc.record({ name: fc.nat({ max: 9 }), secret: fc.nat({ max: 1 }), limit: fc.boolean() }))
const clientsFrom = (clients: readonly PlainClient[]) =>
  engineOptionsFrom({ ...plainOptions(defaults()), clients }).clients

describe('a change of clients', () => {
  it('gives the list that was meant, and keeps the objects of those that stay', () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        const [before, after] = [plain(a), plain(b)]
        const had = clientsFrom(before)
        const change = structuredClone(clientsChange(before, after))
        const has = changedClients(had, change)
        expect(plainOptions({ ...defaults(), clients: has }).clients).toEqual(after)
        expect(has.filter((one) => !had.includes(one))).toHaveLength(change.others.length)
      }),
    )
  })

  it('sends nothing of those that stay', () => {
    const many = Array.from({ length: 200 }, (_, name) => ({ name, secret: 0, limit: false }))
    expect(clientsChange(plain(many), plain(many)).others).toEqual([])
    const one = many.map((of) => (of.name === 7 ? { ...of, secret: 1 } : of))
    expect(clientsChange(plain(many), plain(one)).others.map(({ name }) => name)).toEqual(['c7'])
  })

  it('refuses what does not belong to the list of before', () => {
    expect(() => changedClients([], { places: Int32Array.of(3), others: [] })).toThrow('does not have')
  })
})

describe('the table of clients', () => {
  it('keeps those whose options are the very same, and their counts with the others', () => {
    const [a, b] = clientsFrom(plain([1, 2].map((name) => ({ name, secret: 0, limit: false }))))
    const before = new ClientTable([a!, b!])
    before.named('c2')!.received.accounting = 5
    const after = new ClientTable([a!, { ...b!, limitProxyState: true }], before)
    expect(after.named('c1')).toBe(before.named('c1'))
    expect(after.named('c2')).not.toBe(before.named('c2'))
    expect(after.named('c2')?.received.accounting).toBe(5)
    expect([after.named('c1')?.isUntouched, after.named('c2')?.isUntouched]).toEqual([true, false])
  })
})
