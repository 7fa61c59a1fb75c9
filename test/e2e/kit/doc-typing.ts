/**
 * Commands of README, docs/ and bench/README.md, typed as they stand there (test/doc-command-rows.ts says how), in a
 * network namespace of its own for each file of tests: so they have the usual ports for themselves.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DOC_COMMANDS, type Situation, type Typed } from '../../doc-command-rows.ts'
import { Child, type Ended, run } from './child.ts'
import { ROOT } from './daemon.ts'
import { aloneInNamespace, canHaveNamespace, enter, titled } from './namespace.ts'
import { needs } from './peers.ts'

export const LIMIT_MS = 60_000

/** Where commands are typed: a checkout and a network that only they see. */
export interface Place {
  /** Of the user who types; absolute. */
  readonly runtimeFolder: string
  /** Every exec keeps the process id. */
  readonly start: (words: readonly string[]) => Child
  /** Tests that what belongs to the situation does as it should, one after the other; the same line is typed once. */
  readonly typeAll: (situation: Situation, more?: () => NodeJS.ProcessEnv) => void
}

/** A group of tests with such a place. */
export function describeTyping(inPlace: (place: Place) => void): void {
  const peers = needs('the commands of the pages', 'radclient')
  describe.skipIf(!canHaveNamespace || peers.skip)(titled(peers.title), () => {
    // What commands write in this checkout does not come into the repository.
    const folder = mkdtempSync(join(tmpdir(), 'radsluice-docs-'))
    const runtimeFolder = join(folder, '.runtime')
    const env = {
      ...process.env,
      PATH: `${join(ROOT, 'bin')}${delimiter}${process.env['PATH']}`,
      XDG_RUNTIME_DIR: runtimeFolder,
      BNG_SECRET: 'a-secret-between-bng-and-us',
      FR_1_SECRET: 'a-secret-between-us-and-fr-1',
      FR_2_SECRET: 'a-secret-between-us-and-fr-2',
    }
    let namespace: Child
    const start = (words: readonly string[]): Child =>
      new Child('nsenter', [...enter(namespace), ...words], { cwd: folder, env, group: true })
    const type = (line: string, more: NodeJS.ProcessEnv): Promise<Ended> =>
      run('nsenter', [...enter(namespace), 'sh', '-c', line], {
        cwd: folder,
        env: { ...env, ...more },
        group: true,
        limitMs: LIMIT_MS,
      })

    beforeAll(async () => {
      mkdirSync(runtimeFolder, { mode: 0o700 })
      for (const name of readdirSync(ROOT)) if (name !== '.git') symlinkSync(join(ROOT, name), join(folder, name))
      const setup = 'ip route add default dev lo && echo up && exec sleep 600'
      namespace = aloneInNamespace('sh', '-c', setup)
      await namespace.says(/up/)
    })
    afterAll(async () => {
      await namespace.stop('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    })

    const typeAll: Place['typeAll'] = (situation, more = () => ({})) => {
      const rows = Object.entries(DOC_COMMANDS).filter(
        (row): row is [string, Typed] => 'in' in row[1] && row[1].in === situation,
      )
      const typed = new Map<string, Promise<Ended>>()
      it.each(rows)('%s', async (command, { as = command, exit = 0, says, goesOn }) => {
        if (goesOn === true) {
          const child = start(['sh', '-c', as.replace(/^(\w+=\S+ )*/, '$&exec ')])
          await child.says(says, LIMIT_MS)
          await child.stop('SIGTERM', LIMIT_MS)
          return
        }
        const ending = typed.get(as) ?? type(as, more())
        typed.set(as, ending)
        const ended = await ending
        expect(`${ended.stdout}${ended.stderr}`).toMatch(says)
        expect(ended.code, ended.stderr).toBe(exit)
        expect(ended.stderr).not.toMatch(/this is a bug/)
      })
    }
    inPlace({ runtimeFolder, start, typeAll })
  })
}
