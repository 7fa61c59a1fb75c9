/**
 * What is in force where, in every order in which it can happen: reloads, refused reloads, threads that start and threads
 * that die, up to four of them, between any two steps of the threads themselves, with one instance and with two.
 */
import { describe, expect, it } from 'vitest'
import { walkAll } from '../interleavings.ts'
import { Threads } from './threads-in-step.ts'

interface Walk {
  readonly instances: number
  readonly events: number
  /** Whether the threads start only now; else they serve. */
  readonly starting?: boolean
  /** Whether what is followed changes too, and drains begin. */
  readonly all?: boolean
}

const begin = ({ instances, events, starting = false, all = false }: Walk): Threads => {
  const threads = new Threads(instances, { isTidy: instances * events > 6, all })
  for (let next = threads.steps()[0]; !starting && next !== undefined; next = threads.steps()[0]) threads.happen(next)
  return threads
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
      const { states, rests } = walkAll(() => begin(walk), walk.events)
      expect(rests).toBeGreaterThan(40)
      expect(states).toBeGreaterThan(9 * rests)
    },
    300_000,
  )
})
