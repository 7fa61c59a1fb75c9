/**
 * Draws docs/top.svg: a frame of the real `radsluice top`, taken from a pseudo-terminal while a small storm of logins
 * goes through a running daemon, with one server held Down and one max_rate overridden.
 *
 *     scripts/node24 scripts/top-picture.ts
 *
 * Everything is on loopback, in processes that end with this one; it takes about half a minute. What is drawn is what
 * the terminal got, its ANSI read into text and colours.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ask } from '../src/commands/input/admin-client.io.ts'
import { DemoServerProcess } from '../src/demo/server-process.io.ts'
import { Storm } from '../src/demo/storm.io.ts'
import { freePorts, makeWorkspace } from '../src/demo/workspace.io.ts'
import { svgOf } from './terminal-svg.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const RADSLUICE = join(ROOT, 'bin/radsluice')
const SECRET = 'secret-of-the-picture-farm'
const COLUMNS = 120
const ROWS = 24
const SERVERS = [
  { name: 'fr-1', capacity: 0, maxRate: 200 },
  { name: 'fr-2', capacity: 0, maxRate: 150 },
  { name: 'fr-3', capacity: 0, maxRate: 100 },
  { name: 'fr-4', capacity: 0, maxRate: 100 },
]
const SESSIONS = 12_000
const STORM_SECONDS = 14
const WATCH_SECONDS = 8

async function draw(): Promise<void> {
  const servers = await Promise.all(
    SERVERS.map(({ name, capacity }) => DemoServerProcess.start({ name, secret: SECRET, capacity, backlog: 0 })),
  )
  const [authentication, admin] = await freePorts()
  const [accounting] = await freePorts()
  const lanes = servers.map(
    ({ ports }, at) =>
      `    - { name: ${SERVERS[at]?.name}, address: 127.0.0.1, secret_file: secret, authentication: { port: ${ports.authentication}, max_rate: ${SERVERS[at]?.maxRate} }, accounting: { port: ${ports.accounting}, max_rate: 100 } }`,
  )
  const workspace = makeWorkspace(
    SECRET,
    `listen: { authentication: ["127.0.0.1:${authentication}"], accounting: ["127.0.0.1:${accounting}"] }
admin: { listen: "127.0.0.1:${admin}", socket: admin.sock }
clients: [{ name: bng-1, address: 127.0.0.0/8, secret_file: secret }]
queues: { authentication: { max_age: 9s } }
farm:
  authentication: { algorithm: round_robin }
  accounting: { algorithm: round_robin }
  servers:
${lanes.join('\n')}
`,
  )
  const daemon = spawn(RADSLUICE, ['run', '-c', workspace.configFile], { stdio: 'ignore' })
  try {
    await drawFrom(daemon, { authentication, admin })
  } finally {
    daemon.kill('SIGKILL')
    await Promise.all(servers.map((server) => server.stop()))
    workspace.remove()
  }
}

async function drawFrom(
  daemon: ChildProcess,
  ports: { readonly authentication: number; readonly admin: number },
): Promise<void> {
  const place = { admin: `127.0.0.1:${ports.admin}` }
  await untilReady(daemon, place)
  const change = (path: string, body: object) => ask(place, { method: 'POST', path, body })
  await change('/servers/fr-4/down', {})
  await change('/servers/fr-3/max-rate', { class: 'authentication', max_rate: 60 })
  const storm = Storm.run({
    port: ports.authentication,
    secret: SECRET,
    sessions: SESSIONS,
    beginWithin: 10,
    repeatEvery: 3,
    tries: 3,
    redialAfter: 5,
    lasts: STORM_SECONDS,
    progress: () => undefined,
  })
  const frame = await lastFrame(place.admin)
  writeFileSync(
    join(ROOT, 'docs/top.svg'),
    svgOf(frame, { columns: COLUMNS, rows: ROWS, title: 'radsluice top in a storm of logins' }),
  )
  await storm
}

async function untilReady(daemon: ChildProcess, place: { readonly admin: string }): Promise<void> {
  for (let tries = 0; tries < 100 && daemon.exitCode === null; tries += 1) {
    const told = await ask(place, { method: 'GET', path: '/readyz', access: 'read' }).catch(() => undefined)
    if (told?.status === 200) return
    await sleep(100)
  }
  throw new Error('the daemon of the picture did not start')
}

/** What the terminal shows last before `q` is pressed. */
async function lastFrame(admin: string): Promise<string> {
  const command = `stty cols ${COLUMNS} rows ${ROWS}; exec ${RADSLUICE} top --admin ${admin}`
  const child = spawn('script', ['-qfec', command, '/dev/null'], {
    env: { ...process.env, NO_COLOR: '', TERM: 'xterm' },
  })
  let written = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text
  })
  await sleep(WATCH_SECONDS * 1_000)
  child.stdin.write('q')
  await new Promise((resolve) => child.once('exit', resolve))
  const [seen = ''] = written.split('\u001b[?25h')
  const [frame = ''] = seen.slice(seen.lastIndexOf('\u001b[H') + 3).split('\u001b[J')
  return frame
}

await draw()
