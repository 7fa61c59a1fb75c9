import { describe, expect, it } from 'vitest'
import { statusText } from '../../src/commands/text/status-text.ts'
import { concerns, notReady } from '../../src/observe/judgements.ts'
import { type StatusReport, statusReport } from '../../src/observe/status-report.ts'
import { ENDINGS, imbalance, ledgerOf } from '../../src/proxy/border/endings.ts'
import type { EngineSnapshot } from '../../src/proxy/border/snapshot.ts'
import { instant, seconds } from '../../src/units.ts'
import { number } from '../proxy/datagrams.ts'
import { World } from '../proxy/kit.ts'
import { classes, deadServer, server } from '../proxy/options.ts'
import { viewOf } from './view-of.ts'

const CLOCKS = { monotonic: instant(123_456_789), unix: 1_700_000_000_000_000 }
const reportOf = (engine: EngineSnapshot): StatusReport =>
  JSON.parse(JSON.stringify(statusReport(viewOf(engine), CLOCKS))) as StatusReport

/** Two servers, of which the named ones answer nothing until they are Down. */
function worldWithSilent(...silent: string[]): World {
  const lanes = { maxRetries: 0, timeout: seconds(1) }
  const world = new World({
    servers: [server('s1', lanes), server('s2', { ...lanes, address: '192.0.2.11' })],
    classes: classes({ algorithm: 'round_robin' }),
    deadServer: deadServer({ consecutiveFailures: 1 }),
  })
  world.serversAnswerAfter(seconds(0.01), ...['s1', 's2'].filter((name) => !silent.includes(name)), 'nobody')
  for (let i = 0; i < 6; i += 1) world.access()
  world.advance(seconds(4))
  return world
}

describe('the status report', () => {
  it('shows the slot grid of every lane: where the slot began, its length, its quota and what was sent', () => {
    const world = new World({ servers: [server('s1', { rate: 30 })] })
    for (let i = 0; i < 40; i += 1) world.access()
    world.advance(seconds(0.12))
    const lane = reportOf(world.snapshot()).lanes.find((one) => one.class === 'authentication')
    // 30 a second over 20 slots of 50 ms: one and two in turn. The world began with a whole second.
    expect(lane?.slots).toMatchObject({
      maxRate: 30,
      slotsPerSecond: 20,
      slot: 2,
      quota: 1,
      sent: 1,
      slotLength: 50_000,
    })
    expect((lane?.slots.beganAt ?? 0) % 1_000_000).toBe(100_000)
  })

  it('puts no length on the slots of an unlimited lane', () => {
    expect(reportOf(new World().snapshot()).lanes[0]?.slots).toMatchObject({ slotsPerSecond: 0, slotLength: 0 })
  })

  it('has what clients reported in every digit, and the tracked sessions', () => {
    const world = new World({ sessions: { maxSessions: 100, lifetime: seconds(60), maxPortRate: 0 } })
    for (const tag of ['a', 'b']) {
      world.accounting({ tag })
      world.accounting({ tag, status: 2, attributes: [number(42, 1), number(52, 2 ** 31)] })
    }
    const { clients, sessions } = reportOf(world.snapshot())
    expect(clients[0]?.accounting.traffic).toEqual({
      inputOctets: String(2n ** 64n + 2n),
      outputOctets: '0',
      inputPackets: '0',
      outputPackets: '0',
    })
    expect(sessions).toMatchObject({ live: 0, ended: { stop: 2 } })
  })

  it('has both clocks at one moment', () => {
    expect(reportOf(new World().snapshot()).clock).toEqual({
      monotonic_us: 123_456_789,
      wall_us: 1_700_000_000_000_000,
    })
  })

  it('has the ledgers, and that their law holds', () => {
    const report = reportOf(worldWithSilent('s2').snapshot())
    expect(report.classes.authentication.ledger.received).toBe(6)
    expect(report.classes.authentication.imbalance).toBe(0)
  })

  it('never shows a secret', () => {
    expect(JSON.stringify(reportOf(new World().snapshot()))).not.toMatch(/(clients|servers) share/)
  })
})

describe('readiness', () => {
  it('is there while one server of each class lives', () => {
    const { engine } = viewOf(worldWithSilent('s2').snapshot())
    expect(engine.lanes.map(({ state }) => state)).toContain('down')
    expect(notReady(viewOf(engine))).toEqual([])
  })

  it('ends where every listener is absent, and not before', () => {
    const { engine } = viewOf(new World().snapshot())
    const [one] = viewOf(engine).listeners
    const listenersOf = (...of: readonly ('listening' | 'bound' | 'absent')[]) =>
      of.map((presence) => ({ ...(one as NonNullable<typeof one>), presence }))
    for (const some of [['absent', 'listening'] as const, ['bound'] as const])
      expect(notReady(viewOf(engine, { listeners: listenersOf(...some) }))).toEqual([])
    expect(notReady(viewOf(engine, { listeners: listenersOf('absent', 'absent') }))).toEqual([
      'no listener: this machine has none of the addresses of listen (127.0.0.1:1812)',
    ])
    expect(notReady(viewOf(engine, { listeners: [] }))).toEqual([
      'no listener: this machine has none of the addresses of listen',
    ])
  })

  it('is gone, with the reason, when all servers of a class are Down', () => {
    const { engine } = viewOf(worldWithSilent('s1', 's2').snapshot())
    expect(notReady(viewOf(engine))).toEqual(['all 2 servers are Down for authentication'])
  })

  it('is gone while the daemon starts or drains', () => {
    const engine = new World().snapshot()
    expect(notReady(viewOf(engine, { phase: 'starting' }))).toEqual(['starting'])
    expect(notReady(viewOf(engine, { phase: 'draining' }))).toHaveLength(1)
    expect(notReady(viewOf({ ...engine, draining: true }))).toHaveLength(1)
  })
})

describe('concerns', () => {
  it('are servers that are not Active, a refused reload, and settings that wait for a restart', () => {
    const engine = worldWithSilent('s2').snapshot()
    const calm = viewOf(engine)
    const config = { ...calm.config, refused: 'line 3', waitingForRestart: ['admin.listen'] }
    expect(concerns({ ...calm, config })).toEqual([
      'server s2 is Down for authentication',
      'the last reload was refused: line 3',
      'changed settings wait for a restart: admin.listen',
    ])
  })

  it('are batched packet I/O that was demanded or chosen and is not used, and a steering that dgram can not do', () => {
    const calm = viewOf(new World().snapshot())
    const unmet = { ...calm.packetIo, wanted: 'batched', use: 'dgram', why: 'koffi is missing' } as const
    expect(concerns({ ...calm, packetIo: unmet })).toEqual(['packet_io is batched, and dgram serves: koffi is missing'])
    expect(concerns({ ...calm, packetIo: { ...unmet, wanted: 'auto' } })).toEqual([])
    const [one] = calm.instances
    const fallen = { ...one!, number: 1, packetIo: { use: 'dgram', fellBack: 'no descriptor is left' } } as const
    const instances = [one!, fallen]
    expect(concerns({ ...calm, instances })).toEqual(['instance 1 uses dgram: no descriptor is left'])
    const steered = { ...calm, packetIo: { ...calm.packetIo, instancesBy: 'address' } } as const
    expect(concerns({ ...steered, instances: [one!, one!] })).toEqual([])
    expect(concerns({ ...steered, instances: [{ ...one!, packetIo: { use: 'dgram' } }] })).toEqual([])
    expect(concerns({ ...steered, instances }).at(-1)).toBe(
      'instances_by is address, and dgram lets the kernel choose the instance by address and port',
    )
  })

  it('are none where all is well', () => {
    expect(concerns(viewOf(new World().snapshot()))).toEqual([])
  })
})

describe('the imbalance', () => {
  it('is what one lost or invented request makes it', () => {
    const { accounting } = new World().snapshot().classes
    expect(imbalance(accounting)).toBe(0)
    expect(imbalance({ ...accounting, queued: 1 })).toBe(-1)
    expect(imbalance({ ...accounting, ledger: { ...accounting.ledger, received: 1 } })).toBe(1)
  })
})

describe('the status as text', () => {
  it('names servers, states, slots and the law', () => {
    const text = statusText(reportOf(worldWithSilent('s2').snapshot())).join('\n')
    expect(text).toContain('radsluice 1.2.3  pid 4711  running, serving, with concerns, health 9 of 10  up 62 s')
    expect(text).toMatch(/^s2 +authentication +192\.0\.2\.11:1812 +Down/m)
    expect(text).toMatch(/^authentication +6 +\d+ .* holds$/m)
    expect(text).toMatch(/^s1 +authentication +unlimited/m)
  })

  it('says what carries the packets and why, and what the transports of all instances have counted', () => {
    const view = viewOf(new World().snapshot())
    const [one] = view.instances
    const lines = statusText(statusReport({ ...view, instances: [one!, one!] }, CLOCKS))
    expect(lines).toContain('packet I/O batched: batched packet I/O has passed its self-test here, with koffi 3.3.4')
    expect(lines).toContain('datagrams 20 not sent since the send buffer was full, 24 with an impossible time stamp')
    const silent = statusText(statusReport({ ...view, instances: [{ ...one!, transport: undefined }] }, CLOCKS))
    expect(silent.filter((line) => line.startsWith('datagrams'))).toEqual([])
  })

  it('says what costs health, and each alarm with its age, its subject and what to do', () => {
    const report = reportOf(new World().snapshot())
    const lines = statusText({ ...report, clock: { ...report.clock, wall_us: 1_700_000_070_000_000 } })
    expect(lines).toContain('  health: the fullest queue: 83 %, costs 1')
    expect(lines.find((line) => line.startsWith('  alarm'))).toMatch(
      /^ {2}alarm queue-fill \(warning\) for 60 s: accounting: the queue is filled to 83 %; more comes in/,
    )
  })

  it('names the ways to end only where there were any', () => {
    const world = new World()
    expect(statusText(reportOf(world.snapshot())).join('\n')).not.toContain('dropped')
    world.deliver('accounting', { link: 0, address: '10.1.1.1', port: 1 }, Buffer.from('junk'))
    expect(statusText(reportOf(world.snapshot())).at(-1)).toBe('accounting: 1 dropped (too-short)')
  })

  it('has a place for every ending: a column, or the last line by its words', () => {
    const engine = new World().snapshot()
    const accounting = { ...engine.classes.accounting, ledger: ledgerOf((at) => 500 + at) }
    const lines = statusText(reportOf({ ...engine, classes: { ...engine.classes, accounting } }))
    const row = lines.find((line) => /^accounting +\d/.test(line))
    const { answered, duplicate, givenUp, dropped } = accounting.ledger
    for (const count of [answered, duplicate]) expect(row).toContain(` ${count} `)
    const others = ENDINGS.filter(({ name }) => name !== 'answered' && name !== 'duplicate')
    for (const { words } of others) expect(lines.at(-1)).toMatch(new RegExp(` \\d+ ${words}[ ,]|${words}$`))
    expect(lines.at(-1)).toContain(`, ${givenUp} given up, `)
    expect(lines.at(-1)).toContain(`, ${dropped.draining} dropped (draining), `)
  })
})
