/**
 * When turns come: at once for what is ready, at the engine's moment, at the end of a tick under load. And Node's own loop has its
 * turn: after 10 ms, after 100 ms of quiet, and when the main thread has said something.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EpollPace, type Waiting } from '../../../src/transport/batched/epoll-pace.io.ts'
import { SecondLook } from '../../../src/transport/batched/second-look.ts'
import { Tick } from '../../../src/transport/batched/tick.ts'
import { TurnTimes } from '../../../src/transport/batched/turn-times.ts'
import { type Duration, type Instant, instant, micros } from '../../../src/units.ts'

const START = 1_000_000

/** A world in which time passes only while somebody waits, or works. */
class World implements Waiting {
  now = START
  messages = 0
  forwarded = 0
  /** Each request that a turn reads goes to a server, whose response comes so much later; undefined: there is no server. */
  answersAfter: number | undefined
  answers: number[] = []
  /** When datagrams arrive, in order. */
  arrivals: number[] = []
  wokenAt: number | undefined
  /** The main thread was heard, and nobody has asked for that yet. */
  isHeard = false
  /** So much later than it should, each sleep ends. */
  oversleeps = 0
  readonly turns: string[] = []
  readonly waits: Duration[] = []
  readonly sleeps: Duration[] = []
  /** What a turn does. */
  work: () => void = () => undefined
  readonly clock = (): Instant => instant(this.now)

  poll(atMost: Duration): boolean {
    this.waits.push(atMost)
    const end = this.now + atMost
    const first = (of: readonly number[]): number => of[0] ?? Number.POSITIVE_INFINITY
    const next = Math.min(first(this.arrivals), first(this.answers), this.wokenAt ?? Number.POSITIVE_INFINITY, end)
    this.now = Math.max(this.now, next)
    this.#hear()
    this.isLook = false
    return first(this.arrivals) <= this.now || first(this.answers) <= this.now
  }

  pollResponses(): boolean {
    this.isLook = true
    this.#hear()
    return (this.answers[0] ?? Number.POSITIVE_INFINITY) <= this.now
  }

  sleep(duration: Duration): void {
    this.sleeps.push(duration)
    this.now += duration + this.oversleeps
  }

  wasWoken(): boolean {
    const was = this.isHeard
    this.isHeard = false
    return was
  }

  /** As with an eventfd: who looks at what is ready takes it. */
  #hear(): void {
    if (this.wokenAt === undefined || this.wokenAt > this.now) return
    this.wokenAt = undefined
    this.isHeard = true
  }

  isLook = false

  readonly turn = (): void => {
    const { answersAfter, now } = this
    const read = this.isLook ? 0 : this.arrivals.filter((at) => at <= now).length
    this.arrivals = this.arrivals.slice(read)
    const responses = this.answers.filter((at) => at <= now).length
    this.answers = this.answers.slice(responses)
    this.messages = read + responses
    this.forwarded = answersAfter === undefined ? 0 : read
    this.answers.push(...Array.from({ length: this.forwarded }, () => now + (answersAfter ?? 0)))
    this.turns.push(`${now - START}: ${read}`)
    this.work()
  }
}

function newPace(tick = 0) {
  const world = new World()
  const times = new TurnTimes()
  const [gathers, look] = [new Tick(micros(tick)), new SecondLook(micros(tick))]
  const pace = new EpollPace(world, { turn: world.turn, clock: world.clock, tick: gathers, look, times })
  return { world, pace }
}

describe('the pace of the batched transport', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('turns when something arrives, and only then', () => {
    const { world, pace } = newPace()
    world.arrivals = [START + 2_000, START + 2_000, START + 3_500]
    vi.runOnlyPendingTimers()
    expect(world.turns).toEqual(['2000: 2', '3500: 1'])
    pace.stop()
  })

  it('turns at the moment that was asked for, to the microsecond, and at the earliest of several', () => {
    const { world, pace } = newPace()
    pace.aim(instant(START + 7_003))
    pace.aim(instant(START + 9_000))
    pace.aim(instant(START + 8_000))
    vi.runOnlyPendingTimers()
    expect(world.turns[0]).toBe('7003: 0')
    // Each turn says anew when the next one is wanted.
    expect(world.turns).toHaveLength(1)
    pace.stop()
  })

  it('turns at once when it is kicked, and reads the sockets before', () => {
    const { world, pace } = newPace()
    pace.kick()
    world.arrivals = [START]
    let left = 3
    world.work = () => {
      left -= 1
      if (left > 0) pace.kick()
    }
    vi.runOnlyPendingTimers()
    expect(world.turns).toEqual(['0: 1', '0: 0', '0: 0'])
    expect(world.waits.slice(0, 3)).toEqual([0, 0, 0])
    pace.stop()
  })

  it('gathers for the rest of a tick under load, but not beyond a moment', () => {
    const { world, pace } = newPace(250)
    world.arrivals = Array.from({ length: 900 }, (_, i) => START + i * 20)
    let asked = false
    world.work = () => {
      if (asked || world.now < START + 8_000) return
      asked = true
      pace.aim(instant(world.now + 100))
    }
    vi.runOnlyPendingTimers()
    const at = world.turns.map((turn) => Number(turn.split(':')[0]))
    const apart = at.slice(1).map((turn, i) => turn - at[i]!)
    expect(apart.filter((time) => time === 250).length).toBeGreaterThan(20)
    expect(apart.filter((time) => time === 100)).toHaveLength(1)
    expect(Math.max(...apart)).toBeLessThanOrEqual(250)
    pace.stop()
  })

  it('looks for responses between two turns of a tick; requests wait for the end of it', () => {
    const { world, pace } = newPace(400)
    world.answersAfter = 50
    world.arrivals = Array.from({ length: 450 }, (_, i) => START + i * 20)
    vi.runOnlyPendingTimers()
    const turns = world.turns.map((turn) => turn.split(': ').map(Number) as [number, number])
    // By then it knows that there is a load.
    const late = turns.filter(([at]) => at > 2_000)
    const [looks, others] = [late.filter(([, read]) => read === 0), late.filter(([, read]) => read > 0)]
    expect(looks.length).toBeGreaterThan(12)
    expect(Math.max(...others.slice(1).map(([at], i) => at - others[i]![0]))).toBe(400)
    // One look at most between two turns.
    for (const [at] of looks.slice(1)) expect(others.filter(([turn]) => turn < at && at < turn + 400)).toHaveLength(1)
    expect(looks.length).toBeLessThanOrEqual(others.length + 1)
    pace.stop()
  })

  it('hears the main thread after a look that found nothing', () => {
    const { world, pace } = newPace(400)
    // No response comes soon, and no request after 4 ms. The main thread speaks between the last turn and its look.
    world.answersAfter = 50_000
    world.arrivals = Array.from({ length: 200 }, (_, i) => START + i * 20)
    let spokenAt = Number.POSITIVE_INFINITY
    world.work = () => {
      if (world.arrivals.length > 0 || spokenAt <= world.now) return
      spokenAt = world.now + 10
      world.wokenAt = spokenAt
    }
    let heardAt: number | undefined
    const wasWoken = world.wasWoken.bind(world)
    world.wasWoken = () => {
      const was = wasWoken()
      if (was) heardAt ??= world.now
      return was
    }
    vi.runOnlyPendingTimers()
    expect(heardAt! - spokenAt).toBeLessThanOrEqual(400)
    pace.stop()
  })

  it('is no later at a moment for a look before it: sleeps that end late do not add up', () => {
    const { world, pace } = newPace(400)
    world.answersAfter = 390
    world.oversleeps = 20
    world.arrivals = Array.from({ length: 450 }, (_, i) => START + i * 20)
    const late: number[] = []
    let moment = 0
    world.work = () => {
      if (world.now >= moment && moment > 0) late.push(world.now - moment)
      if (world.now >= moment) moment = world.now + 350
      pace.aim(instant(moment))
    }
    vi.runOnlyPendingTimers()
    expect(late.length).toBeGreaterThan(10)
    expect(Math.max(...late)).toBeLessThanOrEqual(20)
    pace.stop()
  })

  it('looks for nothing at the moment of the engine: that is a turn like any other', () => {
    const { world, pace } = newPace(400)
    world.answersAfter = 50
    world.arrivals = Array.from({ length: 450 }, (_, i) => START + i * 20)
    world.work = () => pace.aim(instant(world.now + 40))
    vi.runOnlyPendingTimers()
    const at = world.turns.map((turn) => Number(turn.split(':')[0]))
    expect(new Set(at.slice(50).map((turn, i) => turn - at[i + 49]!))).toEqual(new Set([40]))
    pace.stop()
  })

  it('lets Node have its turn after 10 ms under load and after 100 ms of quiet', () => {
    const { world, pace } = newPace()
    world.arrivals = Array.from({ length: 2_000 }, (_, i) => START + i * 20)
    vi.runOnlyPendingTimers()
    expect(world.now - START).toBeGreaterThanOrEqual(10_000)
    expect(world.now - START).toBeLessThan(10_100)
    world.arrivals = []
    const quiet = world.now
    vi.runOnlyPendingTimers()
    expect(world.now - quiet).toBe(100_000)
    pace.stop()
  })

  it('lets Node have its turn when the main thread wakes it', () => {
    const { world, pace } = newPace()
    world.wokenAt = START + 500
    vi.runOnlyPendingTimers()
    expect(world.now).toBe(START + 500)
    expect(world.turns).toEqual([])
    pace.stop()
  })

  it('ends within the turn that stops it', () => {
    const { world, pace } = newPace()
    world.arrivals = [START, START + 1]
    world.work = () => pace.stop()
    vi.runAllTimers()
    expect(world.turns).toEqual(['0: 1'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('says how late a wait ended while the thread was not let run', () => {
    const { world, pace } = newPace()
    const poll = world.poll.bind(world)
    world.poll = (atMost) => {
      const isReady = poll(atMost)
      world.now += 300_000
      return isReady
    }
    vi.runOnlyPendingTimers()
    expect(pace.delay().max).toBe(0.3)
    pace.stop()
  })

  it('is not late for a moment that had passed when it was asked for', () => {
    const { world, pace } = newPace()
    pace.aim(instant(START - 9_000_000))
    world.work = () => pace.aim(instant(START - 9_000_000))
    world.poll = () => {
      world.now += 100
      return false
    }
    vi.runOnlyPendingTimers()
    expect(world.turns.length).toBeGreaterThan(10)
    expect(pace.delay().max).toBeLessThanOrEqual(0.000_1)
    pace.stop()
  })

  it('says how long turns took', () => {
    const { world, pace } = newPace()
    world.arrivals = [START, START + 5_000]
    world.work = () => {
      world.now += 400
    }
    vi.runOnlyPendingTimers()
    expect(pace.delay()).toMatchObject({ mean: 0.0004, max: 0.0004 })
    pace.stop()
  })
})
