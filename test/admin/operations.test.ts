/**
 * What operators ask for while other changes are on their way: it is looked at when its turn comes, not when it was asked for.
 */
import { describe, expect, it } from 'vitest'
import { Attached } from '../../src/admin/attached.ts'
import type { Resumed } from '../../src/admin/ending-news.ts'
import { type Operated, Operations } from '../../src/admin/operations.io.ts'
import { NO_OVERRIDES, ofThoseThere } from '../../src/admin/overrides.ts'
import type { TrafficClass } from '../../src/classes.ts'
import { inWords } from '../../src/commands/live/server.io.ts'
import type { Overrides } from '../../src/observe/view/view.ts'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { perSecond } from '../../src/units.ts'
import { defaults, server } from '../proxy/options.ts'

/** A daemon whose changes wait until they are let through. */
class Busy implements Operated {
  overrides: Overrides = NO_OVERRIDES
  options: EngineOptions = { ...defaults(), servers: [server('s1', { rate: 10 })] }
  isDraining = false
  isStopping = false
  without: readonly TrafficClass[] = []
  readonly lines: string[] = []
  readonly #waiting: (() => void)[] = []

  configured(): EngineOptions {
    return this.options
  }

  override(how: (overrides: Overrides, configured: EngineOptions) => Overrides): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        this.overrides = ofThoseThere(how(this.overrides, this.options), this.options)
        resolve()
      })
    })
  }

  letThrough(): void {
    for (const act of this.#waiting.splice(0)) act()
  }

  log(_by: string, what: string): void {
    this.lines.push(what)
  }

  reload(): Promise<never> {
    throw new Error('nobody asked for a reload')
  }

  drain(): void {}

  stop(): void {}

  preview(): never {
    throw new Error('nobody asked for a preview')
  }

  resumed: Resumed = 'takes-traffic'

  async resume(): Promise<Resumed> {
    return this.resumed
  }

  async inHand(): Promise<never> {
    throw new Error('nobody asked what is in hand')
  }

  async forecast(): Promise<never> {
    throw new Error('nobody asked for a forecast')
  }

  async unserved(): Promise<readonly TrafficClass[]> {
    return this.without
  }

  follow(): () => void {
    return () => undefined
  }
}

const all = { server: 's1', class: undefined }

describe('what is asked for while another change is on its way', () => {
  it('has the last word: a server taken down and let go again is not held', async () => {
    const daemon = new Busy()
    const operations = new Operations(daemon, new Attached(), () => 0)
    const down = operations.hold({ ...all, isHeldDown: true }, 'one')
    const up = operations.hold({ ...all, isHeldDown: false }, 'another')
    daemon.letThrough()
    expect(await down).toMatchObject({ ok: true, value: { changed: ['authentication', 'accounting'] } })
    expect(await up).toMatchObject({ ok: true, value: { changed: ['authentication', 'accounting'] } })
    expect(daemon.overrides.held).toEqual([])
    expect(daemon.lines).toHaveLength(2)
  })

  it('is told with the rate that the file has then', async () => {
    const daemon = new Busy()
    const operations = new Operations(daemon, new Attached(), () => 0)
    const set = operations.setMaxRate({ server: 's1', class: 'accounting', maxRate: perSecond(7) }, 'one')
    daemon.options = { ...daemon.options, servers: [server('s1', { rate: 20 })] }
    daemon.letThrough()
    expect(await set).toMatchObject({ value: { maxRate: 7, configured: 20 } })
  })

  it('leaves nothing behind where a reload takes its server away', async () => {
    const daemon = new Busy()
    const operations = new Operations(daemon, new Attached(), () => 0)
    const down = operations.hold({ ...all, isHeldDown: true }, 'one')
    const set = operations.setMaxRate({ server: 's1', class: 'accounting', maxRate: perSecond(7) }, 'one')
    daemon.options = { ...daemon.options, servers: [server('s2', { address: '192.0.2.11' })] }
    daemon.letThrough()
    await Promise.all([down, set])
    expect(daemon.overrides).toEqual(NO_OVERRIDES)
  })
})

describe('a resume that another change overtakes', () => {
  it.each([
    ['stopping', /^a stop is under way/],
    ['drains-again', /^a drain was asked for meanwhile/],
  ] as const)('says which it was: %s', async (resumed, sentence) => {
    const daemon = new Busy()
    daemon.resumed = resumed
    const outcome = await new Operations(daemon, new Attached(), () => 0).resume('one')
    expect(outcome).toMatchObject({ ok: false, status: 409, error: expect.stringMatching(sentence) })
  })
})

describe('while it drains', () => {
  const acts = (operations: Operations) => [
    operations.hold({ ...all, isHeldDown: true }, 'one'),
    operations.hold({ ...all, isHeldDown: false }, 'one'),
    operations.setMaxRate({ server: 's1', class: 'accounting', maxRate: perSecond(7) }, 'one'),
  ]

  it('servers are taken up and down and get other rates, since the drain waits for them', async () => {
    const daemon = new Busy()
    daemon.isDraining = true
    const done = acts(new Operations(daemon, new Attached(), () => 0))
    daemon.letThrough()
    for (const outcome of await Promise.all(done)) expect(outcome).toMatchObject({ ok: true })
    expect(daemon.overrides).toMatchObject({ held: [], maxRates: [{ server: 's1', maxRate: 7 }] })
  })

  it('no configuration is read; and once a stop is under way, nothing is changed any more', async () => {
    const daemon = new Busy()
    daemon.isDraining = true
    const operations = new Operations(daemon, new Attached(), () => 0)
    expect(await operations.reload('one')).toMatchObject({ ok: false, status: 409 })
    daemon.isStopping = true
    for (const outcome of await Promise.all(acts(operations))) expect(outcome).toMatchObject({ ok: false, status: 409 })
    expect(daemon.overrides).toEqual(NO_OVERRIDES)
  })
})

describe('a server taken down', () => {
  it('is told with the classes that nobody serves now', async () => {
    const daemon = new Busy()
    daemon.without = ['accounting']
    const down = new Operations(daemon, new Attached(), () => 0).hold({ ...all, isHeldDown: true }, 'one')
    daemon.letThrough()
    expect(await down).toMatchObject({ value: { unserved: ['accounting'] } })
  })

  it.each([
    [[], /; what waited goes to the others$/],
    [
      ['accounting'],
      /; what waited of authentication goes to the others; it was the last that served accounting: messages wait within their bounds, \/readyz is 503$/,
    ],
    [
      ['authentication', 'accounting'],
      /restart; it was the last that served authentication and accounting: messages wait/,
    ],
  ] as const)('without %j promises what is true', (unserved, words) => {
    const changed = ['authentication', 'accounting']
    expect(inWords({ server: 'fr-1', heldDown: true, changed, unserved })).toMatch(words)
    expect(inWords({ server: 'fr-1', heldDown: false, changed: [], unserved })).toBe('fr-1 was not held Down')
  })
})
