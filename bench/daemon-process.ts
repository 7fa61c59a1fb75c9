/**
 * radsluice as an operator runs it, `bin/radsluice run -c FILE` in a process of its own, with the slow servers.
 *
 * Its settings are the defaults, except for those of the plan. It is stopped by its process id, and ends with this process.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fetchStatus } from '../src/commands/input/admin-client.io.ts'
import { freePorts, makeWorkspace, type Workspace } from '../src/demo/workspace.io.ts'
import type { StatusReport } from '../src/observe/status-report.ts'
import type { StormPlan } from './storm-plan.ts'

const RADSLUICE = join(import.meta.dirname, '../bin/radsluice')
const READY_WITHIN_MS = 20_000
const GONE_WITHIN_MS = 5_000
/** The daemon's last words, for the case that it doesn't start. */
const KEPT_OUTPUT = 4_000

export type Fairness = 'client' | 'none'

export class DaemonProcess {
  readonly port: number
  readonly configuration: string
  readonly #admin: string
  readonly #workspace: Workspace
  readonly #child: ChildProcess
  #output = ''

  private constructor(o: { port: number; admin: string; secret: string; configuration: string }) {
    this.port = o.port
    this.configuration = o.configuration
    this.#admin = o.admin
    this.#workspace = makeWorkspace(o.secret, o.configuration)
    const words = ['run', '-c', this.#workspace.configFile]
    this.#child = spawn(RADSLUICE, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    const keep = (text: string): void => {
      this.#output = (this.#output + text).slice(-KEPT_OUTPUT)
    }
    this.#child.stdout?.setEncoding('utf8').on('data', keep)
    this.#child.stderr?.setEncoding('utf8').on('data', keep)
    process.once('exit', this.#killNow)
  }

  /**
   * Resolves when it is ready. With `fairness`, 127.0.0.1 and 127.0.0.2 are clients of their own, `storm` and `other`;
   * without it, all of loopback is one. @throws an Error with its last words where it doesn't get there.
   */
  static async start(
    plan: StormPlan,
    secret: string,
    serverPorts: readonly number[],
    fairness?: Fairness,
  ): Promise<DaemonProcess> {
    const [port, adminPort] = await freePorts()
    const admin = `127.0.0.1:${adminPort}`
    const configuration = configurationOf({ plan, port, admin, serverPorts, fairness })
    const daemon = new DaemonProcess({ port, admin, secret, configuration })
    for (let waited = 0; waited < READY_WITHIN_MS && daemon.#isRunning; waited += 50) {
      const status = await fetchStatus({ admin }).catch(() => undefined)
      if (status?.ready) return daemon
      await sleep(50)
    }
    await daemon.stop()
    throw new Error(`bench: the daemon did not start; it said:\n${daemon.#output}`)
  }

  async status(): Promise<StatusReport> {
    return await fetchStatus({ admin: this.#admin })
  }

  /** How long it was ready to run and had to wait for a processor so far, seconds; undefined where Linux doesn't say. */
  processorWait(): number | undefined {
    try {
      // /proc/PID/schedstat: time on a processor, time waiting for one (both nanoseconds), turns.
      const waited = Number(readFileSync(`/proc/${this.#child.pid}/schedstat`, 'utf8').split(' ')[1])
      return Number.isFinite(waited) ? waited / 1e9 : undefined
    } catch {
      return undefined
    }
  }

  /** SIGTERM twice, which is "at once"; SIGKILL where that takes too long. Resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.#isRunning) {
      const gone = once(this.#child, 'exit')
      this.#child.kill('SIGTERM')
      await sleep(200)
      this.#child.kill('SIGTERM')
      const tooLong = setTimeout(this.#killNow, GONE_WITHIN_MS)
      await gone
      clearTimeout(tooLong)
    }
    process.off('exit', this.#killNow)
    this.#workspace.remove()
  }

  readonly #killNow = (): void => {
    this.#child.kill('SIGKILL')
  }

  get #isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }
}

const ONE_CLIENT = `clients:
  - { name: bng, address: 127.0.0.0/8, secret_file: secret }`
const TWO_CLIENTS = `clients:
  - { name: storm, address: 127.0.0.1, secret_file: secret }
  - { name: other, address: 127.0.0.2, secret_file: secret }`

const maxAgeOf = ({ maxAge }: StormPlan): string => (maxAge === 'auto' ? 'auto' : `${Math.round(maxAge * 1_000)}ms`)

const configurationOf = (o: {
  readonly plan: StormPlan
  readonly port: number
  readonly admin: string
  readonly serverPorts: readonly number[]
  readonly fairness: Fairness | undefined
}): string => `# The daemon of bench/storm.ts.
listen: { authentication: ["127.0.0.1:${o.port}"], accounting: [] }
admin: { listen: "${o.admin}" }
${o.fairness === undefined ? ONE_CLIENT : TWO_CLIENTS}
throttle: { slot: ${o.plan.slot}ms${o.fairness === undefined ? '' : `, fairness: ${o.fairness}`} }
queues:
  authentication: { max_age: ${maxAgeOf(o.plan)}, max_messages: ${o.plan.maxMessages} }
farm:
  authentication: { algorithm: ${o.plan.algorithm}, max_rate: ${o.plan.maxRate}, max_outstanding: ${o.plan.maxOutstanding} }
  servers:
${o.serverPorts
  .map(
    (port, index) => `    - name: slow-${index + 1}
      address: 127.0.0.1
      secret_file: secret
      authentication: { port: ${port} }
      accounting: false`,
  )
  .join('\n')}
`
