/**
 * What a process used, from /proc/PID/stat and /proc/PID/status: memory, and the processor time of all its threads, also of
 * those that have ended. Times are in ticks of 10 ms there (USER_HZ, 100 on every Linux that Node runs on).
 *
 * /proc/PID/task/TID/stat has the same line for each thread that is there. radsluice names its threads: `instance` has the
 * packets, `MainThread` all else, `V8Worker` compiles and collects.
 */
export interface ProcessCost {
  readonly cpuSeconds: number
  readonly userSeconds: number
  readonly residentBytes: number
  readonly peakResidentBytes: number
}

export interface ThreadCost {
  readonly id: number
  readonly name: string
  readonly userSeconds: number
  readonly systemSeconds: number
}

/** Processor time for each request, microseconds: in user mode, in the kernel, and of the threads by their names. */
export interface RequestCost {
  readonly user: number
  readonly system: number
  readonly threads: readonly { readonly name: string; readonly user: number; readonly system: number }[]
}

/** A process with its threads at one moment. */
export interface ProcessReading {
  readonly cost: ProcessCost
  readonly threads: readonly ThreadCost[]
}

const TICKS_PER_SECOND = 100
/** Places of utime and stime behind the name in parentheses, which may hold blanks itself; proc(5). */
const UTIME = 11
const STIME = 12

/** @throws an Error where the texts are not what proc(5) says. */
export function parseProcessCost(stat: string, status: string): ProcessCost {
  const { userSeconds, systemSeconds } = parseThreadCost(stat)
  const kibibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
  return allNumbers({
    cpuSeconds: userSeconds + systemSeconds,
    userSeconds,
    residentBytes: kibibytes('VmRSS') * 1_024,
    peakResidentBytes: kibibytes('VmHWM') * 1_024,
  })
}

/** @throws an Error where the text is not what proc(5) says. */
export function parseThreadCost(stat: string): ThreadCost {
  const nameEnd = stat.lastIndexOf(')')
  const fields = stat.slice(nameEnd + 2).split(' ')
  const name = stat.slice(stat.indexOf('(') + 1, nameEnd)
  const userSeconds = Number(fields[UTIME]) / TICKS_PER_SECOND
  const systemSeconds = Number(fields[STIME]) / TICKS_PER_SECOND
  return { ...allNumbers({ id: Number.parseInt(stat, 10), userSeconds, systemSeconds }), name }
}

function allNumbers<Numbers extends Readonly<Record<string, number>>>(numbers: Numbers): Numbers {
  if (Object.values(numbers).some(Number.isNaN))
    throw new Error('bench: /proc/PID/stat or status is not as proc(5) says')
  return numbers
}

/** What each of `requests` cost between two readings of a process. Threads of one name are added up, the dearest first. */
export function requestCost(before: ProcessReading, after: ProcessReading, requests: number): RequestCost {
  const micros = (seconds: number): number => (seconds * 1_000_000) / requests
  const user = after.cost.userSeconds - before.cost.userSeconds
  const byName = new Map<string, { user: number; system: number }>()
  for (const thread of after.threads) {
    const earlier = before.threads.find(({ id, name }) => id === thread.id && name === thread.name)
    const sum = byName.get(thread.name) ?? { user: 0, system: 0 }
    byName.set(thread.name, {
      user: sum.user + micros(thread.userSeconds - (earlier?.userSeconds ?? 0)),
      system: sum.system + micros(thread.systemSeconds - (earlier?.systemSeconds ?? 0)),
    })
  }
  return {
    user: micros(user),
    system: micros(after.cost.cpuSeconds - before.cost.cpuSeconds - user),
    threads: [...byName]
      .map(([name, cost]) => ({ name, ...cost }))
      .filter((thread) => thread.user + thread.system > 0)
      .toSorted((a, b) => b.user + b.system - a.user - a.system),
  }
}
