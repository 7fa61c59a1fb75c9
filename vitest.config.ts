import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const setupFiles = ['test/progress.ts']
const never = ['**/node_modules/**', '**/dist/**']

/** For tests that measure no time: what they wait for is computed, and other work on the machine may take most of it. */
const PATIENCE_MS = 300_000

const e2e = (...names: readonly string[]): string[] => names.map((name) => `test/e2e/${name}.test.ts`)

/** Tests on real sockets that wait more than they work and measure nothing: some of them run side by side. */
const SIDE_BY_SIDE = e2e(
  'accounting-oracle',
  'accounting-sessions',
  'accounting-vector',
  'additions',
  'addresses',
  'admin-failures',
  'admin-fuzz',
  'alarms',
  'bad-input',
  'check-openings',
  'command',
  'command-place',
  'control',
  'descriptors',
  'docker',
  'eap',
  'ending',
  'farm',
  'freeradius',
  'freeradius-docs',
  'hidden',
  'install',
  'kit',
  'launcher',
  'mutated',
  'openapi',
  'outage',
  'peers',
  'poison',
  'reload-races',
  'reload-says',
  'shell-batched',
  'shell-batched-faults',
  'shell-cli',
  'shell-daemon',
  'shell-docs',
  'shell-docs-alone',
  'shell-docs-bench',
  'shell-docs-proof',
  'shell-log-output',
  'shell-mtu',
  'shell-netns',
  'shell-odd-datagrams',
  'shell-packet-io',
  'shell-pipes',
  'shell-sockets',
  'shell-thread-ends',
  'signing',
  'simulate',
  'summary',
  'test-run',
)

/** Tests on real sockets that wait for most of their time, and count or time what comes: few of them run side by side. */
const WAITING = e2e('bench', 'instances', 'long-outage', 'outstanding', 'shell-demo')

/** Tests that run a second time, over dgram. `PACKET_IO=dgram npm run e2e` runs all of them so. */
const WAITING_OVER_DGRAM = e2e('shell-netns')
const MEASURED_OVER_DGRAM = e2e('throttle')

/** What takes longest begins first, so that no core waits for it at the end; of the rest, the larger files. */
const LONG = [
  ...['sim/steps', 'sim/storm', 'sim/troubled-seeds', 'sim/random-seeds', 'sim/'],
  ...['long-outage', 'outstanding', 'shell-demo'],
  ...[
    'additions',
    'shell-packet-io',
    'shell-batched-faults',
    'addresses',
    'shell-thread-ends',
    'alarms',
    'shell-docs-bench',
  ],
  ...[
    'shell-netns',
    'shell-pipes',
    'shell-mtu',
    'shell-docs',
    'control',
    'install',
    'docker',
    'ending',
    'accounting-oracle',
  ],
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((part) => moduleId.includes(part))
      return at < 0 ? LONG.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles,
          include: ['test/**/*.test.ts'],
          exclude: [...never, 'test/sim/**', 'test/e2e/**'],
          // Two hundred small files: a process and a set of modules for each would cost more than the tests.
          isolate: false,
          testTimeout: PATIENCE_MS,
        },
      },
      {
        test: { name: 'sim', setupFiles, include: ['test/sim/**/*.test.ts'], exclude: never, testTimeout: PATIENCE_MS },
      },
      {
        test: {
          name: 'shell',
          setupFiles,
          include: SIDE_BY_SIDE,
          exclude: never,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'waiting',
          setupFiles,
          include: WAITING,
          exclude: never,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'waiting-dgram',
          setupFiles,
          include: WAITING_OVER_DGRAM,
          exclude: never,
          sequence: { groupOrder: 2 },
          env: { PACKET_IO: 'dgram' },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          setupFiles,
          include: ['test/e2e/**/*.test.ts'],
          exclude: [...never, ...SIDE_BY_SIDE, ...WAITING],
          sequence: { groupOrder: 3 },
          // Real sockets and real peers: one file after the other, so that none measures another's load.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'dgram',
          setupFiles,
          include: MEASURED_OVER_DGRAM,
          exclude: never,
          sequence: { groupOrder: 4 },
          env: { PACKET_IO: 'dgram' },
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
