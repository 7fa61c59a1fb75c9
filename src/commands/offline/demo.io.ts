/**
 * `radsluice demo`: a minute that shows the throttle. The same storm of logins hits the same weak server twice, first directly,
 * then through radsluice. Both are measured and printed side by side.
 *
 * The server processes 100 requests a second in order of arrival. 1,000 sessions of one BNG log in within a second and wait 3 s.
 * Requests queue in the proxy, which drops them when their client gives up. The server cannot. A second BNG has a few logins
 * a second meanwhile: in the proxy the two have turns.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { codedError } from '../../coded-error.ts'
import type { DemoServerReport } from '../../demo/demo-server.io.ts'
import { DemoServerProcess } from '../../demo/server-process.io.ts'
import { Storm, type StormReport } from '../../demo/storm.io.ts'
import { cliFile, freePorts, makeWorkspace } from '../../demo/workspace.io.ts'
import { fetchStatus } from '../input/admin-client.io.ts'
import { JSON_OPTION, verb } from '../input/verb.ts'
import { coloured, say, writeResult } from '../terminal/output.io.ts'
import { table } from '../text/table.ts'

const SECRET = 'demo-secret-of-radsluice'
const CAPACITY = 100
const MAX_RATE = 90
const STORM = { sessions: 1_000, beginWithin: 1, repeatEvery: 1, tries: 3, redialAfter: 1, lasts: 22 }
const LOGINS_A_SECOND = 4
const OTHER = {
  ...STORM,
  address: '127.0.0.2',
  // Two more, and it is not in step with time slots of 50 ms.
  sessions: STORM.lasts * LOGINS_A_SECOND + 2,
  beginWithin: STORM.lasts,
  progress: () => undefined,
}
const WEAK_SERVER = { name: 'weak', secret: SECRET, capacity: CAPACITY, backlog: 4_000 }
const READY_WITHIN_MS = 10_000
/** Answers under way when the storm ends still count. */
const SETTLE_MS = 500

interface Measured {
  readonly clients: StormReport
  /** The other BNG, while the storm lasted. */
  readonly other: StormReport
  readonly server: DemoServerReport
}
interface MeasuredBehind extends Measured {
  readonly radsluice: { readonly expired: number; readonly duplicates: number }
}

export const demo = verb({
  examples: [
    ['demo', 'run the storm twice and print a before/after table'],
    ['demo --json', 'the measured numbers, for a program'],
  ],
  options: { json: JSON_OPTION },
  run: async ({ json }) => {
    say(`A storm on loopback: ${STORM.sessions} sessions of one BNG log in within a second. Each repeats its request`)
    say(
      `every second, gives up after 3 s and redials about a second later. A second BNG has ${LOGINS_A_SECOND} logins a second`,
    )
    say(`meanwhile. The server can do ${CAPACITY} requests a second.`)
    say('')
    say('1. directly at the server')
    const direct = await withWeakServer(measureDirect)
    say(`2. through radsluice with max_rate: ${MAX_RATE} and max_age: 800ms`)
    const behind = await withWeakServer(measureBehind)
    say('')
    const measured = { storm: STORM, otherRate: LOGINS_A_SECOND, capacity: CAPACITY, maxRate: MAX_RATE, direct, behind }
    writeResult(json, measured, () => report(direct, behind))
    return behind.clients.allUpAfter === undefined ? 1 : 0
  },
})

async function measureDirect(server: DemoServerProcess): Promise<Measured> {
  const { clients, other } = await stormAt(server.ports.authentication)
  return { clients, other, server: await server.report() }
}

const measureBehind = (server: DemoServerProcess): Promise<MeasuredBehind> =>
  withRadsluice(server.ports.authentication, async (port, admin) => {
    const { clients, other } = await stormAt(port)
    const { ledger } = (await fetchStatus({ admin })).classes.authentication
    const radsluice = { expired: ledger.expired, duplicates: ledger.duplicate }
    return { clients, other, server: await server.report(), radsluice }
  })

async function withWeakServer<T>(act: (server: DemoServerProcess) => Promise<T>): Promise<T> {
  const server = await DemoServerProcess.start(WEAK_SERVER)
  try {
    return await act(server)
  } finally {
    await server.stop()
  }
}

async function stormAt(port: number): Promise<Pick<Measured, 'clients' | 'other'>> {
  const progress = (seconds: number, up: number): void => {
    const bar = '#'.repeat(Math.round((up * 40) / STORM.sessions)).padEnd(40, '.')
    if (Math.round(seconds) % 2 === 0)
      say(`   ${Math.round(seconds).toString().padStart(2)} s  [${bar}] ${up} sessions up`)
  }
  let isOver = false
  const storm = Storm.run({ ...STORM, port, secret: SECRET, progress }).finally(() => {
    isOver = true
  })
  const isEnough = (): boolean => isOver
  const [clients, other] = await Promise.all([storm, Storm.run({ ...OTHER, port, secret: SECRET, isEnough })])
  await sleep(SETTLE_MS)
  return { clients, other }
}

/** Runs the real daemon, in its own process, before a server on that port. */
async function withRadsluice<T>(serverPort: number, act: (port: number, admin: string) => Promise<T>): Promise<T> {
  const [port, adminPort] = await freePorts()
  const admin = `127.0.0.1:${adminPort}`
  const workspace = makeWorkspace(SECRET, configOf(port, admin, serverPort))
  const daemon = spawn(process.execPath, [cliFile(), 'run', '-c', workspace.configFile], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const gone = once(daemon, 'exit')
  try {
    await ready(admin, () => daemon.exitCode === null)
    return await act(port, admin)
  } finally {
    if (daemon.exitCode === null) {
      // Nobody needs what still waits: a second SIGTERM ends it at once.
      daemon.kill('SIGTERM')
      await sleep(100)
      daemon.kill('SIGTERM')
    }
    await gone
    workspace.remove()
  }
}

async function ready(admin: string, runs: () => boolean): Promise<void> {
  for (let waited = 0; waited < READY_WITHIN_MS && runs(); waited += 50) {
    const report = await fetchStatus({ admin }).catch(() => undefined)
    if (report?.ready) return
    await sleep(50)
  }
  throw codedError('NOT_RUNNING', 'the daemon of the demo did not start; run "radsluice run" to see why')
}

const configOf = (port: number, admin: string, serverPort: number): string => `# The daemon of "radsluice demo".
listen: { authentication: ["127.0.0.1:${port}"], accounting: [] }
admin: { listen: "${admin}" }
clients:
  - { name: storm, address: 127.0.0.1, secret_file: secret }
  - { name: other, address: ${OTHER.address}, secret_file: secret }
queues:
  authentication: { max_age: 800ms }
farm:
  authentication: { max_rate: ${MAX_RATE} }
  servers:
    - { name: weak, address: 127.0.0.1, secret_file: secret, authentication: { port: ${serverPort} }, accounting: false }
`

function report(direct: Measured, behind: MeasuredBehind): string[] {
  const row = (title: string, read: (of: Measured) => string | number): [string, ...(string | number)[]] => [
    title,
    read(direct),
    read(behind),
  ]
  const rows = [
    row('sessions up', ({ clients }) => `${number(clients.up)} of ${number(STORM.sessions)}`),
    row('all of them up after', ({ clients }) => seconds(clients.allUpAfter, clients.seconds)),
    row('requests sent by the clients', ({ clients }) => number(clients.sent)),
    row('  answered in time', ({ clients }) => number(clients.answeredInTime)),
    row('  answered too late', ({ clients }) => number(clients.answeredTooLate)),
    row('  logins that got no answer in time', ({ clients }) => number(clients.givenUp)),
    row('requests that reached the server', ({ server }) => number(server.received)),
    row('  most in any second', ({ server }) => number(server.peakPerSecond)),
    row('  most in any 50 ms', ({ server }) => number(server.peakPerSlot)),
    row('  longest backlog at the server', ({ server }) => number(server.longestBacklog)),
    row("the server's answers that were of no use", ({ clients, other, server }) =>
      share(server.answered - clients.up - other.up, server.answered),
    ),
    row('the second BNG: sessions up', ({ other }) => `${number(other.up)} of ${number(other.begun)}`),
    row('  half of them waited at most', ({ other }) => waited(other.medianWait)),
    row('  the longest wait', ({ other }) => waited(other.longestWait)),
  ]
  const lines = table(['', 'DIRECTLY', 'THROUGH RADSLUICE'], rows)
  return [
    ...lines.map((line, index) => (index === 0 ? coloured('bold', line) : line)),
    '',
    `radsluice absorbed ${number(behind.radsluice.duplicates)} repeated requests, and forgot ${number(behind.radsluice.expired)} just before their clients sent them again or gave up.`,
  ]
}

const number = (count: number): string => count.toLocaleString('en-US')
const share = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${Math.round((Math.max(0, part) * 100) / whole)} %`
const waited = (wait: number | undefined): string => (wait === undefined ? 'never up' : `${wait.toFixed(2)} s`)
const seconds = (after: number | undefined, lasted: number): string =>
  after === undefined ? `never (in ${Math.round(lasted)} s)` : `${after.toFixed(1)} s`
