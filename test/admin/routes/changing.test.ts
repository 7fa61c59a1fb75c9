/**
 * What operators ask for while other changes are on their way: it is looked at when its turn comes, not when it was asked for.
 */
import { describe, expect, it } from 'vitest'
import type { Resumed } from '../../../src/admin/ending-stream.io.ts'
import { NO_OVERRIDES, type Overridden, type OverrideChange, withChange } from '../../../src/admin/overrides.ts'
import type { AdminAnswer } from '../../../src/admin/route.ts'
import { changingRoutes, type Operated } from '../../../src/admin/routes/changing.io.ts'
import type { TrafficClass } from '../../../src/classes.ts'
import { inWords } from '../../../src/commands/live/override.io.ts'
import { Boundary } from '../../../src/observe/boundary/boundary.io.ts'
import type { Overrides } from '../../../src/observe/view/view.ts'
import type { EngineOptions } from '../../../src/proxy/border/options.ts'
import { defaults, server } from '../../proxy/options.ts'

/** A daemon whose changes wait until they are let through. */
class Busy implements Operated {
  overrides: Overrides = NO_OVERRIDES
  configured: EngineOptions = { ...defaults(), servers: [server('s1', { rate: 10 })] }
  isDraining = false
  isStopping = false
  without: readonly TrafficClass[] = []
  readonly lines: string[] = []
  readonly #waiting: (() => void)[] = []

  readonly ending = this

  attached(): readonly [] {
    return []
  }

  options(): EngineOptions {
    return this.configured
  }

  override(change: OverrideChange): Promise<Overridden> {
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        const { overrides, ...overridden } = withChange(this.overrides, change, this.configured)
        this.overrides = overrides
        resolve(overridden)
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

/** The status of the answer and what its body says. */
async function asked(
  daemon: Operated,
  path: string,
  body: Record<string, unknown> = {},
): Promise<{ status: number } & Record<string, unknown>> {
  const route = changingRoutes(daemon, new Boundary(() => undefined)).find((one) => one.path === path)
  const of = {
    params: { name: 's1' },
    query: new URLSearchParams(),
    body,
    who: 'one',
    isTrusted: true,
    isOverSocket: true,
  }
  const answer = (await route?.answer(of)) as AdminAnswer
  return { status: answer.status, ...(JSON.parse(answer.body) as object) }
}

const DOWN = '/servers/{name}/down'
const UP = '/servers/{name}/up'
const MAX_RATE = '/servers/{name}/max-rate'
const SEVEN = { class: 'accounting', max_rate: 7 }

describe('what is asked for while another change is on its way', () => {
  it('has the last word: a server taken down and let go again is not held', async () => {
    const daemon = new Busy()
    const both = [asked(daemon, DOWN), asked(daemon, UP)]
    daemon.letThrough()
    for (const one of both) {
      expect(await one).toMatchObject({ status: 200, changed: ['authentication', 'accounting'] })
    }
    expect(daemon.overrides.held).toEqual([])
    expect(daemon.lines).toEqual([
      'server s1 is held Down for authentication and accounting',
      'server s1 is let go for authentication and accounting',
    ])
  })

  it('is told with the rate that the file has then', async () => {
    const daemon = new Busy()
    const set = asked(daemon, MAX_RATE, SEVEN)
    daemon.configured = { ...daemon.configured, servers: [server('s1', { rate: 20 })] }
    daemon.letThrough()
    expect(await set).toMatchObject({ maxRate: 7, configured: 20 })
    expect(daemon.lines).toEqual(['max_rate of s1 for accounting is 7/s until the next reload (20/s in the file)'])
  })

  it('leaves nothing behind where a reload takes its server away', async () => {
    const daemon = new Busy()
    const both = [asked(daemon, DOWN), asked(daemon, MAX_RATE, SEVEN)]
    daemon.configured = { ...daemon.configured, servers: [server('s2', { address: '192.0.2.11' })] }
    daemon.letThrough()
    await Promise.all(both)
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
    expect(await asked(daemon, '/resume')).toMatchObject({ status: 409, error: expect.stringMatching(sentence) })
  })
})

describe('while it drains', () => {
  const acts = (daemon: Operated) => [asked(daemon, DOWN), asked(daemon, UP), asked(daemon, MAX_RATE, SEVEN)]

  it('servers are taken up and down and get other rates, since the drain waits for them', async () => {
    const daemon = new Busy()
    daemon.isDraining = true
    const done = acts(daemon)
    daemon.letThrough()
    for (const result of await Promise.all(done)) expect(result).toMatchObject({ status: 200 })
    expect(daemon.overrides).toMatchObject({ held: [], maxRates: [{ server: 's1', maxRate: 7 }] })
  })

  it('no configuration is read; and once a stop is under way, nothing is changed any more', async () => {
    const daemon = new Busy()
    daemon.isDraining = true
    expect(await asked(daemon, '/reload')).toMatchObject({ status: 409 })
    daemon.isStopping = true
    for (const result of await Promise.all(acts(daemon))) expect(result).toMatchObject({ status: 409 })
    expect(daemon.overrides).toEqual(NO_OVERRIDES)
  })
})

describe('a server taken down', () => {
  it('is told with the classes that nobody serves now', async () => {
    const daemon = new Busy()
    daemon.without = ['accounting']
    const down = asked(daemon, DOWN)
    daemon.letThrough()
    expect(await down).toMatchObject({ unserved: ['accounting'] })
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
