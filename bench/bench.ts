/**
 * The load-test harness: what radsluice bears, beside nothing, a bare relay, radsecproxy and FreeRADIUS.
 *
 *     npm run bench -- --quick | --full | --scenario NAME   (--help tells the rest)
 *
 * Everything is on loopback, bounded in time, and gone when it ends. It prints Markdown tables and verdicts, writes one JSON
 * file for each scenario and a page with plots, and exits 1 where a promise was not kept. bench/README.md explains all.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { say, writeData } from '../src/commands/terminal/output.io.ts'
import { readVersion } from '../src/version.io.ts'
import { type BenchCommand, readCommand, type ScenarioName, USAGE } from './load/bench-command.ts'
import { compare } from './load/compare.ts'
import { idle } from './load/idle.ts'
import { instances } from './load/instances.ts'
import { memoryMonitors } from './load/memory-monitor.ts'
import { million } from './load/million.ts'
import { compileNative } from './load/native-programs.ts'
import { resultPage } from './load/page.ts'
import { promiseTable } from './load/promise-table.ts'
import { canRaiseBuffers, PACKET_IO, tryBatched } from './load/relays.ts'
import { reload } from './load/reload.ts'
import { markdownTable, reportText } from './load/result-text.ts'
import type { Bench, Scenario, ScenarioReport } from './load/scenario.ts'
import { scrape } from './load/scrape.ts'
import { soak } from './load/soak.ts'
import { tail } from './load/tail.ts'
import { throttled } from './load/throttled.ts'
import { tracking } from './load/tracking.ts'

const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  compare,
  tail,
  idle,
  throttled,
  million,
  instances,
  scrape,
  reload,
  tracking,
  soak,
}

async function runBench(command: BenchCommand, words: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'radsluice-bench-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  const workshop = {
    folder,
    programs: compileNative(folder),
    settings: PACKET_IO[command.packetIo],
    othersAtMost: command.othersAtMost,
  }
  const whyNotBatched = await tryBatched(workshop)
  if (whyNotBatched !== undefined) say(`radsluice uses dgram here: ${whyNotBatched}`)
  const bench: Bench = { ...command, workshop: { ...workshop, whyNotBatched }, say }
  if (memoryMonitors().length > 0)
    say('the kernel of this machine watches memory (kdamond): that can delay processes with much of it by milliseconds')
  if (!canRaiseBuffers()) say('the peers get small receive buffers: only root may raise net.core.rmem_default')
  mkdirSync(command.results, { recursive: true })
  const reports: ScenarioReport[] = []
  for (const name of command.scenarios) {
    const started = { date: new Date().toISOString(), load: loadavg() }
    say(`${name}:`)
    const report = await SCENARIOS[name](bench)
    reports.push(report)
    for (const line of reportText(report)) writeData(line)
    const about = {
      ...surroundings(words),
      ...started,
      loadAfter: loadavg(),
      pace: command.pace,
      packetIo: command.packetIo,
      othersAtMost: command.othersAtMost,
      whyNotBatched,
    }
    writeFileSync(join(command.results, `${name}.json`), asJson({ ...about, ...report }))
  }
  const promises = promiseTable(reports)
  if (promises !== undefined)
    for (const line of [`## ${promises.title}`, '', ...markdownTable(promises), '']) writeData(line)
  const { machine, commit } = surroundings(words)
  const title = `radsluice bench: ${reports.map(({ scenario }) => scenario).join(', ')}`
  const told = `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${commit ?? readVersion()}, ${machine.cpus} processors (${machine.model}), Linux ${machine.kernel}, Node ${machine.node}.`
  writeFileSync(join(command.results, 'bench.html'), resultPage({ title, about: told, reports }))
  writeData(`all numbers: ${command.results}/*.json; as one page: ${command.results}/bench.html`)
  return reports.every(({ verdicts }) => verdicts.every(({ outcome }) => outcome === 'PASS')) ? 0 : 1
}

/** What ran where: a number without these is worth nothing. */
function surroundings(words: readonly string[]) {
  const told = (program: string, ...options: string[]): string | undefined => {
    const run = spawnSync(program, options, { encoding: 'utf8', timeout: 10_000 })
    return run.status === 0 ? `${run.stdout}${run.stderr}`.trim().split('\n')[0] : undefined
  }
  return {
    command: `npm run bench -- ${words.join(' ')}`.trim(),
    version: readVersion(),
    commit: told('git', 'describe', '--always', '--dirty'),
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model,
      kernel: release(),
      node: process.version,
      watchesMemory: memoryMonitors().length > 0,
    },
    peers: { radsecproxy: told('radsecproxy', '-v'), freeradius: told('freeradius', '-v') },
  }
}

/** Indented, but a list of numbers on one line. */
const asJson = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replace(/\[[-\d.,\s]+\]/g, (list) => list.replace(/\s+/g, ''))}\n`

const words = process.argv.slice(2)
const command = readCommand(words)
if (words.includes('--help')) writeData(USAGE)
else if (typeof command === 'string') {
  say(command)
  process.exitCode = 2
} else {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  try {
    process.exitCode = await runBench(command, words)
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
