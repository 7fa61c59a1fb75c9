/**
 * The log's way out, on a real pipe: lines in order, a reader that hangs loses lines but stops nobody, one that is gone
 * neither.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { LineOutput } from '../../src/observe/log/line-output.io.ts'
import { until } from './kit/child.ts'
import { RADSLUICE, serverEntry, settingsText } from './kit/daemon.ts'
import { freePort } from './kit/ports.ts'
import { ScriptedServer } from './kit/scripted-server.ts'

const MAKE_PIPE = 'mkfifo'
const folder = mkdtempSync(join(tmpdir(), 'radsluice-log-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Both ends of a named pipe; the reader's is opened first, since opening the other waits for it. */
function pipe(name: string): { reader: number; writer: number } {
  const path = join(folder, name)
  expect(spawnSync(MAKE_PIPE, [path]).status).toBe(0)
  const reader = openSync(path, 'r+')
  return { reader, writer: openSync(path, 'w') }
}

describe('the output of lines', () => {
  it('keeps the order, however many lines come at once', async () => {
    const path = join(folder, 'file')
    const descriptor = openSync(path, 'w')
    const output = new LineOutput(descriptor, 1 << 20)
    const lines = Array.from({ length: 5_000 }, (_, i) => `line ${i}\n`)
    for (const line of lines) output.write(line)
    await output.drained(5_000)
    closeSync(descriptor)
    expect(readFileSync(path, 'utf8')).toBe(lines.join(''))
    expect(output.lost).toBe(0)
  })

  it('has nothing to wait for where nothing was written', async () => {
    await new LineOutput(1, 100).drained(60_000)
  })

  it('does not wait for a reader that hangs: what is too much is lost and counted, the rest arrives in order', async () => {
    const { reader, writer } = pipe('hanging')
    const output = new LineOutput(writer, 10_000)
    const count = 20_000
    for (let i = 0; i < count; i += 1) {
      output.write(`${String(i).padStart(9, '0')}\n`)
      // A write may be finished only between two turns.
      if (i % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await output.drained(100)
    expect(output.lost).toBeGreaterThan(0)

    const chunk = Buffer.alloc(65_536)
    let text = ''
    const missing = (): number => (count - output.lost) * 10 - text.length
    await until(() => {
      if (missing() > 0) text += chunk.toString('latin1', 0, readSync(reader, chunk))
      return missing() === 0
    }, 'what was kept')
    const numbers = text.trimEnd().split('\n').map(Number)
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    expect(new Set(numbers).size).toBe(count - output.lost)
    closeSync(reader)
  })

  it('survives a descriptor that takes nothing', async () => {
    const path = join(folder, 'read-only')
    closeSync(openSync(path, 'w'))
    const descriptor = openSync(path, 'r')
    const output = new LineOutput(descriptor, 1_000)
    output.write('a\n')
    output.write('b\n')
    await output.drained(5_000)
    output.write('c\n')
    expect(output.lost).toBe(3)
    closeSync(descriptor)
  })
})

describe('a daemon whose log is not read', () => {
  it('ends all the same, and tells how many lines were lost', async () => {
    const server = await ScriptedServer.start()
    const { reader, writer } = pipe('unread')
    const ports = { authentication: await freePort(), accounting: await freePort(), admin: await freePort() }
    const config = join(folder, 'radsluice.yaml')
    const farm = { servers: [serverEntry('scripted', { authPort: server.port, secret: server.secret })] }
    writeFileSync(config, settingsText(ports, { farm, log: { level: 'debug' } }))
    const daemon = spawn(RADSLUICE, ['run', '-c', config], { stdio: ['ignore', writer, 'inherit'] })
    const ended = once(daemon, 'exit')
    onTestFinished(() => {
      daemon.kill('SIGKILL')
    })
    closeSync(writer)
    const metric = async (): Promise<number> => {
      const text = await fetch(`http://127.0.0.1:${ports.admin}/metrics`).then(
        (answer) => answer.text(),
        () => '',
      )
      return Number(/^radsluice_log_lines_lost_total (\d+)$/m.exec(text)?.[1] ?? -1)
    }
    await until(async () => (await metric()) === 0, 'the daemon')
    // Each reload warns of the first twenty: some 8 kB, and of few clients it is quick. A hundred and forty of them fill
    // the pipe and what may wait behind it.
    const warnings = Array.from({ length: 21 }, (_, i) => ({ name: `c${i}`, address: `10.0.0.${i}`, secret: 'x' }))
    writeFileSync(config, settingsText(ports, { farm, clients: warnings }))
    await until(
      async () => {
        daemon.kill('SIGHUP')
        return (await metric()) > 0
      },
      'lost lines',
      60_000,
    )
    daemon.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    closeSync(reader)
    await server.close()
  })
})
