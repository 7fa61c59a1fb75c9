import { describe, expect, it } from 'vitest'
import { agreementOf, agreementTable, type Played, verdictLine } from '../../bench/agreement-report.ts'
import { everyStep, playSimulated } from '../../bench/agreement-simulated.ts'
import { STANDARD_STORM, type StormPlan } from '../../bench/storm-plan.ts'

const played = (allUpAfter: number | undefined, more: Partial<Played> = {}): Played => ({
  seed: 1,
  sessionsUp: allUpAfter === undefined ? 1_999 : 2_000,
  allUpAfter,
  upBySteps: [1_000, 1_300],
  sent: 7_000,
  calls: 2_700,
  givenUp: 700,
  expired: 2_000,
  atServers: 2_000,
  latestBy: 0,
  kernelDrops: 0,
  ...more,
})

const outcome = (real: readonly Played[], simulated: readonly Played[]) => agreementOf(real, simulated).outcome

describe('the agreement', () => {
  it('passes at 5 % to either side of the real time, and fails just beyond', () => {
    const real = [played(20)]
    expect(outcome(real, [played(21)])).toBe('PASS')
    expect(outcome(real, [played(19)])).toBe('PASS')
    expect(outcome(real, [played(21.001)])).toBe('FAIL')
    expect(outcome(real, [played(18.999)])).toBe('FAIL')
  })

  it('compares medians, so one odd run of three decides nothing', () => {
    expect(agreementOf([played(20), played(40), played(20.2)], [played(20.2)])).toMatchObject({
      real: 20.2,
      ratio: 1,
      outcome: 'PASS',
    })
    expect(agreementOf([played(20), played(22)], [played(21)]).ratio).toBe(1)
  })

  it('fails where in any run a session never came up, on either side', () => {
    expect(outcome([played(20), played(undefined), played(20)], [played(20)])).toBe('FAIL')
    expect(outcome([played(20)], [played(20), played(undefined)])).toBe('FAIL')
  })

  it('is void where a real run could not keep the times of the storm', () => {
    expect(outcome([played(20, { latestBy: 500 })], [played(20)])).toBe('PASS')
    const late = agreementOf([played(20, { latestBy: 501 })], [played(20)])
    expect(late.outcome).toBe('VOID')
    expect(verdictLine(late)).toMatch(/^VOID .* repeat it$/)
  })

  it('shows a step only where something moved, and a run that ended early as its end', () => {
    const lines = agreementTable([played(15, { upBySteps: [1_000] })], [played(25, { upBySteps: [900, 1_300, 2_000] })])
    expect(lines.filter((line) => line.startsWith('sessions up after')).map((line) => line.split(/\s{2,}/))).toEqual([
      ['sessions up after 10 s', '1,000', '1,000 - 1,000', '900', '900 - 900', '0.9000'],
      ['sessions up after 20 s', '2,000', '2,000 - 2,000', '1,300', '1,300 - 1,300', '0.6500'],
      ['sessions up after 30 s', '2,000', '2,000 - 2,000', '2,000', '2,000 - 2,000', '1.0000'],
    ])
  })
})

describe('the simulated storm', () => {
  const plan: StormPlan = { ...STANDARD_STORM, sessions: 40, within: 0.1, capacity: 10, maxRate: 10, seconds: 60 }
  const configuration = (maxRate: number): string => `
listen: { authentication: ["127.0.0.1:20000"], accounting: [] }
clients: [{ name: bng, address: 127.0.0.0/8, secret_file: secret }]
farm:
  authentication: { algorithm: first_server, max_rate: ${maxRate} }
  servers: [{ name: slow, address: 127.0.0.1, secret_file: secret, authentication: { port: 30000 }, accounting: false }]
`

  it('takes as long as arithmetic says, by the rate in the configuration of the daemon', () => {
    // 40 logins at 10 a second: 4 s; only those that still wait after 3 s repeat.
    const { allUpAfter, ...fast } = playSimulated(plan, configuration(10))
    expect(fast).toMatchObject({ sessionsUp: 40, calls: 40, givenUp: 0, expired: 0, atServers: 40 })
    expect(allUpAfter).toBeGreaterThan(3.9)
    expect(allUpAfter).toBeLessThan(4.3)
    expect(fast.sent - 40).toBeGreaterThanOrEqual(9)
    expect(fast.sent - 40).toBeLessThanOrEqual(12)
    // At 5 a second 29 or 30 are up when the others are forgotten, 170 ms before their third copy comes after 6 s: 8 s in all.
    const slow = playSimulated(plan, configuration(5))
    expect(slow.allUpAfter).toBeGreaterThan(7.8)
    expect(slow.allUpAfter).toBeLessThan(8.4)
    expect(slow.expired).toBeGreaterThanOrEqual(9)
    expect(slow.expired).toBeLessThanOrEqual(12)
  })

  it('refuses a configuration that the daemon would refuse', () => {
    expect(() => playSimulated(plan, 'farm: {}')).toThrow('bench: ')
  })

  it('takes every tenth second', () => {
    expect(everyStep(Array.from({ length: 25 }, (_, second) => second + 1))).toEqual([10, 20])
  })
})
