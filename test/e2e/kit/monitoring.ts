/**
 * A real Prometheus and a real Alertmanager in the foreground, with configurations and data of their own in a temporary
 * folder, as quick as they can be: a scrape and an evaluation several times a second.
 *
 * Prometheus loads the rules of deploy/prometheus as they are. Alertmanager sends what it notifies of to a receiver of the
 * test, so a test sees an alert begin and end.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, until } from './child.ts'
import { ROOT } from './daemon.ts'
import { peerPath } from './peers.ts'
import { freePort } from './ports.ts'

const READY_WITHIN_MS = 20_000

/** An alert as the two programs' APIs have it, of what is asked here. */
export interface SeenAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly state: string
}

/** One alert of a notification. */
export interface Notified {
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
}

export class Monitoring {
  /** What Alertmanager notified of so far. */
  readonly notified: Notified[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'radsluice-monitoring-'))
  readonly #receiver: Server
  #children: Child[] = []
  #prometheus = 0
  #alertmanager = 0

  private constructor() {
    this.#receiver = createServer((request, response) => {
      let text = ''
      request.setEncoding('utf8').on('data', (more: string) => {
        text += more
      })
      request.on('end', () => {
        this.notified.push(...(JSON.parse(text) as { alerts: Notified[] }).alerts)
        response.end()
      })
    })
  }

  /** Scrapes `target`, an address such as `127.0.0.1:9812`; has done so for the first time when this resolves. */
  static async start(target: string): Promise<Monitoring> {
    const monitoring = new Monitoring()
    await monitoring.#startAlertmanager()
    await monitoring.#startPrometheus(target)
    // Prometheus takes some seconds until it looks at its targets.
    await until(async () => (await monitoring.query('up')) === 1, 'the first scrape', READY_WITHIN_MS)
    return monitoring
  }

  /** Where a daemon's webhook sends to. */
  get webhookUrl(): string {
    return `http://127.0.0.1:${this.#alertmanager}/api/v2/alerts`
  }

  /** Of Prometheus: pending and firing ones. */
  async prometheusAlerts(): Promise<SeenAlert[]> {
    const answer = await this.#get(this.#prometheus, '/api/v1/alerts')
    return ((answer as { data?: { alerts: SeenAlert[] } } | undefined)?.data?.alerts ?? []).slice()
  }

  /** Of Alertmanager: active ones. */
  async alertmanagerAlerts(): Promise<Omit<SeenAlert, 'state'>[]> {
    return ((await this.#get(this.#alertmanager, '/api/v2/alerts')) ?? []) as Omit<SeenAlert, 'state'>[]
  }

  /** The newest value of an expression, undefined where it has none. */
  async query(expression: string): Promise<number | undefined> {
    const answer = await this.#get(this.#prometheus, `/api/v1/query?query=${encodeURIComponent(expression)}`)
    const { result } = (answer as { data: { result: { value: [number, string] }[] } }).data
    return result[0] === undefined ? undefined : Number(result[0].value[1])
  }

  async stop(): Promise<void> {
    for (const child of this.#children) await child.stop('SIGKILL')
    this.#receiver.closeAllConnections()
    await new Promise<void>((resolve) => this.#receiver.close(() => resolve()))
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #startAlertmanager(): Promise<void> {
    this.#alertmanager = await freePort()
    await new Promise<void>((resolve) => this.#receiver.listen(0, '127.0.0.1', resolve))
    const { port } = this.#receiver.address() as AddressInfo
    const file = join(this.#folder, 'alertmanager.yml')
    const route = { receiver: 'test', group_by: ['...'], group_wait: '100ms', group_interval: '200ms' }
    const receivers = [{ name: 'test', webhook_configs: [{ url: `http://127.0.0.1:${port}/`, send_resolved: true }] }]
    writeFileSync(file, JSON.stringify({ route, receivers }))
    await this.#run('prometheus-alertmanager', this.#alertmanager, [
      `--config.file=${file}`,
      `--storage.path=${join(this.#folder, 'alertmanager')}`,
      '--cluster.listen-address=',
    ])
  }

  async #startPrometheus(target: string): Promise<void> {
    this.#prometheus = await freePort()
    const file = join(this.#folder, 'prometheus.yml')
    cpSync(join(ROOT, 'deploy/prometheus/alerts.yaml'), join(this.#folder, 'alerts.yaml'))
    const alertmanagers = [{ static_configs: [{ targets: [`127.0.0.1:${this.#alertmanager}`] }] }]
    const config = {
      global: { scrape_interval: '300ms', scrape_timeout: '300ms', evaluation_interval: '300ms' },
      rule_files: ['alerts.yaml'],
      scrape_configs: [{ job_name: 'radsluice', static_configs: [{ targets: [target] }] }],
      alerting: { alertmanagers },
    }
    writeFileSync(file, JSON.stringify(config))
    await this.#run('prometheus', this.#prometheus, [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(this.#folder, 'prometheus')}`,
      '--rules.alert.resend-delay=200ms',
    ])
  }

  async #run(name: 'prometheus' | 'prometheus-alertmanager', port: number, words: readonly string[]): Promise<void> {
    const child = new Child(peerPath(name), [...words, `--web.listen-address=127.0.0.1:${port}`])
    this.#children = [child, ...this.#children]
    const isReady = async (): Promise<boolean> =>
      !child.isRunning || (await statusOf(`http://127.0.0.1:${port}/-/ready`)) === 200
    await until(isReady, `a ready ${name}`, READY_WITHIN_MS, () => child.output)
    if (!child.isRunning) throw new Error(`${name} ended at once:\n${child.output}`)
  }

  async #get(port: number, path: string): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) })
    return answer.ok ? await answer.json() : undefined
  }
}

async function statusOf(url: string): Promise<number | undefined> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).status
  } catch {
    return undefined
  }
}
