/**
 * Faults that are planted into what moves a request from a closed port, and into the age that a request has in its socket: the
 * laws must find them. Without a fault they are kept, and requests do move and do expire.
 */

import { afterEach, describe, expect, it, vi } from 'vitest'
import { perClass } from '../../src/classes.ts'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { Engine } from '../../src/proxy/engine.ts'
import { Assigning } from '../../src/proxy/serving/assigning.ts'
import { Contact } from '../../src/proxy/work/contact.ts'
import { withBooks } from '../../src/simulation/books/books.ts'
import { allLaws } from '../../src/simulation/laws/all-laws.ts'
import { RefusalLaw } from '../../src/simulation/laws/network/refusal-law.ts'
import { RequestLaw } from '../../src/simulation/laws/network/request-law.ts'
import { wellFormed } from '../../src/simulation/peers/packets.ts'
import type { Refusing } from '../../src/simulation/peers/refusing.ts'
import { classOptions } from '../../src/simulation/world/basic-options.ts'
import { BrokenLaw, type Observer } from '../../src/simulation/world/observer.ts'
import { World, type WorldPlan } from '../../src/simulation/world/world.ts'
import { micros, seconds } from '../../src/units.ts'
import { bng, homeServer, only, options } from './rig.ts'

const LENGTH = seconds(40)

type Plan = WorldPlan & { readonly engine: EngineOptions }

const ALL = { quotes: ['complete'], lies: 0.3 } as const satisfies Refusing

/** Three servers that answer after half a second, and errors about datagrams that they have taken. */
const refusing = (how: Refusing = ALL, o: { readonly challenges?: number; readonly latency?: number } = {}): Plan => {
  const authentication = { timeout: seconds(2), tries: 4, redialAfter: seconds(3) }
  const clients = [bng({ sessions: 20, dialWithin: seconds(35), authentication })]
  const { challenges = 0, latency = 500_000 } = o
  const servers = ['one', 'two', 'three'].map((name) =>
    homeServer(name, { refusing: how, challenges, latency: micros(latency) }),
  )
  const limits = { timeout: seconds(3), maxRetries: 1 }
  const engine = options(clients, servers, { limits, classes: classOptions({ algorithm: 'round_robin' }) })
  return { seed: 'refused ports', engine, servers, clients }
}

/** What a client sends waits in sockets for up to 20 s, and may be five seconds old. */
const waiting = (): Plan => {
  const { clients, servers, seed } = refusing({ quotes: ['none'], lies: 0 })
  const queue = { maxMessages: 100, maxBytes: 1 << 20, maxAge: seconds(5), overflow: 'drop_newest' as const }
  const engine = options(clients, servers, { queues: perClass(() => queue) })
  return { seed, engine, servers, clients, ages: perClass(() => seconds(20)) }
}

/** What the first law that is broken says; undefined if none is. */
const brokenLaw = (plan: Plan, laws: readonly Observer[]): string | undefined => {
  try {
    new World(plan, laws).run(LENGTH)
    return undefined
  } catch (error) {
    if (error instanceof BrokenLaw) return error.message
    throw error
  }
}

const refusalLaw = (plan: Plan): string | undefined => brokenLaw(plan, only(plan.engine, RefusalLaw))

afterEach(() => {
  vi.restoreAllMocks()
})

describe('without a planted fault', () => {
  it('all laws are kept, and requests move', () => {
    for (const plan of [refusing(), refusing(ALL, { challenges: 0.5 }), refusing({ ...ALL, lies: 1 })]) {
      let law: RefusalLaw | undefined
      const watched = withBooks(plan.engine, (books) => {
        law = new RefusalLaw(books)
        return [law]
      })
      expect(brokenLaw(plan, [...watched, ...allLaws(plan.engine)])).toBeUndefined()
      expect(law?.moved).toBeGreaterThan(5)
    }
  })

  it('nothing moves for errors that quote too little, or what was never sent', () => {
    for (const quotes of [['none'], ['short'], ['forged']] as const) {
      const moves = vi.spyOn(Assigning.prototype, 'moveOn')
      const plan = refusing({ quotes, lies: 1 })
      expect(brokenLaw(plan, allLaws(plan.engine))).toBeUndefined()
      expect(moves).not.toHaveBeenCalled()
    }
  })

  it('all laws are kept where datagrams wait in sockets, and some are too old when they are read', () => {
    const plan = waiting()
    let expired = 0
    const counting: Observer = {
      noted: ({ kind }) => {
        if (kind === 'expired') expired += 1
      },
    }
    expect(brokenLaw(plan, [counting, ...allLaws(plan.engine)])).toBeUndefined()
    expect(expired).toBeGreaterThan(0)
  })
})

describe('the law of refused ports', () => {
  /** What the error should have quoted is known to the fault. */
  const takenForWhole = (quotes: Refusing['quotes']): string | undefined => {
    const sent = new Map<string, Uint8Array>()
    const plan = refusing({ quotes, lies: 0.5 })
    const recorder: Observer = { forwarded: (lane, port, bytes) => void sent.set(`${lane} ${port}`, bytes) }
    const real = Engine.prototype.refused
    vi.spyOn(Engine.prototype, 'refused').mockImplementation(function (this: Engine, lane, port, now) {
      real.call(this, lane, port, now, sent.get(`${lane} ${port}`))
    })
    return brokenLaw(plan, [recorder, ...only(plan.engine, RefusalLaw)])
  }

  it('finds a request that a forged quote moves, or one that is cut short, or none at all', () => {
    for (const quotes of [['forged'], ['short'], ['none']] as const) {
      expect(takenForWhole(quotes)).toMatch(/^refusal: .*no error allowed that/)
      vi.restoreAllMocks()
    }
  })

  it('finds a request that moves a second time', () => {
    const real = Assigning.prototype.moveOn
    vi.spyOn(Assigning.prototype, 'moveOn').mockImplementation(function (this: Assigning, request, attempt, now) {
      real.call(this, request, attempt, now)
      request.course!.refused = undefined
    })
    expect(refusalLaw(refusing({ ...ALL, lies: 1 }))).toMatch(/^refusal: .*has moved twice/)
  })

  it('finds a request that moves away from a server that has just answered', () => {
    const real = Contact.prototype.view
    vi.spyOn(Contact.prototype, 'view').mockImplementation(function (this: Contact, now) {
      return { ...real.call(this, now), heardAt: undefined }
    })
    expect(refusalLaw(refusing(ALL, { latency: 100_000 }))).toMatch(/^refusal: .*no error allowed that/)
  })

  it('finds a request with a State that moves', () => {
    const plan = refusing({ quotes: ['none'], lies: 0 }, { challenges: 1 })
    let sent: { readonly lane: number; readonly bytes: Uint8Array } | undefined
    /** What continues a conversation leaves for another server too. */
    const recorder: Observer = {
      forwarded: (lane, _port, bytes) => {
        if (wellFormed(bytes).stateAt !== 0) sent ??= { lane, bytes }
      },
      stepped: () => {
        if (sent !== undefined) world.forward(sent.lane === 0 ? 2 : 0, 0, sent.bytes)
      },
    }
    const world = new World(plan, [...only(plan.engine, RefusalLaw), recorder])
    expect(() => world.run(LENGTH)).toThrow(/^refusal: .*has a State/)
  })
})

describe('the law of age', () => {
  it('finds that the time in the socket counts for nothing', () => {
    const plan = waiting()
    const real = Engine.prototype.receive
    vi.spyOn(Engine.prototype, 'receive').mockImplementation(function (this: Engine, its, from, bytes, now) {
      real.call(this, its, from, bytes, now)
    })
    expect(
      brokenLaw(
        plan,
        withBooks(plan.engine, (books) => [new RequestLaw(books)]),
      ),
    ).toMatch(/^age/)
  })
})
