/**
 * Which clients have series in /metrics, and that no figure of all of them together depends on it.
 */

import { describe, expect, it } from 'vitest'
import { perClass } from '../../../src/classes.ts'
import { exposition } from '../../../src/observe/metrics/exposition.io.ts'
import { METRICS } from '../../../src/observe/metrics/metrics.ts'
import { statusReport } from '../../../src/observe/status-report.ts'
import { ClientActivity } from '../../../src/observe/view/client-activity.ts'
import type { DaemonView } from '../../../src/observe/view/view.ts'
import { instant, seconds } from '../../../src/units.ts'
import { World } from '../../proxy/kit.ts'
import { client, queues, server } from '../../proxy/options.ts'
import { viewOf } from '../view-of.ts'

/** `a` and `b` sent records, `c` is silent; sessions are tracked. */
function view(which: DaemonView['listedClients']['which'], active: readonly string[] = ['a', 'b']): DaemonView {
  const world = new World({
    clients: ['a', 'b', 'c'].map((name, at) => client({ name, network: `10.${at + 1}.0.0/16` })),
    servers: [server('s1')],
    sessions: { maxSessions: 100, lifetime: seconds(7_200), maxPortRate: 0 },
  })
  for (const address of ['10.1.0.1', '10.1.0.2', '10.2.0.1']) world.accounting({ from: { address } })
  world.settle()
  return { ...viewOf(world.snapshot()), listedClients: { which, active: new Set(active) } }
}

const textOf = (of: DaemonView): Promise<string> => exposition(METRICS, of)
const clientsIn = (text: string): string[] =>
  [...new Set([...text.matchAll(/radsluice_(?!alarm).*client="([^"]+)"/g)].map(([, name = '']) => name))].sort()
const others = (text: string): string[] =>
  text.split('\n').filter((line) => !line.includes('client="') && !line.startsWith('radsluice_clients{'))

describe('the series of clients', () => {
  it.each([
    ['all', ['a', 'b', 'c'], 3],
    ['active', ['a', 'b'], 2],
    ['off', [], 0],
  ] as const)('are those of the clients shown: %s', async (which, names, shown) => {
    const text = await textOf(view(which))
    expect(clientsIn(text)).toEqual(names)
    expect(text).toContain(`radsluice_clients{which="shown"} ${shown}\n`)
    expect(text).toContain('radsluice_clients{which="configured"} 3\n')
  })

  it('take nothing from what all clients did together', async () => {
    const all = await textOf(view('all'))
    expect(others(await textOf(view('active', ['a'])))).toEqual(others(all))
    expect(others(await textOf(view('off')))).toEqual(others(all))
    expect(all).toMatch(/^radsluice_all_clients_accounting_records_total\{kind="\w+",instance="0"\} 3$/m)
  })

  it('add up to what all clients did together, label by label', async () => {
    const text = await textOf(view('all'))
    const sums = new Map<string, number>()
    for (const [, name = '', labels = '', value] of text.matchAll(/^radsluice_(\w+)\{client="[^"]+",(.*)\} (\d+)$/gm)) {
      const key = `radsluice_all_clients_${name.replace(/^client_/, '')}{${labels}}`
      sums.set(key, (sums.get(key) ?? 0) + Number(value))
    }
    const together = [...text.matchAll(/^(radsluice_all_clients_\w+\{.*\}) (\d+)$/gm)]
    expect(together.length).toBeGreaterThan(20)
    for (const [, key = '', value] of together) expect([key, Number(value)]).toEqual([key, sums.get(key)])
  })

  it('are in the report of /status as it is asked for', () => {
    const names = (which: 'all' | 'active' | 'off'): string[] =>
      statusReport(view('off'), { monotonic: instant(0), unix: 0 }, which).clients.map(({ name }) => name)
    expect([names('all'), names('active'), names('off')]).toEqual([['a', 'b', 'c'], ['a', 'b'], []])
  })
})

describe('how a client is served', () => {
  /** `big` has sent one login, its second one and one more wait, and one was shed; `small` waits with one. */
  const waiting = (which: DaemonView['listedClients']['which'] = 'all'): Promise<string> => {
    const world = new World({
      clients: [
        client({ name: 'big', network: '10.1.0.0/16', fairnessKey: 'address' }),
        client({ name: 'small', network: '10.2.0.0/16', weight: 3 }),
      ],
      servers: [server('s1', { rate: 1 })],
      queues: queues({ authentication: { maxMessages: 3, maxAge: seconds(600) } }),
    })
    const from = { address: '10.1.0.1' }
    world.access({ from })
    world.settle()
    world.advance(seconds(0.25))
    world.access({ from })
    world.access({ from: { address: '10.1.0.2' } })
    world.access({ from: { address: '10.2.0.1' } })
    world.access({ from })
    world.settle()
    world.advance(seconds(0.25))
    return textOf({ ...viewOf(world.snapshot()), listedClients: { which, active: new Set() } })
  }
  const of = (text: string, client: string): string[] =>
    text
      .split('\n')
      .filter((line) => /^radsluice_client_(requests_(queued|sent|shed|expired)|oldest_age|weight)/.test(line))
      .filter((line) => line.includes(`client="${client}"`))
      .filter((line) => !line.includes('class="accounting"'))
      .map((line) => line.replace(/^radsluice_client_|\{.*\}/g, ''))

  it('has series of what waits, how old it is, what became of it, and its weight', async () => {
    const text = await waiting()
    expect(of(text, 'big').sort()).toEqual(
      [
        'requests_queued 2',
        'oldest_age_seconds 0.25',
        'requests_sent_total 1',
        'requests_shed_total 1',
        'requests_expired_total 0',
        'weight 1',
      ].sort(),
    )
    expect(of(text, 'small')).toEqual(expect.arrayContaining(['requests_queued 1', 'weight 3']))
    expect(text).toContain('radsluice_all_clients_requests_sent_total{class="authentication",instance="0"} 1\n')
    expect(text).toContain('radsluice_flows{instance="0"} 2\n')
    expect(text).toContain('radsluice_flows_shared_total{instance="0"} 0\n')
  })

  it('has none where clients have no series of their own', async () => {
    expect(of(await waiting('off'), 'big')).toEqual([])
  })
})

describe('the activity of clients', () => {
  const counted = (name: string, received: number, dropped = 0) => ({
    name,
    received: { ...perClass(() => 0), authentication: received },
    dropped,
  })
  const at = (minutes: number) => instant(minutes * 60_000_000)

  it('lasts an hour from the look that saw the last traffic, dropped datagrams among it', () => {
    const activity = new ClientActivity()
    const look = (minutes: number, a: number, b = 0) => [
      ...activity.update([counted('a', a), counted('b', 0, b)], at(minutes)),
    ]
    expect(look(0, 0)).toEqual([])
    expect(look(1, 5)).toEqual(['a'])
    expect(look(60, 5, 1)).toEqual(['a', 'b'])
    expect(look(61, 5, 1)).toEqual(['b'])
    expect(look(62, 6, 1)).toEqual(['a', 'b'])
  })

  it('forgets a client that is gone; one that comes again begins anew', () => {
    const activity = new ClientActivity()
    activity.update([counted('a', 5)], at(0))
    activity.update([], at(1))
    expect([...activity.update([counted('a', 0)], at(2))]).toEqual([])
  })
})
