import { describe, expect, it } from 'vitest'
import { watchOptions } from '../../../src/config/outward/watch-options.ts'
import { HEALTH_FACTORS } from '../../../src/observe/alarms/health-score.ts'
import { ALARM_IDS } from '../../../src/observe/view/alarm.ts'
import { expectProblem, expectWarning, loaded } from '../fixture.ts'

describe('the settings of alarms and health', () => {
  it('are there for each alarm and each factor, and no other', () => {
    const { alarms, penalties } = watchOptions(loaded({}))
    expect(Object.keys({ ...alarms, 'offered-rate': undefined }).sort()).toEqual([...ALARM_IDS].sort())
    expect(Object.keys(penalties).sort()).toEqual(Object.keys(HEALTH_FACTORS).sort())
  })

  it('become thresholds in the units of the readings', () => {
    const top = `alarms:
  event_loop_delay: { high: 80ms, low: 10ms, samples: 3, of_last: 4 }
  memory: { high: 2GiB, low: 1GiB }
  server_down: { samples: 2, of_last: 2 }
  shed: false
health: { event_loop_delay: { warning: 1ms, error: 5ms, cost: 4 }, memory: false }`
    const { alarms, penalties } = watchOptions(loaded({ top }))
    expect(alarms['event-loop-delay']).toEqual({ high: 0.08, low: 0.01, samples: 3, ofLast: 4 })
    expect(alarms.memory).toMatchObject({ high: 2 * 1024 ** 3, low: 1024 ** 3 })
    expect(alarms['server-down']).toEqual({ high: 1, low: 1, samples: 2, ofLast: 2 })
    expect([alarms.shed, alarms['offered-rate'], penalties.memory]).toEqual([undefined, undefined, undefined])
    expect(penalties['event-loop-delay']).toEqual({ warning: 0.001, error: 0.005, cost: 4 })
  })

  it('have a webhook only where one is given', () => {
    expect(watchOptions(loaded({})).webhook).toBeUndefined()
    const top = 'alarms: { webhook: { url: "http://127.0.0.1:9093/api/v2/alerts" } }'
    expect(watchOptions(loaded({ top })).webhook).toEqual({
      url: 'http://127.0.0.1:9093/api/v2/alerts',
      resendInterval: 60e6,
    })
  })

  it('of older files are taken and told of where they do nothing any more', () => {
    expectWarning({ top: 'health: { ready_at_least: ▶3 }' }, 'health.ready_at_least', /^has no effect any more: /)
    expect(loaded({}).health.ready_at_least).toBeUndefined()
  })

  it.each([
    ['alarms: { queue_fill: ▶{ high: 50 } }', 'alarms.queue_fill', /^low is above high/],
    ['alarms: { queue_fill: ▶{ samples: 2 } }', 'alarms.queue_fill', /^samples \(2\) is more than of_last \(1\)/],
    ['alarms: { shed: ▶true }', 'alarms.shed', 'write a mapping of settings, or false to switch it off'],
    ['alarms: { ▶quee_fill: false }', 'alarms.quee_fill', 'unknown key; did you mean "queue_fill"?'],
    ['alarms: { offered_rate: ▶{ high: 5 } }', 'alarms.offered_rate.low', /^is missing; add it/],
    ['alarms: { webhook: { url: ▶"ftp://x" } }', 'alarms.webhook.url', /^"ftp:\/\/x" is no address of a web page/],
    ['alarms: { webhook: { url: ▶"http://me:pw@x/" } }', 'alarms.webhook.url', /without user and password$/],
    ['health: { memory: ▶{ warning: 7GiB } }', 'health.memory', 'warning is above error; swap them'],
    ['health: { shed: { cost: ▶11 } }', 'health.shed.cost', '11 is out of range; write 1 to 10'],
    ['tps: { directory: ▶3 }', 'tps.directory', '3 is no directory; write its path, as /var/log/radsluice'],
  ])('are refused with a sentence: %s', (top, path, message) => {
    expectProblem({ top }, path, message)
  })
})
