/**
 * What a process used, from /proc/PID/stat and /proc/PID/status: memory, and the processor time of all its threads, also of
 * those that have ended. Times are in ticks of 10 ms there (USER_HZ, 100 on every Linux that Node runs on).
 */
export interface ProcessCost {
  readonly cpuSeconds: number
  readonly userSeconds: number
  readonly residentBytes: number
  readonly peakResidentBytes: number
}

const TICKS_PER_SECOND = 100
/** Places of utime and stime behind the name in parentheses, which may hold blanks itself; proc(5). */
const UTIME = 11
const STIME = 12

/** @throws an Error where the texts are not what proc(5) says. */
export function parseProcessCost(stat: string, status: string): ProcessCost {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const user = Number(fields[UTIME])
  const system = Number(fields[STIME])
  const kibibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
  const cost = {
    cpuSeconds: (user + system) / TICKS_PER_SECOND,
    userSeconds: user / TICKS_PER_SECOND,
    residentBytes: kibibytes('VmRSS') * 1_024,
    peakResidentBytes: kibibytes('VmHWM') * 1_024,
  }
  if (Object.values(cost).some(Number.isNaN)) throw new Error('bench: /proc/PID/stat or status is not as proc(5) says')
  return cost
}
