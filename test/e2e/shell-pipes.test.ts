/**
 * What a command writes arrives whole in a pipe, however late it is read; a reader that goes away is no error, and a full
 * disk is one. The shell's own pipes, since those are what an operator uses.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, run, until } from './kit/child.ts'
import { command } from './kit/command.ts'
import { Daemon, RADSLUICE, serverEntry } from './kit/daemon.ts'

/** More than a pipe of Linux holds. */
const PIPE = 65_536
const folder = mkdtempSync(join(tmpdir(), 'radsluice-pipes-'))
let daemon: Daemon

beforeAll(async () => {
  const clients = Array.from({ length: 1_500 }, (_, index) => ({
    name: `client-${index}`,
    address: `10.0.${index >> 8}.${index & 255}`,
    secret: 'long enough for us',
  }))
  const farm = { servers: [serverEntry('s', { authPort: 9, acctPort: 9, secret: 'nobody is there' })] }
  daemon = await Daemon.start({ farm, clients })
})
afterAll(async () => {
  await daemon.kill()
  rmSync(folder, { recursive: true, force: true })
})

const shell = (line: string, limitMs = 30_000): Promise<Ended> =>
  run('bash', ['-c', `R=${RADSLUICE} A="--admin 127.0.0.1:${daemon.ports.admin}"; ${line}`], { limitMs })

describe('a slow reader of', () => {
  it.each([
    '$R schema',
    '$R status --json $A',
    '$R show config $A',
    '$R show config --json $A',
    '$R show clients --json $A',
    '$R check --json -c bad.yaml',
    '$R simulate --json --report none --sessions 20 --seconds 20',
  ])('%s gets all of it', async (line) => {
    const bad = Array.from({ length: 900 }, (_, index) => `nonsense_${index}: 1\n`).join('')
    writeFileSync(join(folder, 'bad.yaml'), bad)
    const { stderr } = await shell(`cd ${folder}; ${line} | { sleep 1; cat; } > late`)
    const late = readFileSync(join(folder, 'late'), 'utf8')
    const words = line.replace('$A', `--admin 127.0.0.1:${daemon.ports.admin}`).split(' ').slice(1)
    const plain = (await command(words, { cwd: folder })).stdout
    expect(late.at(-1), stderr).toBe('\n')
    if (line.includes('--json') || line.includes('schema')) expect(() => JSON.parse(late)).not.toThrow()
    // Figures and times of a report differ from one look to the next.
    expect(Math.abs(late.length - plain.length)).toBeLessThan(2_000)
    if (!line.includes('simulate')) expect(late.length).toBeGreaterThan(PIPE)
  })

  it('$R status --json in a hundred pieces gets all of it', async () => {
    const { stdout } = await shell(
      '$R status --json $A | while IFS= read -r -N 5000 part || [ -n "$part" ]; do printf %s "$part"; sleep 0.01; done',
    )
    expect(() => JSON.parse(stdout)).not.toThrow()
  })
})

describe('a reader that goes away', () => {
  it.each(['$R schema', '$R status --json $A', '$R show config $A'])('from %s is no error', async (line) => {
    const { stdout, stderr } = await shell(`${line} | head -c 10 > ${folder}/head; echo "$PIPESTATUS"`)
    expect(stderr).toBe('')
    expect(Number(stdout)).toBeLessThan(2)
  })

  it('from a command without an end ends it', async () => {
    const { stdout, stderr } = await shell('$R top --json $A | head -n 1 | wc -l; echo "$PIPESTATUS"')
    expect([stdout, stderr]).toEqual(['1\n0\n', ''])
    await until(async () => (await daemon.status()).attached.length === 0, 'nobody attached')
  })

  it('from data and talk at once is no error', async () => {
    const { stdout } = await shell('$R nonsense 2>&1 | true; echo "$PIPESTATUS"')
    expect(stdout).toBe('2\n')
  })
})

describe('a file that can not take it', () => {
  it.each(['$R schema', '$R status --json $A', '$R --help', '$R --version', '$R status -h'])(
    'is an error of %s',
    async (line) => {
      const { code, stderr } = await shell(`${line} > /dev/full`)
      expect(stderr).toMatch(/^radsluice: can't write to standard output \(ENOSPC\); make room there/)
      expect(code).toBe(1)
    },
  )
})
