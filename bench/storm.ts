/**
 * The storm: 20,000 sessions log in at once before a server that does 500 a second; through radsluice, and directly.
 *
 *     scripts/node24 bench/storm.ts [--json FILE]
 *     scripts/node24 bench/storm.ts --other 10      # what a second BNG notices of it, with turns and without: `other/`
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
import { judgementLines, judgementsOf, otherTable } from './other/other-report.ts'
import { runBeside } from './other/other-runs.ts'
import { daemonReport, reports, SECRET, withServers } from './storm-parts.ts'
import { type OtherPlan, readCommand, type StormCommand, type StormPlan, USAGE } from './storm-plan.ts'
import { type StormRun, stormTable, type Verdict, verdicts } from './storm-report.ts'

/** What waits in radsluice when the last session is up still costs the servers; then nothing can be left. */
const SETTLE_BEYOND_MAX_AGE = 2
const PROGRESS_SECONDS = 10

async function runStorm(command: StormCommand, words: readonly string[]): Promise<number> {
  const { plan, paths, other } = command
  if (other !== undefined) return await runOther(plan, other, command.json, words)
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
  writeNumbers(command.json, words, { load, plan, verdicts: found, runs })
  return found.every(({ outcome }) => outcome === 'PASS') ? 0 : 1
}

/** With a second BNG: without a storm, with turns, without turns. */
async function runOther(plan: StormPlan, other: OtherPlan, json: string, words: readonly string[]): Promise<number> {
  const load = loadavg()
  const quiet = await runBeside(plan, other, 'no storm')
  const turns = await runBeside(plan, other, 'client')
  const fifo = await runBeside(plan, other, 'none')
  const runs = { quiet, turns, fifo }
  const judgements = judgementsOf(plan, runs)
  for (const line of otherTable(plan, runs)) writeData(line)
  writeData('')
  for (const line of judgementLines(judgements, runs)) writeData(line)
  writeNumbers(json, words, { load, plan, other, judgements, runs: [quiet, turns, fifo] })
  return judgements.every(({ isMet }) => isMet) ? 0 : 1
}

function writeNumbers(
  json: string,
  words: readonly string[],
  { load, ...numbers }: Readonly<Record<string, unknown>> & { readonly load: readonly number[] },
): void {
  const date = new Date().toISOString()
  const about = { date, command: `bench/storm.ts ${words.join(' ')}`.trim(), ...surroundings() }
  mkdirSync(dirname(json), { recursive: true })
  writeFileSync(json, asJson({ ...about, load: { before: load, after: loadavg() }, ...numbers }))
  writeData(`all numbers: ${json}`)
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

async function storm(plan: StormPlan, ports: readonly number[]): Promise<BngReport> {
  return await new Bng(plan, SECRET, ports).run(settleOf(plan), (second, up) => {
    if (second % PROGRESS_SECONDS === 0) say(`  ${second.toString().padStart(3)} s  ${up} of ${plan.sessions} up`)
  })
}

/** Seconds that a run goes on when all are up, so that what waits is forgotten. With `auto` that is before the next copy. */
const settleOf = ({ maxAge, repeatEvery }: StormPlan): number =>
  (maxAge === 'auto' ? repeatEvery : maxAge) + SETTLE_BEYOND_MAX_AGE

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
