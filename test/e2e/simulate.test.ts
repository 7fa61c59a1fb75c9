/**
 * `radsluice simulate` and `radsluice plan` as they are typed, and the report in a real browser: its plots are drawn, and
 * its numbers are those of `--json`.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, run } from './kit/child.ts'
import { command } from './kit/command.ts'
import { RADSLUICE } from './kit/daemon.ts'

const folder = mkdtempSync(join(tmpdir(), 'radsluice-simulate-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const OPTIONS = { limitMs: 60_000, cwd: folder }
const radsluice = (...words: string[]): Promise<Ended> => command(words, OPTIONS)

/** The storm of 40,000 sessions at servers that do 400/s, a twentieth of it. */
const STORM = ['simulate', '--scenario', 'storm', '--sessions', '2000', '--capacity', '20', '--without-proxy']

interface Result {
  readonly withRadsluice: { readonly allUpAfter: number | null; readonly sessionsUp: number }
  readonly withoutRadsluice: { readonly allUpAfter: number | null; readonly sessionsUp: number } | null
}

describe('simulate', () => {
  let ended: Ended
  let result: Result
  beforeAll(async () => {
    ended = await run(RADSLUICE, [...STORM, '--json', '--report', 'storm.html'], OPTIONS)
    result = JSON.parse(ended.stdout) as Result
  })

  it('answers how long the outage lasts, with and without radsluice', () => {
    expect(ended.code).toBe(0)
    expect(result.withRadsluice).toMatchObject({ sessionsUp: 2_000 })
    expect(result.withRadsluice.allUpAfter).toBeLessThan(200)
    expect(result.withoutRadsluice?.allUpAfter).toBeNull()
  })

  it('writes one report, and nothing beside it', () => {
    expect(ended.stderr).toBe('report: storm.html\n')
    expect(readdirSync(folder).filter((name) => name.includes('html'))).toEqual(['storm.html'])
  })

  it('gives the same again from the same seed', async () => {
    const again = await radsluice(...STORM, '--json', '--report', 'none')
    expect(again.stdout).toBe(ended.stdout)
  })

  it('prints a table for a person', async () => {
    const words = ['--sessions', '50', '--seconds', '20', '--report', 'none']
    const { code, stdout } = await radsluice('simulate', ...words)
    expect(stdout).toMatch(/^with radsluice: [\d.]+ s, until all 50 sessions are up\n/)
    expect(stdout).toMatch(/^all sessions up after +[\d.]+ s$/m)
    expect(stdout).toMatch(/^received +\d+ +\d+$/m)
    expect(code).toBe(0)
  })

  it('plays a scenario file with a configuration, and needs no secret for it', async () => {
    writeFileSync(
      join(folder, 'farm.yaml'),
      'clients: [{ name: a, address: 192.0.2.0/24, secret_file: /nowhere/a }]\n' +
        'farm:\n  authentication: { max_rate: 10 }\n  servers: [{ name: fr-1, address: 198.51.100.1, secret_env: NOWHERE }]\n',
    )
    writeFileSync(
      join(folder, 'night.yaml'),
      'name: a night\nsessions: 30\nbngs: 3\nlength: 60s\nevents: [{ at: 10s, what: silence, lasts: 5s, server: fr-1 }]\n',
    )
    const words = ['-c', 'farm.yaml', '-s', 'night.yaml', '--json', '--report', 'night.html']
    const { code, stdout } = await radsluice('simulate', ...words)
    expect(JSON.parse(stdout)).toMatchObject({
      scenario: { name: 'a night', bngs: 3 },
      withRadsluice: { sessionsUp: 30 },
    })
    expect(code).toBe(0)
    expect(readFileSync(join(folder, 'night.html'), 'utf8')).toContain('<h1>a night')
  })

  it('exits with 1 where not all sessions come up', async () => {
    writeFileSync(join(folder, 'lost.yaml'), 'sessions: 50\nlength: 20s\nnetwork: { loss: 100 }\n')
    const { code, stdout } = await radsluice('simulate', '-s', 'lost.yaml', '--report', 'none')
    expect(stdout).toMatch(/^with radsluice: never, after 20 s, 0 of 50 sessions are up\n/)
    expect(code).toBe(1)
  })
})

describe('bad input gets one sentence with the place, and nothing is written:', () => {
  it.each([
    [2, ['--sessions', '0'], '--sessions: 0 is out of range; write 1 to 1000000'],
    [2, ['--sessions', '5', '--bngs', '6'], '--bngs: 6 BNGs cannot share 5 sessions; lower bngs'],
    [
      2,
      ['--timeout', '3'],
      '--timeout: "3" is no duration; write a whole number and a unit (us, ms, s, m, h), as 3s or 250ms',
    ],
    [2, ['--servers', '0'], '--servers: 0 is out of range; write 1 to 200'],
    [
      3,
      ['-s', 'nowhere.yaml'],
      'nowhere.yaml does not exist; create it, or correct the path (or write one of storm, outage, interim, mixed)',
    ],
    [3, ['-s', 'bad.yaml'], 'bad.yaml:2:1: sesions: unknown key; did you mean "sessions"?'],
    [3, ['-c', 'nowhere.yaml'], 'nowhere.yaml: nowhere.yaml does not exist; create it, or correct the path'],
    [1, ['--report', 'nowhere/x.html'], '--report: nowhere/x.html cannot be written (ENOENT); write another path'],
  ])('exit %i of %j', async (exit, words, sentence) => {
    writeFileSync(join(folder, 'bad.yaml'), 'bngs: 1\nsesions: 5\n')
    const before = readdirSync(folder)
    const { code, stdout, stderr } = await radsluice('simulate', '--report', 'bad.html', ...words)
    expect(stderr).toBe(`radsluice: ${sentence}\n`)
    expect([code, stdout]).toEqual([exit, ''])
    expect(readdirSync(folder)).toEqual(before)
  })
})

describe('plan', () => {
  it('prints a configuration on standard output, what it promises beside it, and proves it', async () => {
    const words = ['--sessions', '2000', '--capacity', '40', '--patience', '18s']
    const { code, stdout, stderr } = await radsluice('plan', ...words)
    expect(stderr).toMatch(
      /^no +at 56\/s a storm of 2,000 takes 36 s; your clients give up after 18 s: 992 sessions will retry$/m,
    )
    expect(stderr).toMatch(
      /^simulated: \d+ s until all 2,000 sessions are up, 36 s computed; 0 % of the servers' logins for nobody;/m,
    )
    expect(code).toBe(0)
    writeFileSync(join(folder, 'planned.yaml'), stdout)
    const simulated = await radsluice('simulate', '-c', 'planned.yaml', ...words, '--report', 'none')
    expect(simulated.stdout).toMatch(/^with radsluice: \d+ s, until all 2,000 sessions are up\n/)
  })

  it('prints what simulate plays without -c', async () => {
    const words = ['--sessions', '2000', '--capacity', '40']
    const { stdout } = await radsluice('plan', '--no-check', ...words)
    writeFileSync(join(folder, 'printed.yaml'), stdout)
    const play = ['simulate', ...words, '--report', 'none', '--json']
    const proposed = JSON.parse((await radsluice(...play)).stdout)
    expect(proposed).toEqual(JSON.parse((await radsluice(...play, '-c', 'printed.yaml')).stdout))
  })

  it('gives all of it as JSON', async () => {
    const { stdout } = await radsluice('plan', '--no-check', '--json', '--instances', '2')
    expect(JSON.parse(stdout)).toMatchObject({ demand: { instances: 2, storm: 40_000 }, simulated: null })
  })

  it.each([
    [['--storm', '50000'], '--storm: 50000 is out of range; write 1 to 40000'],
    [
      ['--round-trip', 'fast'],
      '--round-trip: "fast" is no duration; write a whole number and a unit (us, ms, s, m, h), as 3s or 250ms',
    ],
    [['--capacity', '0'], '--capacity: 0 is out of range; write 1 to 1000000'],
  ])('refuses %j', async (words, sentence) => {
    const { code, stdout, stderr } = await radsluice('plan', ...words)
    expect([code, stdout, stderr]).toEqual([2, '', `radsluice: ${sentence}\n`])
  })
})

const chromium = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((path) => join(path, 'chromium'))
  .find((path) => existsSync(path))
const QUIETLY = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const title = 'the report in a browser'

describe.skipIf(chromium === undefined)(
  chromium === undefined ? `${title} [skipped: needs chromium (Debian: chromium)]` : title,
  () => {
    let dom = ''
    let result: Record<string, unknown>
    beforeAll(async () => {
      const played = await radsluice(...STORM, '--json', '--report', 'shown.html')
      result = JSON.parse(played.stdout) as Record<string, unknown>
      const page = pathToFileURL(join(folder, 'shown.html')).href
      const words = [...QUIETLY, `--user-data-dir=${join(folder, 'profile')}`, '--dump-dom', page]
      dom = (await run(chromium ?? '', words, { limitMs: 60_000 })).stdout
    })

    it('draws every line of every plot', () => {
      const figures = [...dom.matchAll(/<figure id="([^"]+)"[^>]*data-drawn="(\d+)"[^>]*>(.*?)<\/figure>/gs)]
      expect(figures).toHaveLength(9)
      for (const [, id, drawn, inside = ''] of figures) {
        const lines = [...inside.matchAll(/<path class="line /g)].length
        expect(lines).toBeGreaterThan(0)
        expect([id, drawn]).toEqual([id, String(lines)])
      }
    })

    it('shows the numbers of --json', () => {
      const shown = [...dom.matchAll(/<span data-key="([^"]+)" data-value="([^"]+)">([^<]+)<\/span>/g)]
      const numbers = new Map(shown.map(([, key = '', value = '']) => [key, JSON.parse(value) as number | null]))
      let compared = 0
      for (const [key, value] of numbers) {
        const found = key.split('.').reduce<unknown>((of, step) => (of as Record<string, unknown>)?.[step], result)
        if (typeof found === 'object' && found !== null) continue
        if (found === undefined) continue
        compared += 1
        expect([key, value]).toEqual([key, found])
      }
      expect(compared).toBeGreaterThan(40)
      expect(numbers.get('withoutRadsluice.allUpAfter')).toBeNull()
    })

    it('says in its biggest letters how long the outage lasts', () => {
      const bigs = [...dom.matchAll(/<p class="big"><span [^>]+>([^<]+)</g)].map(([, text]) => text)
      expect(bigs).toEqual([expect.stringMatching(/^\d+ min \d+ s$/), 'never'])
    })
  },
)
