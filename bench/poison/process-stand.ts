/**
 * The processes of the campaign: a FreeRADIUS and a radsluice before it, both in the foreground, on loopback.
 *
 * The machine's own FreeRADIUS and its configuration are neither read nor changed. Both processes end with this one.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPeer } from '../../scripts/peers.ts'
import { fetchStatus } from '../../src/commands/input/admin-client.io.ts'
import { USERS, writeRaddb } from '../../test/e2e/kit/raddb.ts'
import { freePort } from '../load/free-port.ts'
import type { Stand } from './campaign.ts'

const RADSLUICE = join(import.meta.dirname, '../../bin/radsluice')
const CLIENT_SECRET = 'between-client-and-proxy'
const SERVER_SECRET = 'between-proxy-and-server'
const READY_WITHIN_MS = 60_000

export interface ProcessStand extends Stand {
  stop(): Promise<void>
}

/** @throws an Error where FreeRADIUS is not installed, or one of the two does not start. */
export async function startStand(): Promise<ProcessStand> {
  const program = findPeer('freeradius')
  if (program === undefined) throw new Error('poison: needs FreeRADIUS (Debian: apt install freeradius)')
  const folder = mkdtempSync(join(tmpdir(), 'radsluice-poison-'))
  const [authPort, acctPort] = [await freePort(), await freePort()]
  const ports = { authentication: await freePort(), accounting: await freePort(), admin: await freePort() }
  writeRaddb(folder, {
    authPort,
    acctPort,
    secret: SERVER_SECRET,
    requireMessageAuthenticator: 'no',
    users: '',
    dictionary: '',
  })
  const settings = {
    listen: { authentication: [`127.0.0.1:${ports.authentication}`], accounting: [`127.0.0.1:${ports.accounting}`] },
    admin: { listen: `127.0.0.1:${ports.admin}` },
    clients: [{ name: 'odd', address: '127.0.0.0/8', secret: CLIENT_SECRET }],
    farm: {
      servers: [
        {
          name: 'freeradius',
          address: '127.0.0.1',
          secret: SERVER_SECRET,
          authentication: { port: authPort },
          accounting: { port: acctPort },
        },
      ],
    },
  }
  writeFileSync(join(folder, 'radsluice.yaml'), JSON.stringify(settings), { mode: 0o600 })
  const server = new Running(program, ['-f', '-l', 'stdout', '-d', folder])
  const daemon = new Running(RADSLUICE, ['run', '-c', join(folder, 'radsluice.yaml')])
  const stop = async (): Promise<void> => {
    await Promise.all([daemon.stop(), server.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
  const admin = `127.0.0.1:${ports.admin}`
  try {
    await server.until(() => server.output.includes('Ready to process requests'))
    await daemon.until(async () => (await fetchStatus({ admin }).catch(() => undefined))?.ready === true)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    ports,
    secret: CLIENT_SECRET,
    user: { name: 'alice', password: USERS.alice },
    status: async () => await fetchStatus({ admin }),
    log: () => daemon.output,
    isRunning: () => daemon.isRunning,
    stop,
  }
}

/** A process with all of its output. */
class Running {
  readonly #child
  readonly #ended: Promise<void>
  output = ''

  constructor(program: string, words: readonly string[]) {
    this.#child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()))
    process.once('exit', this.#kill)
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + READY_WITHIN_MS
    while (!(await isSo())) {
      if (!this.isRunning || performance.now() > end)
        throw new Error(`poison: did not start; it said:\n${this.output.slice(-4_000)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** SIGTERM, and SIGKILL where that takes too long. */
  async stop(): Promise<void> {
    if (this.isRunning) this.#child.kill('SIGTERM')
    const tooLong = setTimeout(this.#kill, 3_000)
    await this.#ended
    clearTimeout(tooLong)
    process.off('exit', this.#kill)
  }

  readonly #kill = (): void => {
    this.#child.kill('SIGKILL')
  }
}
