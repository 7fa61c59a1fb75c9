/**
 * Frames of `top`: they fill the terminal exactly, show what a driven engine did, and lose what matters least.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { painted } from '../../../src/commands/terminal/terminal.io.ts'
import { afterKey, frame, rateOf, type Size, type TopState, withReport } from '../../../src/commands/text/top-frame.ts'
import { type StatusReport, statusReport } from '../../../src/observe/status-report.ts'
import type { ClientUse } from '../../../src/observe/view/client-use.ts'
import { seconds } from '../../../src/units.ts'
import { viewOf } from '../../observe/view-of.ts'
import { World } from '../../proxy/kit.ts'
import { server } from '../../proxy/options.ts'

const reportOf = (world: World, changes: Parameters<typeof viewOf>[1] = {}): StatusReport =>
  statusReport(viewOf(world.snapshot(), changes), { monotonic: world.now, unix: 1_700_000_020_000_000 })

/** Two reports one second apart; in between the busy server was sent 30 of its 40 a second. */
const busy = (names: readonly string[] = ['s1', 's2']): Pick<TopState, 'report' | 'before'> => {
  const world = new World({ servers: names.map((name) => server(name, { rate: 40, maxOutstanding: 400 })) })
  world.serversAnswerAfter(seconds(0.001))
  const before = reportOf(world)
  for (let i = 0; i < 30; i += 1) world.access()
  world.advance(seconds(1))
  return { before, report: reportOf(world) }
}
const state = (o: Partial<TopState> = {}): TopState => ({
  ...busy(),
  sort: 'name',
  skipped: 0,
  isPaused: false,
  notice: undefined,
  ...o,
})
const textOf = (o: Partial<TopState>, size: Size): string[] =>
  frame(state(o), size).map((line) => line.map(([text]) => text).join(''))
const WIDE: Size = { columns: 160, rows: 30 }
const many = Array.from({ length: 40 }, (_, at) => `server-${at}`)

const use = (client: string, changes: Partial<ClientUse> = {}): ClientUse => ({
  client,
  weight: 1,
  sent: 0,
  share: 0,
  queued: 0,
  oldestAge: seconds(0),
  shed: 0,
  expired: 0,
  ...changes,
})

describe('a frame', () => {
  it('has as many lines as the terminal, none wider than it, whatever the size', () => {
    const { report } = busy()
    const clients = [use('a'), use('b', { queued: 3 })]
    const states = [
      state(),
      state({ report: { ...report, busiest: { seconds: 5, clients } } }),
      state(busy(many)),
      state({ before: undefined, notice: 'no answer, trying again' }),
    ]
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 250 }),
        fc.integer({ min: 1, max: 70 }),
        fc.constantFrom(...states),
        (columns, rows, one) => {
          const lines = frame(one, { columns, rows })
          expect(lines).toHaveLength(rows)
          for (const line of lines)
            expect(line.reduce((sum, [text]) => sum + text.length, 0)).toBeLessThanOrEqual(columns)
        },
      ),
    )
  })

  it('shows rates of the last second, and the share of max_rate as a bar', () => {
    const lines = textOf({}, WIDE)
    expect(lines[1]).toMatch(/^authentication +in +30\/s {2}out +30\/s {2}answered +30\/s/)
    const [, s1 = '', s2 = ''] = lines.slice(4)
    expect(s1).toMatch(/^s1 +auth +Active +30 +40 /)
    expect(s1.match(/█/g)?.length).toBe(Math.round((s1.match(/[█░]/g)?.length ?? 0) * 0.75))
    expect(s2).toMatch(/^s2 +auth +Active +0 +40 .*░/)
  })

  it('has no rates with one report, and none over a restart of the daemon', () => {
    const { report, before } = busy()
    const received = (of: StatusReport): number => of.classes.authentication.ledger.received
    expect(rateOf({ report, before }, received)).toBe(30)
    expect(rateOf({ report, before: undefined }, received)).toBe(0)
    expect(rateOf({ report, before: { ...(before as StatusReport), pid: 1 } }, received)).toBe(0)
  })

  it('sorts by what is asked for, and keeps the order of the configuration where nothing differs', () => {
    const { report, before } = busy(many)
    const lanes = report.lanes.map((lane) => (lane.server === 'server-7' ? { ...lane, queued: 9 } : lane))
    const names = (sort: TopState['sort']): (string | undefined)[] =>
      textOf({ report: { ...report, lanes }, before, sort }, WIDE)
        .slice(5, 8)
        .map((line) => line.split(' ')[0])
    expect(names('name')).toEqual(['server-0', 'server-1', 'server-2'])
    expect(names('queue')).toEqual(['server-7', 'server-7', 'server-0'])
    expect(names('rate')).toEqual(['server-0', 'server-1', 'server-2'])
  })

  it('says how many servers do not fit, and the arrows get there', () => {
    const text = (skipped: number): string => textOf({ ...busy(many), skipped }, WIDE).join('\n')
    expect(text(0)).toMatch(/^\.\.\. \d+ below \(arrows\)$/m)
    expect(text(5)).toMatch(/^\.\.\. 5 above, \d+ below \(arrows\)$/m)
    const last = text(1_000)
    expect(last).toMatch(/^\.\.\. \d+ above \(arrows\)$/m)
    expect(last).toContain('server-39')
  })

  it('keeps the indispensable columns in a narrow terminal', () => {
    const [heading = ''] = textOf({}, { columns: 60, rows: 24 }).slice(4)
    for (const title of ['SERVER', 'CLASS', 'SENT/S', 'QUEUED']) expect(heading).toContain(title)
    expect(heading).not.toContain('RTT')
    expect(textOf({}, WIDE)[4]).toContain('TIMEOUTS/S')
  })

  it('shows what is wrong: alarms, health, overrides, and that it is paused or gets no answer', () => {
    const { report, before } = busy()
    const by = { by: 'the admin socket', sinceUnixSeconds: 1 }
    const overrides = { ...report.overrides, held: [{ server: 's2', class: 'accounting' as const, ...by }] }
    const lines = textOf(
      { report: { ...report, overrides }, before, isPaused: true, notice: 'no answer, trying again' },
      WIDE,
    )
    const text = lines.join('\n')
    expect(lines[0]).toContain('health 9/10')
    expect(lines[0]).toContain('22:13:40 UTC')
    expect(lines[0]).toContain('no answer, trying again')
    expect(text).toContain('alarm queue-fill (warning) for 10 s: accounting: ')
    expect(text).toContain('override: s2 is held Down for accounting, by the admin socket')
    expect(lines.at(-1)).toContain('PAUSED')
  })
})

describe('the clients that ask for most', () => {
  const stormy = [
    use('bng-7', { sent: 289.6, share: 0.58, queued: 4_210, oldestAge: seconds(8.2), shed: 0.2 }),
    ...Array.from({ length: 7 }, (_, at) => use(`bng-${10 + at}`, { sent: 10, share: 0.06 })),
  ]
  const shown = (clients: readonly ClientUse[], size: Size, names?: readonly string[]): string[] => {
    const { report, before } = busy(names)
    return textOf({ report: { ...report, busiest: { seconds: 5, clients } }, before }, size)
  }
  const block = (lines: readonly string[]): string[] => {
    const from = lines.findIndex((line) => line.startsWith('CLIENT'))
    return from === -1 ? [] : lines.slice(from, lines.indexOf('', from))
  }

  it('stand under the servers, with the interval that they are of; few shed is not 0', () => {
    const [heading = '', first = '', ...others] = block(shown(stormy, WIDE))
    expect(heading.split(/ {2,}/)).toEqual(
      'CLIENT,SENT/S,SHARE,QUEUED,OLDEST,SHED/S,EXPIRED/S,WEIGHT,in the last 5.0 s'.split(','),
    )
    expect(first.split(/ {2,}/)).toEqual(['bng-7', '290', '58 %', '4,210', '8.2 s', '1', '0', '1'])
    expect(others).toHaveLength(4)
  })

  it('are as many as a sixth of the lines, and leave room for servers', () => {
    const low = shown(stormy, { columns: 80, rows: 24 }, many)
    expect(block(low)).toHaveLength(1 + 4)
    expect(low.filter((line) => line.startsWith('server-')).length).toBeGreaterThan(5)
    expect(block(shown(stormy, { columns: 80, rows: 5 }))).toEqual([])
  })

  it('are not there if the report has none, as with one client', () => {
    expect(block(shown([], WIDE))).toEqual([])
    expect(block(textOf({}, WIDE))).toEqual([])
  })

  it('have their names cut', () => {
    const [, first = ''] = block(shown([use('x'.repeat(200))], { columns: 100, rows: 30 }))
    expect(first).toMatch(/^x{23}~ +0 +0 % /)
  })
})

describe('colours', () => {
  it('are left out where they are not wanted; bold and reverse are none', () => {
    expect(painted([['a', 'red'], ['b', 'bold'], ['c']], true)).toBe('\u001b[31ma\u001b[0m\u001b[1mb\u001b[0mc')
    expect(painted([['a', 'red'], ['b', 'bold'], ['c']], false)).toBe('a\u001b[1mb\u001b[0mc')
  })
})

describe('the screen', () => {
  const press = (from: TopState, ...keys: string[]): TopState =>
    keys.reduce((before, key) => {
      const next = afterKey(before, key)
      if (next === 'quit') throw new Error(`${key} quits`)
      return next
    }, from)

  it('begins with the servers by name, and keeps what was chosen with each report', () => {
    const { report } = busy()
    const first = withReport(undefined, report)
    const plain = { sort: 'name', skipped: 0, isPaused: false, notice: undefined }
    expect(first).toEqual({ report, before: undefined, ...plain })
    const chosen = { ...press(first, 's', 'down'), notice: 'no answer, trying again' }
    const next = busy().report
    expect(withReport(chosen, next)).toEqual({ report: next, before: report, ...plain, sort: 'rate', skipped: 1 })
  })

  it('stays as it is while it is paused', () => {
    const paused = press(state(), 'p')
    expect(withReport(paused, busy().report)).toBe(paused)
    const next = busy().report
    expect(withReport(press(paused, 'p'), next).report).toBe(next)
  })

  it('is quit by q and by Ctrl-C alone', () => {
    expect(['q', 'interrupt'].map((key) => afterKey(state(), key))).toEqual(['quit', 'quit'])
    expect(press(state(), 'x', 'Q')).toEqual(state())
  })

  it('is sorted by each order in turn, and scrolled within the servers', () => {
    const orders = [1, 2, 3, 4, 5].map((times) => press(state(), ...Array.from({ length: times }, () => 's')).sort)
    expect(orders).toEqual(['rate', 'queue', 'age', 'timeouts', 'name'])
    const last = state().report.lanes.length - 1
    const down = press(state(), ...Array.from({ length: last + 3 }, () => 'down'))
    expect([down.skipped, press(down, 'up').skipped, press(state(), 'up').skipped]).toEqual([last, last - 1, 0])
  })
})

describe('the column of the window', () => {
  const headingOf = (adaptive: 'off' | 'window'): string | undefined => {
    const report = reportOf(new World({ adaptive, servers: [server('s1', { maxOutstanding: 300 })] }))
    return frame(state({ report, before: undefined }), WIDE)
      .map((line) => line.map(([text]) => text).join(''))
      .find((line) => line.startsWith('SERVER'))
  }

  it('is there only where throttle.adaptive is on', () => {
    expect(headingOf('off')).not.toContain('WINDOW')
    expect(headingOf('window')).toContain('OUTSTANDING  WINDOW ')
  })
})
