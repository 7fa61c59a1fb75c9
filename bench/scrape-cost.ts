/**
 * What one look costs a daemon with 10,000 clients, of which 50 send: octets and processor time of /metrics for each value
 * of metrics.per_client, and of /status.
 *
 *     scripts/node24 bench/scrape-cost.ts [CLIENTS [VALUE...]]
 *
 * The daemon runs in a process of its own, as an operator runs it. A value of `unset` leaves the setting out.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeData } from '../src/commands/terminal/output.io.ts'
import { freePorts, makeWorkspace } from '../src/demo/workspace.io.ts'
import { medianOf } from './load/medians.ts'
import { parseProcessCost } from './load/process-cost.ts'

const RADSLUICE = join(import.meta.dirname, '../bin/radsluice')
const SENDERS = 50
const SCRAPES = 5
const READY_WITHIN_MS = 60_000

const [count = '10000', ...words] = process.argv.slice(2)
const clients = Number(count)
for (const value of words.length === 0 ? ['all', 'active', 'off'] : words) await measure(value)

async function measure(value: string): Promise<void> {
  const [port, adminPort] = await freePorts()
  const workspace = makeWorkspace('a-secret-of-the-bench', configurationOf(value, port, adminPort))
  const child = spawn(RADSLUICE, ['run', '-c', workspace.configFile], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${adminPort}`
  try {
    await ready(url)
    await sendFromSome(port)
    await sleep(1_000)
    for (const path of ['/metrics', '/status']) writeData(`${value}: ${path} ${await costOf(child, `${url}${path}`)}`)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
    workspace.remove()
  }
}

async function costOf(child: ChildProcess, url: string): Promise<string> {
  const cpu = (): number => {
    const [stat, status] = ['stat', 'status'].map((name) => readFileSync(`/proc/${child.pid}/${name}`, 'utf8'))
    return parseProcessCost(stat ?? '', status ?? '').cpuSeconds
  }
  const took: number[] = []
  let octets = 0
  for (let scrape = 0; scrape < SCRAPES; scrape += 1) {
    const before = cpu()
    octets = (await (await fetch(url)).arrayBuffer()).byteLength
    took.push(cpu() - before)
  }
  return `${(octets / 1e6).toFixed(2)} MB, ${(medianOf(took) * 1_000).toFixed(0)} ms of processor time in the middle of ${SCRAPES}`
}

/** A datagram each, which needs no server to count. */
async function sendFromSome(port: number): Promise<void> {
  for (let at = 0; at < SENDERS; at += 1) {
    const socket = createSocket('udp4')
    socket.bind(0, addressOf(at))
    await once(socket, 'listening')
    await new Promise<void>((resolve) => socket.send(Buffer.alloc(20, 1), port, '127.0.0.1', () => resolve()))
    socket.close()
  }
}

async function ready(url: string): Promise<void> {
  for (let waited = 0; waited < READY_WITHIN_MS; waited += 100) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined)
    if (answer?.status === 200) return
    await sleep(100)
  }
  throw new Error('bench: the daemon did not start')
}

function addressOf(client: number): string {
  return `127.1.${client >> 8}.${client & 255}`
}

function configurationOf(value: string, port: number, adminPort: number): string {
  const entries = Array.from({ length: clients }, (_, at) => {
    return `  - { name: nas-${at}, address: ${addressOf(at)}, secret_file: secret }`
  })
  return `# The daemon of bench/scrape-cost.ts.
listen: { authentication: ["127.0.0.1:${port}"], accounting: [] }
instances: 1
admin: { listen: "127.0.0.1:${adminPort}" }
${value === 'unset' ? '' : `metrics: { per_client: ${value} }`}
clients:
${entries.join('\n')}
farm:
  servers:
    - { name: nobody, address: 127.0.0.1, secret_file: secret, authentication: { port: 9 }, accounting: false }
`
}
