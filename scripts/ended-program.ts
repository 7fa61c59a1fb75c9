/**
 * Runs a program to its end without holding anything else up, and answers what it said. It never throws: a program that
 * can't be started, or that takes too long, has no exit code.
 */
import { spawn } from 'node:child_process'

export interface EndedProgram {
  /** Undefined if it did not start, or was ended by a signal. */
  readonly code: number | undefined
  readonly stdout: string
  /** What it printed there, and why it did not start. */
  readonly stderr: string
}

export const endedProgram = (
  program: string,
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly timeout: number },
): Promise<EndedProgram> =>
  new Promise((resolve) => {
    const child = spawn(program, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', (error) => {
      stderr += error.message
    })
    child.once('close', (code, signal) => {
      const end = signal === null ? '' : `\n${program} was ended by ${signal}`
      // A negative code is the error of a start that failed.
      resolve({ code: code === null || code < 0 ? undefined : code, stdout, stderr: stderr + end })
    })
  })
