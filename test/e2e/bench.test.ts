/**
 * The bench's own way, once and slowly: generator, radsluice, sink. It does not measure; it shows that what the bench counts is
 * true: every answer verified, every count agreed upon by generator, sink, ledger and kernel, and each fault seen. Then a small
 * storm beside another BNG.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultOf } from '../../bench/load/compared.ts'
import type { Load } from '../../bench/load/generator.ts'
import { type Measurement, measure } from '../../bench/load/measurement.ts'
import { compileNative } from '../../bench/load/native-programs.ts'
import { type Relay, startRadsluice, startRelay, type Workshop } from '../../bench/load/relays.ts'
import { Sink, type SinkOptions } from '../../bench/load/sink.ts'
import type { OtherRun } from '../../bench/other/other-runs.ts'
import { run } from './kit/child.ts'
import { needs } from './kit/peers.ts'

const group = needs('the bench at a walk', 'gcc')
const LOAD = { kind: 'mix', rate: 1_000, seconds: 1, wait: 2 } as const

describe.skipIf(group.skip)(group.title, () => {
  let workshop: Workshop
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'radsluice-bench-'))
    workshop = { folder, programs: compileNative(folder), settings: {}, othersAtMost: 1, whyNotBatched: undefined }
  })
  afterAll(() => rmSync(workshop.folder, { recursive: true, force: true }))

  const measured = async (
    start: (sink: Sink) => Promise<Relay>,
    options: SinkOptions = {},
    load: Load = LOAD,
  ): Promise<Measurement> => {
    const sink = await Sink.start(workshop.programs.sink, options)
    let relay: Relay | undefined
    try {
      relay = await start(sink)
      return await measure(workshop, relay, sink, load)
    } finally {
      await relay?.stop()
      await sink.stop()
    }
  }
  const expectAllAnswered = ({ counts, sink: atSink, ...told }: Measurement): void => {
    expect(counts).toMatchObject({ sent: 1_000, answered: 1_000, lost: 0, late: 0, again: 0, bad: 0, unproven: 0 })
    expect(atSink).toEqual({ received: 1_000, answered: 1_000, bad: 0 })
    expect(told.latency.count).toBe(1_000)
    expect(told.kernel?.missing).toBe(0)
  }

  it('gets every request through radsluice and every answer back, proven, and the books agree', async () => {
    const sink = await Sink.start(workshop.programs.sink, { record: join(workshop.folder, 'arrivals') })
    const radsluice = await startRadsluice(workshop, sink.ports)
    const began = (await radsluice.status()).clock.monotonic_us
    let ended = 0
    try {
      const measurement = await measure(workshop, radsluice, sink, LOAD)
      expectAllAnswered(measurement)
      const { classes, clock } = await radsluice.status()
      ended = clock.monotonic_us
      expect([classes.authentication.ledger.received, classes.accounting.ledger.received]).toEqual([500, 500])
      expect(measurement.kernel?.sent).toBeGreaterThanOrEqual(4_000)
      expect(measurement.cpuMicros).toBeGreaterThan(0)
      expect(measurement.cpu?.threads.map(({ name }) => name)).toContain('instance 0')
      const { machine, stalls, latency, latencyUnstalled } = measurement
      expect(machine.others).toBeLessThanOrEqual(1)
      expect(stalls.stalledMicros > 0).toBe(stalls.count > 0)
      expect(latencyUnstalled.count).toBeLessThanOrEqual(latency.count)
      await expect(startRelay(workshop, 'bare relay', sink.ports)).rejects.toThrow(/a relay still stands/)
    } finally {
      await radsluice.stop()
      await sink.stop()
    }
    const arrivals = [sink.arrivals('access'), sink.arrivals('accounting')]
    expect(arrivals.map(({ length }) => length)).toEqual([500, 500])
    // The record is on the daemon's own clock.
    expect(arrivals.flat().every((at) => began < at && at < ended)).toBe(true)
  })

  it('gets the same through the bare relay', async () => {
    expectAllAnswered(await measured(async ({ ports }) => await startRelay(workshop, 'bare relay', ports)))
  })

  it('gets the same from many source addresses, through radsluice and the bare relay', async () => {
    const load = { ...LOAD, addresses: 20 }
    for (const name of ['radsluice', 'bare relay'] as const) {
      expectAllAnswered(await measured(async ({ ports }) => await startRelay(workshop, name, ports), {}, load))
    }
  })

  it('misses what the sink loses', async () => {
    const direct = async ({ ports }: Sink): Promise<Relay> => await startRelay(workshop, 'nothing', ports)
    const { counts } = await measured(direct, { loss: 0.2 })
    expect(counts.lost).toBeGreaterThan(100)
    expect(counts.answered + counts.lost).toBe(1_000)
    expect((await measured(direct, { isSilent: true })).counts).toMatchObject({ answered: 0, lost: 1_000, bad: 0 })
  })

  it('does not take an answer for its own that is signed for another request', async () => {
    const liar = async ({ ports }: Sink): Promise<Relay> => {
      const nothing = await startRelay(workshop, 'nothing', ports)
      // Accounting goes to the port for access, where it is refused, and the other way round.
      return { ...nothing, ports: { ...nothing.ports, access: ports.accounting, accounting: ports.access } }
    }
    const measurement = await measured(liar)
    expect(measurement.counts).toMatchObject({ answered: 0 })
    expect(measurement.sink).toEqual({ received: 0, answered: 0, bad: 1_000 })
    expect(faultOf(measurement)).toMatch(/1000 requests came wrong to the sink/)
  })
})

describe('the storm beside another BNG, a small one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'radsluice-storm-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const PLAN = '--sessions 400 --within 0.5 --capacity 200 --max-rate 200 --max-messages 200'

  it('plays it without a storm, with turns and without; with turns only the storm is shed', async () => {
    const json = join(folder, 'other.json')
    const words = ['bench/storm.ts', ...PLAN.split(' '), '--other', '20', '--lead', '0.5', '--json', json]
    const { code, stdout, stderr } = await run('scripts/node24', words, { limitMs: 90_000 })
    expect([0, 1], stderr).toContain(code)
    expect(stdout.match(/^(met|MISSED) /gm)).toHaveLength(2)
    const { runs, judgements } = JSON.parse(readFileSync(json, 'utf8')) as {
      readonly runs: readonly OtherRun[]
      readonly judgements: readonly unknown[]
    }
    expect(judgements).toHaveLength(2)
    expect(runs.map(({ beside }) => beside)).toEqual(['no storm', 'client', 'none'])
    for (const { other } of runs) {
      expect(other.logins).toBeGreaterThan(10)
      expect(other.neverUp).toBe(0)
      expect(other.waited).toHaveLength(other.logins)
    }
    expect(runs.map(({ storm }) => storm?.up)).toEqual([undefined, 400, 400])
    const of = (at: number, client: string) => runs[at]?.daemon.clients.find(({ name }) => name === client)
    for (const at of [0, 1]) expect(of(at, 'other')).toMatchObject({ shed: 0, expired: 0 })
    for (const at of [1, 2]) expect(of(at, 'storm')?.shed).toBeGreaterThan(0)
    expect(of(0, 'storm')).toMatchObject({ received: 0 })
  })
})
