/**
 * Counts steps in a process of its own: each count asks all code that is loaded, and the runner of the tests is large.
 *
 * As a program: `steps-process.ts SIZES`, the sizes as JSON; it prints the steps of each, in order.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { CrowdSize } from './crowd.ts'
import { growing, type Steps, stepsOf } from './steps.ts'

const THIS_FILE = fileURLToPath(import.meta.url)

/** The entries that grow by more than the logarithm from the first of `sizes` to any other, in words. */
export const grownFrom = async (small: CrowdSize, ...large: readonly CrowdSize[]): Promise<string[]> => {
  const words = [THIS_FILE, JSON.stringify([small, ...large])]
  const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 1 << 24 })
  const [few, ...many] = (JSON.parse(stdout) as [string, number][][]).map((entries): Steps => new Map(entries))
  if (few === undefined || many.length !== large.length) throw new Error(`no steps were counted: ${stdout}`)
  return large.flatMap((size, at) => growing([small, few], [size, many[at] ?? few]))
}

if (process.argv[1] === THIS_FILE) {
  const sizes = JSON.parse(process.argv[2] ?? '[]') as CrowdSize[]
  console.log(JSON.stringify(sizes.map((size) => [...stepsOf(size)])))
}
