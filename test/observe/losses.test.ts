/**
 * Whatever is lost for users or for records raises an alarm for which `radsluice status` exits with 1, and before the first
 * poll as well; and nothing of that touches /readyz, since strangers can raise alarms.
 */
import { describe, expect, it } from 'vitest'
import { statusText } from '../../src/commands/text/status-text.ts'
import { failsStatus, severityOf } from '../../src/observe/alarms/alarm-definition.ts'
import { ALARMS } from '../../src/observe/alarms/alarm-definitions.ts'
import { raisedText } from '../../src/observe/alarms/alarm-text.ts'
import { Alarms } from '../../src/observe/alarms/alarms.ts'
import { notReady } from '../../src/observe/judgements.ts'
import { statusReport } from '../../src/observe/status-report.ts'
import { ALARM_IDS, type AlarmId } from '../../src/observe/view/alarm.ts'
import type { Interval } from '../../src/observe/view/interval.ts'
import type { DaemonView } from '../../src/observe/view/view.ts'
import {
  CLIENT_DROP_REASONS,
  ENDINGS,
  isWrongProof,
  type LedgerSnapshot,
  SERVER_DROP_REASONS,
  SHED_REASONS,
} from '../../src/proxy/border/endings.ts'
import { instant, seconds } from '../../src/units.ts'
import { START, World } from '../proxy/kit.ts'
import { client, deadServer, queues, server } from '../proxy/options.ts'
import { type Change, calm, defaults, inEngine, inLane, inLedger, intervalOf, shedFor } from './intervals.ts'

const CLOCKS = { monotonic: instant(0), unix: 1_700_000_000_000_000 }
const LANE = { server: 's1', class: 'authentication' } as const

const THRESHOLDS = defaults().alarms

const rulesOf = (interval: Interval) =>
  ALARM_IDS.map((id) => {
    const { read } = ALARMS[id]
    return { id, severity: severityOf(ALARMS[id]), threshold: THRESHOLDS[id], readings: read(interval) }
  })

/** What an operator sees after so many polls that found this; with none, before the first. */
function statusAfter(change: Change | undefined, polls: number) {
  const interval = intervalOf(change)
  const alarms = new Alarms()
  for (let poll = 0; poll < polls; poll += 1) alarms.judge(rulesOf(interval), 1_700_000_000)
  const watch = {
    ...interval.now.watch,
    alarms: alarms.current(),
    foreseen: alarms.foresee(rulesOf(interval), 1_700_000_000),
    health: { score: 8, reasons: [] },
  }
  const view: DaemonView = { ...interval.now, watch }
  return { view, report: statusReport(view, CLOCKS) }
}

/** So many of the first client's datagrams. */
const dropped = (reason: string, count: number): Change =>
  inEngine((engine) => ({
    ...engine,
    clients: engine.clients.map((one, at) => {
      const isWrong = isWrongProof(reason as (typeof CLIENT_DROP_REASONS)[number])
      return at > 0
        ? one
        : { ...one, dropped: count, badAuthenticators: isWrong ? count : 0, lastDrop: reason as typeof one.lastDrop }
    }),
  }))

const inAnyLedger = (changes: Partial<LedgerSnapshot>): Change => inLedger('authentication', changes)

/** Every way in which something is lost, and the alarm that tells of it. */
const LOSSES: readonly (readonly [what: string, change: Change, alarm: AlarmId])[] = [
  ['expired', inAnyLedger({ expired: 25 }), 'expired'],
  ['given up', inAnyLedger({ givenUp: 25 }), 'given-up'],
  ['superseded', inAnyLedger({ superseded: 25 }), 'given-up'],
  // A login beyond its client's own max_share is its own.
  ...SHED_REASONS.filter((reason) => reason !== 'client-share').map(
    (reason) => [`shed: ${reason}`, inAnyLedger(shedFor(reason, 25)), 'shed'] as const,
  ),
  ['a record beyond a max_share', inLedger('accounting', shedFor('client-share', 25)), 'shed'],
  // Who sends from an address that is not configured is none of ours; who is sent away by a drain has another server.
  ...CLIENT_DROP_REASONS.filter((reason) => reason !== 'unknown-client' && reason !== 'draining').map(
    (reason) =>
      [`dropped: ${reason}`, dropped(reason, 25), isWrongProof(reason) ? 'client-secret' : 'client-drops'] as const,
  ),
  ...SERVER_DROP_REASONS.filter((reason) => reason !== 'late').map(
    (reason) =>
      [
        `response dropped: ${reason}`,
        inLane(LANE, ({ counters }) => ({
          counters: { ...counters, dropped: { ...counters.dropped, [reason]: 25 } },
        })),
        isWrongProof(reason) ? 'server-secret' : 'server-drops',
      ] as const,
  ),
  [
    'a crash',
    (view) => ({ ...view, instances: view.instances.map((one) => ({ ...one, crashes: 1 })) }),
    'instance-down',
  ],
  ['a bug', (view) => ({ ...view, internalErrors: view.internalErrors + 1 }), 'internal-errors'],
  ['sends', (view) => ({ ...view, sendFailures: view.sendFailures + 25 }), 'send-failures'],
  ['lines of sessions', (view) => ({ ...view, sessionsLogLinesLost: 4_008 }), 'sessions-log-lost'],
  [
    'datagrams in the kernel',
    (view) => ({ ...view, listeners: view.listeners.map((one) => ({ ...one, kernelDrops: 28 })) }),
    'kernel-drops',
  ],
]

describe('a loss', () => {
  it.each(LOSSES)('is told of, and status exits with 1: %s', (_what, change, alarm) => {
    for (const polls of [0, 1]) {
      const { report } = statusAfter(change, polls)
      expect(report.alarms.map(({ id }) => id)).toContain(alarm)
      expect(failsStatus(ALARMS[alarm])).toBe(true)
      expect(report.ok).toBe(false)
      const [head = '', first = ''] = statusText(report)
      expect(head).not.toContain('healthy')
      expect(first).toMatch(/^ {2}alarm /)
    }
  })

  it('covers each ending that is a failure', () => {
    // What a crash loses raises the alarm of the crash.
    const failures = ENDINGS.filter(({ name, kind }) => kind === 'failed' && name !== 'lost').map(({ name }) => name)
    expect(failures).toEqual(['dropped', 'shed', 'expired', 'superseded', 'givenUp'])
  })

  it('is none where nothing is lost', () => {
    const { report } = statusAfter(undefined, 1)
    expect([report.ok, report.alarms]).toEqual([true, []])
    expect(statusText(report)[0]).toContain('running, healthy')
  })

  it('of lines of the log is shown, and is no reason to exit with 1', () => {
    const { report } = statusAfter((view) => ({ ...view, logLinesLost: 9, tpsLinesLost: 10 }), 1)
    expect([report.ok, report.alarms.map(({ id }) => id)]).toEqual([true, ['log-lines-lost']])
    expect(statusText(report)[0]).toContain('running, serving, with alarms')
  })

  it('is none of the daemon where a client has sent logins beyond its max_share', () => {
    const { report } = statusAfter(inAnyLedger({ received: 7_000, ...shedFor('client-share', 7_000) }), 1)
    expect([report.ok, report.alarms]).toEqual([true, []])
  })

  it('is still told of half a minute later, with the value that raised it', () => {
    const alarms = new Alarms()
    alarms.judge(rulesOf(intervalOf(inAnyLedger({ givenUp: 717 }))), 0)
    for (let poll = 1; poll <= 6; poll += 1) alarms.judge(rulesOf(intervalOf()), 5 * poll)
    expect(alarms.current()).toMatchObject([{ id: 'given-up', value: 717, detail: '717 given up', quietSeconds: 30 }])
    expect(raisedText(alarms.current()[0]!)).toMatch(/717.*, the last one 30 s ago$/)
  })

  it('names a closed port only for as long as it is closed', () => {
    const refused = inLane({ server: 's1', class: 'authentication' }, () => ({ refusedAt: START }))
    const alarms = new Alarms()
    const lost = inLedger('authentication', { givenUp: 25 })
    alarms.judge(rulesOf(intervalOf((view) => refused(lost(view)))), 0)
    const found = () => alarms.current().find(({ id }) => id === 'given-up')
    expect(found()?.advice).toContain('nothing listens at')
    alarms.judge(rulesOf(intervalOf()), 5)
    expect(found()).toMatchObject({ advice: undefined, quietSeconds: 5 })
  })
})

describe('what happened before', () => {
  /** The logins that an engine got in a minute, as an interval of the daemon. */
  const played = (world: World): Change => inEngine(() => world.snapshot())

  it('717 of 960 logins lost at a server that is too slow', () => {
    const world = new World({
      clients: [client({ name: 'bng' }), client({ name: 'other', network: '10.9.0.0/16' })],
      servers: [server('s1', { maxOutstanding: 20, timeout: seconds(3), maxRetries: 1 })],
      queues: queues({ authentication: { maxAge: seconds(5) } }),
      deadServer: deadServer({ consecutiveFailures: 1_000 }),
    })
    let answered = 0
    world.onForward = (sent) => {
      answered += 1
      if (answered % 4 === 0) world.plan(world.now, () => world.answer(sent))
    }
    for (let i = 0; i < 960; i += 1) {
      world.access()
      world.advance(seconds(0.05))
    }
    world.advance(seconds(12))
    const { ledger } = world.snapshot().classes.authentication
    expect(ledger.received - ledger.answered).toBeGreaterThan(500)
    const { report, view } = statusAfter(played(world), 1)
    expect(report.ok).toBe(false)
    expect(report.alarms.filter(({ fails_status: fails }) => fails).length).toBeGreaterThan(0)
    expect(notReady(view)).toEqual([])
  })

  it('a client with a wrong secret, of which 25 of 25 datagrams are dropped', () => {
    const world = new World({
      clients: [client({ name: 'bng', secret: 'another' }), client({ name: 'other', network: '10.9.0.0/16' })],
    })
    for (let i = 0; i < 25; i += 1) world.accounting()
    expect(world.account('accounting')).toEqual({ received: 25, 'bad-authenticator': 25 })
    const { report } = statusAfter(played(world), 0)
    expect([report.ok, report.alarms.map(({ id, about }) => `${id} ${about}`)]).toEqual([
      false,
      ['client-secret client bng'],
    ])
  })

  it('a server with a wrong secret, after a few requests', () => {
    const world = new World({ servers: [server('s1', { maxRetries: 1 }), server('s2', { address: '192.0.2.11' })] })
    world.serversAnswerAfter(seconds(0.01), 's2')
    for (let i = 0; i < 2; i += 1) {
      world.access()
      world.advance(seconds(7))
    }
    const { report } = statusAfter(played(world), 0)
    const alarm = report.alarms.find(({ id }) => id === 'never-answered')
    expect(alarm?.about).toBe('server s1, authentication')
    expect(alarm?.what).toBe(
      'never a valid response to 4 transmissions, probably the secret, the client entry or a firewall',
    )
    expect(statusText(report).join('\n')).toMatch(/^s1, authentication: probably the secret, the client entry/m)
  })
})

describe('/readyz', () => {
  it.each(ALARM_IDS)('takes no notice of the alarm %s', (id) => {
    const view = calm()
    const severity = severityOf(ALARMS[id])
    const alarm = { id, severity, subject: {}, sinceUnixSeconds: 0, value: 1e9, detail: '', advice: undefined }
    const watch = { ...view.watch, alarms: [alarm], foreseen: [alarm], health: { score: 0, reasons: [] } }
    expect(notReady({ ...view, watch } as DaemonView)).toEqual([])
    // But a summary does.
    expect(statusReport({ ...view, watch: { ...watch, degradedBelow: 0 } }, CLOCKS).ok).toBe(!failsStatus(ALARMS[id]))
  })

  it('says who holds all servers of a class, and how that ends', () => {
    const held = inEngine((engine) => ({
      ...engine,
      lanes: engine.lanes.map((lane) =>
        lane.class === 'accounting' ? { ...lane, state: 'down' as const, isHeldDown: true } : lane,
      ),
    }))(calm())
    const sentence = 'an operator holds s1 and s2 Down: "radsluice server up NAME" ends that'
    expect(notReady(held)).toEqual([`all 2 servers are Down for accounting: ${sentence}`])
    const [reading] = ALARMS['all-servers-down']
      .read(intervalOf(() => ({ ...held, uptimeSeconds: 200 })))
      .filter(({ subject }) => subject.class === 'accounting')
    expect(reading).toMatchObject({ value: 1, detail: '2 of 2, 2 held by an operator', advice: sentence })
  })
})
