/**
 * Overrides as a layer over options: what they change, what a reload leaves of them, and that they touch nothing else.
 */
import { describe, expect, it } from 'vitest'
import {
  keptOverReload,
  NO_OVERRIDES,
  withHeld,
  withLogLevel,
  withMaxRate,
  withOverrides,
  withoutHeld,
} from '../../src/admin/overrides.ts'
import { perSecond } from '../../src/units.ts'
import { defaults, server } from '../proxy/options.ts'

const OPTIONS = { ...defaults(), servers: [server('a', { rate: 5 }), server('b', { rate: 7 })] }
const MARK = { by: 'me', sinceUnixSeconds: 1 }
const ACCT = { server: 'a', class: 'accounting' } as const
const rate = (maxRate: number) => ({ ...ACCT, ...MARK, maxRate: perSecond(maxRate), configured: perSecond(5) })
const lanesOf = (overrides: typeof NO_OVERRIDES, name: string) =>
  withOverrides(OPTIONS, overrides).servers.find((one) => one.name === name)?.lanes

describe('overrides', () => {
  it('that are none change nothing', () => {
    expect(withOverrides(OPTIONS, NO_OVERRIDES)).toEqual(OPTIONS)
  })

  it('change one lane, and the last one of two for it counts', () => {
    const twice = withMaxRate(withMaxRate(NO_OVERRIDES, rate(9)), rate(0))
    expect(twice.maxRates).toHaveLength(1)
    expect(lanesOf(twice, 'a')).toMatchObject({ accounting: { maxRate: 0 }, authentication: { maxRate: 5 } })
    expect(lanesOf(twice, 'b')).toEqual(OPTIONS.servers[1]?.lanes)
  })

  it('hold a lane Down until it is let go, once however often it is asked', () => {
    const held = withHeld(withHeld(NO_OVERRIDES, [ACCT], MARK), [ACCT], { ...MARK, by: 'you' })
    expect(held.held).toEqual([{ ...ACCT, by: 'you', sinceUnixSeconds: 1 }])
    expect(lanesOf(held, 'a')?.accounting).toMatchObject({ isHeldDown: true, maxRate: 5 })
    expect(lanesOf(held, 'a')?.authentication).not.toHaveProperty('isHeldDown')
    expect(withoutHeld(held, [ACCT])).toEqual(NO_OVERRIDES)
  })

  it('end with a reload, but for servers held Down that are still there', () => {
    const all = withLogLevel(
      withMaxRate(withHeld(NO_OVERRIDES, [ACCT, { server: 'gone', class: 'accounting' }], MARK), rate(9)),
      'debug',
      MARK,
    )
    expect(keptOverReload(all, OPTIONS)).toEqual({ ...NO_OVERRIDES, held: [{ ...ACCT, ...MARK }] })
  })
})
