/**
 * A child process of a test: its output is kept, its end is awaited, and it never outlives the test process.
 *
 * Waiting is bounded everywhere, and a wait that fails says what the child printed, since that is what one wants to
 * read then. Signals go to the one process that was started here, by its pid.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll } from 'vitest'

export interface ChildOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly stdin?: string
  /** For a shell line: what it has started is killed with it. */
  readonly group?: boolean
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

const alive = new Set<ChildProcess>()
/** Those that lead a process group, which is named by the leader's process id. */
const leaders = new WeakSet<ChildProcess>()
const kill = (child: ChildProcess): void => {
  if (leaders.has(child) && child.pid !== undefined) {
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // Nobody is left in it.
    }
  }
  child.kill('SIGKILL')
}
const endAll = (): void => {
  for (const child of alive) kill(child)
}
// The end of the test file, also where a hook failed before its test could clean up; the other is for an interrupt.
afterAll(endAll)
process.on('exit', endAll)

/** For a process that is started elsewhere: it ends with the test file, if not before. */
export const endsWithTheFile = (child: ChildProcess): void => {
  alive.add(child)
  child.once('exit', () => alive.delete(child))
}

export class Child {
  readonly #process: ChildProcess
  readonly #ended: Promise<Ended>
  #stdout = ''
  #stderr = ''

  constructor(program: string, words: readonly string[], options: ChildOptions = {}) {
    const child = spawn(program, words, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      detached: options.group === true,
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    this.#process = child
    alive.add(child)
    if (options.group === true) leaders.add(child)
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    child.stdin?.on('error', () => undefined).end(options.stdin)
    this.#ended = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        alive.delete(child)
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr })
      })
    })
    this.#ended.catch(() => alive.delete(child))
  }

  get pid(): number {
    return this.#process.pid ?? -1
  }
  get output(): string {
    return this.#stdout + this.#stderr
  }
  get stdout(): string {
    return this.#stdout
  }
  get stderr(): string {
    return this.#stderr
  }
  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  signal(name: NodeJS.Signals): void {
    if (name === 'SIGKILL') kill(this.#process)
    else this.#process.kill(name)
  }

  /** Resolves when the output has `pattern`; rejects with the output when the child ends or `limitMs` passes. */
  async says(pattern: RegExp, limitMs = 15_000): Promise<void> {
    await until(
      () => pattern.test(this.output) || !this.isRunning,
      `output like ${pattern}`,
      limitMs,
      () => this.output,
    )
    if (!pattern.test(this.output)) throw new Error(`the child ended without saying ${pattern}:\n${this.output}`)
  }

  /** The child's end, at most `limitMs` away; after that it is killed and the wait rejects. */
  async end(limitMs = 30_000): Promise<Ended> {
    const late = new AbortController()
    const timer = sleep(limitMs, undefined, { signal: late.signal }).then(
      () => {
        this.signal('SIGKILL')
        throw new Error(`the child did not end within ${limitMs} ms:\n${this.output.slice(-4_000)}`)
      },
      () => this.#ended,
    )
    try {
      return await Promise.race([this.#ended, timer])
    } finally {
      late.abort()
    }
  }

  /** Asks it to end, and makes it end after `limitMs`. */
  async stop(name: NodeJS.Signals = 'SIGTERM', limitMs = 10_000): Promise<Ended> {
    if (this.isRunning) this.signal(name)
    return await this.end(limitMs)
  }
}

/** Runs a program to its end. */
export const run = async (
  program: string,
  words: readonly string[],
  options: ChildOptions & { limitMs?: number } = {},
) => await new Child(program, words, options).end(options.limitMs ?? 60_000)

/**
 * Polls `isSo` until it holds, every 10 ms at first and every 50 ms where it takes long: a look costs those that work.
 * Rejects after `limitMs`, naming `what` and showing `evidence`.
 */
export const until = async (
  isSo: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 10_000,
  evidence: () => string = () => '',
): Promise<void> => {
  const begun = performance.now()
  while (!(await isSo())) {
    const waited = performance.now() - begun
    if (waited > limitMs) throw new Error(`waited ${limitMs} ms in vain for ${what}\n${evidence().slice(-4_000)}`)
    await sleep(Math.min(50, 10 + waited / 10))
  }
}
