/**
 * `npm pack`, then `npm install -g`: from a clean copy of the tree, as docs/operating.md has it. What is installed runs from a
 * folder of its own, without the sources, and says what it lacks where the Node.js is old.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from './kit/child.ts'
import { Daemon, ROOT, serverEntry } from './kit/daemon.ts'
import { outerRunLeftOut } from './kit/environment.ts'

const folder = mkdtempSync(join(tmpdir(), 'radsluice-install-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const clone = join(folder, 'clone')
const prefix = join(folder, 'prefix')
const installed = join(prefix, 'lib/node_modules/radsluice')
const program = join(prefix, 'bin/radsluice')
const env = outerRunLeftOut({ PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` })

const npm = async (words: readonly string[], cwd: string): Promise<string> => {
  const { code, stdout, stderr } = await run('npm', words, { cwd, env, limitMs: 240_000 })
  expect(code, `npm ${words.join(' ')}: ${stdout}${stderr}`).toBe(0)
  return stdout
}
const radsluice = (words: readonly string[], more: NodeJS.ProcessEnv = {}) =>
  run(program, words, { cwd: folder, env: { ...env, ...more }, limitMs: 30_000 })

describe('the package', () => {
  beforeAll(async () => {
    const listed = await run('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT })
    for (const path of listed.stdout.split('\0').filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
      mkdirSync(dirname(join(clone, path)), { recursive: true })
      cpSync(join(ROOT, path), join(clone, path))
    }
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'))
    await npm(['pack', '--pack-destination', folder], clone)
    const { version } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8')) as { version: string }
    const packed = join(folder, `radsluice-${version}.tgz`)
    await npm(['install', '-g', '--prefix', prefix, '--prefer-offline', '--no-audit', packed], folder)
  }, 300_000)

  it('has the program and no sources', () => {
    for (const name of [
      'dist/cli.js',
      'bin/start.cjs',
      'docs/operating.md',
      'config.schema.json',
      'examples',
      'deploy',
    ])
      expect(existsSync(join(installed, name)), name).toBe(true)
    for (const name of ['src', 'scripts', 'test']) expect(existsSync(join(installed, name)), name).toBe(false)
  })

  it('is a command that knows its version, explains itself and checks a file', async () => {
    const version = await radsluice(['--version'])
    expect([version.stdout, version.code]).toEqual(['0.1.0\n', 0])
    const schema = await radsluice(['schema'])
    expect(JSON.parse(schema.stdout)).toEqual(JSON.parse(readFileSync(join(ROOT, 'config.schema.json'), 'utf8')))
    const check = await radsluice(['check', '-c', join(installed, 'examples/demo.yaml')])
    expect(check.code, check.stderr).toBe(0)
    const decode = await radsluice(['decode', `01000019${'00'.repeat(16)}0105616263`])
    expect(decode.stdout).toMatch(/Access-Request[\s\S]*User-Name.*abc/)
  })

  it('is a daemon whose threads are found, and that is asked and stopped', async () => {
    const farm = { servers: [serverEntry('s', { authPort: 9, acctPort: 9, secret: 'nobody is there' })] }
    const daemon = await Daemon.start({ farm, instances: 2 }, [program, 'run', '-c'])
    const admin = ['--admin', `127.0.0.1:${daemon.ports.admin}`]
    const status = await radsluice(['status', '--json', ...admin])
    expect(JSON.parse(status.stdout)).toMatchObject({ name: 'radsluice', pid: daemon.child.pid })
    await radsluice(['stop', ...admin])
    expect((await daemon.stop()).code).toBe(0)
  })

  it('says of an old Node.js that it is old', async () => {
    const old = join(folder, 'old.cjs')
    writeFileSync(old, "Object.defineProperty(process.versions, 'node', { value: '20.20.2' })\n")
    for (const words of [['--version'], ['run', '-c', 'x.yaml']]) {
      const { code, stdout, stderr } = await radsluice(words, { NODE_OPTIONS: `--require ${old}` })
      expect(stderr).toBe('radsluice: needs Node.js 24 or newer, this is 20.20.2; install it and try again\n')
      expect([code, stdout]).toEqual([1, ''])
    }
  })

  it('says that there is none', async () => {
    const tools = join(folder, 'tools')
    mkdirSync(tools)
    for (const tool of ['sh', 'dirname', 'readlink']) {
      const found = await run('sh', ['-c', `command -v ${tool}`])
      symlinkSync(found.stdout.trim(), join(tools, tool))
    }
    const { code, stderr } = await radsluice(['--version'], { PATH: tools })
    expect(stderr).toMatch(/^radsluice: needs Node\.js 24 or newer, and there is no node on the PATH; install it/)
    expect(code).toBe(1)
  })
})
