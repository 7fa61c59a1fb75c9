/**
 * Ends a process with all that it started. Linux tells who started whom in /proc; elsewhere only the process itself ends.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** SIGKILL to `pid` and to its descendants, parents first, so that none starts another one. */
export const endFamily = (pid: number): void => {
  for (const member of [pid, ...descendantsOf(pid)]) {
    try {
      process.kill(member, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}

const descendantsOf = (pid: number): number[] => {
  const children = new Map<number, number[]>()
  for (const [child, parent] of parents()) children.set(parent, [...(children.get(parent) ?? []), child])
  const found = [pid]
  // The list grows while it is walked: children, then theirs.
  for (const each of found) found.push(...(children.get(each) ?? []))
  return found.slice(1)
}

/** Each process with its parent; proc(5): the name of a program, in parentheses, may have anything in it. */
const parents = (): [child: number, parent: number][] => {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => parentOf(Number(name)))
  } catch {
    return []
  }
}

const parentOf = (pid: number): [child: number, parent: number][] => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return [[pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])]]
  } catch {
    return []
  }
}
