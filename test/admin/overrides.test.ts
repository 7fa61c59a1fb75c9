/**
 * Overrides as a layer over options: what they change, what a reload leaves of them, and that they touch nothing else.
 */
import { describe, expect, it } from 'vitest'
import {
  endedOverrides,
  keptOverReload,
  NO_OVERRIDES,
  type OverrideChange,
  withChange,
  withOverrides,
} from '../../src/admin/overrides.ts'
import type { Overrides } from '../../src/observe/view/view.ts'
import { perSecond } from '../../src/units.ts'
import { defaults, server } from '../proxy/options.ts'

const OPTIONS = { ...defaults(), servers: [server('a', { rate: 5 }), server('b', { rate: 7 })] }
const MARK = { by: 'me', sinceUnixSeconds: 1 }
const ACCT = { server: 'a', class: 'accounting' } as const
const GONE = { server: 'gone', class: 'accounting' } as const
const rate = (maxRate: number, lane: typeof ACCT | typeof GONE = ACCT) =>
  ({ kind: 'max-rate', lane, maxRate: perSecond(maxRate), mark: MARK }) as const
const hold = (isHeldDown: boolean, by = 'me', lanes = [ACCT]) =>
  ({ kind: 'hold', lanes, isHeldDown, mark: { ...MARK, by } }) as const
const level = { kind: 'log-level', level: 'debug', mark: MARK } as const
const changed = (...changes: OverrideChange[]): Overrides =>
  changes.reduce((before, change) => withChange(before, change, OPTIONS).overrides, NO_OVERRIDES)
const lanesOf = (overrides: Overrides, name: string) =>
  withOverrides(OPTIONS, overrides).servers.find((one) => one.name === name)?.lanes

describe('overrides', () => {
  it('that are none change nothing', () => {
    expect(withOverrides(OPTIONS, NO_OVERRIDES)).toEqual(OPTIONS)
  })

  it('change one lane, and the last one of two for it counts', () => {
    const twice = changed(rate(9), rate(0))
    expect(twice.maxRates).toEqual([{ ...ACCT, ...MARK, maxRate: 0, configured: 5 }])
    expect(lanesOf(twice, 'a')).toMatchObject({ accounting: { maxRate: 0 }, authentication: { maxRate: 5 } })
    expect(lanesOf(twice, 'b')).toEqual(OPTIONS.servers[1]?.lanes)
  })

  it('hold a lane Down until it is let go, since it was asked for first', () => {
    const held = changed(hold(true), hold(true, 'you'))
    expect(held.held).toEqual([{ ...ACCT, by: 'me', sinceUnixSeconds: 1 }])
    expect(lanesOf(held, 'a')?.accounting).toMatchObject({ isHeldDown: true, maxRate: 5 })
    expect(lanesOf(held, 'a')?.authentication).not.toHaveProperty('isHeldDown')
    expect(withChange(held, hold(true), OPTIONS).held).toEqual([])
    expect(withChange(held, hold(false), OPTIONS)).toMatchObject({ held: [ACCT], overrides: NO_OVERRIDES })
  })

  it('are none of a server that is not there any more', () => {
    expect(changed(hold(true, 'me', [GONE as never]), rate(9, GONE))).toEqual(NO_OVERRIDES)
    expect(withChange(NO_OVERRIDES, rate(9, GONE), OPTIONS).configured).toBe(9)
  })

  it('end with a reload, but for servers held Down that are still there; in words', () => {
    const all = changed(hold(true), rate(9), level)
    const kept = keptOverReload(all, OPTIONS)
    expect(kept).toEqual({ ...NO_OVERRIDES, held: [{ ...ACCT, ...MARK }] })
    expect(endedOverrides(all, kept)).toEqual([
      'max_rate of a for accounting (9/s, set by me)',
      'log level debug (set by me)',
    ])
    const without = keptOverReload(all, { ...OPTIONS, servers: [] })
    expect(without).toEqual(NO_OVERRIDES)
    expect(endedOverrides(all, without)).toContain('a held Down for accounting (by me): the file has it no more')
  })
})
