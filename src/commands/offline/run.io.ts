/**
 * `radsluice run`: the daemon, in the foreground. Log lines (JSON) go to standard output, everything for people to standard
 * error. Without `-c` it is a demo: only on loopback, with two small servers of its own.
 *
 * SIGHUP reloads. SIGTERM and SIGINT drain; a second one stops at once.
 */
import { isPipe } from '../../config/source/small-file.io.ts'
import { Daemon, readDaemonOptions } from '../../daemon/daemon.io.ts'
import { startDemoFarm } from '../../demo/farm.io.ts'
import { type ExitCode, textOption, verb } from '../input/verb.ts'
import { coloured, say } from '../terminal/output.io.ts'

const DEMO_TITLE = 'THIS IS A DEMO: on loopback, with two small servers of its own. Nothing here is for production.'

export const run = verb({
  examples: [
    ['run -c /etc/radsluice.yaml', 'run with that configuration'],
    ['run', 'a demo on 127.0.0.1:1812 with two small servers of its own'],
  ],
  options: {
    config: { ...textOption('The configuration file. Without it, the demo runs.'), alias: 'c' },
  },
  run: async ({ config: file }) => (file === undefined ? runDemo() : runDaemon(file, () => undefined)),
})

async function runDemo(): Promise<ExitCode> {
  const farm = await startDemoFarm()
  try {
    return await runDaemon(farm.configFile, () => {
      say('')
      say(coloured('bold', DEMO_TITLE))
      for (const line of farm.introduction) say(line)
      say('')
    })
  } finally {
    await farm.stop()
  }
}

async function runDaemon(file: string, whenItRuns: () => void): Promise<ExitCode> {
  // A pipe without a writer blocks this process. Read it before signals are caught, so that one can end it.
  const piped = isPipe(file) ? readDaemonOptions(file) : undefined
  const deliver = receiveSignals()
  const daemon = await Daemon.start(piped ?? readDaemonOptions(file))
  process.on('uncaughtException', (error) => daemon.fail('uncaught exception', error))
  process.on('unhandledRejection', (error) => daemon.fail('unhandled rejection', error))
  whenItRuns()
  deliver(daemon)
  return daemon.ended
}

const SIGNALS: Readonly<Partial<Record<NodeJS.Signals, (daemon: Daemon) => void>>> = {
  SIGHUP: (daemon) => void daemon.reload().catch((error: unknown) => daemon.fail('reload', error)),
  SIGTERM: (daemon) => daemon.stop('SIGTERM'),
  SIGINT: (daemon) => daemon.stop('SIGINT'),
}

/** Receives signals from now on. Those that come before the daemon wait for it, instead of ending the process. */
function receiveSignals(): (daemon: Daemon) => void {
  const early: ((daemon: Daemon) => void)[] = []
  let receiver: Daemon | undefined
  for (const [signal, act] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      if (receiver) act(receiver)
      else early.push(act)
    })
  }
  return (daemon) => {
    receiver = daemon
    for (const act of early) act(daemon)
  }
}
