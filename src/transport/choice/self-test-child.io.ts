/**
 * Runs the self-test of batched packet I/O in a process of its own, and waits for its end or for the limit.
 *
 * The child may abort, hang, or print anything at any length: none of it harms the daemon.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { errnoOf } from '../../system-errors.ts'
import type { ChildEnd } from './self-test-result.ts'

/** A test takes some 200 ms; a machine in a storm takes longer. */
export const SELF_TEST_LIMIT_MS = 5_000
/** Characters that are kept of what it prints in each way: the last ones. */
const LONGEST_OUTPUT = 16_384

export class SelfTestChild {
  readonly ended: Promise<ChildEnd>
  #child: ChildProcess | undefined

  /** `words` follow the name of this Node.js. */
  constructor(words: readonly string[], limitMs = SELF_TEST_LIMIT_MS) {
    this.ended = new Promise((resolve) => this.#run(words, limitMs, resolve))
  }

  stop(): void {
    this.#child?.kill('SIGKILL')
  }

  #run(words: readonly string[], limitMs: number, resolve: (end: ChildEnd) => void): void {
    const said = { output: '', complaints: '' }
    let killedAfter: number | undefined
    const failed = (error: unknown): void => {
      clearTimeout(limit)
      const startError = errnoOf(error) ?? String(error)
      resolve({ signal: null, exitCode: null, ...said, killedAfter: undefined, startError })
    }
    const limit = setTimeout(() => {
      killedAfter = limitMs / 1_000
      this.stop()
    }, limitMs)
    try {
      const child: ChildProcess = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
      this.#child = child
      child.on('error', failed)
      // There is no pipe if no descriptor was left for it.
      child.stdout?.on('data', (data: Buffer) => {
        said.output = (said.output + data.toString()).slice(-LONGEST_OUTPUT)
      })
      child.stderr?.on('data', (data: Buffer) => {
        said.complaints = (said.complaints + data.toString()).slice(-LONGEST_OUTPUT)
      })
      child.once('close', (exitCode, signal) => {
        clearTimeout(limit)
        resolve({ signal, exitCode, ...said, killedAfter, startError: undefined })
      })
    } catch (error) {
      failed(error)
    }
  }
}
