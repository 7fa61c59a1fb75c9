/**
 * A view of a daemon for tests: everything calm, around the snapshot of an engine that a test drives.
 */

import { perClass } from '../../src/classes.ts'
import type { InstanceView } from '../../src/instances/protocol/instance-view.ts'
import { noErrors } from '../../src/observe/boundary/watch-errors.ts'
import type { DaemonView } from '../../src/observe/view/view.ts'
import type { EngineSnapshot } from '../../src/proxy/border/snapshot.ts'
import { seconds } from '../../src/units.ts'

export const instanceOf = (engine: EngineSnapshot, changes: Partial<InstanceView> = {}): InstanceView => ({
  number: 0,
  isRunning: true,
  crashes: 0,
  packetIo: { use: 'batched' },
  transport: { sendBufferFull: 10, strangeAge: 12 },
  sendFailures: 5,
  internalErrors: 6,
  cpuSeconds: 1.25,
  loopDelay: { mean: 0.001, p99: 0.002, max: 0.003 },
  listeners: [],
  upstreams: [],
  clampedReceiveBuffer: undefined,
  watchErrors: {},
  engine,
  ...changes,
})

export const viewOf = (engine: EngineSnapshot, changes: Partial<DaemonView> = {}): DaemonView => ({
  version: '1.2.3',
  nodeVersion: 'v24.0.0',
  pid: 4711,
  phase: 'running',
  startedUnixSeconds: 1_700_000_000,
  uptimeSeconds: 61.5,
  admin: '127.0.0.1:9812',
  adminSocket: '/run/radsluice/admin-9812.sock',
  packetIo: {
    wanted: 'auto',
    use: 'batched',
    because: 'self-test-passed',
    why: 'batched packet I/O has passed its self-test here, with koffi 3.3.4',
    instancesBy: 'port',
  },
  overrides: { held: [], maxRates: [], logLevel: undefined },
  attached: [],
  listeners: [
    {
      class: 'authentication',
      address: '127.0.0.1:1812',
      presence: 'listening',
      isOptional: false,
      receiveBufferBytes: 4_194_304,
      sendBufferBytes: 1_048_576,
      kernelDrops: 3,
    },
  ],
  upstreamKernelDrops: 0,
  config: {
    file: '/etc/radsluice.yaml',
    digest: 'abcdef0123456789',
    reloadsOk: 2,
    reloadsFailed: 1,
    lastSuccessUnixSeconds: 1_700_000_000,
    refused: undefined,
    waitingForRestart: [],
  },
  limits: {
    ...perClass(() => ({ messages: 1_000, bytes: 1_048_576, age: seconds(5) })),
    authentication: { messages: 20_000, bytes: 33_554_432, age: seconds(5) },
    accounting: { messages: 200_000, bytes: 268_435_456, age: seconds(3_600) },
  },
  watch: {
    foreseen: [],
    alarms: [
      {
        id: 'queue-fill',
        severity: 'warning',
        subject: { class: 'accounting' },
        sinceUnixSeconds: 1_700_000_010,
        value: 83.2,
        detail: undefined,
        advice: undefined,
      },
    ],
    health: {
      score: 9,
      reasons: [{ factor: 'queue-fill', level: 'warning', cost: 1, says: 'the fullest queue: 83 %' }],
    },
    degradedBelow: 8,
    thresholds: [{ id: 'queue-fill', high: 80, low: 60 }],
    lanes: [{ server: 's1', class: 'accounting', utilisation: 0.5, load: 0.8 }],
    busiest: { seconds: 0, clients: [] },
    webhook: { ok: 3, failed: 1, waiting: 2, lost: 0, failing: undefined },
  },
  sendFailures: 5,
  internalErrors: 6,
  logLinesLost: 7,
  tpsLinesLost: 9,
  sessionsLogLinesLost: 8,
  listedClients: { which: 'all', active: new Set() },
  watchErrors: { ...noErrors(), memory: 2 },
  process: { residentBytes: 1_000_000, cpuSeconds: 1.5 },
  instances: [instanceOf(engine)],
  engine,
  ...changes,
})
