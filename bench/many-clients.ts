/**
 * What 10,000 clients cost, each with an address and a secret file of its own: `check`, the start until /healthz answers, a
 * reload that changes nothing and one that changes a client, and the daemon's memory.
 *
 * Usage: `scripts/node24 bench/many-clients.ts [--clients 10000] [--style flow|block] [--instances 1] [--runs 3]`
 *
 * The machine's other work lengthens the times, so each figure is the best of a few runs, and processor time stands beside.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePorts } from '../src/demo/workspace.io.ts'

const RADSLUICE = join(import.meta.dirname, '../bin/radsluice')
const READY_WITHIN_MS = 30_000

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '10000' },
    style: { type: 'string', default: 'flow' },
    instances: { type: 'string', default: '1' },
    runs: { type: 'string', default: '3' },
  },
})
const count = Number(values.clients)
const folder = mkdtempSync(join(tmpdir(), 'radsluice-many-'))
const file = join(folder, 'radsluice.yaml')

const entry = (i: number, name: string): string => {
  const address = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`
  return values.style === 'flow'
    ? `  - { name: ${name}, address: ${address}, secret_file: secrets/${i} }`
    : `  - name: ${name}\n    address: ${address}\n    secret_file: secrets/${i}`
}

function write(ports: readonly number[], clients: number, ofFirst = 'bng-0'): void {
  const lines = Array.from({ length: clients }, (_, i) => entry(i, i === 0 ? ofFirst : `bng-${i}`))
  writeFileSync(
    file,
    `listen: { authentication: ["127.0.0.1:${ports[0]}"], accounting: [] }
admin: { listen: "127.0.0.1:${ports[1]}", socket: admin.sock }
instances: ${values.instances}
clients:
${lines.join('\n')}
farm:
  servers:
    - { name: fr-1, address: 127.0.0.9, secret_file: secrets/0 }
`,
  )
}

interface Figures {
  check: number
  ready: number
  readyCpu: number
  reload: number
  reloadCpu: number
  reloadOfOne: number
  rssAtStart: number
  rssAfterReloads: number
}

async function timed(words: readonly string[]): Promise<number> {
  const began = performance.now()
  const child = spawn(RADSLUICE, words, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number]
  if (code !== 0) throw new Error(`radsluice ${words[0]} ended with ${code}`)
  return performance.now() - began
}

/** User and system time of all threads so far, ms; /proc counts in hundredths of a second. */
function cpuOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

const rssOf = (pid: number | undefined): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

async function measure(clients: number): Promise<Figures> {
  const ports = (await freePorts()) as readonly number[]
  write(ports, clients)
  const check = await timed(['check', '-c', file])
  const began = performance.now()
  const daemon = spawn(RADSLUICE, ['run', '-c', file], { stdio: ['ignore', 'pipe', 'inherit'] })
  let log = ''
  daemon.stdout.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-100_000)
  })
  const gone = once(daemon, 'exit')
  try {
    const health = `http://127.0.0.1:${ports[1]}/healthz`
    while (!(await fetch(health).catch(() => undefined))?.ok) {
      if (performance.now() - began > READY_WITHIN_MS) throw new Error('the daemon did not start')
      await sleep(10)
    }
    const ready = performance.now() - began
    const readyCpu = cpuOf(daemon.pid)
    await sleep(1_500)
    const rssAtStart = rssOf(daemon.pid)
    const reload = async (): Promise<number> => {
      const done = log.split('"event":"reloaded"').length
      const start = performance.now()
      daemon.kill('SIGHUP')
      while (log.split('"event":"reloaded"').length === done) await sleep(5)
      return performance.now() - start
    }
    const before = cpuOf(daemon.pid)
    const same = await reload()
    const reloadCpu = cpuOf(daemon.pid) - before
    write(ports, clients, 'another')
    const one = await reload()
    for (let i = 0; i < 5; i += 1) await reload()
    await sleep(1_500)
    return {
      check,
      ready,
      readyCpu,
      reload: same,
      reloadCpu,
      reloadOfOne: one,
      rssAtStart,
      rssAfterReloads: rssOf(daemon.pid),
    }
  } finally {
    daemon.kill('SIGTERM')
    await gone
  }
}

function best(runs: readonly Figures[]): Figures {
  const keys = Object.keys(runs[0] ?? {}) as (keyof Figures)[]
  return Object.fromEntries(keys.map((key) => [key, Math.min(...runs.map((run) => run[key]))])) as unknown as Figures
}

try {
  mkdirSync(join(folder, 'secrets'))
  for (let i = 0; i < count; i += 1)
    writeFileSync(join(folder, 'secrets', String(i)), `the-secret-of-client-${i}-of-many\n`, { mode: 0o640 })
  const few: Figures[] = []
  const many: Figures[] = []
  for (let i = 0; i < Number(values.runs); i += 1) {
    few.push(await measure(1))
    many.push(await measure(count))
  }
  const [one, all] = [best(few), best(many)]
  const row = (title: string, key: keyof Figures, unit: string): void =>
    console.log(
      `${title.padEnd(36)}${`${Math.round(one[key])} ${unit}`.padStart(14)}${`${Math.round(all[key])} ${unit}`.padStart(14)}`,
    )
  console.log(
    `${values.style} style, instances: ${values.instances}`.padEnd(36) +
      '1 client'.padStart(14) +
      `${count} clients`.padStart(14),
  )
  row('radsluice check, whole process', 'check', 'ms')
  row('run, until /healthz answers', 'ready', 'ms')
  row('  of that, processor time', 'readyCpu', 'ms')
  row('reload, nothing changed', 'reload', 'ms')
  row('  of that, processor time', 'reloadCpu', 'ms')
  row('reload, one client changed', 'reloadOfOne', 'ms')
  row('memory of the daemon (RSS)', 'rssAtStart', 'MiB')
  row('  after seven reloads', 'rssAfterReloads', 'MiB')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
