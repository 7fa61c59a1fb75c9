/**
 * What a start costs: time, CPU and memory of the commands that load least and most, and the time until a daemon serves; from
 * the sources and from the build.
 *
 *     scripts/node24 bench/start-cost.ts [--rounds N] [--against DIRECTORY] [--only=WORD]
 *
 * Medians of N rounds (9), each a process of its own, started as an operator does; one round before them fills the caches.
 * `--against` measures another checkout too (`git worktree add DIRECTORY COMMIT`, with node_modules beside it), and `--only`
 * nothing but the command that begins with that word.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { writeData } from '../src/commands/terminal/output.io.ts'
import { table } from '../src/commands/text/table.ts'
import { freePorts } from '../src/demo/workspace.io.ts'
import { medianOf } from './load/medians.ts'

const ROOT = join(import.meta.dirname, '..')
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, against: { type: 'string' }, only: { type: 'string' } },
})
const rounds = Number(values.rounds)

/** Runs in the measured process: at its end it writes what it used. */
const NOTING = `process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  require('node:fs').writeFileSync(process.env.USED_FILE, JSON.stringify({ cpu: userCPUTime + systemCPUTime, rss: maxRSS }))
})`

/** One start: milliseconds, milliseconds of CPU, MB. */
interface Cost {
  readonly wall: number
  readonly cpu: number
  readonly rss: number
}

const folder = mkdtempSync(join(tmpdir(), 'radsluice-start-'))
const usedFile = join(folder, 'used.json')
const hook = join(folder, 'noting.cjs')
writeFileSync(hook, NOTING)
const env = { ...process.env, NODE_OPTIONS: `--require ${hook}`, USED_FILE: usedFile }
const configFile = join(folder, 'radsluice.yaml')

/** As it is installed: the build, bin/ and the packages, without the sources. */
async function buildInto(place: string): Promise<string> {
  const words = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', join(place, 'dist')]
  const [code] = await once(spawn(process.execPath, words, { cwd: ROOT, stdio: 'inherit' }), 'exit')
  if (code !== 0) throw new Error('start-cost: the build failed')
  cpSync(join(ROOT, 'bin'), join(place, 'bin'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(place, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(place, 'node_modules'))
  return place
}

const PATH = `${process.execPath.slice(0, -'/node'.length)}:${process.env['PATH']}`

async function oneRun(root: string, words: readonly string[]): Promise<Cost> {
  const begun = performance.now()
  const child = spawn(join(root, 'bin/radsluice'), words, { env: { ...env, PATH }, stdio: 'ignore' })
  await once(child, 'exit')
  const wall = performance.now() - begun
  const { cpu, rss } = JSON.parse(readFileSync(usedFile, 'utf8')) as { cpu: number; rss: number }
  return { wall, cpu: cpu / 1_000, rss: rss / 1_024 }
}

/** A daemon, until it answers; then it is ended. */
async function oneDaemon(root: string): Promise<Cost> {
  const [authentication, admin] = await freePorts()
  const secret = 'long enough for a measurement'
  const servers = [{ name: 's', address: '127.0.0.1', secret }]
  const listen = { authentication: [`127.0.0.1:${authentication}`], accounting: [] }
  const clients = [{ name: 'c', address: '127.0.0.1', secret }]
  const all = { listen, admin: { listen: `127.0.0.1:${admin}` }, clients, farm: { servers } }
  writeFileSync(configFile, JSON.stringify(all), { mode: 0o600 })
  const begun = performance.now()
  const child = spawn(join(root, 'bin/radsluice'), ['run', '-c', configFile], {
    env: { ...env, PATH },
    stdio: 'ignore',
  })
  const gone = once(child, 'exit')
  while (!(await answers(admin))) await sleep(2)
  const wall = performance.now() - begun
  child.kill('SIGTERM')
  await gone
  const { cpu, rss } = JSON.parse(readFileSync(usedFile, 'utf8')) as { cpu: number; rss: number }
  return { wall, cpu: cpu / 1_000, rss: rss / 1_024 }
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'))
    socket.on('error', () => resolve(false))
    socket.on('data', () => {
      socket.destroy()
      resolve(true)
    })
  })

async function median(one: () => Promise<Cost>): Promise<Cost> {
  await one()
  const costs: Cost[] = []
  for (let round = 0; round < rounds; round += 1) costs.push(await one())
  const of = (read: (cost: Cost) => number): number => Math.round(medianOf(costs.map(read)))
  return { wall: of(({ wall }) => wall), cpu: of(({ cpu }) => cpu), rss: of(({ rss }) => rss) }
}

const COMMANDS = [
  ['--version'],
  ['--help'],
  ['status', '--admin', '127.0.0.1:1'],
  ['check', '-c', join(ROOT, 'examples/demo.yaml')],
  ['schema'],
].filter(([word]) => values.only === undefined || word === values.only)

try {
  const places = [
    ['from the sources', ROOT],
    ['from the build', await buildInto(join(folder, 'built'))],
    ...(values.against === undefined ? [] : [[`in ${values.against}`, values.against] as const]),
  ] as const
  writeData(`medians of ${rounds} starts; Node.js ${process.version}, ${cpus().length} x ${cpus()[0]?.model}`)
  for (const [name, root] of places) {
    const rows: [string, number, number, number][] = []
    for (const words of COMMANDS) {
      const { wall, cpu, rss } = await median(() => oneRun(root, words))
      rows.push([words[0] as string, wall, cpu, rss])
    }
    if (values.only === undefined) {
      const { wall, cpu, rss } = await median(() => oneDaemon(root))
      rows.push(['run, until it serves', wall, cpu, rss])
    }
    writeData('')
    for (const line of table([name.toUpperCase(), 'MS', 'CPU MS', 'MB'], rows)) writeData(line)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
