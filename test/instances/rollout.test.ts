/**
 * What is in force where, in every order in which it can happen: reloads, refused reloads, threads that start and threads
 * that die, up to four of them, between any two steps of the threads themselves, with one instance and with two.
 */
import { describe, expect, it } from 'vitest'
import { Threads } from './threads-in-step.ts'

interface Walk {
  readonly instances: number
  readonly events: number
  /** Whether the threads start only now; else they serve. */
  readonly starting?: boolean
  /** Whether what is followed changes too, and drains begin. */
  readonly all?: boolean
}

const after = ({ instances, events }: Walk, choices: readonly string[]): Threads => {
  const threads = new Threads(instances, instances * events > 6)
  for (const choice of choices) threads.happen(choice)
  return threads
}

/** The steps by which all threads come to serve. */
const started = (walk: Walk): string[] => {
  const threads = after(walk, [])
  const steps: string[] = []
  for (let next = threads.steps()[0]; next !== undefined; next = threads.steps()[0]) {
    threads.happen(next)
    steps.push(next)
  }
  return steps
}

/** Goes through all orders; each state is looked at once. Answers how many there were, and how many at rest. */
const walkAll = (walk: Walk): { readonly states: number; readonly rests: number } => {
  const seen = new Set<string>()
  const begin = walk.starting === true ? [] : started(walk)
  const todo: { readonly choices: readonly string[]; readonly left: number }[] = [{ choices: begin, left: walk.events }]
  let rests = 0
  for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
    const { choices, left } = one
    const threads = after(walk, choices)
    const key = `${left} ${threads.key()}`
    if (seen.has(key)) continue
    seen.add(key)
    // The states on the way here were judged when they were the last one.
    threads.judge()
    const steps = threads.steps()
    if (steps.length === 0) {
      rests += 1
      threads.judgeRest()
    }
    for (const step of steps) todo.push({ choices: [...choices, step], left })
    if (left === 0) continue
    for (const event of threads.events(walk.all === true)) todo.push({ choices: [...choices, event], left: left - 1 })
  }
  return { states: seen.size, rests }
}

describe('in every order of reloads, refused reloads, starts and deaths', () => {
  it.each<Walk>([
    { instances: 1, events: 4 },
    { instances: 1, events: 4, starting: true },
    { instances: 1, events: 4, all: true },
    { instances: 2, events: 3 },
    { instances: 2, events: 3, starting: true },
    { instances: 2, events: 4 },
    { instances: 2, events: 2, all: true, starting: true },
  ])(
    'each thread ends with what is in force, and nothing is lost or sent elsewhere: %o',
    (walk) => {
      const { states, rests } = walkAll(walk)
      expect(rests).toBeGreaterThan(40)
      expect(states).toBeGreaterThan(9 * rests)
    },
    300_000,
  )
})
