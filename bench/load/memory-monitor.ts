/**
 * The kernel's memory monitor (DAMON, threads named `kdamond.0` and so on), which some machines run: at intervals it marks
 * pages as unused, to see which are used again.
 *
 * Under a hypervisor each mark, and each first use after it, can cost a trap. A process that uses many pages then stands
 * nearly still while the monitor works (5 to 30 ms each half second were seen), and one that uses few goes on.
 */
import { readdirSync, readFileSync } from 'node:fs'

const NAME = /^kdamond\.\d+$/
const TICKS_PER_SECOND = 100
/** Fields of /proc/[pid]/stat behind the name in brackets, proc(5). */
const UTIME = 11
const STIME = 12

/** The process ids of its threads, from the names in /proc. */
export function memoryMonitors(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && NAME.test(read(`/proc/${pid}/comm`).trim()))
}

/** The processor time that these threads have used. */
export const monitorSeconds = (threads: readonly number[]): number =>
  threads.reduce((sum, pid) => sum + secondsIn(read(`/proc/${pid}/stat`)), 0)

/** Processor seconds in a line of /proc/[pid]/stat; 0 for an empty one. */
export function secondsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[UTIME] ?? 0) + Number(fields[STIME] ?? 0)) / TICKS_PER_SECOND
}

/** A thread can end while it is looked for. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
