import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { EpollPace } from '../../../src/transport/batched/epoll-pace.io.ts'
import { SecondLook } from '../../../src/transport/batched/second-look.ts'
import { Tick } from '../../../src/transport/batched/tick.ts'
import { TurnTimes } from '../../../src/transport/batched/turn-times.ts'
import type { Pace } from '../../../src/transport/ports.ts'
import { type Duration, instant, micros } from '../../../src/units.ts'

let pace: Pace | undefined
afterEach(() => pace?.stop())

/** A pace in a quiet network on a clock of its own: a wait takes exactly its time. */
function quiet() {
  const waits: number[] = []
  let now = 0
  const waiting = {
    messages: 0,
    forwarded: 0,
    pollResponses: () => false,
    poll: (atMost: Duration) => {
      waits.push(atMost)
      now += atMost
      return false
    },
    sleep: (duration: Duration) => {
      now += duration
    },
    wasWoken: () => false,
  }
  const made = new EpollPace(waiting, {
    turn: () => undefined,
    clock: () => instant(now),
    tick: new Tick(micros(0)),
    look: new SecondLook(micros(0)),
    times: new TurnTimes(),
  })
  pace = made
  return { pace: made, waits }
}

describe('the pace of batched packet I/O', () => {
  it('waits 100 ms at most where nothing is to be done, and then lets the event loop turn', async () => {
    const { waits } = quiet()
    for (let round = 0; round < 3; round += 1) await setImmediate()
    expect(waits.length).toBeGreaterThan(0)
    expect(new Set(waits)).toEqual(new Set([100_000]))
  })

  it('does not wait while the thread does something else in steps: each step costs one look at the sockets', async () => {
    const { pace, waits } = quiet()
    const STEPS = 500
    for (let step = 0; step < STEPS; step += 1) {
      pace.rest()
      await setImmediate()
    }
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBe(0)
    expect(waits.length).toBeLessThanOrEqual(STEPS)
  })
})
