/**
 * `npm test` when a test file hangs: the file is stopped and named with its test, its children end, all others are counted.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { runStage } from '../../scripts/test-stage.ts'
import { run, until } from './kit/child.ts'
import { outerRunLeftOut } from './kit/environment.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')
const folder = mkdtempSync(join(tmpdir(), 'radsluice-test-run-'))
afterAll(() => rmSync(folder, { recursive: true }))
const CONFIG = 'test/fixtures/stopped/vitest.config.ts'

const stage = async (fileLimitMs: number, wholeMs: number): Promise<{ said: string; sum: unknown }> => {
  const pidFile = join(folder, 'pid')
  const program = `
    import { runStage } from './scripts/test-stage.ts'
    const words = ['--config', '${CONFIG}', '--maxWorkers=1']
    const sum = await runStage({ name: 'planted', cwd: '.', vitest: 'node_modules/vitest/vitest.mjs', words,
      fileLimitMs: ${fileLimitMs}, endsAt: Date.now() + ${wholeMs}, say: (line) => console.log(line) })
    console.log('SUM ' + JSON.stringify(sum))`
  const env = outerRunLeftOut({ RADSLUICE_TEST_PROGRESS: undefined, PID_OF_CHILD: pidFile })
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: ROOT, env })
  const said = stdout + stderr
  const child = Number(readFileSync(pidFile, 'utf8'))
  expect(child).toBeGreaterThan(0)
  await until(() => !isRunning(child), 'the child of the stopped file to end')
  return { said, sum: JSON.parse(/^SUM (.*)$/m.exec(said)?.[1] ?? 'null') }
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it('stops a file that passes its limit, says at which test it was, and counts the others', async () => {
  const { said, sum } = await stage(8_000, 600_000)
  expect(said).toMatch(/STOPPED .*hangs\.case\.ts after \d+ s: it was for \d+ s in "waits for what never comes"/)
  expect(said).toMatch(/FAIL .*hangs\.case\.ts/)
  expect(said).toMatch(/FAIL .*fails\.case\.ts/)
  expect(sum).toEqual({ passed: 2, failed: 2, skipped: ['is skipped'] })
})

it('says where each file was, and what had passed, when the time of the whole is over', async () => {
  const { said, sum } = await stage(600_000, 12_000)
  expect(said).toMatch(/STOPPED the run of planted: the time of the whole is over\. 1 of its tests had passed\./)
  expect(said).toMatch(/STOPPED .*hangs\.case\.ts after \d+ s: it was for \d+ s in "waits for what never comes"/)
  // The file that hangs is the first, and the run itself is the failure.
  expect(sum).toEqual({ passed: 1, failed: 1, skipped: [] })
})

it('begins no run when the time of the whole is over, and counts that as a failure', async () => {
  const said: string[] = []
  const none = { name: 'planted', cwd: '.', vitest: '', words: [], fileLimitMs: 1, endsAt: 0 }
  expect(await runStage({ ...none, say: (line) => said.push(line) })).toEqual({ passed: 0, failed: 1, skipped: [] })
  expect(said).toEqual([expect.stringMatching(/NOT RUN: planted; the time of the whole was over/)])
})
