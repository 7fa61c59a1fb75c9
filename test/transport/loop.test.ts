import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TrafficClass } from '../../src/classes.ts'
import type { EngineEvent } from '../../src/proxy/border/events.ts'
import { type Journal, PROBE_PORT } from '../../src/proxy/border/ports.ts'
import type { Clock } from '../../src/transport/clock.io.ts'
import { TimerPace } from '../../src/transport/dgram/timer-pace.io.ts'
import { Loop, type Served } from '../../src/transport/loop.io.ts'
import { type Duration, type Instant, instant, after as later, micros, millis } from '../../src/units.ts'

const PEER = { link: 0, address: '127.0.0.1', port: 1645 }
const START = instant(7_000_000)
const bytes = (octet: number): Uint8Array => Uint8Array.of(octet)

/** A clock that the fake timers move, and that work can move too. */
class FakeClock {
  #extra = 0
  readonly #zero = Date.now()
  readings = 0
  readonly read = (): Instant => {
    this.readings += 1
    return instant(START + (Date.now() - this.#zero) * 1_000 + this.#extra)
  }
  /** Time that passes while something computes. */
  spend(duration: Duration): void {
    this.#extra += duration
  }
}

/** An engine that does what a test tells it and writes down what was asked of it. */
class FakeEngine implements Served {
  readonly calls: string[] = []
  readonly wokenAt: Instant[] = []
  readonly servedAt: Instant[] = []
  wakeAt: Instant | undefined
  /** How many more times serve() has something to do. */
  work = 0
  whileServing: () => void = () => undefined
  fails: (where: string) => boolean = () => false

  receive(_class: unknown, _from: unknown, datagram: Uint8Array, _now: Instant, _age?: Duration): void {
    this.#do('receive', datagram)
  }
  respond(_lane: number, _port: number, datagram: Uint8Array): void {
    this.#do('respond', datagram)
  }
  probeAnswered(_lane: number, datagram: Uint8Array): void {
    this.#do('probeAnswered', datagram)
  }
  refused(lane: number, port: number, _now: Instant, quoted?: Uint8Array): void {
    this.#do('refused', Uint8Array.of(lane, port, ...(quoted ?? [])))
  }
  serve(now: Instant): boolean {
    this.#do('serve', undefined)
    this.servedAt.push(now)
    if (this.wakeAt !== undefined && this.wakeAt <= now) {
      this.wokenAt.push(now)
      this.wakeAt = undefined
    }
    this.whileServing()
    this.work = Math.max(0, this.work - 1)
    return this.work > 0
  }
  nextWakeAt(_now: Instant): Instant | undefined {
    return this.wakeAt
  }
  #do(what: string, datagram: Uint8Array | undefined): void {
    this.calls.push(datagram === undefined ? what : `${what} ${datagram.join(',')}`)
    if (this.fails(what)) throw new Error(`planted in ${what}`)
  }
}

/** A loop and a transport that holds requests back, as dgram does. */
function newLoop() {
  const engine = new FakeEngine()
  const events: EngineEvent[] = []
  const journal: Journal = { note: (event) => events.push(event) }
  const clock = new FakeClock()
  const held: (() => void)[] = []
  const transport = {
    deliver: () => {
      for (const hand of held.splice(0)) hand()
    },
    flush: () => ends.push(engine.calls.length),
    pace: (turn: () => void, clock: Clock) => new TimerPace(turn, clock),
  }
  /** The calls to the engine before each `flush`. */
  const ends: number[] = []
  const loop = new Loop({ engine, transport, journal, clock: clock.read })
  const request = (octet: number, trafficClass: TrafficClass = 'authentication'): void => {
    held.push(() => loop.request(trafficClass, PEER, bytes(octet)))
    loop.pending()
  }
  return { engine, events, clock, loop, request, ends }
}

describe('the loop', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('gives responses to the engine before requests that were read earlier in the same turn', () => {
    const { engine, loop, request } = newLoop()
    request(1)
    loop.response(0, 0, bytes(2))
    request(3, 'accounting')
    loop.probeAnswer(0, bytes(4))
    vi.runAllTimers()
    expect(engine.calls.slice(0, 4)).toEqual(['respond 2', 'probeAnswered 4', 'receive 1', 'receive 3'])
    expect(engine.calls.at(-1)).toBe('serve')
  })

  it('serves after every arrival, and does nothing when nothing arrives', () => {
    const { engine, loop } = newLoop()
    vi.advanceTimersByTime(10_000)
    expect(engine.calls).toEqual([])
    loop.linkChanged(3, PROBE_PORT, 'refused')
    vi.runAllTimers()
    expect(engine.calls).toEqual(['refused 3,255', 'serve'])
  })

  it('hands on how long a request waited in its socket', () => {
    const { engine, loop } = newLoop()
    const ages: (Duration | undefined)[] = []
    engine.receive = (_class, _from, _octets, _now, age) => void ages.push(age)
    loop.request('authentication', PEER, bytes(1), millis(3))
    loop.request('authentication', PEER, bytes(2))
    expect(ages).toEqual([millis(3), undefined])
  })

  it('hands on what a refused port quotes, and notes it if the engine throws at it', () => {
    const { engine, events, loop } = newLoop()
    loop.linkChanged(3, 1, 'refused', Uint8Array.of(7, 8))
    loop.linkChanged(3, 1, 'down')
    engine.fails = (where) => where === 'refused'
    loop.linkChanged(3, 1, 'refused', Uint8Array.of(9))
    vi.runAllTimers()
    expect(engine.calls).toEqual(['refused 3,1,7,8', 'refused 3,1,9', 'serve'])
    expect(events).toMatchObject([{ kind: 'internal-error', where: 'refused', bytes: Uint8Array.of(9) }])
  })

  it('reads the clock anew for each step of serving', () => {
    const { engine, clock, loop } = newLoop()
    engine.work = 4
    engine.whileServing = () => clock.spend(millis(2))
    loop.kick()
    vi.runAllTimers()
    expect(engine.servedAt.map((at) => at - START)).toEqual([0, 2_000, 4_000, 6_000])
  })

  it('reads the clock once a turn: what arrived, the first step and the next moment have one time', () => {
    const { engine, clock, loop, request } = newLoop()
    const times: Instant[] = []
    engine.receive = (_class, _from, _octets, now) => void times.push(now)
    for (const octet of [1, 2, 3]) request(octet)
    clock.readings = 0
    engine.whileServing = () => clock.spend(micros(300))
    engine.nextWakeAt = (now) => void times.push(now)
    vi.runAllTimers()
    expect(clock.readings).toBe(1)
    expect(times.concat(engine.servedAt)).toEqual(Array(5).fill(START))
    // A response that is read before the turn has a time of its own.
    loop.response(0, 0, bytes(4))
    expect(clock.readings).toBe(2)
  })

  it('reads it once more after many arrivals: the slot of the first one may be over', () => {
    const { engine, clock, request } = newLoop()
    engine.receive = () => clock.spend(micros(100))
    for (let octet = 0; octet < 40; octet += 1) request(octet)
    vi.runAllTimers()
    expect(engine.servedAt).toEqual([START + 4_000])
  })

  it('lets what was gathered leave with each step of serving', () => {
    const { engine, clock, ends, loop } = newLoop()
    engine.work = 4
    engine.whileServing = () => clock.spend(millis(10))
    loop.kick()
    vi.runAllTimers()
    expect(ends).toEqual([1, 2, 3, 4])
  })

  it('tells the engine of a refused link alone: what is sent into one that is down is lost by itself', () => {
    const { engine, loop } = newLoop()
    for (const to of ['up', 'down'] as const) loop.linkChanged(1, 2, to)
    vi.runAllTimers()
    expect(engine.calls).toEqual([])
  })

  it('lets the sockets be read after 25 ms of serving, and goes on then', () => {
    const { engine, clock, loop } = newLoop()
    engine.work = 6
    let served = 0
    engine.whileServing = () => {
      clock.spend(millis(10))
      served += 1
      // What is read between two turns of the event loop, while there is more to serve.
      if (served === 1) setImmediate(() => loop.response(0, 0, bytes(9)))
    }
    loop.kick()
    vi.runAllTimers()
    expect(engine.calls).toEqual(['serve', 'serve', 'serve', 'respond 9', 'serve', 'serve', 'serve'])
  })

  it.each([1_300, 5_000, 49_999, 50_000, 60_700, 1_000_000])(
    'wakes the engine at its moment or right after, never before it alone, %i us away',
    (away) => {
      const { engine, clock, loop } = newLoop()
      const moment = later(START, micros(away))
      engine.wakeAt = moment
      // Polling takes time as real polling does; without it the fake clock would stand still.
      const read = engine.nextWakeAt.bind(engine)
      engine.nextWakeAt = (now) => {
        clock.spend(micros(10))
        return read(now)
      }
      loop.kick()
      vi.advanceTimersByTime(2_000)
      expect(engine.wokenAt).toHaveLength(1)
      expect(engine.wokenAt[0]! - moment).toBeGreaterThanOrEqual(0)
      expect(engine.wokenAt[0]! - moment).toBeLessThan(1_000)
    },
  )

  it('sleeps while the moment is far, instead of polling', () => {
    const { engine, loop } = newLoop()
    engine.wakeAt = later(START, millis(500))
    loop.kick()
    vi.advanceTimersByTime(400)
    expect(engine.calls).toEqual(['serve'])
  })

  it('aims anew when an arrival brings the next moment nearer', () => {
    const { engine, loop } = newLoop()
    engine.wakeAt = later(START, millis(500))
    loop.kick()
    vi.advanceTimersByTime(10)
    engine.wakeAt = later(START, millis(100))
    loop.response(0, 0, bytes(1))
    vi.advanceTimersByTime(150)
    expect(engine.wokenAt.map((at) => Math.floor((at - START) / 1_000))).toEqual([100])
  })

  it('lets a timer stand that comes too early for what is left, and has none once it came for nothing', () => {
    const { engine, loop } = newLoop()
    engine.wakeAt = later(START, millis(500))
    loop.kick()
    vi.advanceTimersByTime(10)
    const armed = vi.spyOn(globalThis, 'setTimeout')
    for (const left of [later(START, millis(900)), undefined, later(START, millis(700)), undefined]) {
      engine.wakeAt = left
      loop.kick()
      vi.advanceTimersByTime(1)
    }
    expect([armed.mock.calls.length, vi.getTimerCount()]).toEqual([0, 1])
    vi.advanceTimersByTime(600)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each(['receive', 'respond', 'probeAnswered', 'refused'])('drops alone the packet at which %s throws', (where) => {
    const { engine, events, loop, request } = newLoop()
    let planted = true
    engine.fails = (what) => {
      const now = planted && what === where
      if (now) planted = false
      return now
    }
    for (const octet of [1, 2]) {
      request(octet)
      loop.response(0, 0, bytes(octet))
      loop.probeAnswer(0, bytes(octet))
      loop.linkChanged(octet, 0, 'refused')
    }
    vi.runAllTimers()
    expect(engine.calls.filter((call) => call.startsWith(where))).toHaveLength(2)
    expect(engine.calls.at(-1)).toBe('serve')
    expect(events).toEqual([
      expect.objectContaining({ kind: 'internal-error', where, error: new Error(`planted in ${where}`) }),
    ])
  })

  it('notes the octets at which the engine threw', () => {
    const { engine, events, request } = newLoop()
    engine.fails = (what) => what === 'receive'
    request(77)
    vi.runAllTimers()
    expect(events[0]).toMatchObject({ bytes: bytes(77) })
  })

  it('catches nothing that serving throws: the books are wrong then, and the process must end', () => {
    const { engine, events, loop } = newLoop()
    engine.fails = (what) => what === 'serve'
    loop.kick()
    expect(() => vi.runAllTimers()).toThrow('planted in serve')
    expect(events).toEqual([])
  })

  it('hands nothing over once it was stopped', () => {
    const { engine, loop, request, ends } = newLoop()
    engine.wakeAt = later(START, millis(5))
    request(1)
    loop.stop()
    request(2)
    loop.request('authentication', PEER, bytes(2))
    loop.response(0, 0, bytes(3))
    loop.linkChanged(0, 0, 'refused')
    loop.kick()
    vi.advanceTimersByTime(1_000)
    expect([engine.calls, ends]).toEqual([[], []])
    expect(vi.getTimerCount()).toBe(0)
  })
})
