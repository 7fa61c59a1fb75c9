/**
 * The parent's side of a slow server: starts the process, asks it, ends it. The secret goes over the channel, not into argv.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Question, SlowServerOptions, SlowServerReport } from './slow-server.ts'

const PATIENCE_MS = 30_000

export class SlowServerProcess {
  readonly #child: ChildProcess
  readonly port: number

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** @throws an Error where the process does not start to listen. */
  static async start(options: SlowServerOptions): Promise<SlowServerProcess> {
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const
    const child = fork(join(import.meta.dirname, 'slow-server.ts'), { stdio: [...stdio] })
    const { port } = (await ask(child, { ask: 'start', options })) as { port: number }
    return new SlowServerProcess(child, port)
  }

  async report(): Promise<SlowServerReport> {
    return (await ask(this.#child, { ask: 'report' })) as SlowServerReport
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    if (child.connected) child.disconnect()
    await gone
  }
}

async function ask(child: ChildProcess, question: Question): Promise<Answer> {
  const over = new AbortController()
  const { signal } = over
  const failed = (why: string) => (): never => {
    throw new Error(`bench: the slow server ${why}`)
  }
  const answer = once(child, 'message', { signal }).then(([message]) => message as Answer)
  const ended = once(child, 'exit', { signal }).then(failed('ended'))
  const silent = sleep(PATIENCE_MS, undefined, { signal }).then(failed('does not answer'))
  child.send(question)
  try {
    return await Promise.race([answer, ended, silent])
  } finally {
    over.abort()
    await Promise.allSettled([answer, ended, silent])
  }
}
