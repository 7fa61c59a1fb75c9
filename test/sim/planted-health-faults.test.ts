/**
 * The rules of server health that are wrong, each planted into the real engine: in the worlds of servers in trouble a law
 * must name it within a few seeds. That the same worlds break no law without them is what the seeds' own test says.
 */

import { afterEach, describe, expect, it, vi } from 'vitest'
import { Engine } from '../../src/proxy/engine.ts'
import { Register } from '../../src/proxy/register/register.ts'
import { Sending } from '../../src/proxy/serving/sending.ts'
import type { Lane } from '../../src/proxy/work/lane.ts'
import type { Attempt } from '../../src/proxy/work/request.ts'
import { ServerLane } from '../../src/proxy/work/server-lane.ts'
import { withBooks } from '../../src/simulation/books/books.ts'
import { LiveServerLaw } from '../../src/simulation/laws/health/live-server-law.ts'
import { runTroubledSeed } from '../../src/simulation/seeds/run.ts'
import { type ScriptEntry, World } from '../../src/simulation/world/world.ts'
import { Identifiers } from '../../src/throttle/identifiers.ts'
import { ServerHealth } from '../../src/throttle/server-health.ts'
import { millis, seconds } from '../../src/units.ts'
import { bng, homeServer, options } from './rig.ts'

const SEEDS = 60
const TUNNEL_PASSWORD = 69

/** The laws that the worlds from seed `from` on break, until `wanted` is among them: a rare fault has its seed here. */
const brokenLaws = (wanted: string, from = 1): string[] => {
  const broken = new Set<string>()
  for (let seed = from; seed < from + SEEDS && !broken.has(wanted); seed += 1) {
    const law = runTroubledSeed(seed).broken?.law
    if (law !== undefined) broken.add(law)
  }
  return [...broken]
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('is found out where', () => {
  it('every request that ends in silence is a failure, whatever the server answered meanwhile', () => {
    const { isLive } = ServerLane.prototype
    vi.spyOn(ServerLane.prototype, 'isLive').mockImplementation(function (this: Lane) {
      Object.defineProperty(this.contact, 'signsOfLife', { get: () => 0, set: () => undefined, configurable: true })
      return isLive.call(this)
    })
    expect(brokenLaws('no-failure')).toContain('no-failure')
  })

  it('a response that verifies and can not be passed on is no sign of life', () => {
    const { respond } = Engine.prototype
    vi.spyOn(Engine.prototype, 'respond').mockImplementation(function (this: Engine, lane, port, bytes, now) {
      if (bytes.at(-4) !== TUNNEL_PASSWORD) respond.call(this, lane, port, bytes, now)
    })
    expect(brokenLaws('no-failure', 24)).toContain('no-failure')
  })

  it('a server is said to be Down in the midst of its answers', () => {
    const clients = [bng({ sessions: 100, dialEvery: millis(100) })]
    const servers = [homeServer('one')]
    const engine = options(clients, servers)
    let law: LiveServerLaw | undefined
    const run = (script: readonly ScriptEntry[]): World => {
      const observers = withBooks(engine, (books) => {
        law = new LiveServerLaw(books)
        return [law]
      })
      const world = new World({ seed: 'a doctored event', engine, clients, servers, script }, observers)
      world.run(seconds(8))
      return world
    }
    const said = {
      kind: 'server-state',
      lane: 0,
      server: 'one',
      class: 'authentication',
      why: 'so it was said',
    } as const
    const say: ScriptEntry = {
      at: seconds(5),
      run: (_world, now) => law?.noted({ ...said, from: 'active', to: 'down' }, now),
    }
    expect(() => run([])).not.toThrow()
    expect(() => run([say])).toThrow(/^live-server: one .* after it answered in time/)
  })

  it('a late response is as good as one in time', () => {
    vi.spyOn(ServerHealth.prototype, 'respondedLate').mockImplementation(function (this: ServerHealth, now) {
      return this.responded(now)
    })
    expect(brokenLaws('return')).toContain('return')
  })

  it('a late response is as good as one in time: who answers everything too late stays the first choice', () => {
    vi.spyOn(ServerHealth.prototype, 'respondedLate').mockImplementation(function (this: ServerHealth, now) {
      return this.responded(now)
    })
    expect(brokenLaws('first-choice')).toContain('first-choice')
  })

  it('an answer after the time-out reaches nobody, though its client waits', () => {
    const { finish } = Sending.prototype
    vi.spyOn(Sending.prototype, 'finish').mockImplementation(function (this: Sending, attempt, how, now) {
      finish.call(this, attempt, how, now)
      attempt.formerly = undefined
    })
    expect(brokenLaws('late-answer')).toContain('late-answer')
  })

  it('a response counts each time that it is sent again', () => {
    const { at } = Identifiers.prototype
    vi.spyOn(Identifiers.prototype, 'at').mockImplementation(function (this: Identifiers<unknown>, port, value) {
      const found = at.call(this, port, value) as ReturnType<Identifiers<Attempt>['at']>
      if (found?.last !== undefined) found.last.isAnswered = false
      return found
    })
    expect(brokenLaws('dead-server', 14)).toContain('dead-server')
  })

  it('no server is ever Failing', () => {
    vi.spyOn(ServerHealth.prototype, 'judgeService').mockReturnValue(undefined)
    expect(brokenLaws('first-choice', 59)).toContain('first-choice')
  })

  it('max-age ends the tries of a login by its arrival, though its client still asks', () => {
    vi.spyOn(Register.prototype, 'heardAgain').mockReturnValue(undefined)
    expect(brokenLaws('login', 19)).toContain('login')
  })

  it('a server is Down without being asked', () => {
    const { probe } = Sending.prototype
    vi.spyOn(Sending.prototype, 'probe').mockImplementation(function (this: Sending, lane, now) {
      if (lane.health.state === 'down') probe.call(this, lane, now)
    })
    expect(brokenLaws('asked-first')).toContain('asked-first')
  })
})
