/**
 * What several instances know of the way to one server, as one: the latest that any of them heard, however the snapshots
 * are ordered, and of a request's round trip only what a request tells.
 */
import { describe, expect, it } from 'vitest'
import { sumOf } from '../../src/instances/shared/sum.ts'
import type { EngineSnapshot, LaneSnapshot } from '../../src/proxy/border/snapshot.ts'
import { instant, micros, millis, seconds } from '../../src/units.ts'
import { World } from '../proxy/kit.ts'
import { server } from '../proxy/options.ts'

/** An engine that knows this of its server. */
function knowing(o: Partial<LaneSnapshot>): EngineSnapshot {
  const idle = new World({ servers: [server('s1')] }).snapshot()
  return { ...idle, lanes: idle.lanes.map((lane) => ({ ...lane, ...o })) }
}
/** The sum in both orders. */
const bothWays = (a: Partial<LaneSnapshot>, b: Partial<LaneSnapshot>): (LaneSnapshot | undefined)[] =>
  [
    [a, b],
    [b, a],
  ].map((both) => sumOf(both.map(knowing), 'host').lanes[0])

const [early, late] = [instant(1_000_000), instant(9_000_000)]

describe('what instances know of one server', () => {
  it.each(['heardAt', 'respondedAt', 'refusedAt'] as const)('is the latest moment of any: %s', (moment) => {
    for (const sum of bothWays({ [moment]: early }, { [moment]: late })) expect(sum?.[moment]).toBe(late)
    for (const sum of bothWays({ [moment]: undefined }, { [moment]: late })) expect(sum?.[moment]).toBe(late)
  })

  it('has the latest silence', () => {
    const [before, now] = [early, late].map((at) => ({ since: instant(at - 1), at }))
    for (const sum of bothWays({ silence: before }, { silence: now })) expect(sum?.silence).toEqual(now)
    for (const sum of bothWays({ silence: undefined }, { silence: before })) expect(sum?.silence).toEqual(before)
  })

  it('has the round trip time of the latest response to a request; a probe hides none', () => {
    const answered = { respondedAt: early, heardAt: early, roundTripTime: millis(5) }
    for (const sum of bothWays(answered, { heardAt: late })) expect(sum?.roundTripTime).toBe(millis(5))
    const later = { respondedAt: late, heardAt: late, roundTripTime: millis(7) }
    for (const sum of bothWays(answered, later)) expect(sum?.roundTripTime).toBe(millis(7))
  })

  it('adds how the latest answers came, and weighs how late those were', () => {
    const timeout = seconds(3)
    const one = { counted: 8, late: 2, unclear: 1, typically: seconds(4), timeout }
    const other = { counted: 5, late: 1, unclear: 0, typically: seconds(8), timeout }
    const sum = { counted: 13, late: 3, unclear: 1, typically: seconds(5), timeout }
    for (const both of bothWays({ answers: one }, { answers: other })) expect(both?.answers).toEqual(sum)
    const none = { counted: 0, late: 0, unclear: 0, typically: micros(0), timeout }
    for (const both of bothWays({ answers: none }, { answers: one })) expect(both?.answers).toEqual(one)
  })
})

it('the longest that anybody waited in vain is that of one instance, not of all together', () => {
  const [a, b] = [millis(300), millis(700)].map((longestGivenUp) => {
    const idle = knowing({})
    const { authentication } = idle.classes
    return { ...idle, classes: { ...idle.classes, authentication: { ...authentication, longestGivenUp } } }
  })
  expect(sumOf([a!, b!], 'host').classes.authentication.longestGivenUp).toBe(millis(700))
  expect(sumOf([b!, a!], 'host').classes.authentication.longestGivenUp).toBe(millis(700))
})
