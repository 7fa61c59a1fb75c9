/**
 * When a turn is followed by a look for responses: soon where servers are near, never where they are far away.
 */
import { expect, it } from 'vitest'
import { SecondLook } from '../../../src/transport/batched/second-look.ts'
import { type Instant, instant, micros } from '../../../src/units.ts'

const TICK = 500
const START = 1_000_000

/**
 * So many turns, one tick apart, each with `requests` whose responses come `answersAfter` microseconds later, one every 10
 * microseconds. Answers how long after each turn the look came; undefined where there was none.
 */
function looksOf(o: { look: SecondLook; turns: number; answersAfter: number; from?: Instant; requests?: number }) {
  const { look, turns, answersAfter, requests = 6 } = o
  const delays: (number | undefined)[] = []
  let now = o.from ?? instant(START)
  let late = 0
  for (let turn = 0; turn < turns; turn += 1) {
    look.turned(late, requests, now)
    const next = instant(now + TICK)
    const at = look.before(next)
    const arrived = (by: number): number =>
      Array.from({ length: requests }, (_, i) => now + answersAfter + 10 * i).filter((came) => came <= by).length
    delays.push(at === undefined ? undefined : at - now)
    const found = at === undefined ? 0 : arrived(at)
    if (at !== undefined) look.looked(found)
    late = arrived(next) - found
    now = next
  }
  return { delays, now }
}

it.each([20, 60, 150, 300])('comes when the responses of a server %i microseconds away have come', (answersAfter) => {
  const look = new SecondLook(micros(TICK))
  const { delays } = looksOf({ look, turns: 600, answersAfter })
  const settled = delays.slice(-100) as number[]
  const last = answersAfter + 50
  expect(Math.min(...settled)).toBeGreaterThan(last - 40)
  expect(Math.max(...settled)).toBeLessThan(last + 40)
})

it('is left out while servers are far away, but for some trials each second', () => {
  const look = new SecondLook(micros(TICK))
  const { delays } = looksOf({ look, turns: 20_000, answersAfter: 5_000 })
  const made = delays.filter((delay) => delay !== undefined)
  // 20,000 turns are 10 seconds; a trial ends after half a tick in steps of a sixty-fourth.
  expect(made.length).toBeGreaterThan(10)
  expect(made.length).toBeLessThanOrEqual(10 * 34)
})

it('follows a server that moves nearer or further away', () => {
  const look = new SecondLook(micros(TICK))
  const far = looksOf({ look, turns: 400, answersAfter: 250 })
  const near = looksOf({ look, turns: 400, answersAfter: 20, from: far.now })
  expect(far.delays.at(-1)).toBeGreaterThan(200)
  expect(near.delays.at(-1)).toBeLessThan(150)
})

it('is not made after a turn that sent nothing, nor twice after one turn, nor with a tick of 0', () => {
  const look = new SecondLook(micros(TICK))
  look.turned(0, 0, instant(START))
  expect(look.before(instant(START + TICK))).toBeUndefined()
  look.turned(0, 1, instant(START))
  expect(look.before(instant(START + TICK))).toBe(START + TICK / 4)
  // A moment of the engine that comes first is a turn of its own.
  expect(look.before(instant(START + TICK / 4))).toBeUndefined()
  look.looked(1)
  expect(look.before(instant(START + TICK))).toBeUndefined()
  const never = new SecondLook(micros(0))
  never.turned(0, 1, instant(START))
  expect(never.before(instant(START))).toBeUndefined()
})
