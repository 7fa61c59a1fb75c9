/**
 * The kernel's memory monitor (DAMON, threads named `kdamond.0` and so on), which some machines run: at intervals it marks
 * pages as unused, to see which are used again.
 *
 * Where it ran under a hypervisor, a process with much memory was delayed by 5 to 30 ms each half second, and one with little
 * was not (docs/performance.md, "The long tail").
 */
import { readdirSync, readFileSync } from 'node:fs'
import { parseThreadCost } from './process-cost.ts'

const NAME = /^kdamond\.\d+$/

/** The process ids of its threads. */
export const memoryMonitors = (): readonly number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && NAME.test(costOf(pid)?.name ?? ''))

/** The processor time that these threads have used, seconds; one that has ended counts nothing. */
export const monitorSeconds = (threads: readonly number[]): number =>
  threads.map(costOf).reduce((sum, cost) => sum + (cost === undefined ? 0 : cost.userSeconds + cost.systemSeconds), 0)

/** Undefined where the process has ended meanwhile. */
function costOf(pid: number): ReturnType<typeof parseThreadCost> | undefined {
  try {
    return parseThreadCost(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined
  }
}
