/**
 * The verbs of the command line: the name, the arguments and the summary of each, and its file.
 *
 * A verb's file is loaded only when that verb is asked for. Otherwise the modules of `run` and `simulate` would cost every
 * `status` most of its time and memory.
 */
import type { Verb } from './input/verb.ts'

export interface VerbEntry {
  /** With its positional arguments: `send <what>`. */
  readonly command: string
  /** False: it is left out of `--help`. */
  readonly summary: string | false
  readonly load: () => Promise<Verb>
  /** It goes on, or ends by itself, if nobody reads its standard output any more. */
  readonly outlivesReader?: true
}

const BY_COMMAND: Readonly<Record<string, Omit<VerbEntry, 'command'>>> = {
  run: {
    summary: 'Run the proxy in the foreground (default)',
    load: async () => (await import('./offline/run.io.ts')).run,
    outlivesReader: true,
  },
  check: {
    summary: 'Check a configuration file; start nothing',
    load: async () => (await import('./offline/check.io.ts')).check,
  },
  schema: {
    summary: 'Print the JSON Schema of the configuration file',
    load: async () => (await import('./offline/schema.io.ts')).schema,
  },
  status: {
    summary: 'Show the state of a running radsluice: servers, queues, slots',
    load: async () => (await import('./live/status.io.ts')).status,
  },
  'show <what>': {
    summary:
      'Show servers, queues, clients, instances, counters, alarms, settings or learned signers of a running radsluice',
    load: async () => (await import('./live/show.io.ts')).show,
  },
  top: {
    summary: 'Watch a running radsluice: rates, slots, queues, servers, alarms, once a second',
    load: async () => (await import('./live/top.io.ts')).top,
  },
  trace: {
    summary: 'Follow single requests through a running radsluice',
    load: async () => (await import('./live/trace.io.ts')).trace,
  },
  sessions: {
    summary: 'List or find accounting sessions that a running radsluice tracks',
    load: async () => (await import('./live/sessions.io.ts')).sessions,
  },
  'server <act> <name>': {
    summary: 'Hold a server of a running radsluice Down, or release it',
    load: async () => (await import('./live/override.io.ts')).server,
  },
  'set <what> <name> <class> <rate>': {
    summary: 'Change a max_rate of a running radsluice until the next reload',
    load: async () => (await import('./live/override.io.ts')).set,
  },
  'log-level <level>': {
    summary: 'Change the log level of a running radsluice until the next reload',
    load: async () => (await import('./live/override.io.ts')).logLevel,
  },
  reload: {
    summary: 'Make a running radsluice read its configuration again',
    load: async () => (await import('./live/reload.io.ts')).reload,
  },
  drain: {
    summary: 'Make a running radsluice accept nothing new and finish what it has',
    load: async () => (await import('./live/stop.io.ts')).drain,
  },
  resume: {
    summary: 'Make a running radsluice accept traffic again after a drain',
    load: async () => (await import('./live/stop.io.ts')).resume,
  },
  stop: {
    summary: 'Drain a running radsluice and end it',
    load: async () => (await import('./live/stop.io.ts')).stop,
  },
  'send <what>': {
    summary: 'Send one test request and show the answer: auth, acct or status',
    load: async () => (await import('./offline/send.io.ts')).send,
  },
  'decode [packet]': {
    summary: 'Show a packet as text: hex, or the datagrams of a capture file',
    load: async () => (await import('./offline/decode.io.ts')).decode,
  },
  simulate: {
    summary: 'Simulate a storm or an outage, with a report',
    load: async () => (await import('./offline/simulate.io.ts')).simulate,
  },
  plan: {
    summary: 'Compute max_rate, max_outstanding and queue sizes, and check them by simulation',
    load: async () => (await import('./offline/plan.io.ts')).plan,
  },
  demo: {
    summary: 'A minute that shows the throttle: one storm, without and with radsluice',
    load: async () => (await import('./offline/demo.io.ts')).demo,
    outlivesReader: true,
  },
  'demo-server': {
    summary: false,
    load: async () => (await import('./offline/demo-server.io.ts')).demoServer,
    outlivesReader: true,
  },
}

export const VERBS: readonly VerbEntry[] = Object.entries(BY_COMMAND).map(([command, row]) => ({ command, ...row }))

/** The word that names it: `send`. */
export const wordOf = ({ command }: VerbEntry): string => command.split(' ', 1)[0] as string
