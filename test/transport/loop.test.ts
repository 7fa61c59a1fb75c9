import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EngineEvent } from '../../src/proxy/border/events.ts'
import { type Journal, PROBE_PORT } from '../../src/proxy/border/ports.ts'
import { Loop, type Served } from '../../src/transport/loop.io.ts'
import { type Duration, type Instant, instant, after as later, micros, millis } from '../../src/units.ts'

const PEER = { link: 0, address: '127.0.0.1', port: 1645 }
const START = instant(7_000_000)
const bytes = (octet: number): Uint8Array => Uint8Array.of(octet)

/** A clock that the fake timers move, and that work can move too. */
class FakeClock {
  #extra = 0
  readonly #zero = Date.now()
  readonly read = (): Instant => instant(START + (Date.now() - this.#zero) * 1_000 + this.#extra)
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

  receive(_class: unknown, _from: unknown, datagram: Uint8Array): void {
    this.#do('receive', datagram)
  }
  respond(_lane: number, _port: number, datagram: Uint8Array): void {
    this.#do('respond', datagram)
  }
  probeAnswered(_lane: number, datagram: Uint8Array): void {
    this.#do('probeAnswered', datagram)
  }
  refused(lane: number, port: number): void {
    this.#do('refused', Uint8Array.of(lane, port))
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
  nextWakeAt(): Instant | undefined {
    return this.wakeAt
  }
  #do(what: string, datagram: Uint8Array | undefined): void {
    this.calls.push(datagram === undefined ? what : `${what} ${datagram.join(',')}`)
    if (this.fails(what)) throw new Error(`planted in ${what}`)
  }
}

function newLoop() {
  const engine = new FakeEngine()
  const events: EngineEvent[] = []
  const journal: Journal = { note: (event) => events.push(event) }
  const clock = new FakeClock()
  return { engine, events, clock, loop: new Loop(engine, journal, clock.read) }
}

describe('the loop', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('gives responses to the engine before requests that were read earlier in the same turn', () => {
    const { engine, loop } = newLoop()
    loop.request('authentication', PEER, bytes(1))
    loop.response(0, 0, bytes(2))
    loop.request('accounting', PEER, bytes(3))
    loop.probeAnswer(0, bytes(4))
    vi.runAllTimers()
    expect(engine.calls.slice(0, 4)).toEqual(['respond 2', 'probeAnswered 4', 'receive 1', 'receive 3'])
    expect(engine.calls.at(-1)).toBe('serve')
  })

  it('serves after every arrival, and does nothing when nothing arrives', () => {
    const { engine, loop } = newLoop()
    vi.advanceTimersByTime(10_000)
    expect(engine.calls).toEqual([])
    loop.refused(3, PROBE_PORT)
    vi.runAllTimers()
    expect(engine.calls).toEqual(['refused 3,255', 'serve'])
  })

  it('reads the clock anew for each step of serving', () => {
    const { engine, clock, loop } = newLoop()
    engine.work = 4
    engine.whileServing = () => clock.spend(millis(2))
    loop.kick()
    vi.runAllTimers()
    expect(engine.servedAt.map((at) => at - START)).toEqual([0, 2_000, 4_000, 6_000])
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
      engine.nextWakeAt = () => {
        clock.spend(micros(10))
        return read()
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
    const { engine, events, loop } = newLoop()
    let planted = true
    engine.fails = (what) => {
      const now = planted && what === where
      if (now) planted = false
      return now
    }
    for (const octet of [1, 2]) {
      loop.request('authentication', PEER, bytes(octet))
      loop.response(0, 0, bytes(octet))
      loop.probeAnswer(0, bytes(octet))
      loop.refused(octet, 0)
    }
    vi.runAllTimers()
    expect(engine.calls.filter((call) => call.startsWith(where))).toHaveLength(2)
    expect(engine.calls.at(-1)).toBe('serve')
    expect(events).toEqual([
      expect.objectContaining({ kind: 'internal-error', where, error: new Error(`planted in ${where}`) }),
    ])
  })

  it('notes the octets at which the engine threw', () => {
    const { engine, events, loop } = newLoop()
    engine.fails = (what) => what === 'receive'
    loop.request('authentication', PEER, bytes(77))
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
    const { engine, loop } = newLoop()
    engine.wakeAt = later(START, millis(5))
    loop.request('authentication', PEER, bytes(1))
    loop.stop()
    loop.request('authentication', PEER, bytes(2))
    loop.response(0, 0, bytes(3))
    loop.kick()
    vi.advanceTimersByTime(1_000)
    expect(engine.calls).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })
})
