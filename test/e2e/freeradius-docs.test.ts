/**
 * The pieces of FreeRADIUS configuration in docs/freeradius.md, put together and read by FreeRADIUS itself, and what the
 * page says about its bounds and defaults, seen in what it prints.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Ended, run } from './kit/child.ts'
import { ROOT } from './kit/daemon.ts'
import { needs, peerPath } from './kit/peers.ts'

const page = readFileSync(join(ROOT, 'docs/freeradius.md'), 'utf8')
const blocks = [...page.matchAll(/^```radiusd\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text)

/** `freeradius -XC`: read the configuration, print it, and end. */
const read = async (text: string): Promise<Ended> => {
  const folder = mkdtempSync(join(tmpdir(), 'radsluice-docs-'))
  for (const part of ['log', 'run']) mkdirSync(join(folder, part))
  writeFileSync(join(folder, 'dictionary'), '')
  const head = `prefix = /usr\nlibdir = /usr/lib/freeradius\nraddbdir = ${folder}\nlogdir = ${folder}/log\nrun_dir = ${folder}/run\nname = docs\n`
  const server =
    'server default {\n\tlisten {\n\t\ttype = acct\n\t\tipaddr = 127.0.0.1\n\t\tport = 1\n\t}\n\taccounting {\n\t\tdetail\n\t}\n}\n'
  writeFileSync(join(folder, 'radiusd.conf'), `${head}${text}${server}`)
  try {
    return await run(peerPath('freeradius'), ['-XC', '-d', folder])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const group = needs('docs/freeradius.md', 'freeradius')
describe.skipIf(group.skip)(group.title, () => {
  it('has blocks that FreeRADIUS takes as they stand, together', async () => {
    expect(blocks.length).toBeGreaterThanOrEqual(4)
    const ended = await read(blocks.join('\n'))
    expect(ended.stdout, ended.stderr).toContain('Configuration appears to be OK')
    expect(ended.stdout).toMatch(/require_message_authenticator = yes/)
    for (const line of ['cleanup_delay = 5', 'max_requests = 65536', 'status_server = yes'])
      expect(ended.stdout).toContain(line)
  })

  it('tells the truth about bounds and defaults', async () => {
    const [client = '', , security = '', modules = ''] = blocks
    const bare = await read([client, security, modules].join('\n'))
    expect(bare.stdout).toContain('max_requests = 256')
    expect(bare.stdout).toContain('cleanup_delay = 5')
    const high = await read(['cleanup_delay = 31\n', client, security, modules].join('\n'))
    expect(high.stdout).toMatch(/Ignoring "cleanup_delay = 31", forcing to "cleanup_delay = 30"/)
  })

  it('is right that 3.2.1 refuses `auto`', async () => {
    const version = (await run(peerPath('freeradius'), ['-v'])).stdout
    const [, minor = 0, patch = 0] = /Version 3\.(\d+)\.(\d+)/.exec(version)?.map(Number) ?? []
    const isOld = minor < 2 || (minor === 2 && patch < 5)
    const ended = await read(blocks.join('\n').replace('= yes\n}', '= auto\n}'))
    expect(ended.stdout.includes('Invalid value "auto"')).toBe(isOld)
  })
})
