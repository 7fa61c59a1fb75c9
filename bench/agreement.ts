/**
 * Does the simulation agree with reality? The same storm of 2,000 sessions, through the real daemon before two real
 * scripted servers on loopback, and in the simulator.
 *
 *     scripts/node24 bench/agreement.ts [options of bench/storm.ts] [--json FILE]
 *
 * Three real runs and nine simulated ones, each with a seed of its own; about two minutes. It prints both side by side
 * and a verdict, writes all numbers as JSON, and exits 1 unless the times to the last session up agree within 5 %.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import { dirname } from 'node:path'
import { say, writeData } from '../src/commands/terminal/output.io.ts'
import { readVersion } from '../src/version.io.ts'
import { agreementOf, agreementTable, type Played, verdictLine } from './agreement-report.ts'
import { everyStep, playSimulated } from './agreement-simulated.ts'
import { Bng } from './bng.ts'
import { DaemonProcess } from './daemon-process.ts'
import { SlowServerProcess } from './slow-server-process.ts'
import { readCommand, type StormPlan } from './storm-plan.ts'

const USAGE = `usage: bench/agreement.ts [--sessions 2000] [--servers 2] [--capacity 50] [--max-rate 50] [--json FILE]
and the other options of a storm: see bench/storm.ts --help`
/** 100 logins a second: the storm lasts two waves, and the time to the last session up is long enough to differ. */
const STORM =
  '--through-only --sessions 2000 --servers 2 --capacity 50 --max-rate 50 --algorithm round_robin --seconds 120'
const RESULTS = 'bench/results/agreement.json'
const REAL_RUNS = 3
const SIMULATED_RUNS = 9
const SECRET = 'between-agreement-and-servers'
const SETTLE_SECONDS = 1

async function compare(plan: StormPlan, json: string, words: readonly string[]): Promise<boolean> {
  const before = loadavg()
  const real: Played[] = []
  let configuration = ''
  for (const seeded of seedsOf(plan, REAL_RUNS)) {
    const { played, ran } = await playReal(seeded)
    configuration = ran
    real.push(played)
    const { sessionsUp, allUpAfter } = played
    say(
      `real, seed ${seeded.seed}: ${sessionsUp} up${allUpAfter === undefined ? '' : `, the last after ${allUpAfter} s`}`,
    )
  }
  const simulated = seedsOf(plan, SIMULATED_RUNS).map((seeded) => playSimulated(seeded, configuration))
  const agreement = agreementOf(real, simulated)
  for (const line of agreementTable(real, simulated)) writeData(line)
  const late = Math.max(...real.map(({ latestBy }) => latestBy))
  const dropped = real.reduce((sum, { kernelDrops }) => sum + kernelDrops, 0)
  writeData(`real runs: the bench was at most ${late} ms late, and kernels lost ${dropped} datagrams`)
  writeData('')
  writeData(verdictLine(agreement))
  const about = {
    date: new Date().toISOString(),
    command: `bench/agreement.ts ${words.join(' ')}`.trim(),
    ...surroundings(),
    load: { before, after: loadavg() },
  }
  mkdirSync(dirname(json), { recursive: true })
  writeFileSync(json, asJson({ ...about, plan, agreement, configuration, real, simulated }))
  writeData(`all numbers: ${json}`)
  return agreement.outcome === 'PASS'
}

/** The plan with so many seeds, one after the other. */
const seedsOf = (plan: StormPlan, count: number): StormPlan[] =>
  Array.from({ length: count }, (_, index) => ({ ...plan, seed: plan.seed + index }))

/** The storm with real processes; `ran` is the configuration that the daemon had. */
async function playReal(plan: StormPlan): Promise<{ played: Played; ran: string }> {
  const { capacity, backlog, tries, repeatEvery } = plan
  const servers: SlowServerProcess[] = []
  let daemon: DaemonProcess | undefined
  try {
    while (servers.length < plan.servers) {
      servers.push(await SlowServerProcess.start({ secret: SECRET, capacity, backlog, patience: tries * repeatEvery }))
    }
    daemon = await DaemonProcess.start(
      plan,
      SECRET,
      servers.map(({ port }) => port),
    )
    const bng = await new Bng(plan, SECRET, [daemon.port]).run(SETTLE_SECONDS, () => undefined)
    const { classes, listeners, upstreamKernelDrops } = await daemon.status()
    const atServers = await Promise.all(servers.map((server) => server.report()))
    const drops = [bng, ...listeners, ...atServers].map(({ kernelDrops }) => kernelDrops ?? 0)
    const played: Played = {
      seed: plan.seed,
      sessionsUp: bng.up,
      allUpAfter: bng.up === plan.sessions ? bng.lastUpAt : undefined,
      upBySteps: everyStep(bng.upBySecond),
      sent: bng.sent,
      calls: bng.calls,
      givenUp: bng.givenUp,
      expired: classes.authentication.ledger.expired,
      atServers: sum(atServers.map(({ received }) => received)),
      latestBy: Math.max(bng.latestBy, ...atServers.map(({ latestBy }) => latestBy)),
      kernelDrops: sum(drops) + (upstreamKernelDrops ?? 0),
    }
    return { played, ran: daemon.configuration }
  } finally {
    await daemon?.stop()
    for (const server of servers) await server.stop()
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

/** What ran where: a number without these is worth nothing. */
function surroundings(): Readonly<Record<string, unknown>> {
  const git = spawnSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8', timeout: 10_000 })
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, kernel: release(), node: process.version }
  return { version: readVersion(), commit: git.status === 0 ? git.stdout.trim() : undefined, machine }
}

/** Indented, but a list of numbers on one line. */
const asJson = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replace(/\[[\d.,\s]+\]/g, (list) => list.replace(/\s+/g, ''))}\n`

const words = process.argv.slice(2)
const command = readCommand([...STORM.split(' '), '--json', RESULTS, ...words])
if (words.includes('--help')) writeData(USAGE)
else if (typeof command === 'string') {
  say(`${command.split('\n')[0]}\n${USAGE}`)
  process.exitCode = 2
} else {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  process.exitCode = (await compare(command.plan, command.json, words)) ? 0 : 1
}
