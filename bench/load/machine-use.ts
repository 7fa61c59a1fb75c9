/**
 * Whether a measurement had the machine for itself: the processor time of all programs from /proc/stat, held against that of
 * generator, sink, relay and bench. What is left over belongs to others, and so does what the hypervisor took (steal).
 *
 * /proc/stat counts all containers of a machine, also those whose processes can't be seen.
 */
export interface ProcessorTimes {
  /** Of all processors together, all states. */
  readonly allSeconds: number
  readonly idleSeconds: number
  readonly stealSeconds: number
}

export interface MachineUse {
  /** Shares of the time of all processors. `others` has the time of other processes and the stolen time. */
  readonly others: number
  readonly steal: number
  /** Of one processor, for the kernel's memory monitor (memory-monitor.ts). It is a part of `others`. */
  readonly memoryMonitor: number
  /** More than this share of others makes a measurement void. */
  readonly othersAtMost: number
  /** How often the measurement was void and was made again. */
  readonly repeats: number
}

const TICKS_PER_SECOND = 100
/** Columns of the line `cpu`, proc(5). The time of guests is in user and nice already. */
const IDLE = 3
const IOWAIT = 4
const STEAL = 7
const COLUMNS = 8

/** Reads the text of /proc/stat. @throws an Error where it has no such line. */
export function parseProcessorTimes(stat: string): ProcessorTimes {
  const line = /^cpu +(.*)$/m.exec(stat)?.[1] ?? ''
  const seconds = line
    .split(' ')
    .slice(0, COLUMNS)
    .map((ticks) => Number(ticks) / TICKS_PER_SECOND)
  if (seconds.length < COLUMNS || seconds.some(Number.isNaN))
    throw new Error('bench: /proc/stat is not as proc(5) says')
  return {
    allSeconds: seconds.reduce((sum, one) => sum + one, 0),
    idleSeconds: seconds[IDLE]! + seconds[IOWAIT]!,
    stealSeconds: seconds[STEAL]!,
  }
}

/** What others used between two readings, if the bench and what it started used `ownSeconds`. */
export function usedByOthers(
  before: ProcessorTimes,
  after: ProcessorTimes,
  ownSeconds: number,
): Pick<MachineUse, 'others' | 'steal'> {
  const all = after.allSeconds - before.allSeconds
  const busy = all - (after.idleSeconds - before.idleSeconds)
  if (all <= 0) return { others: 0, steal: 0 }
  return { others: Math.max(0, busy - ownSeconds) / all, steal: (after.stealSeconds - before.stealSeconds) / all }
}

export const isDisturbed = ({ others, othersAtMost }: MachineUse): boolean => others > othersAtMost
