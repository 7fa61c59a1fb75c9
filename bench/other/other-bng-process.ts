/**
 * The parent's side of the other BNG: starts the process, ends it, gets its report. The secret goes over the channel.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { ask, end } from '../ask.ts'
import type { OtherBngOptions, OtherBngReport, Question } from './other-bng.ts'

export class OtherBngProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** It logs in from now on. */
  static async start(options: OtherBngOptions): Promise<OtherBngProcess> {
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const
    const child = fork(join(import.meta.dirname, 'other-bng.ts'), { stdio: [...stdio] })
    await asked(child, { ask: 'begin', options })
    return new OtherBngProcess(child)
  }

  /** No new logins; resolves when nobody waits any more, or after 25 s. */
  async end(): Promise<OtherBngReport> {
    return await asked<OtherBngReport>(this.#child, { ask: 'end' })
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    await end(this.#child)
  }
}

const asked = async <Answer>(child: ChildProcess, question: Question): Promise<Answer> =>
  await ask<Answer>(child, question, 'other BNG')
