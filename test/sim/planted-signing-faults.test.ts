/**
 * The law of who must sign: hours of clients that sign, don't, and mix keep it, and faults that are planted into the real
 * engine break it.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EngineEvent } from '../../src/proxy/border/events.ts'
import { LastSeenTable } from '../../src/proxy/signing/last-seen-table.ts'
import { Signers } from '../../src/proxy/signing/signers.ts'
import { SigningLaw } from '../../src/simulation/laws/network/signing-law.ts'
import type { NasPlan } from '../../src/simulation/peers/nas-plan.ts'
import { BrokenLaw } from '../../src/simulation/world/observer.ts'
import { World, type WorldPlan } from '../../src/simulation/world/world.ts'
import { seconds } from '../../src/units.ts'
import { bng, homeServer, options } from './rig.ts'

/** Sessions that come and go for hours, so that each client logs in every few minutes. */
const nas = (name: string, address: string, signs: number): NasPlan =>
  bng({
    name,
    address,
    signs,
    sessions: 6,
    dialWithin: seconds(600),
    sessionTime: seconds(1_200),
    authentication: { timeout: seconds(3), tries: 2, redialAfter: seconds(300) },
  })

const hours = (): WorldPlan & { readonly engine: NonNullable<WorldPlan['engine']> } => {
  const clients = [
    nas('signs', '10.0.0.1', 1),
    nas('never', '10.0.0.2', 0),
    nas('mixed', '10.0.0.3', 0.5),
    nas('mostly', '10.0.0.4', 0.9),
    // Now and then an hour passes without an unsigned one.
    { ...nas('slow', '10.0.0.5', 0.5), sessions: 1 },
  ]
  const servers = [homeServer('one')]
  return { seed: 'hours of signatures', engine: options(clients, servers), servers, clients }
}

/** What was broken in twelve hours, and what was told of. */
const run = (): { broken: string | undefined; told: Set<string> } => {
  const plan = hours()
  const told = new Set<string>()
  const noted = (event: EngineEvent): void => {
    if (event.kind === 'signature-learned' || event.kind === 'mixed-signing') told.add(`${event.kind} ${event.name}`)
    if (event.kind === 'dropped') told.add(`${event.reason} ${event.client}`)
  }
  try {
    new World(plan, [new SigningLaw(plan.engine), { noted }]).run(seconds(12 * 3_600))
    return { broken: undefined, told }
  } catch (error) {
    if (error instanceof BrokenLaw) return { broken: error.message, told }
    throw error
  }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('who must sign', () => {
  it('is kept for hours, with everything that can happen to an address', () => {
    const { broken, told } = run()
    expect(broken).toBeUndefined()
    expect([...told].filter((one) => !one.startsWith('signature-learned one')).sort()).toEqual([
      'missing-message-authenticator mostly',
      'missing-message-authenticator slow',
      'mixed-signing mixed',
      'signature-learned mostly',
      'signature-learned signs',
      'signature-learned slow',
    ])
  })

  it('is found broken where unsigned requests of a learned address are taken', () => {
    vi.spyOn(Signers.prototype, 'hasLearned').mockReturnValue(false)
    expect(run().broken).toMatch(/^signing: an unsigned request of 10\.0\.0\.\d, which was learned, and was taken/)
  })

  it('is found broken where an address is learned within an hour of an unsigned request', () => {
    const { put } = LastSeenTable.prototype
    // Each is noted an hour too old.
    vi.spyOn(LastSeenTable.prototype, 'put').mockImplementation(function (this: LastSeenTable, key, second, packet) {
      put.call(this, key, second - 3_600, packet)
    })
    expect(run().broken).toMatch(/^signing: 10\.0\.0\.[34] was learned \d+ us after an unsigned request was taken/)
  })

  it('is found broken where requests are dropped of an address that was not learned', () => {
    vi.spyOn(Signers.prototype, 'hasLearned').mockReturnValue(true)
    expect(run().broken).toMatch(
      /^signing: an unsigned request of 10\.0\.0\.\d, which was not learned, and was dropped/,
    )
  })
})
