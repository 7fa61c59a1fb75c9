/**
 * What `show` prints, from the report of an engine that a test drives.
 */
import { describe, expect, it } from 'vitest'
import { rfcCounters } from '../../../src/commands/text/rfc-counters.ts'
import { SHOW_JSON, SHOW_TEXT } from '../../../src/commands/text/show-text.ts'
import { type StatusReport, statusReport } from '../../../src/observe/status-report.ts'
import { SERVER_DROP_REASONS } from '../../../src/proxy/border/endings.ts'
import { micros, seconds } from '../../../src/units.ts'
import { viewOf } from '../../observe/view-of.ts'
import { World } from '../../proxy/kit.ts'
import { client, queues, server } from '../../proxy/options.ts'

const reportOf = (world: World): StatusReport =>
  statusReport(viewOf(world.snapshot()), { monotonic: world.now, unix: 1_700_000_020_000_000 })

const driven = (): World => {
  const world = new World({ servers: [server('s1', { rate: 1, maxOutstanding: 2, timeout: seconds(1) })] })
  for (let i = 0; i < 3; i += 1) world.access()
  world.settle()
  world.advance(seconds(0.25))
  world.answer(world.sent[0]!, { code: 3 })
  world.accounting()
  world.settle()
  return world
}

describe('counters in the terms of the RFCs', () => {
  it('are those of RFC 4668 for authentication, with the round-trip time in hundredths', () => {
    const lane = reportOf(driven()).lanes.find((one) => one.class === 'authentication')!
    expect(Object.fromEntries(rfcCounters(lane))).toEqual({
      RoundTripTime: 25,
      AccessRequests: 1,
      AccessRetransmissions: 0,
      AccessAccepts: 0,
      AccessRejects: 1,
      AccessChallenges: 0,
      MalformedAccessResponses: 0,
      BadAuthenticators: 0,
      PendingRequests: 0,
      Timeouts: 0,
      UnknownTypes: 0,
      PacketsDropped: 0,
    })
  })

  it('are those of RFC 4670 for accounting', () => {
    const lane = reportOf(driven()).lanes.find((one) => one.class === 'accounting')!
    expect(Object.fromEntries(rfcCounters(lane))).toMatchObject({ Requests: 1, Responses: 0, PendingRequests: 1 })
    expect(SHOW_TEXT.counters(reportOf(driven()))).toContain('s1 accounting (RFC 4670)')
  })

  it('have each reason for a drop in exactly one of them', () => {
    const lane = reportOf(driven()).lanes[0]!
    for (const reason of SERVER_DROP_REASONS) {
      const dropped = { ...lane.counters.dropped, [reason]: 1 }
      const counted = rfcCounters({ ...lane, counters: { ...lane.counters, dropped } })
      const before = rfcCounters(lane)
      const differing = counted.filter(([, value], at) => value !== before[at]?.[1])
      expect(differing, reason).toHaveLength(1)
    }
  })
})

describe('show', () => {
  it('servers: a server that was never asked has held nothing, and not for 0 ms', () => {
    const world = new World({ servers: [server('s1', { rate: 1 })] })
    const rows = SHOW_TEXT.servers(reportOf(world))
    expect(rows.filter((row) => /^s1 .* max_rate /.test(row)).map((row) => row.split(/ +/).at(-1))).toEqual(['-', '-'])
  })

  const lines = (what: keyof typeof SHOW_TEXT): string[] => SHOW_TEXT[what](reportOf(driven()))

  it('queues: every place where something waits, and the bounds', () => {
    const text = lines('queues').join('\n')
    expect(text).toMatch(/^authentication +all +2 /m)
    expect(text).toMatch(/^authentication +for s1 +2 /m)
    expect(text).toMatch(/^accounting +parked +0 /m)
    expect(text).toContain('authentication may hold 20,000 messages and 33,554,432 bytes, each for 5.0 s')
    const report = reportOf(driven())
    const limits = { ...report.limits.authentication, age: seconds(30), ageIfOnce: seconds(5) }
    const auto = SHOW_TEXT.queues({ ...report, limits: { ...report.limits, authentication: limits } }).join('\n')
    expect(auto).toContain("each until just before its client's next copy; 5.0 s if it came once; 30 s at most")
  })

  it('clients, instances, alarms and servers with their ceiling', () => {
    expect(lines('clients')[1]).toMatch(/^bng +3 +1 +0 +0 +2 +0.3 s +2 +100 % +1 +0 +0$/)
    expect(lines('instances')[1]).toMatch(/^ *0 +running +0 /)
    expect(lines('alarms')).toEqual([expect.stringContaining('alarm queue-fill (warning) for 10 s: accounting: ')])
    expect(SHOW_TEXT.alarms({ ...reportOf(driven()), alarms: [] })).toEqual(['no alarm is raised'])
    expect(lines('servers').join('\n')).toMatch(/^s1 +authentication +1\/s +max_rate +2 /m)
  })

  it('all of it for programs too', () => {
    for (const part of Object.values(SHOW_JSON)) expect(JSON.stringify(part(reportOf(driven())))).toMatch(/^\{"\w+":/)
  })
})

describe('show clients', () => {
  const three = (fairness: 'client' | 'none' = 'client'): StatusReport => {
    const world = new World({
      fairness,
      clients: ['big', 'small', 'silent'].map((name, at) =>
        client({ name, network: `10.${at + 1}.0.0/16`, weight: at + 1 }),
      ),
      servers: [server('s1', { rate: 4 })],
      queues: queues({ authentication: { maxMessages: 4, maxAge: seconds(2) } }),
    })
    for (const address of ['10.1.0.1', '10.1.0.1', '10.1.0.1', '10.2.0.1']) world.access({ from: { address } })
    world.advance(seconds(1))
    for (let i = 0; i < 6; i += 1) world.access({ from: { address: '10.1.0.1' } })
    world.settle()
    world.advance(micros(1))
    return reportOf(world)
  }
  const cells = (report: StatusReport): Record<string, string>[] => {
    const [heading = '', ...rows] = SHOW_TEXT.clients(report).slice(0, 4)
    const titles = heading.split(/ {2,}/)
    return rows.map((row) => Object.fromEntries(row.split(/ {2,}/).map((cell, at) => [titles[at] ?? '', cell])))
  }

  it('has what waits of each, what became of it, its weight and its share since the start', () => {
    const [big, small, silent] = cells(three())
    expect(big).toMatchObject({ CLIENT: 'big', 'AUTH RECEIVED': '9', WEIGHT: '1', EXPIRED: '0' })
    expect(small).toMatchObject({ QUEUED: '0', OLDEST: '-', SENT: '1', WEIGHT: '2', SHED: '0' })
    expect(silent).toMatchObject({ SENT: '0', SHARE: '0 %', WEIGHT: '3' })
    const number = (cell: string | undefined): number => Number.parseInt(cell ?? '', 10)
    expect(number(big?.['QUEUED']) + number(big?.['SENT']) + number(big?.['SHED'])).toBe(9)
    expect(number(big?.['SHED'])).toBeGreaterThan(0)
    expect(big?.['OLDEST']).toBe('0.0 s')
    expect(number(big?.['SHARE']) + number(small?.['SHARE'])).toBe(100)
    expect(SHOW_TEXT.clients(three()).at(-1)).toContain('since the start')
  })

  it('has no age without turns, where nobody knows it', () => {
    const [big] = cells(three('none'))
    expect(big?.['QUEUED']).not.toBe('0')
    expect(big?.['OLDEST']).toBe('-')
  })

  it('has shares of nothing where nothing was sent', () => {
    expect(cells(reportOf(new World({ servers: [server('s1')] })))[0]).toMatchObject({ SHARE: '0 %' })
  })

  it('says the same to programs, by class, with a share from 0 to 1', () => {
    const { clients } = SHOW_JSON.clients(three())
    expect(clients.map(({ share }) => share).reduce((sum, one) => sum + one, 0)).toBeCloseTo(1)
    expect(clients[0]?.served.accounting).toEqual({ sent: 0, shed: 0, expired: 0 })
  })
})

describe('the column of the window', () => {
  const headingOf = (world: World): string => SHOW_TEXT.servers(reportOf(world))[0] ?? ''

  it('is there only where throttle.adaptive is on', () => {
    expect(headingOf(driven())).not.toContain('WINDOW')
    const world = new World({ adaptive: 'window', servers: [server('s1', { maxOutstanding: 300 })] })
    expect(headingOf(world)).toContain('OUTSTANDING  WINDOW  IDS FREE')
    expect(SHOW_TEXT.servers(reportOf(world))[1]).toMatch(/ 0\/300 +300 /)
  })
})
