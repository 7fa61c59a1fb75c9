/**
 * `/metrics`: every metric that the daemon exports, in the text format of Prometheus.
 *
 * Nothing is counted here. The engine keeps plain integers, the daemon gathers a view when asked, and each metric of
 * the two lists is filled from it. The registry is our own: nothing of the process leaks in by default.
 */
import { Counter, Gauge, Registry } from 'prom-client'
import { ENGINE_METRICS } from './engine-metrics.ts'
import { counter, gauge, type Metric, type Sample, type SampleReader, single } from './metric.ts'
import { type DaemonView, type InstanceLook, notReady } from './view.ts'

const ofInstance = (read: (one: InstanceLook) => number): SampleReader => ({
  labels: ['instance'],
  read: ({ instances }) => instances.map((one) => ({ labels: { instance: String(one.number) }, value: read(one) })),
})

const DAEMON_METRICS: readonly Metric[] = [
  gauge('build_info', 'Always 1; the labels say what runs.', {
    labels: ['version', 'node'],
    read: ({ version, nodeVersion }) => [{ labels: { version, node: nodeVersion }, value: 1 }],
  }),
  gauge(
    'start_time_seconds',
    'When the daemon started, Unix time.',
    single((view) => view.startedUnixSeconds),
  ),
  gauge(
    'ready',
    '1 while /readyz answers 200.',
    single((view) => (notReady(view).length === 0 ? 1 : 0)),
  ),
  gauge(
    'draining',
    '1 while no new messages are taken.',
    single((view) => (view.phase === 'draining' ? 1 : 0)),
  ),
  counter('config_reloads', 'Reloads by result.', {
    labels: ['result'],
    read: ({ config }) => [
      { labels: { result: 'ok' }, value: config.reloadsOk },
      { labels: { result: 'failed' }, value: config.reloadsFailed },
    ],
  }),
  gauge(
    'config_last_success_timestamp_seconds',
    'When the configuration in force was read, Unix time.',
    single(({ config }) => config.lastSuccessUnixSeconds),
  ),
  gauge(
    'config_last_reload_successful',
    '1 where the last reload was taken, or none was asked for.',
    single(({ config }) => (config.refused === undefined ? 1 : 0)),
  ),
  counter(
    'send_failures',
    'Datagrams that the system refused to send.',
    ofInstance((one) => one.sendFailures),
  ),
  counter(
    'internal_errors',
    'Packets in which our own code threw.',
    ofInstance((one) => one.internalErrors),
  ),
  counter(
    'log_lines_lost',
    'Log lines that the reader did not take in time.',
    single((view) => view.logLinesLost),
  ),
  gauge('listener_receive_buffer_bytes', 'What the kernel granted to a listener for receiving.', {
    labels: ['class', 'address'],
    read: ({ listeners }) =>
      listeners.map(({ class: name, address, receiveBufferBytes: value }) => ({
        labels: { class: name, address },
        value,
      })),
  }),
  counter('listener_kernel_drops', 'Datagrams that the kernel dropped because the receive buffer was full.', {
    labels: ['class', 'address'],
    read: ({ listeners }) =>
      listeners.flatMap(({ class: name, address, kernelDrops }) =>
        kernelDrops === undefined ? [] : [{ labels: { class: name, address }, value: kernelDrops }],
      ),
  }),
  counter(
    'upstream_kernel_drops',
    'The same for the sockets towards the servers.',
    single((view) => view.upstreamKernelDrops),
  ),
  gauge(
    'instance_running',
    '1 while the instance runs, 0 between a crash and its restart.',
    ofInstance((one) => (one.isRunning ? 1 : 0)),
  ),
  counter(
    'instance_crashes',
    'Times that the instance ended unasked and was started again.',
    ofInstance((one) => one.crashes),
  ),
  counter(
    'instance_cpu_seconds',
    'Processor time of the thread that the instance runs on now, user and system.',
    ofInstance((one) => one.cpuSeconds),
  ),
  gauge(
    'event_loop_delay_mean_seconds',
    'How late the event loop came to its work, since the last look.',
    ofInstance((one) => one.loopDelay.mean),
  ),
  gauge(
    'event_loop_delay_p99_seconds',
    'The same, 99th percentile.',
    ofInstance((one) => one.loopDelay.p99),
  ),
  gauge(
    'event_loop_delay_max_seconds',
    'The same, the worst.',
    ofInstance((one) => one.loopDelay.max),
  ),
  gauge(
    'resident_memory_bytes',
    'Memory of the process.',
    single((view) => view.process.residentBytes),
  ),
  counter(
    'cpu_seconds',
    'Processor time used, user and system.',
    single((view) => view.process.cpuSeconds),
  ),
]

/** Every metric: what docs/metrics.md must list. */
export const METRICS: readonly Metric[] = [...DAEMON_METRICS, ...ENGINE_METRICS]

export class Metrics {
  readonly #registry = new Registry()
  readonly #fills: readonly ((view: DaemonView) => void)[]

  constructor() {
    this.#fills = METRICS.map((metric) => this.#register(metric))
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** The exposition of this view. Views are taken one after the other; the registry holds the last one. */
  text(view: DaemonView): Promise<string> {
    for (const fill of this.#fills) fill(view)
    return this.#registry.metrics()
  }

  #register(metric: Metric): (view: DaemonView) => void {
    const { name, help, labels } = metric
    const options = { name, help, labelNames: [...labels], registers: [this.#registry] }
    if (metric.kind === 'counter') {
      const counters = new Counter(options)
      return (view) => {
        const samples = emptied(counters, metric, view)
        for (const sample of samples) counters.inc({ ...sample.labels }, sample.value)
      }
    }
    const gauges = new Gauge(options)
    return (view) => {
      const samples = emptied(gauges, metric, view)
      for (const sample of samples) gauges.set({ ...sample.labels }, sample.value)
    }
  }
}

/** Empties a metric of the last view and gives the samples of this one. */
function emptied(old: Counter | Gauge, metric: Metric, view: DaemonView): readonly Sample[] {
  const samples = metric.samples(view)
  old.reset()
  // A metric without labels keeps a 0 over a reset: what is not known must not look like a number.
  if (samples.length === 0) old.remove({})
  return samples
}
