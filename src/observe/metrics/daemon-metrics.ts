/**
 * The metrics of clients and tables, and those of the daemon itself.
 */
import type { PeerKind } from '../../proxy/border/events.ts'
import type { EngineSnapshot } from '../../proxy/border/snapshot.ts'
import { notReady } from '../judgements.ts'
import { listedClients } from '../view/client-activity.ts'
import type { DaemonView, ListenerView } from '../view/view.ts'
import { figuresBy, perClient, perClientAndAll, SHARE_METRICS } from './client-metrics.ts'
import { counter, gauge, type Metric, type MetricGroup, metricsOf, samplesOf } from './metric.ts'
import { daemon, engines, ofInstances, samplesOfKnown, threads } from './metric-readers.ts'

const listeners = metricsOf<ListenerView, number | undefined>((read) => ({
  labels: ['class', 'address'],
  read: (view) => samplesOfKnown(view.listeners, ({ class: name, address }) => ({ class: name, address }), read),
}))

const signingGauge = (name: string, help: string, peer: PeerKind, what: keyof EngineSnapshot['signing']): Metric =>
  gauge(name, help, {
    labels: [peer, 'instance'],
    read: ofInstances(({ signing }, instance) =>
      signing[what]
        .filter((one) => one.peer === peer)
        .map((one) => ({ labels: { [peer]: one.name, instance }, value: 1 })),
    ),
  })

type TransportCounts = NonNullable<DaemonView['instances'][number]['transport']>

/** Of each instance whose transport counts. */
const transportCounter = (name: string, help: string, what: keyof TransportCounts): Metric =>
  counter(name, help, {
    labels: ['instance'],
    read: ({ instances }) =>
      samplesOfKnown(
        instances,
        (one) => ({ instance: String(one.number) }),
        ({ transport }) => transport?.[what],
      ),
  })

const CLIENTS_AND_TABLES: readonly Metric[] = [
  perClient(
    'client_requests_received',
    'Datagrams received from a configured client.',
    figuresBy('class', ({ received }) => received),
  ),
  perClient('client_requests_dropped', 'Datagrams of a configured client that were dropped.', {
    figures: ({ dropped }, tell) => tell(dropped),
  }),
  perClient(
    'client_bad_authenticators',
    'Of these, those whose authenticator did not verify: most often a wrong secret.',
    { figures: ({ badAuthenticators }, tell) => tell(badAuthenticators) },
  ),
  ...perClientAndAll(
    'client_additions_left_out',
    'What was to be added to a packet for a server and was left out, since it does not fit into 4,096 octets.',
    figuresBy('addition', ({ leftOut }) => leftOut),
  ),
  ...SHARE_METRICS,
  gauge('clients', 'Clients: configured, with traffic in the last hour, and shown with series of their own.', {
    labels: ['which'],
    read: ({ engine: { clients }, listedClients: listed }) => {
      const shown = listedClients(clients, listed).length
      return samplesOf({ configured: clients.length, active: listed.active.size, shown }, (which) => ({ which }))
    },
  }),
  gauge('table_entries', 'Entries in the bounded tables.', {
    labels: ['table', 'instance'],
    read: ofInstances(({ tables }, instance) => samplesOf(tables, (table) => ({ table, instance }))),
  }),
  engines.gauge(
    'flows',
    'Addresses and parts of clients (`fairness_key`, `flow_key`) that have a flow of their own now.',
    ({ flows }) => flows.own,
  ),
  engines.counter(
    'flows_shared',
    'Requests that had to share a flow with others because a table of flows was full.',
    ({ flows }) => flows.shared,
  ),
  gauge('message_authenticator_learned_peers', 'Peers of which auto learned that they send Message-Authenticator.', {
    labels: ['peers', 'instance'],
    read: ofInstances(({ messageAuthenticatorLearned }, instance) =>
      samplesOf(messageAuthenticatorLearned, (peers) => ({ peers, instance })),
    ),
  }),
  ...(['client', 'server'] as const).flatMap((peer) => [
    signingGauge(
      `${peer}_mixed_signing`,
      `Always 1: a ${peer} that sends signed and unsigned packets from one address (docs/throttling.md). Others are not listed.`,
      peer,
      'mixed',
    ),
    signingGauge(
      `${peer}_unsigned_dropped`,
      `Always 1: a ${peer} of which a packet was dropped in the last ten minutes since it must be signed. Others are not listed.`,
      peer,
      'dropped',
    ),
  ]),
  daemon.gauge(
    'retiring_lanes',
    'Lanes that a reload removed and that still wait for what is outstanding.',
    ({ engine }) => engine.lanes.filter(({ retiring }) => retiring).length,
  ),
]

const DAEMON: readonly Metric[] = [
  gauge('build_info', 'Always 1; the labels say what runs.', {
    labels: ['version', 'node'],
    read: ({ version, nodeVersion }) => [{ labels: { version, node: nodeVersion }, value: 1 }],
  }),
  gauge('config_info', 'Always 1; the label is the digest of the settings in force.', {
    labels: ['digest'],
    read: ({ config: { digest } }) => [{ labels: { digest }, value: 1 }],
  }),
  daemon.gauge('start_time_seconds', 'When the daemon started, Unix time.', 'startedUnixSeconds'),
  daemon.gauge('ready', '1 while /readyz answers 200.', (view) => (notReady(view).length === 0 ? 1 : 0)),
  daemon.gauge('draining', '1 while no new messages are taken.', (view) => (view.phase === 'draining' ? 1 : 0)),
  counter('config_reloads', 'Reloads by result.', {
    labels: ['result'],
    read: ({ config }) => samplesOf({ ok: config.reloadsOk, failed: config.reloadsFailed }, (result) => ({ result })),
  }),
  daemon.gauge(
    'config_last_success_timestamp_seconds',
    'When the configuration in force was read, Unix time.',
    ({ config }) => config.lastSuccessUnixSeconds,
  ),
  daemon.gauge(
    'config_last_reload_successful',
    '1 where the last reload was taken, or none was asked for.',
    ({ config }) => (config.refused === undefined ? 1 : 0),
  ),
  gauge('packet_io_info', 'Always 1; the labels say what carries the packets of an instance, and why.', {
    labels: ['packet_io', 'because', 'instance'],
    read: ({ packetIo: { because }, instances }) =>
      instances.map(({ number, packetIo: { use, fellBack } }) => ({
        labels: {
          packet_io: use,
          because: fellBack === undefined ? because : 'not-opened',
          instance: String(number),
        },
        value: 1,
      })),
  }),
  transportCounter(
    'send_buffer_full',
    'Datagrams that were dropped in sending, since the buffer of the socket or the interface was full. Only with batched packet I/O.',
    'sendBufferFull',
  ),
  transportCounter(
    'strange_ages',
    'Datagrams whose time stamp of the kernel can not be right (a clock was set): their time in the socket counts as 0. Only with batched packet I/O.',
    'strangeAge',
  ),
  threads.counter('send_failures', 'Datagrams that the system refused to send.', 'sendFailures'),
  threads.counter('internal_errors', 'Packets in which our own code threw.', 'internalErrors'),
  counter(
    'watch_errors',
    'Errors in watching, by place; no packet was touched. The log has `watch-failed` with the cause.',
    {
      labels: ['place'],
      read: ({ watchErrors }) => samplesOf(watchErrors, (place) => ({ place })),
    },
  ),
  daemon.counter('log_lines_lost', 'Log lines that the reader did not take in time.', 'logLinesLost'),
  daemon.counter('tps_lines_lost', 'Lines of the TPS file that could not be written.', 'tpsLinesLost'),
  gauge(
    'listener_present',
    '1 while an address of `listen` is open, 0 while the machine lacks it; `optional` also for what a wildcard covers.',
    {
      labels: ['class', 'address', 'optional'],
      read: (view) =>
        view.listeners.map(({ class: name, address, presence, isOptional }) => ({
          labels: { class: name, address, optional: String(isOptional) },
          value: presence === 'absent' ? 0 : 1,
        })),
    },
  ),
  listeners.gauge(
    'listener_receive_buffer_bytes',
    'What the kernel granted to a listener for receiving.',
    // A closed listener has no buffer.
    ({ receiveBufferBytes: bytes }) => (bytes > 0 ? bytes : undefined),
  ),
  listeners.counter(
    'listener_kernel_drops',
    'Datagrams that the kernel dropped because the receive buffer was full.',
    'kernelDrops',
  ),
  daemon.counter('upstream_kernel_drops', 'The same for the sockets towards the servers.', 'upstreamKernelDrops'),
  daemon.gauge('instances', 'Instances that the daemon has.', ({ instances }) => instances.length),
  threads.gauge('instance_running', '1 while the instance runs, 0 between a crash and its restart.', (one) =>
    one.isRunning ? 1 : 0,
  ),
  threads.counter('instance_crashes', 'Times that the instance ended unasked and was started again.', 'crashes'),
  threads.counter(
    'instance_cpu_seconds',
    'Processor time of the thread that the instance runs on now, user and system.',
    'cpuSeconds',
  ),
  threads.gauge(
    'event_loop_delay_mean_seconds',
    'How late the event loop came to its work, since it was last read.',
    (one) => one.loopDelay.mean,
  ),
  threads.gauge('event_loop_delay_p99_seconds', 'The same, 99th percentile.', (one) => one.loopDelay.p99),
  threads.gauge('event_loop_delay_max_seconds', 'The same, the worst.', (one) => one.loopDelay.max),
  daemon.gauge('resident_memory_bytes', 'Memory of the process.', ({ process: { residentBytes } }) => residentBytes),
  daemon.counter('cpu_seconds', 'Processor time used, user and system.', ({ process: { cpuSeconds } }) => cpuSeconds),
]

export const CLIENT_METRICS: MetricGroup = { title: 'Clients and tables', metrics: CLIENTS_AND_TABLES }
export const DAEMON_METRICS: MetricGroup = { title: 'The daemon', metrics: DAEMON }
