/**
 * One instance over all its threads, in every order in which threads crash, fail to start, answer late and are closed: what
 * is counted, what is lost, and when the next thread starts.
 */
import { describe, expect, it } from 'vitest'
import type { InstanceView } from '../../src/instances/protocol/instance-view.ts'
import { Supervision } from '../../src/instances/supervisor.ts'
import { ENTRY, type Ledger, ledgersIn } from '../../src/proxy/register/ledger.ts'
import { type Instant, instant, MICROS_PER_SECOND } from '../../src/units.ts'
import { type Interleaved, walkAll } from '../interleavings.ts'
import { World } from '../proxy/kit.ts'
import { server } from '../proxy/options.ts'

const MINUTE = 60 * MICROS_PER_SECOND
const IDLE = new World({ servers: [server('s1')] }).snapshot()
/** As docs/instances.md says it. */
const DELAYS_MS = [0, 1_000, 5_000, 15_000, 30_000]

/** A thread as it truly is: what it received, and what of that it has answered. */
interface Thread {
  readonly life: number
  readonly books: SharedArrayBuffer
  readonly ledger: Ledger
  /** Received when it was viewed last. */
  viewed: number
  state: 'starting' | 'running' | 'ended'
}

const received = ({ ledger }: Thread): number => ledger.counted(ENTRY.received)
const answered = ({ ledger }: Thread): number => ledger.counted(ENTRY.answered)
const inHand = (thread: Thread): number => received(thread) - answered(thread)
const receivedBy = (threads: readonly Thread[]): number => threads.reduce((sum, one) => sum + received(one), 0)

class Shell implements Interleaved {
  readonly state = new Supervision(3)
  readonly threads: Thread[] = []
  now: Instant = instant(10.25 * MICROS_PER_SECOND)
  /** A view on its way from the thread. */
  view: { readonly thread: Thread; readonly received: number; readonly view: InstanceView } | undefined
  /** The timer for the next thread, milliseconds. */
  timer: number | undefined
  readonly ends: Instant[] = []
  crashes = 0
  isClosed = false

  constructor() {
    this.#start()
    this.#opens()
  }

  get last(): Thread {
    return this.threads.at(-1)!
  }

  events(): string[] {
    const { state } = this.last
    return [
      ...(state === 'ended' ? [] : ['traffic']),
      ...(state === 'running' ? ['crash'] : []),
      ...(state === 'starting' ? ['fails'] : []),
      ...(state === 'running' && this.view === undefined ? ['ask'] : []),
      ...(this.threads.length > 1 ? ['old thread ends late'] : []),
      'a minute passes',
      ...(this.isClosed ? [] : ['close']),
    ]
  }

  steps(): string[] {
    return [
      ...(this.timer === undefined ? [] : ['due']),
      ...(this.last.state === 'starting' ? ['opens'] : []),
      ...(this.view === undefined ? [] : ['view comes']),
    ]
  }

  happen(choice: string): void {
    if (choice === 'traffic') this.#traffic()
    else if (choice === 'crash') this.#crash()
    else if (choice === 'fails') this.#fails()
    else if (choice === 'ask') this.view = this.#viewNow()
    else if (choice === 'old thread ends late') this.#expect(this.state.ended(this.last.life - 1, this.now), undefined)
    else if (choice === 'a minute passes') this.now = instant(this.now + MINUTE)
    else if (choice === 'close') this.#close()
    else if (choice === 'due') this.#start()
    else if (choice === 'opens') this.#opens()
    else this.#viewComes()
  }

  check(): void {
    if (this.isClosed) {
      this.#expect(this.timer, undefined)
      return
    }
    const { isRunning, crashes, engine, upstreams } = this.state.view()
    const { ledger, queued } = engine.classes.accounting
    const ended = this.threads.filter(({ state }) => state === 'ended')
    const runs = this.last.state === 'running'
    this.#expect([isRunning, crashes], [runs, this.crashes])
    this.#expect(ledger.received, receivedBy(ended) + (runs ? this.last.viewed : 0))
    this.#expect(ledger.received, ledger.answered + ledger.lost + queued)
    this.#expect(
      ledger.lost,
      ended.reduce((sum, one) => sum + inHand(one), 0),
    )
    // Of other counters the last view is all there is.
    const viewed = this.threads.filter(({ state }) => state !== 'starting').reduce((sum, one) => sum + one.viewed, 0)
    this.#expect(engine.lanes[0]?.counters.requests, viewed)
    this.#expect(upstreams.length, runs ? 1 : 0)
    this.#expect(new Set(this.threads.map(({ books }) => books)).size, this.threads.length)
    this.#expect(this.timer !== undefined, this.last.state === 'ended')
  }

  checkRest(): void {
    if (!this.isClosed) this.#expect(this.state.isRunning, true)
  }

  key(): string {
    const threads = this.threads.map((one) => [received(one), answered(one), one.viewed, one.state])
    const view = this.view && [this.view.thread.life, this.view.received]
    return JSON.stringify([threads, this.now, view, this.timer, this.ends, this.isClosed])
  }

  #expect(what: unknown, is: unknown): void {
    if (JSON.stringify(what) !== JSON.stringify(is))
      throw new Error(`${JSON.stringify(what)} is no ${JSON.stringify(is)}`)
  }

  #start(): void {
    this.timer = undefined
    const { life, usedUpUntil, books } = this.state.start()
    this.#expect(life, this.threads.length + 1)
    const endedAt = this.ends.at(-1)
    this.#expect(usedUpUntil, endedAt === undefined ? 0 : Math.ceil(endedAt / MICROS_PER_SECOND) * MICROS_PER_SECOND)
    this.threads.push({ life, books, ledger: ledgersIn(books).accounting, viewed: 0, state: 'starting' })
  }

  #opens(): void {
    const { view, received } = this.#viewNow()
    this.last.state = 'running'
    this.last.viewed = received
    this.state.opened(view)
  }

  #traffic(): void {
    for (const entry of [ENTRY.received, ENTRY.received, ENTRY.received, ENTRY.answered]) this.last.ledger.count(entry)
  }

  #crash(): void {
    const thread = this.last
    thread.state = 'ended'
    const crash = this.state.ended(thread.life, this.now)
    if (this.isClosed) {
      this.#expect(crash, undefined)
      return
    }
    this.crashes += 1
    const lost = inHand(thread)
    this.#expect(crash, { lost: { authentication: 0, accounting: lost }, restartAfterMs: this.#delay() })
    this.timer = crash?.restartAfterMs
  }

  #fails(): void {
    this.last.state = 'ended'
    this.#expect(this.state.ended(this.last.life, this.now), undefined)
    const after = this.state.startFailed(this.now)
    if (this.isClosed) this.#expect(after, undefined)
    else this.#expect(after, this.#delay())
    this.timer = after
  }

  #delay(): number {
    this.ends.push(this.now)
    const recent = this.ends.filter((at) => at > this.now - MINUTE).length
    return DELAYS_MS[Math.min(recent, 5) - 1]!
  }

  #viewNow(): NonNullable<Shell['view']> {
    const { last } = this
    const { accounting } = IDLE.classes
    const queued = inHand(last)
    const classes = { ...IDLE.classes, accounting: { ...accounting, queued, ledger: last.ledger.snapshot() } }
    const lanes = IDLE.lanes.map((lane) => ({ ...lane, counters: { ...lane.counters, requests: received(last) } }))
    const upstreams = [{ address: '192.0.2.1', port: 1_000 }]
    const view = { engine: { ...IDLE, classes, lanes }, listeners: [], upstreams } as unknown as InstanceView
    return { thread: last, received: received(last), view }
  }

  #viewComes(): void {
    const { thread, received, view } = this.view!
    this.view = undefined
    this.state.viewed(thread.life, view)
    if (thread === this.last && thread.state === 'running') thread.viewed = received
  }

  #close(): void {
    this.isClosed = true
    this.timer = undefined
    this.state.close()
    this.view = undefined
  }
}

describe('in every order of crashes, failed starts, late answers and an end', () => {
  it('nothing is counted twice or lost from the books, and the next thread comes when it should', () => {
    const { states, rests } = walkAll(() => new Shell(), 5)
    expect(rests).toBeGreaterThan(100)
    expect(states).toBeGreaterThan(rests)
  })
})

it('waits longer the more often a thread ends within a minute', () => {
  const state = new Supervision(0)
  const shell = new Shell()
  shell.happen('ask')
  const { view } = shell.view!
  const waits = [0, 1, 2, 3, 4, 5, 6, 61, 62, 300].map((at) => {
    const { life } = state.start()
    state.opened(view)
    return state.ended(life, instant(at * MICROS_PER_SECOND))?.restartAfterMs
  })
  expect(waits).toEqual([0, 1_000, 5_000, 15_000, 30_000, 30_000, 30_000, 30_000, 30_000, 0])
})

it('tells each thread of a list of addresses once', () => {
  const shell = new Shell()
  const [one, other] = [['192.0.2.1'], ['192.0.2.2']]
  const heard = (list: string[]): boolean => shell.state.mustHear(list)
  expect([heard(one), heard(one), heard(other), heard(one)]).toEqual([true, false, true, true])
  shell.happen('crash')
  expect(heard(one)).toBe(false)
  shell.happen('due')
  shell.happen('opens')
  expect([heard(one), heard(one)]).toEqual([true, false])
})

it('has nothing to show before it was open', () => {
  expect(() => new Supervision(3).view()).toThrow('instance 3 was viewed before it was open')
})

it('a view that fails is a failure only of the thread that runs now', () => {
  const state = new Supervision(3)
  const thread = { engine: IDLE } as InstanceView
  const { life: first } = state.start()
  expect(state.isCurrent(first)).toBe(false)
  state.opened(thread)
  expect(state.isCurrent(first)).toBe(true)
  state.ended(first, instant(0))
  expect(state.isCurrent(first)).toBe(false)
  const { life: second } = state.start()
  state.opened(thread)
  expect([state.isCurrent(first), state.isCurrent(second)]).toEqual([false, true])
})
