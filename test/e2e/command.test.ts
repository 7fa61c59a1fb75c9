/**
 * Commands that tests have done by one process (`kit/command.ts`) are what `bin/radsluice` is: the same words get the same
 * output on both streams and the same exit code, whatever ran in that process before.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Ended, run } from './kit/child.ts'
import { CommandProcess, command } from './kit/command.ts'
import { RADSLUICE } from './kit/daemon.ts'
import { freePort } from './kit/ports.ts'

const folder = mkdtempSync(join(tmpdir(), 'radsluice-command-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'bad.yaml'), 'clientz: []\n')
const CONFIG = {
  clients: [{ name: 'c', address: '127.0.0.1', secret_env: 'S' }],
  farm: { servers: [{ name: 's', address: '192.0.2.1', secret_env: 'S' }] },
}
writeFileSync(join(folder, 'good.yaml'), JSON.stringify(CONFIG))

const free = await freePort()
const nobody = ['--admin', `127.0.0.1:${free}`]
const options = { cwd: folder, env: { ...process.env, S: 'a secret that is long enough', NO_COLOR: '' } }

describe('a command in the process of many', () => {
  it.each([
    [0, ['--version']],
    [0, ['--help']],
    [0, ['plan', '--help']],
    [2, ['frobnicate']],
    [2, ['check']],
    [0, ['check', '-c', 'good.yaml', '--file-only']],
    [3, ['check', '-c', 'bad.yaml']],
    [3, ['check', '-c', 'bad.yaml', '--json']],
    [0, ['schema']],
    [1, ['decode', '0107']],
    [1, ['send', 'status', '--secret-env', 'S', '--server', `127.0.0.1:${free}`]],
    [3, ['status', ...nobody]],
    [3, ['show', 'servers', ...nobody]],
    [3, ['server', 'down', 's1', ...nobody]],
    [3, ['reload', ...nobody]],
    [3, ['stop', ...nobody]],
    [0, ['plan', '--no-check', '--json']],
    [0, ['simulate', '--sessions', '50', '--seconds', '20', '--report', 'none']],
  ])('ends with %i, as a process of its own does: %j', async (code, words) => {
    const own: Ended = await run(RADSLUICE, words, options)
    const shared = await command(words, options)
    expect(own.code).toBe(code)
    expect(shared).toEqual(own)
  })

  it('has the environment of its test, and nothing of the command before', async () => {
    const words = ['check', '-c', 'good.yaml', '--file-only']
    expect((await command(words, options)).code).toBe(0)
    const without = await command(words, { cwd: folder })
    expect([without.code, without.stdout]).toEqual([3, expect.stringMatching(/\bS\b/)])
  })

  it('has its turn: many that are asked for at once get each their own answer', async () => {
    const answers = await Promise.all(
      [['--version'], ['frobnicate'], ['schema'], ['--version']].map((words) => command(words, options)),
    )
    expect(answers.map(({ code }) => code)).toEqual([0, 2, 0, 0])
    expect(answers[0]?.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(answers[3]).toEqual(answers[0])
  })

  it('that does not end is ended with its process, and the next one gets another', async () => {
    const commands = new CommandProcess()
    const words = ['simulate', '--sessions', '20000', '--report', 'none']
    await expect(commands.run(words, { ...options, limitMs: 50 })).rejects.toThrow(/simulate.*did not end within 50 ms/)
    expect((await commands.run(['--version'], options)).code).toBe(0)
    commands.end()
  })
})
