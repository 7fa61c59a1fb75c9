/**
 * Active, Not Responding, Failing, Down: every way from each to each, and the schedule of probes.
 */
import { describe, expect, it } from 'vitest'
import { type HealthOptions, ServerHealth } from '../../src/throttle/server-health.ts'
import { instant, after as later, micros, seconds } from '../../src/units.ts'

const START = instant(1_000_000_000)

const health = (o: Partial<HealthOptions> = {}): ServerHealth => new ServerHealth({ ...OPTIONS, ...o }, START)
const OPTIONS: HealthOptions = {
  consecutiveFailures: 3,
  responseTimeout: seconds(0),
  deadTime: seconds(600),
  probe: 'none',
  probeInterval: seconds(10),
  timeout: seconds(3),
}
const at = (secondsFromStart: number) => later(START, seconds(secondsFromStart))

/** Down at START; with a probe it was asked a time-out before that. */
const down = (o: Partial<HealthOptions> = {}): ServerHealth => {
  const one = health(o)
  const failedAt = later(START, micros(o.probe === 'status_server' ? -3_000_000 : 0))
  for (let i = 0; i < 3; i += 1) one.failed(failedAt)
  one.isProbeDue(failedAt, () => 0)
  one.passTime(START)
  expect(one).toMatchObject({ state: 'down', since: START })
  return one
}

describe('from Active', () => {
  it('it begins, and responses keep it there without a word', () => {
    const one = health()
    expect(one).toMatchObject({ state: 'active', since: START, consecutiveFailures: 0 })
    expect(one.responded(at(1))).toBeUndefined()
    expect(one.nextWakeAt()).toBeUndefined()
  })

  it('one failure makes it Not Responding', () => {
    const one = health()
    expect(one.failed(at(1))).toEqual({ from: 'active', to: 'not_responding', why: expect.any(String) })
    expect(one).toMatchObject({ state: 'not_responding', since: at(1), consecutiveFailures: 1 })
  })

  it('with one failure allowed it goes Down at once', () => {
    const one = health({ consecutiveFailures: 1 })
    expect(one.failed(at(1))).toMatchObject({ from: 'active', to: 'down' })
  })
})

describe('from Not Responding', () => {
  it('a response makes it Active and forgets the failures', () => {
    const one = health()
    one.failed(at(1))
    one.failed(at(2))
    expect(one.responded(at(3))).toMatchObject({ from: 'not_responding', to: 'active' })
    expect(one.consecutiveFailures).toBe(0)
    one.failed(at(4))
    one.failed(at(5))
    expect(one.state).toBe('not_responding')
    expect(one.failed(at(6))).toMatchObject({ to: 'down' })
  })

  it('failures in a row make it Down, and those between say nothing', () => {
    const one = health()
    expect(one.failed(at(1))?.to).toBe('not_responding')
    expect(one.failed(at(2))).toBeUndefined()
    expect(one.failed(at(3))).toMatchObject({ from: 'not_responding', to: 'down' })
    expect(one.since).toBe(at(3))
  })

  it('with a response time-out both must be met: failures enough, and long enough since the first of them', () => {
    const one = health({ responseTimeout: seconds(30) })
    for (let second = 1; second <= 10; second += 1) one.failed(at(second))
    expect(one.state).toBe('not_responding')
    expect(one.nextWakeAt()).toBe(at(31))
    expect(one.passTime(instant(at(31) - 1))).toBeUndefined()
    expect(one.passTime(at(31))).toMatchObject({ to: 'down' })
  })

  it('with a response time-out long past it still takes all the failures', () => {
    const one = health({ responseTimeout: seconds(30) })
    one.failed(at(1))
    expect(one.passTime(at(100))).toBeUndefined()
    expect(one.nextWakeAt()).toBeUndefined()
    one.failed(at(101))
    expect(one.failed(at(102))).toMatchObject({ to: 'down' })
  })

  it('the response time-out runs from the first failure since the last response, not from the last packet', () => {
    const one = health({ responseTimeout: seconds(30) })
    one.failed(at(1))
    one.responded(at(2))
    for (const second of [40, 41, 42]) one.failed(at(second))
    expect(one.state).toBe('not_responding')
    expect(one.nextWakeAt()).toBe(at(70))
  })
})

describe('from Down', () => {
  it('any valid response makes it Active at once', () => {
    const one = down()
    expect(one.responded(at(5))).toMatchObject({ from: 'down', to: 'active' })
    expect(one).toMatchObject({ state: 'active', consecutiveFailures: 0 })
    expect(one.nextWakeAt()).toBeUndefined()
  })

  it('the dead time makes it Active, counted from when it went Down, to the microsecond', () => {
    const one = down()
    expect(one.nextWakeAt()).toBe(at(600))
    expect(one.passTime(instant(at(600) - 1))).toBeUndefined()
    expect(one.passTime(at(600))).toMatchObject({ from: 'down', to: 'active', why: 'its dead time is over' })
    expect(one.consecutiveFailures).toBe(0)
  })

  it('further failures change nothing, not even the dead time', () => {
    const one = down()
    expect(one.failed(at(300))).toBeUndefined()
    expect(one).toMatchObject({ state: 'down', since: START })
    expect(one.nextWakeAt()).toBe(at(600))
  })
})

describe('probes', () => {
  const probed = { probe: 'status_server' } as const

  it('are never due while the server is not Down (RFC 2865 section 2.6), nor where there is no probe', () => {
    const one = health(probed)
    one.failed(at(1))
    expect(one.isProbeDue(at(1_000), () => 0)).toBe(false)
    expect(down().isProbeDue(at(599), () => 0)).toBe(false)
  })

  it('begin one interval after it went Down and go on by intervals, each one once', () => {
    const one = down(probed)
    expect(one.isProbeDue(instant(at(10) - 1), () => 0)).toBe(false)
    expect(one.nextWakeAt()).toBe(at(10))
    expect(one.isProbeDue(at(10), () => 0)).toBe(true)
    expect(one.isProbeDue(at(10), () => 0)).toBe(false)
    expect(one.nextWakeAt()).toBe(at(20))
    expect(one.isProbeDue(at(20), () => 0)).toBe(true)
  })

  it('are spread by a fifth to either side, at most by 2 s (RFC 3539 section 3.4.1)', () => {
    for (const [interval, jitter, wait] of [
      [6, 1, 7.2],
      [6, -1, 4.8],
      [10, 1, 12],
      [60, 1, 62],
      [60, -1, 58],
      [60, 0.5, 61],
    ] as const) {
      const one = down({ ...probed, probeInterval: seconds(interval) })
      expect(one.isProbeDue(at(interval), () => jitter)).toBe(true)
      expect(one.nextWakeAt()).toBe(later(at(interval), seconds(wait)))
    }
  })

  it('end with a response or the dead time', () => {
    const one = down(probed)
    one.responded(at(5))
    expect(one.isProbeDue(at(20), () => 0)).toBe(false)
    const other = down(probed)
    other.passTime(at(600))
    expect(other.isProbeDue(at(610), () => 0)).toBe(false)
  })
})

describe('other options', () => {
  it('begin or end probes of a server that is Down', () => {
    const one = down()
    one.reconfigure({ ...OPTIONS, probe: 'status_server' })
    expect(one.isProbeDue(at(1), () => 0)).toBe(true)
    one.reconfigure({ ...OPTIONS, probe: 'none' })
    expect(one.isProbeDue(at(100), () => 0)).toBe(false)
    expect(one.nextWakeAt()).toBe(at(600))
  })

  it('with fewer failures allowed make a server Down whose failures are enough now', () => {
    const one = health()
    one.failed(at(1))
    one.reconfigure({ ...OPTIONS, consecutiveFailures: 1 })
    expect(one.nextWakeAt()).toBe(at(1))
    expect(one.passTime(later(at(1), micros(1)))).toMatchObject({ to: 'down' })
  })
})

describe('held Down by an operator', () => {
  it('it stays Down whatever happens, asks for no wake and no probe', () => {
    const one = health({ probe: 'status_server', deadTime: seconds(30) })
    expect(one.hold(true, at(1))).toEqual({ from: 'active', to: 'down', why: 'an operator took it down' })
    expect(one).toMatchObject({ state: 'down', isHeldDown: true, since: at(1) })
    expect(one.responded(at(2))).toBeUndefined()
    expect(one.failed(at(3))).toBeUndefined()
    expect(one.passTime(at(1000))).toBeUndefined()
    expect(one.isProbeDue(at(1000), () => 0)).toBe(false)
    one.reconfigure({ ...OPTIONS, probe: 'status_server' })
    expect(one.isProbeDue(at(1000), () => 0)).toBe(false)
    expect(one.nextWakeAt()).toBeUndefined()
    expect(one).toMatchObject({ state: 'down', isHeldDown: true })
  })

  it('once let go it is Active, with no failure of before', () => {
    const one = health()
    one.failed(at(1))
    one.failed(at(2))
    one.hold(true, at(3))
    expect(one.hold(false, at(4))).toEqual({ from: 'down', to: 'active', why: 'an operator took it up' })
    expect(one).toMatchObject({ state: 'active', isHeldDown: false, since: at(4), consecutiveFailures: 0 })
    expect(one.failed(at(5))?.to).toBe('not_responding')
  })

  it('one that was Down before is held without a change, and its probes end', () => {
    const one = down({ probe: 'status_server' })
    expect(one.hold(true, at(1))).toBeUndefined()
    expect(one.isProbeDue(at(100), () => 0)).toBe(false)
    expect(one.hold(false, at(200))).toMatchObject({ from: 'down', to: 'active' })
  })

  it('asked twice is once', () => {
    const one = health()
    expect(one.hold(false, at(1))).toBeUndefined()
    one.hold(true, at(2))
    expect(one.hold(true, at(3))).toBeUndefined()
    expect(one.since).toBe(at(2))
  })
})
