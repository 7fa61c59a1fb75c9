/**
 * When a turn gathers: only where at least two messages would share it, and never beyond the end of its tick.
 */
import { expect, it } from 'vitest'
import { Tick } from '../../../src/transport/batched/tick.ts'
import { type Instant, instant, micros } from '../../../src/units.ts'

const START = 1_000_000

/** A tick after 100 ms of so many messages a second, in turns of one; when its last turn was. */
function steady(tick: number, perSecond: number): { readonly tick: Tick; readonly last: Instant } {
  const made = new Tick(micros(tick))
  const apart = 1_000_000 / perSecond
  let last = instant(START)
  for (let at = START; at < START + 100_000; at += apart) {
    last = instant(Math.round(at))
    made.turned(1, last)
  }
  return { tick: made, last }
}

it('gathers nothing at first, nor with a tick of 0', () => {
  expect(new Tick(micros(250)).gathersUntil(instant(START))).toBeUndefined()
  const { tick, last } = steady(0, 50_000)
  expect(tick.gathersUntil(last)).toBeUndefined()
})

it.each([
  [1_000, false],
  [7_000, false],
  [9_000, true],
  [20_000, true],
])('at %i messages a second a tick of 250 us gathers: %s', (perSecond, gathers) => {
  const { tick, last } = steady(250, perSecond)
  expect(tick.gathersUntil(last)).toBe(gathers ? last + 250 : undefined)
})

it('ends with its tick', () => {
  const { tick, last } = steady(250, 20_000)
  expect([249, 250, 251].map((later) => tick.gathersUntil(instant(last + later)))).toEqual([
    last + 250,
    undefined,
    undefined,
  ])
})

it('forgets a storm: some ms of quiet, and a request is served at once', () => {
  const { tick, last } = steady(250, 20_000)
  const quiet = instant(last + 20_000)
  tick.turned(1, quiet)
  expect(tick.gathersUntil(instant(quiet + 1))).toBeUndefined()
})
