/**
 * The storm: 20,000 sessions log in at once before a server that does 500 a second; through radsluice, and directly.
 *
 *     scripts/node24 bench/storm.ts [--json FILE]
 *
 * The BNG is this process, each slow server and radsluice are processes of their own, and everything is on loopback. It
 * takes about six minutes. It prints a table and a verdict, writes all numbers as JSON, and exits 1 unless every
 * promise was seen to hold. bench/README.md says what it shows and what it doesn't.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import { dirname } from 'node:path'
import { say, writeData } from '../src/commands/terminal/output.io.ts'
import { readVersion } from '../src/version.io.ts'
import { Bng, type BngReport } from './bng.ts'
import { DaemonProcess } from './daemon-process.ts'
import { SlowServerProcess } from './slow-server-process.ts'
import { readCommand, type StormCommand, type StormPlan, USAGE } from './storm-plan.ts'
import { type DaemonReport, type StormRun, stormTable, type Verdict, verdicts } from './storm-report.ts'

const SECRET = 'between-storm-and-servers'
/** What waits in radsluice when the last session is up still costs the servers; then nothing can be left. */
const SETTLE_BEYOND_MAX_AGE = 2
const PROGRESS_SECONDS = 10

async function runStorm(command: StormCommand, words: readonly string[]): Promise<number> {
  const { plan, paths, json } = command
  const load = loadavg()
  const runs: StormRun[] = []
  for (const path of paths) {
    say(`${path}:`)
    runs.push(path === 'through' ? await through(plan) : await directly(plan))
  }
  const found = verdicts(plan, runs)
  for (const line of stormTable(plan, runs)) writeData(line)
  writeData('')
  for (const line of verdictLines(found)) writeData(line)
  const about = {
    date: new Date().toISOString(),
    command: `bench/storm.ts ${words.join(' ')}`.trim(),
    ...surroundings(),
  }
  mkdirSync(dirname(json), { recursive: true })
  writeFileSync(json, asJson({ ...about, load: { before: load, after: loadavg() }, plan, verdicts: found, runs }))
  writeData(`all numbers: ${json}`)
  return found.every(({ outcome }) => outcome === 'PASS') ? 0 : 1
}

async function directly(plan: StormPlan): Promise<StormRun> {
  return await withServers(plan, async (servers, ports) => {
    const bng = await storm(plan, ports)
    return { path: 'directly', bng, servers: await reports(servers), daemon: undefined }
  })
}

async function through(plan: StormPlan): Promise<StormRun> {
  return await withServers(plan, async (servers, ports) => {
    const daemon = await DaemonProcess.start(plan, SECRET, ports)
    try {
      const bng = await storm(plan, [daemon.port])
      return { path: 'through', bng, servers: await reports(servers), daemon: await daemonReport(daemon) }
    } finally {
      await daemon.stop()
    }
  })
}

async function withServers(
  plan: StormPlan,
  act: (servers: readonly SlowServerProcess[], ports: readonly number[]) => Promise<StormRun>,
): Promise<StormRun> {
  const { capacity, backlog, tries, repeatEvery } = plan
  const servers: SlowServerProcess[] = []
  try {
    while (servers.length < plan.servers) {
      servers.push(await SlowServerProcess.start({ secret: SECRET, capacity, backlog, patience: tries * repeatEvery }))
    }
    return await act(
      servers,
      servers.map(({ port }) => port),
    )
  } finally {
    for (const server of servers) await server.stop()
  }
}

async function storm(plan: StormPlan, ports: readonly number[]): Promise<BngReport> {
  return await new Bng(plan, SECRET, ports).run(plan.maxAge + SETTLE_BEYOND_MAX_AGE, (second, up) => {
    if (second % PROGRESS_SECONDS === 0) say(`  ${second.toString().padStart(3)} s  ${up} of ${plan.sessions} up`)
  })
}

const reports = async (servers: readonly SlowServerProcess[]): Promise<StormRun['servers']> =>
  await Promise.all(servers.map((server) => server.report()))

async function daemonReport(daemon: DaemonProcess): Promise<DaemonReport> {
  const { classes, lanes, listeners, upstreamKernelDrops, process, instances } = await daemon.status()
  return {
    ledger: classes.authentication.ledger,
    lanes: lanes.map(({ server, state, counters: { requests, retransmissions, timeouts } }) => {
      return { server, state, requests, retransmissions, timeouts }
    }),
    kernelDrops: listeners.reduce<number | undefined>(
      (sum, { kernelDrops }) => (sum === undefined || kernelDrops === undefined ? undefined : sum + kernelDrops),
      upstreamKernelDrops,
    ),
    residentBytes: process.residentBytes ?? Number.NaN,
    cpuSeconds: process.cpuSeconds ?? Number.NaN,
    loopDelay: instances[0]!.loopDelay,
    processorWaitSeconds: daemon.processorWait(),
  }
}

/** What ran where: a number without these is worth nothing. */
function surroundings(): Readonly<Record<string, unknown>> {
  const git = spawnSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8', timeout: 10_000 })
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, kernel: release(), node: process.version }
  return { version: readVersion(), commit: git.status === 0 ? git.stdout.trim() : undefined, machine }
}

/** Indented, but a list of numbers on one line. */
const asJson = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replace(/\[[\d.,\s]+\]/g, (list) => list.replace(/\s+/g, ''))}\n`

function verdictLines(found: readonly Verdict[]): string[] {
  if (found.length === 0) return ['no verdict: the promises are about the standard storm']
  const lines = found.map(({ promise, measured, outcome }) => `${outcome}  ${promise}: ${measured}`)
  if (!found.some(({ outcome }) => outcome === 'VOID')) return lines
  return [...lines, 'VOID: the machine was too busy to keep the times of the storm itself; repeat it when it is not']
}

const words = process.argv.slice(2)
const command = readCommand(words)
if (words.includes('--help')) writeData(USAGE)
else if (typeof command === 'string') {
  say(command)
  process.exitCode = 2
} else {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  process.exitCode = await runStorm(command, words)
}
