/**
 * What operators may do, and what is said of it: every refusal, and each case in which a stop is not refused.
 */

import { describe, expect, it } from 'vitest'
import { begun, lanesOf, readResult, resumeResult, stopRefusal } from '../../src/admin/operations.ts'
import { perClass } from '../../src/classes.ts'
import type { Forecast } from '../../src/observe/view/in-hand.ts'
import type { Attachment } from '../../src/observe/view/view.ts'
import { defaults, server } from '../proxy/options.ts'

const NOTHING = { queued: 0, outstanding: 0, clientsGaveUp: 0, longestGivenUpSeconds: 0, unfinishable: 0, because: [] }
const because = [{ obstacle: 'no-live-server', messages: 3 }] as const
const LOST = { ...NOTHING, queued: 3, unfinishable: 3, because }
const forecast = (isSafe: boolean): Forecast => ({
  limitSeconds: 30,
  isSafe,
  classes: { ...perClass(() => NOTHING), accounting: isSafe ? NOTHING : LOST },
})
const TOP: Attachment = { kind: 'top', by: 'anna', sinceUnixSeconds: 1 }

describe('a stop', () => {
  const cases = [false, true].flatMap((force) =>
    [false, true].flatMap((isStopping) =>
      [[], [TOP]].flatMap((attached) => [false, true].map((isSafe) => ({ force, isStopping, attached, isSafe }))),
    ),
  )

  it.each(cases)('is refused where somebody follows or something would be lost, without force: %o', (one) => {
    const { force, isStopping, attached, isSafe } = one
    const refused = stopRefusal(force, { ending: { isStopping }, attached, forecast: forecast(isSafe) })
    expect(refused === undefined).toBe(force || isStopping || (attached.length === 0 && isSafe))
    if (refused === undefined) return
    expect(refused).toMatchObject({ status: 409, more: { attached, forecast: forecast(isSafe) } })
    expect(refused.error.includes('somebody is attached: top by anna; ask them to quit')).toBe(attached.length > 0)
    expect(refused.error.includes('3 records')).toBe(!isSafe)
  })

  it('says when it begins what is in hand and how much time there is', () => {
    const all = { pid: 7, queued: 3, outstanding: 0, limitSeconds: 30, forecast: forecast(false) }
    expect(begun(forecast(false), 7)).toEqual(all)
  })
})

describe('the lanes of a server', () => {
  const onlyLogins = { ...server('s2'), lanes: { authentication: server('s2').lanes.authentication! } }
  const options = { ...defaults(), servers: [server('s1'), onlyLogins] }
  const of = (name: string, trafficClass?: 'authentication' | 'accounting', isStopping = false) =>
    lanesOf({ isStopping }, options, { server: name, ...(trafficClass && { class: trafficClass }) })
  const lane = (name: string, trafficClass: string) => ({ server: name, class: trafficClass })

  it('are those of the class that was named, else all that it has', () => {
    expect(of('s1')).toEqual({ ok: true, lanes: [lane('s1', 'authentication'), lane('s1', 'accounting')] })
    expect(of('s1', 'accounting')).toEqual({ ok: true, lanes: [lane('s1', 'accounting')] })
    expect(of('s2')).toEqual({ ok: true, lanes: [lane('s2', 'authentication')] })
  })

  it('are refused where there are none, and once a stop is under way', () => {
    expect(of('s3')).toMatchObject({ ok: false, status: 404, error: expect.stringContaining('"s3"; ') })
    expect(of('s2', 'accounting')).toEqual({ ok: false, status: 404, error: 'server s2 takes no accounting' })
    expect(of('s1', 'accounting', true)).toMatchObject({ ok: false, status: 409 })
  })
})

describe('the result', () => {
  it('of a resume says whether there was something to take back', () => {
    expect(resumeResult('takes-traffic', true)).toEqual({ ok: true, value: { resumed: true } })
    expect(resumeResult('takes-traffic', false)).toEqual({ ok: true, value: { resumed: false } })
    expect(resumeResult('stopping', true)).toMatchObject({ status: 409, error: expect.stringMatching(/^a stop/) })
    expect(resumeResult('drains-again', true)).toMatchObject({ status: 409, error: expect.stringMatching(/^a drain/) })
  })

  it('of a reload has all that was changed, or all problems', () => {
    const found = { changes: [], endedOverrides: ['log level debug'], warnings: [], file: '/a', runsWith: '/b' }
    expect(readResult({ ok: true, ...found }, 'no')).toEqual({ ok: true, value: found })
    const problems = ['one', 'two']
    expect(readResult({ ok: false, problems }, 'not accepted')).toEqual({
      ok: false,
      status: 422,
      error: 'not accepted: one; two',
      more: { problems },
    })
  })
})
