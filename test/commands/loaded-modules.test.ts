/**
 * What a command loads before it can do anything: its own file and the parser of the command line, not the daemon. Counted
 * instead of timed, so that no busy machine can spoil it; `bench/start-cost.ts` has the times.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'radsluice-loaded-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Writes the addresses of all modules that were loaded to the file that LOADED names. */
const NOTING = `
import { registerHooks } from 'node:module'
import { writeFileSync } from 'node:fs'
const loaded = []
registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
process.on('exit', () => writeFileSync(process.env.LOADED, loaded.join('\\n')))
`

/** The files that a command loads, relative to the repository. */
const loadedBy = (words: readonly string[]): string[] => {
  const file = join(folder, words.join('-').replaceAll('/', '_'))
  const hook = `data:text/javascript,${encodeURIComponent(NOTING)}`
  const ended = spawnSync(process.execPath, ['--import', hook, 'bin/start.cjs', ...words], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, LOADED: file, NODE_OPTIONS: '' },
  })
  expect(ended.stderr).not.toMatch(/bug/)
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((url) => url.startsWith('file:'))
    .map((url) => url.slice(`file://${ROOT}/`.length))
}

/** Packages that no command needs which does not read a configuration. */
const HEAVY = ['zod', 'yaml', 'pino', 'prom-client', 'radius']

describe('a command loads little:', () => {
  it.each([
    [['--version'], 55],
    [['--help'], 60],
    [['status', '--admin', '127.0.0.1:1'], 71],
    [['show', 'servers', '--admin', '127.0.0.1:1'], 76],
    [['stop', '--admin', '127.0.0.1:1'], 70],
  ])('%j, at most %i modules', (words, most) => {
    const loaded = loadedBy(words)
    expect(loaded).toContain('src/cli.ts')
    for (const name of HEAVY) expect(loaded.filter((path) => path.startsWith(`node_modules/${name}/`))).toEqual([])
    expect(loaded.filter((path) => /^src\/(daemon|simulation|proxy\/engine)/.test(path))).toEqual([])
    expect(loaded.length, loaded.join('\n')).toBeLessThanOrEqual(most)
  })

  it('check has a schema and no daemon', () => {
    const loaded = loadedBy(['check', '-c', 'examples/demo.yaml'])
    expect(loaded.some((path) => path.startsWith('node_modules/zod/'))).toBe(true)
    for (const path of ['src/daemon/daemon.io.ts', 'src/proxy/engine.ts']) expect(loaded).not.toContain(path)
    for (const name of ['pino', 'prom-client'])
      expect(loaded.filter((path) => path.startsWith(`node_modules/${name}/`))).toEqual([])
  })
})
