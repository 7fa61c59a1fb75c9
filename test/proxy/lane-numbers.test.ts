/**
 * Lane numbers and open sockets over plans that are taken and plans that are not: every order of four steps with the real
 * lanes, and sockets that are opened for a plan and closed when the shell keeps house.
 */
import { describe, expect, it } from 'vitest'
import { type EngineOptions, ONLY_FARM, type ServerOptions } from '../../src/proxy/border/options.ts'
import type { LanePlan } from '../../src/proxy/border/ports.ts'
import { Lanes } from '../../src/proxy/work/lanes.ts'
import { after, type Instant, millis } from '../../src/units.ts'
import { START } from './kit.ts'
import { defaults, server } from './options.ts'

const authOnly = (one: ServerOptions): ServerOptions => {
  const { authentication } = one.lanes
  return { ...one, lanes: authentication === undefined ? {} : { authentication } }
}
const small = { maxOutstanding: 1 }
const a = authOnly(server('a', { address: '192.0.2.1', ...small }))
const b = authOnly(server('b', { address: '192.0.2.2', ...small }))

const CONFIGURATIONS: Readonly<Record<string, readonly ServerOptions[]>> = {
  a: [a],
  b: [b],
  'a and b': [a, b],
  'a renamed': [{ ...a, name: 'another' }],
  'a from elsewhere': [{ ...a, sourceAddress: '192.0.2.99' }],
}

const pathOf = ({ address, port, sourceAddress }: LanePlan): string => `${address} ${port} ${sourceAddress}`

class Shell {
  readonly #lanes = new Lanes()
  readonly #sockets = new Map<number, string>()
  readonly #everWas = new Map<number, string>()
  #options: EngineOptions
  #isPreparing = false
  #now: Instant = START

  constructor() {
    this.#options = { ...defaults(), servers: [a] }
    this.#lanes.reconfigure(this.#options, this.#now)
    this.#open(this.#plan())
  }

  do(step: string): void {
    const [what, name] = step.split(': ')
    const options = { ...this.#options, servers: CONFIGURATIONS[name ?? ''] ?? [] }
    if (what === 'wait') this.#now = after(this.#now, millis(1_000))
    else {
      this.#isPreparing = true
      this.#open(this.#lanes.planFor(options, this.#now))
      // Opening takes its time: a second may end, and a lane may come to rest meanwhile.
      this.#now = after(this.#now, millis(400))
      if (what === 'slowly take') this.#lanes.nextWakeAt(this.#now)
      if (what !== 'refuse') {
        this.#options = options
        this.#lanes.reconfigure(options, this.#now)
      }
      this.#isPreparing = false
    }
    this.#judge()
  }

  /** Lanes come to rest, and the shell closes what is not named any more. */
  keepHouse(): void {
    this.#lanes.nextWakeAt(this.#now)
    const named = new Set(this.#plan().map(({ lane }) => lane))
    if (!this.#isPreparing) for (const lane of this.#sockets.keys()) if (!named.has(lane)) this.#sockets.delete(lane)
    this.#judge()
  }

  #plan(): LanePlan[] {
    return [...this.#lanes].map((lane) => this.#lanes.planOf(lane))
  }

  #open(plan: readonly LanePlan[]): void {
    for (const one of plan) {
      const before = this.#everWas.get(one.lane)
      if (before !== undefined && before !== pathOf(one)) throw new Error(`lane ${one.lane} was ${before}`)
      this.#everWas.set(one.lane, pathOf(one))
      this.#sockets.set(one.lane, pathOf(one))
    }
  }

  #judge(): void {
    for (const lane of this.#lanes.inOrder({ farm: ONLY_FARM, class: 'authentication' })) {
      const plan = this.#lanes.planOf(lane)
      if (this.#sockets.get(plan.lane) !== pathOf(plan)) throw new Error(`lane ${plan.lane} has no socket of its own`)
    }
  }
}

const STEPS = [
  ...Object.keys(CONFIGURATIONS).flatMap((name) => [`take: ${name}`, `refuse: ${name}`]),
  'slowly take: a',
  'slowly take: b',
  'keep house',
  'wait',
]

describe('a lane number', () => {
  it('belongs to one path to one server, and every lane has its sockets, over all chains of four steps', () => {
    let chains = 0
    const play = (chain: readonly string[]): void => {
      chains += 1
      const shell = new Shell()
      for (const step of chain) {
        if (step === 'keep house') shell.keepHouse()
        else shell.do(step)
      }
    }
    const lengthen = (chain: readonly string[]): void => {
      if (chain.length === 4) play(chain)
      else for (const step of STEPS) lengthen([...chain, step])
    }
    lengthen([])
    expect(chains).toBe(STEPS.length ** 4)
  }, 60_000)
})
