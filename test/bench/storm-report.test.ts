import { describe, expect, it } from 'vitest'
import type { SlowServerReport } from '../../bench/slow-server.ts'
import { readCommand, STANDARD_STORM } from '../../bench/storm-plan.ts'
import { type StormRun, stormTable, type Verdict, verdicts, wastedShare } from '../../bench/storm-report.ts'

const server = (more: Partial<SlowServerReport>): SlowServerReport => ({
  received: 20_000,
  answered: 20_000,
  overflowed: 0,
  invalid: 0,
  probes: 0,
  longestBacklog: 25,
  waited: { median: 0.02, p99: 0.05, longest: 0.06 },
  answeredAfterPatience: 0,
  peakPerSecond: 500,
  peakPerSlot: 25,
  arrivalsBySecond: [500],
  latestBy: 10,
  kernelDrops: 0,
  ...more,
})

const run = (
  path: StormRun['path'],
  bng: Partial<StormRun['bng']>,
  more: Partial<SlowServerReport> = {},
): StormRun => ({
  path,
  bng: {
    up: 20_000,
    lastUpAt: 57,
    seconds: 64,
    upBySecond: [],
    calls: 40_000,
    sent: 130_000,
    givenUp: 20_000,
    answers: { inTime: bng.up ?? 20_000, again: 0, tooLate: 0, strange: 0 },
    latestBy: 20,
    kernelDrops: 0,
    ...bng,
  },
  servers: [server(more)],
  daemon: undefined,
})

const outcomes = (...runs: readonly StormRun[]): Verdict['outcome'][] =>
  verdicts(STANDARD_STORM, runs).map(({ outcome }) => outcome)

describe("the storm's verdict", () => {
  it('passes at 65 s and at 5 % of useless answers, and fails just beyond', () => {
    expect(outcomes(run('through', { lastUpAt: 65 }))).toEqual(['PASS', 'PASS'])
    expect(outcomes(run('through', { lastUpAt: 65.001 }))).toEqual(['FAIL', 'PASS'])
    expect(outcomes(run('through', {}, { answered: 21_052 }))).toEqual(['PASS', 'PASS'])
    expect(outcomes(run('through', {}, { answered: 21_053 }))).toEqual(['PASS', 'FAIL'])
  })

  it('fails when one session is never up, or no server ever answered', () => {
    expect(outcomes(run('through', { up: 19_999 }))[0]).toBe('FAIL')
    expect(outcomes(run('through', { up: 0, lastUpAt: undefined }, { answered: 0 }))).toEqual(['FAIL', 'FAIL'])
  })

  it('counts every answer that brought no session up as useless, lost ones too', () => {
    expect(wastedShare(run('through', { up: 15_000 }))).toBe(0.25)
    expect(wastedShare(run('through', { up: 0 }, { answered: 0 }))).toBe(0)
  })

  it('says that the storm recovers directly when all come up, or when some still do late', () => {
    const directly = (up: number, lastUpAt: number) => outcomes(run('directly', { up, lastUpAt, seconds: 240 }))
    expect(directly(6_303, 12.6)).toEqual(['PASS'])
    expect(directly(20_000, 12.6)).toEqual(['FAIL'])
    expect(directly(6_303, 121)).toEqual(['FAIL'])
  })

  it('proves nothing when the bench itself was late, neither good nor bad', () => {
    expect(outcomes(run('through', { latestBy: 500 }, { latestBy: 500 }))).toEqual(['PASS', 'PASS'])
    expect(outcomes(run('through', { latestBy: 501, up: 3 }))).toEqual(['VOID', 'VOID'])
    expect(outcomes(run('directly', { up: 3, lastUpAt: 1, seconds: 240 }, { latestBy: 501 }))).toEqual(['VOID'])
  })

  it('judges the standard storm, whatever its seed and the spread of its redials, and no other', () => {
    const runs = [run('through', {})]
    expect(verdicts({ ...STANDARD_STORM, seed: 7, redialSpread: 0 }, runs)).toHaveLength(2)
    for (const key of ['sessions', 'capacity', 'maxRate', 'maxAge', 'redialAfter', 'seconds'] as const) {
      expect(verdicts({ ...STANDARD_STORM, [key]: Number(STANDARD_STORM[key]) + 1 }, runs), key).toEqual([])
    }
  })
})

describe("the storm's table", () => {
  it('shows sessions at steps of 10 s, and keeps the last number after the end', () => {
    const upBySecond = Array.from({ length: 25 }, (_, second) => (second + 1) * 100)
    const lines = stormTable(STANDARD_STORM, [
      run('through', { up: 2_550, seconds: 25.4, upBySecond }),
      run('directly', { up: 7, seconds: 35, upBySecond: [] }),
    ])
    const cells = (title: string) => lines.find((line) => line.includes(title))?.match(/[\d,]+/g)
    expect(cells('up after 10 s')).toEqual(['10', '1,000', '7'])
    expect(cells('up after 30 s')).toEqual(['30', '2,550', '7'])
    expect(cells('up after 40 s')).toEqual(['40', '2,550', '7'])
    expect(cells('up after 50 s')).toBeUndefined()
  })

  it('leaves out the steps at which nobody came up', () => {
    const lines = stormTable(STANDARD_STORM, [run('directly', { up: 7, seconds: 240, upBySecond: [3, 7] })])
    expect(lines.filter((line) => line.startsWith('sessions up')).map((line) => line.match(/\d+/)?.[0])).toEqual([
      '10',
      '240',
    ])
  })
})

describe("the storm's command", () => {
  it('runs the standard storm both ways without a word', () => {
    const command = readCommand([])
    expect(command).toMatchObject({ plan: STANDARD_STORM, paths: ['through', 'directly'] })
  })

  it('takes other servers, and then goes around them', () => {
    const command = readCommand(['--servers', '2', '--capacity', '400', '--sessions', '2000', '--through-only'])
    const plan = { ...STANDARD_STORM, servers: 2, capacity: 400, sessions: 2_000, algorithm: 'round_robin' }
    expect(command).toMatchObject({ plan, paths: ['through'] })
  })

  it('takes auto for max-age, too', () => {
    expect(readCommand(['--max-age', 'auto'])).toMatchObject({ plan: { ...STANDARD_STORM, maxAge: 'auto' } })
  })

  it.each([
    [['--sessions', '0'], '--sessions is a whole number from 1 to 50000'],
    [['--sessions', '1.5'], '--sessions is a whole number'],
    [['--max-age', 'soon'], '--max-age is a number from 0.01 to 600, or auto'],
    [['--algorithm', 'best'], '--algorithm is one of'],
    [['--through-only', '--without-proxy-only'], 'one path or the other'],
    [['--speed', '3'], "Unknown option '--speed'"],
  ])('refuses %j with a sentence', (words, sentence) => {
    expect(readCommand(words)).toContain(sentence)
  })
})
