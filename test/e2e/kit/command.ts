/**
 * Commands that a test types one after the other, done by one process for the whole file: it has loaded them already.
 *
 * A start of `bin/radsluice` is Node and modules for the most part, and here the matter is what a command says and
 * answers. It gets its own words, folder and environment, and its turn: one at a time. What runs on, reads standard
 * input, or has pipes and signals as its matter gets a process of its own: `run(RADSLUICE, ...)`. `command.test.ts` sees
 * that both say the same.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type ChildOptions, type Ended, endsWithTheFile } from './child.ts'

/** A command as the process is asked for it. */
export interface Asked {
  readonly words: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}
/** What it answers; `code` is the exit code. */
export interface Answered {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const RUNNER = fileURLToPath(new URL('command-runner.ts', import.meta.url))

export type CommandOptions = Omit<ChildOptions, 'stdin'> & { readonly limitMs?: number }

export class CommandProcess {
  readonly #before: readonly string[]
  #process: ChildProcess | undefined
  #turn: Promise<unknown> = Promise.resolve()

  /** `before` are words that the process is started with, as those of nsenter. */
  constructor(before: readonly string[] = []) {
    this.#before = before
  }

  /** Runs `radsluice` with these words, after those that were asked for earlier. */
  run(words: readonly string[], { cwd, env, limitMs = 60_000 }: CommandOptions = {}): Promise<Ended> {
    const asked = { words, cwd: cwd ?? process.cwd(), env: env ?? process.env }
    const done = this.#turn.then(() => this.#ask(asked, limitMs))
    this.#turn = done.catch(() => undefined)
    return done
  }

  /** Ends the process; another command would start another. */
  end(): void {
    this.#process?.kill('SIGKILL')
    this.#process = undefined
  }

  #ask(asked: Asked, limitMs: number): Promise<Ended> {
    const child = this.#started()
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        child.off('message', answered).off('exit', ended).off('error', failed)
      }
      const failed = (error: Error): void => {
        settle()
        this.end()
        reject(error)
      }
      const what = `radsluice ${asked.words.join(' ')}`
      const ended = (): void => failed(new Error(`the process of the commands ended in ${what}`))
      const answered = (answer: Answered): void => {
        settle()
        resolve({ ...answer, signal: null })
      }
      const timer = setTimeout(() => failed(new Error(`${what} did not end within ${limitMs} ms`)), limitMs)
      child.on('message', answered).once('exit', ended).once('error', failed)
      child.send(asked, (error) => error !== null && failed(error))
    })
  }

  #started(): ChildProcess {
    if (this.#process !== undefined) return this.#process
    const [program = '', ...words] = [...this.#before, process.execPath, RUNNER]
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    endsWithTheFile(child)
    this.#process = child
    return child
  }
}

const here = new CommandProcess()

/** Runs `radsluice` with these words, as `run(RADSLUICE, words, options)` does, in the one process of this file. */
export const command = (words: readonly string[], options: CommandOptions = {}): Promise<Ended> =>
  here.run(words, options)
