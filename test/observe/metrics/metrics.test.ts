import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exposition } from '../../../src/observe/metrics/exposition.io.ts'
import { snakeCase } from '../../../src/observe/metrics/metric.ts'
import { METRICS } from '../../../src/observe/metrics/metrics.ts'
import type { DaemonView } from '../../../src/observe/view/view.ts'
import {
  CLIENT_DROP_REASONS,
  ENDINGS,
  PLACES,
  SERVER_DROP_REASONS,
  SHED_REASONS,
} from '../../../src/proxy/border/endings.ts'
import { instant, millis, seconds } from '../../../src/units.ts'
import { World } from '../../proxy/kit.ts'
import { client, queues, server } from '../../proxy/options.ts'
import { viewOf } from '../view-of.ts'

const DOCS = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')

/** A sample line `name{a="b"} 1` as name, labels and value; read here by hand, not by the library that wrote it. */
function samplesOf(text: string): { name: string; labels: Record<string, string>; value: number }[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [, name = '', labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', word = '']) => [key, word] as const)
    return { name, labels: Object.fromEntries(pairs), value: Number(value) }
  })
}

async function scrape(view: DaemonView) {
  const samples = samplesOf(await exposition(METRICS, view))
  const sampleOf = (name: string, labels: Record<string, string> = {}): number | undefined =>
    samples.find((one) => one.name === name && Object.entries(labels).every(([key, word]) => one.labels[key] === word))
      ?.value
  return { samples, sampleOf }
}

/** A world with something in every place of the ledger that is easy to reach. */
function busyWorld(): World {
  const world = new World({
    clients: [client({ name: 'bng' }), client({ name: 'other', network: '10.9.0.0/16' })],
    servers: [server('s1', { rate: 20, maxOutstanding: 8 })],
    queues: queues({ authentication: { maxMessages: 6, maxAge: seconds(5) } }),
    sessions: { maxSessions: 100, lifetime: seconds(7_200), maxPortRate: 0 },
  })
  const first = world.access()
  world.settle()
  for (const sent of [...world.sent]) world.answer(sent)
  world.again(first)
  for (let i = 0; i < 20; i += 1) world.access()
  world.deliver('authentication', { link: 0, address: '10.1.1.1', port: 1 }, Buffer.from('junk'))
  world.deliver('accounting', { link: 0, address: '203.0.113.1', port: 1 }, Buffer.alloc(20, 1))
  world.accounting()
  world.advance(millis(120))
  return world
}

describe('the metrics', () => {
  it('are named only as they exist wherever the documentation speaks of one', () => {
    const names = new Set(METRICS.map(({ name }) => name))
    for (const [name] of DOCS.matchAll(/radsluice_\w+/g)) expect(names).toContain(name)
    for (const name of names) expect(DOCS).toContain(`| \`${name}\` |`)
  })

  it('are named by the rules: counters end in _total, gauges do not, and no name stands twice', () => {
    for (const { name, kind } of METRICS) {
      expect([name, name.endsWith('_total')]).toEqual([name, kind === 'counter'])
      if (kind === 'histogram') expect(name).toMatch(/_seconds$/)
    }
    expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length)
  })

  it('all have a sample in a view where everything is known', async () => {
    const seen = { at: '10.1.1.1', packet: { code: 1, identifier: 7, port: 4_711 }, seen: instant(0) }
    const peers = (['client', 'server'] as const).map((peer) => ({ peer, name: 'bng', ...seen }))
    const mixed = peers.map((one) => ({ ...one, unsigned: undefined, others: 0 }))
    const dropped = peers.map((one) => ({ ...one, because: 'required' as const }))
    const snapshot = busyWorld().snapshot()
    const lanes = snapshot.lanes.map((lane) => ({ ...lane, window: 8, slowestPace: 20 }))
    const { samples } = await scrape(viewOf({ ...snapshot, lanes, signing: { mixed, dropped } }))
    const sampled = new Set(samples.map(({ name }) => name))
    const expected = METRICS.map(({ name, kind }) => (kind === 'histogram' ? `${name}_count` : name))
    expect(expected.filter((name) => !sampled.has(name))).toEqual([])
  })

  it('keep the law of the ledger in every class', async () => {
    const { samples } = await scrape(viewOf(busyWorld().snapshot()))
    for (const name of ['authentication', 'accounting']) {
      const sum = (pattern: RegExp): number =>
        samples
          .filter((one) => pattern.test(one.name) && one.labels['class'] === name)
          .reduce((total, { value }) => total + value, 0)
      const names = (list: readonly { name: string }[]) => list.map((one) => snakeCase(one.name)).join('|')
      expect(sum(/^radsluice_requests_received_total$/)).toBeGreaterThan(0)
      expect(
        sum(new RegExp(`^radsluice_requests_(${names(ENDINGS)})_total$`)) +
          sum(new RegExp(`^radsluice_requests_(${names(PLACES)})$`)),
      ).toBe(sum(/^radsluice_requests_received_total$/))
      expect(sum(/^radsluice_ledger_imbalance_requests$/)).toBe(0)
    }
  })

  it('show a ledger that does not add up', async () => {
    const snapshot = busyWorld().snapshot()
    const { authentication } = snapshot.classes
    const lost = {
      ...authentication,
      ledger: { ...authentication.ledger, received: authentication.ledger.received + 2 },
    }
    const view = viewOf({ ...snapshot, classes: { ...snapshot.classes, authentication: lost } })
    const { sampleOf } = await scrape(view)
    expect(sampleOf('radsluice_ledger_imbalance_requests', { class: 'authentication' })).toBe(2)
  })

  it('have a sample for every reason, also for those that never came', async () => {
    const { samples } = await scrape(viewOf(new World().snapshot()))
    const reasonsOf = (name: string): string[] => [
      ...new Set(samples.filter((one) => one.name === name).map(({ labels }) => labels['reason'] ?? '')),
    ]
    expect(reasonsOf('radsluice_requests_dropped_total').sort()).toEqual([...CLIENT_DROP_REASONS].sort())
    expect(reasonsOf('radsluice_requests_shed_total').sort()).toEqual([...SHED_REASONS].sort())
    expect(reasonsOf('radsluice_server_responses_dropped_total').sort()).toEqual([...SERVER_DROP_REASONS].sort())
  })

  it('count a drop under its reason and its client', async () => {
    const { sampleOf } = await scrape(viewOf(busyWorld().snapshot()))
    expect(sampleOf('radsluice_requests_dropped_total', { class: 'authentication', reason: 'too-short' })).toBe(1)
    expect(sampleOf('radsluice_requests_dropped_total', { class: 'accounting', reason: 'unknown-client' })).toBe(1)
    expect(sampleOf('radsluice_client_requests_dropped_total', { client: 'bng' })).toBe(1)
    expect(sampleOf('radsluice_client_requests_received_total', { client: 'other', class: 'accounting' })).toBe(0)
  })

  it('tell all identifiers apart: free, outstanding, quarantined, abandoned', async () => {
    const world = busyWorld()
    const { samples } = await scrape(viewOf(world.snapshot()))
    const uses = samples.filter(
      ({ name, labels }) => name === 'radsluice_server_identifiers' && labels['class'] === 'authentication',
    )
    const total = uses.reduce((sum, { value }) => sum + value, 0)
    expect(uses.map(({ labels }) => labels['use']).sort()).toEqual(['abandoned', 'free', 'outstanding', 'quarantined'])
    expect(total).toBe(world.lane('s1', 'authentication').identifiers.total)
    expect(uses.find(({ labels }) => labels['use'] === 'outstanding')?.value).toBeGreaterThan(0)
  })

  it('give times in seconds', async () => {
    const world = busyWorld()
    const { sampleOf } = await scrape(viewOf(world.snapshot()))
    const oldest = world.snapshot().classes.authentication.oldestAge
    expect(oldest).toBeGreaterThan(0)
    expect(sampleOf('radsluice_queue_oldest_age_seconds', { class: 'authentication' })).toBeCloseTo(oldest / 1e6, 9)
  })

  it('take no label value from a packet', async () => {
    const { samples } = await scrape(viewOf(busyWorld().snapshot()))
    const open = samples
      .flatMap(({ labels }) => [labels['client'], labels['server']])
      .filter((word) => word !== undefined)
    expect([...new Set(open)].sort()).toEqual(['bng', 'other', 's1'])
  })

  it('forget a lane that was removed, instead of showing it for ever', async () => {
    const world = new World({ servers: [server('s1'), server('s2', { address: '192.0.2.11' })] })
    expect(await exposition(METRICS, viewOf(world.snapshot()))).toContain('server="s2"')
    world.reconfigure({ servers: [server('s1')] })
    expect(await exposition(METRICS, viewOf(world.snapshot()))).not.toContain('server="s2"')
  })

  it('have cumulative buckets: how many took as long or less', async () => {
    const world = new World({ servers: [server('s1', { rate: 20 })] })
    world.serversAnswerAfter(millis(20))
    for (let i = 0; i < 10; i += 1) world.access()
    world.advance(seconds(2))
    const { samples } = await scrape(viewOf(world.snapshot()))
    const of = (name: string) =>
      samples.filter((one) => one.name === name && one.labels['class'] === 'authentication').map(({ value }) => value)
    // Answered after 20 ms each; 20 a second are one in 50 ms, so the last of ten waits 450 ms.
    expect(of('radsluice_server_response_time_seconds_bucket')).toEqual([
      0, 0, 0, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
    ])
    expect(of('radsluice_server_queue_wait_seconds_bucket')).toEqual([1, 1, 1, 1, 3, 7, 10, 10, 10, 10, 10, 10, 10])
    expect(of('radsluice_server_response_time_seconds_sum')[0]).toBeCloseTo(0.2, 9)
    expect(of('radsluice_server_queue_wait_seconds_sum')[0]).toBeCloseTo(2.25, 9)
    expect(of('radsluice_server_response_time_seconds_count')).toEqual([10])
    expect(samples.find(({ name }) => name === 'radsluice_server_response_time_seconds_bucket')?.labels).toEqual({
      server: 's1',
      class: 'authentication',
      instance: '0',
      le: '0.001',
    })
  })

  it('escape what a label may hold', async () => {
    const view = viewOf(new World().snapshot())
    const text = await exposition(METRICS, { ...view, config: { ...view.config, digest: 'a"b\\c\nd' } })
    expect(text).toContain('radsluice_config_info{digest="a\\"b\\\\c\\nd"} 1\n')
  })

  it('say what carries the packets of each instance and why, and what its transport has counted', async () => {
    const view = viewOf(new World().snapshot())
    const [one] = view.instances
    const fallen = {
      ...one!,
      number: 1,
      packetIo: { use: 'dgram', fellBack: 'a sentence' },
      transport: undefined,
    } as const
    const { samples, sampleOf } = await scrape({ ...view, instances: [one!, fallen] })
    expect(samples.filter(({ name }) => name === 'radsluice_packet_io_info').map(({ labels }) => labels)).toEqual([
      { packet_io: 'batched', because: 'self-test-passed', instance: '0' },
      { packet_io: 'dgram', because: 'not-opened', instance: '1' },
    ])
    for (const [name, value] of [
      ['send_buffer_full', 10],
      ['strange_ages', 12],
    ] as const) {
      expect(sampleOf(`radsluice_${name}_total`, { instance: '0' })).toBe(value)
      expect(sampleOf(`radsluice_${name}_total`, { instance: '1' })).toBeUndefined()
    }
  })

  it('have no sample for what the system does not tell', async () => {
    const { sampleOf } = await scrape(viewOf(new World().snapshot(), { upstreamKernelDrops: undefined }))
    expect(sampleOf('radsluice_upstream_kernel_drops_total')).toBeUndefined()
    expect(sampleOf('radsluice_send_failures_total')).toBe(5)
  })
})
