/**
 * The poison campaign in its short form: every eighth kind of odd request, and all that a real FreeRADIUS does not answer. No
 * Down, no good login lost. `scripts/node24 bench/poison.ts` is the long form.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failuresOf, QUICK, type Report, runCampaign } from '../../bench/poison/campaign.ts'
import { CLIENT_SECRET, Daemon, serverEntry } from './kit/daemon.ts'
import { Freeradius } from './kit/freeradius.ts'
import { needs } from './kit/peers.ts'
import { USERS } from './kit/raddb.ts'

const group = needs('odd requests before a healthy FreeRADIUS', 'freeradius', 'openssl')
describe.skipIf(group.skip)(group.title, () => {
  let server: Freeradius
  let daemon: Daemon
  let report: Report
  beforeAll(async () => {
    server = await Freeradius.start()
    const impatient = { timeout: '500ms', max_retries: 1 }
    daemon = await Daemon.start({
      // What is silent on purpose ends soon; else the campaign would wait for it.
      queues: { authentication: { max_age: '2s' }, accounting: { max_age: '3s' } },
      farm: {
        authentication: impatient,
        accounting: impatient,
        servers: [serverEntry('freeradius', server)],
      },
    })
    const stand = {
      ports: daemon.ports,
      secret: CLIENT_SECRET,
      user: { name: 'alice', password: USERS.alice },
      status: () => daemon.status(),
      log: () => daemon.child.output,
      isRunning: () => daemon.child.isRunning,
    }
    // Other tests run beside this one: an answer may be late, and is no silence.
    const pace = { ...QUICK, every: 8, answerWithinMs: 2_000, burstsMs: 1_500, mixedSeconds: 6 }
    report = await runCampaign(stand, pace, () => undefined)
  }, 110_000)
  afterAll(async () => {
    await daemon?.kill()
    await server?.close()
  })

  const cameTo = (name: string): string | undefined => {
    const found = report.findings.find(({ kind }) => kind.name === name)
    return found === undefined ? undefined : `${found.came.to}: ${found.came.as}`
  }

  it('takes no server Down, loses no good request, and crashes nothing', () => {
    expect(failuresOf(report)).toEqual([])
    expect(report.logins.asked).toBeGreaterThan(500)
  })

  it('knows what the server leaves unanswered on purpose', () => {
    expect(cameTo('access of a realm whose server is dead')).toBe('silent: silent')
    expect(cameTo('record on which the server ends in noop')).toBe('silent: silent')
  })

  it('leaves nothing else unanswered but the start of an EAP conversation, whose answer is unsigned', () => {
    const silent = report.findings.filter(({ came }) => came.to === 'silent').map(({ kind }) => kind.name)
    const known =
      /^(access (type 79 of 0|EAP of [02]|of a realm whose server is dead)|record on which the server ends in noop)$/
    expect(silent.filter((name) => !known.test(name))).toEqual([])
  })
})
