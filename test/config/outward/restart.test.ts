import { describe, expect, it } from 'vitest'
import { engineOptions } from '../../../src/config/outward/engine-options.ts'
import { changesThatNeedRestart, withRestartSettingsOf } from '../../../src/config/outward/restart.ts'
import { loaded } from '../fixture.ts'

describe('withRestartSettingsOf', () => {
  it('keeps what needs a restart, and the lanes of what is listened for', () => {
    const running = loaded({})
    const read = loaded({
      top: 'listen: { accounting: [] }\nadmin: { listen: "127.0.0.1:1" }\nthrottle: { slot: 1s, service_order: fifo }\ndrain_limit: 1s\naccounting: { track_sessions: false, max_sessions: 500, session_lifetime: 1m }',
    })
    const both = withRestartSettingsOf(running, read)
    expect(both).toMatchObject({ listen: running.listen, admin: running.admin, drain_limit: 1e6 })
    expect(changesThatNeedRestart(running, read)).toEqual([
      'listen.accounting',
      'admin.listen',
      'accounting.track_sessions',
      'accounting.max_sessions',
    ])
    expect(changesThatNeedRestart(running, both)).toEqual([])
    expect(both.accounting).toEqual({ ...running.accounting, session_lifetime: 60e6 })
    expect(both.throttle).toEqual({ ...running.throttle, slot: 1_000_000, service_order: 'fifo', fairness: 'none' })
    expect(engineOptions(both).servers.map(({ lanes }) => Object.keys(lanes))).toEqual([
      ['authentication', 'accounting'],
    ])
  })
  it('keeps an optional mapping as a whole, there or not', () => {
    const without = loaded({})
    const withBoth = loaded({
      top: 'tps: { directory: a }\naccounting: { sessions_log: { directory: b, keep_days: 2 } }',
    })
    expect(withRestartSettingsOf(without, withBoth)).toMatchObject({ tps: undefined, accounting: without.accounting })
    expect(withRestartSettingsOf(withBoth, without)).toMatchObject({
      tps: withBoth.tps,
      accounting: withBoth.accounting,
    })
    const other = loaded({ top: 'tps: { directory: c }' })
    expect(withRestartSettingsOf(withBoth, other).tps).toEqual(withBoth.tps)
  })
})
