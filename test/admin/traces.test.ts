/**
 * Two traces in every order of steps, slow readers, time-outs and readers who go: who is told what, and what is followed.
 */
import { describe, expect, it } from 'vitest'
import { type TracedEvent, TraceState, type TraceWish } from '../../src/admin/traces.ts'
import type { TraceEvent } from '../../src/proxy/border/events.ts'
import { type Interleaved, walkAll } from '../interleavings.ts'

const wish = (changes: Partial<TraceWish>): TraceWish => ({
  ...{ seconds: 60, count: 2 },
  ...changes,
})
const WISHES = [wish({ client: 'bng' }), wish({ user: 'anna', session: '1' })]
const EPOCH = 1_000_000

class Shell implements Interleaved {
  readonly state = new TraceState()
  /** By trace: whether all instances follow it, its lines, and what it missed. */
  readonly traces = WISHES.map(() => ({ begun: false, ended: false, lines: [] as object[], told: 0, lost: 0 }))
  #at = 0

  constructor() {
    for (const [place, one] of WISHES.entries()) {
      if (this.state.begin(one, EPOCH) !== place + 1) throw new Error('a number of a trace is used twice')
    }
  }

  events(): string[] {
    const some = this.traces.flatMap(({ ended }, place) => (ended ? [] : [`time ${place}`, `gone ${place}`]))
    return ['step', 'slow step', 'step after lost ones', ...some]
  }

  steps(): string[] {
    return this.traces.flatMap(({ begun, ended }, place) => (begun || ended ? [] : [`begun ${place}`]))
  }

  happen(choice: string): void {
    const place = Number(choice.split(' ').at(-1))
    const trace = this.traces[place]
    if (trace === undefined) this.#step(choice === 'slow step', choice === 'step after lost ones' ? 5 : 0)
    else if (choice.startsWith('begun')) {
      trace.begun = true
      this.#write(place, this.state.begun(place + 1))
    } else {
      const line = this.state.end(place + 1, 'time')
      trace.ended = true
      if (choice.startsWith('time')) this.#write(place, line)
    }
  }

  check(): void {
    const runs = this.traces.flatMap(({ ended }, place) => (ended ? [] : [place + 1]))
    expect(this.state.followed.map(({ trace }) => trace)).toEqual(runs)
    for (const [place, { lines, told, lost }] of this.traces.entries()) {
      const isLast = lines.findIndex((line) => 'ended' in line)
      if (isLast < 0) continue
      expect(isLast).toBe(lines.length - 1)
      expect(lines[isLast]).toEqual({ ended: told >= WISHES[place]!.count ? 'count' : 'time', told, lost })
    }
  }

  checkRest(): void {
    // A trace that waits to begin is a step; nothing else must come by itself.
  }

  key(): string {
    return JSON.stringify(this.traces.map(({ begun, ended, told, lost }) => [begun, ended, told, lost]))
  }

  #step(isSlow: boolean, lost: number): void {
    this.#at += 1
    const step = { instance: 3, traces: [1, 2, 9], event: { at: this.#at } as TraceEvent, lost } satisfies TracedEvent
    const readers = this.state.readersOf(step)
    const sought = this.traces.flatMap(({ begun, ended }, place) => (begun && !ended ? [place + 1] : []))
    expect(readers).toEqual(sought.map((number) => ({ number, unixMicros: this.#at + EPOCH })))
    for (const { number } of readers) {
      const trace = this.traces[number - 1]!
      trace.lost += lost + Number(isSlow)
      trace.told += Number(!isSlow)
      const isDone = this.state.told(number, step, !isSlow)
      expect(isDone).toBe(trace.told === WISHES[number - 1]!.count)
      if (!isDone) continue
      trace.ended = true
      this.#write(number - 1, this.state.end(number, 'count'))
    }
  }

  #write(place: number, line: object | undefined): void {
    if (line === undefined) throw new Error('a line is missing')
    this.traces[place]!.lines.push(line)
  }
}

describe('two traces', () => {
  it('are told what they follow, until they have it, their time is over or their reader is gone', () => {
    expect(walkAll(() => new Shell(), 4).states).toBeGreaterThan(100)
  })

  it('tell instances only what was wished, and their readers all of it', () => {
    const state = new TraceState()
    for (const one of WISHES) state.begin(one, EPOCH)
    expect(state.followed).toEqual([
      { trace: 1, client: 'bng' },
      { trace: 2, user: 'anna', session: '1' },
    ])
    expect(JSON.stringify(state.begun(2))).toBe('{"following":{"user":"anna","session":"1"},"seconds":60,"count":2}')
  })

  it('that have ended are told nothing', () => {
    const state = new TraceState()
    const trace = state.begin(WISHES[0]!, EPOCH)
    expect(state.end(trace, 'time')).toEqual({ ended: 'time', told: 0, lost: 0 })
    const step = { instance: 0, traces: [trace], event: { at: 1 } as TraceEvent, lost: 0 }
    expect([
      state.begun(trace),
      state.end(trace, 'count'),
      state.readersOf(step),
      state.told(trace, step, true),
    ]).toEqual([undefined, undefined, [], false])
  })
})
