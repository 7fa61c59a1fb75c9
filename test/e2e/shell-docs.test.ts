/**
 * The commands of README, docs/ and bench/README.md, typed as they stand there (test/doc-command-rows.ts says how), in a
 * network namespace of its own: so they have the usual ports for themselves.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DOC_COMMANDS, type Situation, type Typed } from '../doc-command-rows.ts'
import { Child, type Ended, run } from './kit/child.ts'
import { ROOT } from './kit/daemon.ts'
import { needs } from './kit/peers.ts'

const LIMIT_MS = 60_000
const peers = needs('the commands of the pages', 'radclient')
const ALONE = ['unshare', '--net'] as const
const hasNamespace = spawnSync(ALONE[0], [ALONE[1], 'ip', 'link', 'set', 'lo', 'up']).status === 0
const title = hasNamespace ? peers.title : `${peers.title} [skipped: needs root, unshare, nsenter and ip]`

/** A checkout to type in: what commands write there does not come into the repository. */
const folder = mkdtempSync(join(tmpdir(), 'radsluice-docs-'))
const runtime = join(folder, '.runtime')
const env = {
  ...process.env,
  PATH: `${join(ROOT, 'bin')}${delimiter}${process.env['PATH']}`,
  XDG_RUNTIME_DIR: runtime,
  BNG_SECRET: 'a-secret-between-bng-and-us',
  FR_1_SECRET: 'a-secret-between-us-and-fr-1',
  FR_2_SECRET: 'a-secret-between-us-and-fr-2',
}

describe.skipIf(!hasNamespace || peers.skip)(title, () => {
  let namespace: Child
  const inside = (words: readonly string[]): [string, string[]] => [
    'nsenter',
    ['--net', '--target', String(namespace.pid), ...words],
  ]
  const type = (line: string, more: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    run(...inside(['sh', '-c', line]), { cwd: folder, env: { ...env, ...more }, limitMs: LIMIT_MS })
  /** Every exec keeps the process id. */
  const start = (words: readonly string[]): Child => new Child(...inside(words), { cwd: folder, env })

  beforeAll(async () => {
    mkdirSync(runtime, { mode: 0o700 })
    for (const name of readdirSync(ROOT)) if (name !== '.git') symlinkSync(join(ROOT, name), join(folder, name))
    namespace = new Child('unshare', [
      '--net',
      'sh',
      '-c',
      'ip link set lo up && ip route add default dev lo && echo up && exec sleep 600',
    ])
    await namespace.says(/up/)
  })
  afterAll(async () => {
    await namespace.stop('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  /** Types each command that belongs there, one after the other. */
  const typeAll = (situation: Situation, more: () => NodeJS.ProcessEnv = () => ({})): void => {
    const rows = Object.entries(DOC_COMMANDS).filter(
      (row): row is [string, Typed] => 'in' in row[1] && row[1].in === situation,
    )
    it.each(rows)('%s', async (command, { as = command, exit = 0, says, goesOn }) => {
      if (goesOn === true) {
        const child = start(['sh', '-c', as.replace(/^(\w+=\S+ )*/, '$&exec ')])
        await child.says(says, LIMIT_MS)
        await child.stop('SIGTERM', LIMIT_MS)
        return
      }
      const ended = await type(as, more())
      expect(`${ended.stdout}${ended.stderr}`).toMatch(says)
      expect(ended.code, ended.stderr).toBe(exit)
      expect(ended.stderr).not.toMatch(/this is a bug/)
    })
  }

  describe('where nothing runs', () => typeAll('nothing'))

  describe('where `npm start` runs', () => {
    let demo: Child
    beforeAll(async () => {
      demo = start(['npm', 'start'])
      await demo.says(/"event":"started"/, LIMIT_MS)
    })
    afterAll(async () => await demo.stop('SIGTERM', LIMIT_MS))
    typeAll('demo')

    describe('and the daemon of the drills', () => {
      let drill: Child
      beforeAll(async () => {
        drill = start(['bin/radsluice', 'run', '-c', 'examples/drill.yaml'])
        await drill.says(/"event":"started"/, LIMIT_MS)
      })
      afterAll(async () => await drill.stop('SIGKILL'))
      typeAll('drill', () => ({ DRILL: String(drill.pid) }))
    })

    describe('and ends', () => typeAll('end'))
  })

  describe('where examples/minimal.yaml runs', () => {
    let minimal: Child
    let socket = ''
    beforeAll(async () => {
      minimal = start(['bin/radsluice', 'run', '-c', 'examples/minimal.yaml'])
      await minimal.says(/"event":"started"/, LIMIT_MS)
      socket = join(runtime, 'radsluice', 'admin-9812.sock')
    })
    afterAll(async () => await minimal.stop('SIGTERM', LIMIT_MS))
    typeAll('minimal', () => ({ SOCKET: socket }))
  })
})
