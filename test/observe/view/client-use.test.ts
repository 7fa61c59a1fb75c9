/**
 * Which clients ask for most, from two views of a daemon.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { perClass } from '../../../src/classes.ts'
import { busiestOf, MOST_BUSIEST } from '../../../src/observe/view/client-use.ts'
import { Interval } from '../../../src/observe/view/interval.ts'
import type { ClientSnapshot } from '../../../src/proxy/border/snapshot.ts'
import { Client } from '../../../src/proxy/clients/client-table.ts'
import { seconds } from '../../../src/units.ts'
import { client } from '../../proxy/options.ts'
import { calm, inEngine } from '../intervals.ts'

interface Did {
  readonly sent?: number
  readonly shed?: number
  readonly expired?: number
  readonly queued?: number
  readonly oldestAge?: number
}
const did = (
  name: string,
  { sent = 0, shed = 0, expired = 0, queued = 0, oldestAge = 0 }: Did = {},
): ClientSnapshot => ({
  ...new Client(client({ name })).snapshot(),
  served: { ...perClass(() => ({ sent: 0, shed: 0, expired: 0 })), accounting: { sent, shed, expired } },
  waiting: {
    ...perClass(() => ({ queued: 0, oldestAge: seconds(0) })),
    accounting: { queued, oldestAge: seconds(oldestAge) },
  },
})
const none = (): undefined => undefined

describe('the clients that ask for most', () => {
  it('are sorted by what was sent and what waits, together', () => {
    const storm = did('storm', { sent: 20, queued: 4_000, oldestAge: 8 })
    const { clients } = busiestOf([did('a', { sent: 21 }), did('b', { sent: 5 }), storm, did('idle')], none, 5)
    expect(clients.map((one) => one.client)).toEqual(['storm', 'a', 'b'])
    expect(clients[0]).toMatchObject({ sent: 4, queued: 4_000, oldestAge: seconds(8), share: 20 / 46 })
  })

  it('are those of the interval alone: what was before does not count, and a counter that fell is 0', () => {
    const before: Record<string, ClientSnapshot> = { a: did('a', { sent: 90, shed: 7 }), b: did('b', { sent: 50 }) }
    const now = [did('a', { sent: 100, shed: 9 }), did('b', { sent: 3 }), did('new', { sent: 30, expired: 10 })]
    const { clients, seconds: length } = busiestOf(now, (name) => before[name], 10)
    expect(length).toBe(10)
    expect(clients.map(({ client, sent, shed, expired }) => [client, sent, shed, expired])).toEqual([
      ['new', 3, 0, 1],
      ['a', 1, 0.2, 0],
    ])
  })

  it('are none if there is one client', () => {
    expect(busiestOf([did('a', { sent: 9 })], none, 5).clients).toEqual([])
  })

  it('are among them also if all was shed', () => {
    const { clients } = busiestOf([did('a', { shed: 5 }), did('b')], none, 5)
    expect(clients).toMatchObject([{ client: 'a', shed: 1, share: 0 }])
  })

  it('are the first few of a full sort, whoever stands where', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 2, maxLength: 60 }), (counts) => {
        const all = counts.map((sent, at) => did(String(at), { sent }))
        const sorted = [...counts.entries()].filter(([, sent]) => sent > 0).sort(([, a], [, b]) => b - a)
        expect(busiestOf(all, none, 1).clients.map((one) => one.client)).toEqual(
          sorted.slice(0, MOST_BUSIEST).map(([at]) => String(at)),
        )
      }),
    )
  })

  it('are found between two views by name, also if a reload has moved them', () => {
    const before = inEngine((engine) => ({ ...engine, clients: [did('a', { sent: 5 }), did('b', { sent: 9 })] }))(
      calm(),
    )
    const later = inEngine((engine) => ({ ...engine, clients: [did('b', { sent: 19 }), did('a', { sent: 5 })] }))(
      calm(),
    )
    const interval = new Interval(before, { ...later, uptimeSeconds: before.uptimeSeconds + 5 }, new Map())
    expect(interval.busiestClients()).toMatchObject({ seconds: 5, clients: [{ client: 'b', sent: 2, share: 1 }] })
  })
})
