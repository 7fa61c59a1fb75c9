/**
 * The parent's side of a slow server: starts the process, asks it, ends it. The secret goes over the channel, not into argv.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { ask, end } from './ask.ts'
import type { Question, SlowServerOptions, SlowServerReport, Watched } from './slow-server.ts'

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
    const { port } = await asked<{ readonly port: number }>(child, { ask: 'start', options })
    return new SlowServerProcess(child, port)
  }

  async report(): Promise<SlowServerReport> {
    return await asked<SlowServerReport>(this.#child, { ask: 'report' })
  }

  async watched(): Promise<Watched> {
    return await asked<Watched>(this.#child, { ask: 'watched' })
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    await end(this.#child)
  }
}

const asked = async <Answer>(child: ChildProcess, question: Question): Promise<Answer> =>
  await ask<Answer>(child, question, 'slow server')
