/**
 * A process of the bench. It is ended by its process id, and never left behind.
 *
 * A bounded part of its output is kept for the error message if it fails.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const KEPT_OUTPUT = 64 * 1024
const GONE_WITHIN_MS = 5_000
const READY_WITHIN_MS = 20_000
const LOOK_EVERY_MS = 20

export class BenchProcess {
  readonly #program: string
  readonly #child: ChildProcess
  #output = ''
  #stdout = ''

  constructor(program: string, words: readonly string[]) {
    this.#program = program
    this.#child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-KEPT_OUTPUT * 16)
      this.#output = (this.#output + text).slice(-KEPT_OUTPUT)
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-KEPT_OUTPUT)
    })
    this.#child.stdin?.on('error', () => undefined)
    this.#child.on('error', (error) => {
      this.#output += error.message
    })
    process.once('exit', this.#killNow)
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }
  get isRunning(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }
  get output(): string {
    return this.#output
  }

  /** Writes a line to its standard input. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Takes the next whole line of its standard output. @throws an Error where none comes in time. */
  async nextLine(withinMs = READY_WITHIN_MS): Promise<string> {
    await this.until(() => this.#stdout.includes('\n'), 'a line of output', withinMs)
    const end = this.#stdout.indexOf('\n')
    const line = this.#stdout.slice(0, end)
    this.#stdout = this.#stdout.slice(end + 1)
    return line
  }

  /** Waits until `isSo` holds. @throws an Error with its last words where it ends before or takes too long. */
  async until(isSo: () => boolean | Promise<boolean>, what: string, withinMs = READY_WITHIN_MS): Promise<void> {
    const end = performance.now() + withinMs
    while (!(await isSo())) {
      if (!this.isRunning && !(await isSo())) throw this.#complaint(`ended before ${what}`)
      if (performance.now() > end) throw this.#complaint(`gave no ${what} within ${withinMs} ms`)
      await sleep(LOOK_EVERY_MS)
    }
  }

  /** @throws an Error with its last words where it has ended. */
  mustRun(): void {
    if (!this.isRunning) throw this.#complaint(`ended by itself (${this.#child.signalCode ?? this.#child.exitCode})`)
  }

  /** Closes its input and waits for its end. */
  async finish(withinMs = GONE_WITHIN_MS): Promise<void> {
    this.#child.stdin?.end()
    await this.#gone(withinMs)
  }

  /** SIGTERM, and SIGKILL where that takes too long. Resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.isRunning) this.#child.kill('SIGTERM')
    await this.#gone(GONE_WITHIN_MS)
  }

  async #gone(withinMs: number): Promise<void> {
    if (this.isRunning) {
      const tooLong = setTimeout(this.#killNow, withinMs)
      await once(this.#child, 'close')
      clearTimeout(tooLong)
    }
    process.off('exit', this.#killNow)
  }

  #complaint(what: string): Error {
    return new Error(`bench: ${this.#program} ${what}; it said:\n${this.#output.slice(-4_000)}`)
  }

  readonly #killNow = (): void => {
    this.#child.kill('SIGKILL')
  }
}
