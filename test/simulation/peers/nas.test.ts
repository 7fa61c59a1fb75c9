/**
 * When a simulated client sends what, to servers that never answer.
 */
import { describe, expect, it } from 'vitest'
import { ACCESS_REQUEST, MESSAGE_AUTHENTICATOR } from '../../../src/codes.ts'
import { Agenda } from '../../../src/simulation/peers/agenda.ts'
import { Nas } from '../../../src/simulation/peers/nas.ts'
import { kindAt, type NasPlan } from '../../../src/simulation/peers/nas-plan.ts'
import { serialOf, userOf, wellFormed } from '../../../src/simulation/peers/packets.ts'
import { Random } from '../../../src/simulation/peers/random.ts'
import { instant, MICROS_PER_SECOND, millis, seconds } from '../../../src/units.ts'
import { bng } from '../../sim/rig.ts'

interface Sent {
  /** Seconds after the start. */
  readonly at: number
  readonly user: string
  readonly serial: number
  readonly isSigned: boolean
}

/** All that a client sends within so many seconds. */
const sentBy = (plan: Partial<NasPlan>, until: number): Sent[] => {
  const sent: Sent[] = []
  const agenda = new Agenda(instant(0))
  let serials = 0
  const nas = new Nas(bng(plan), {
    agenda,
    random: new Random('a client'),
    nextSerial: () => ++serials,
    send: (_class, _port, bytes, now) => {
      const packet = wellFormed(bytes)
      expect(packet.code).toBe(ACCESS_REQUEST)
      const isSigned = packet.find({ vendor: 0, type: MESSAGE_AUTHENTICATOR }) !== undefined
      sent.push({ at: now / MICROS_PER_SECOND, user: userOf(packet), serial: serialOf(packet) ?? 0, isSigned })
    },
    wrongAnswer: (why) => expect.unreachable(why),
    gaveUp: () => undefined,
    cameUp: () => undefined,
  })
  nas.start(agenda.now)
  while (agenda.nextAt <= seconds(until)) agenda.step()
  return sent
}

const patience = { timeout: seconds(3), tries: 4, redialAfter: seconds(10) }
const timesOf = (sent: readonly Sent[]): number[] => sent.map(({ at }) => at)

describe('a session that is never answered', () => {
  it('sends at even gaps, and dials again one gap and a pause after its last copy', () => {
    expect(timesOf(sentBy({ authentication: patience }, 30))).toEqual([0, 3, 6, 9, 22, 25, 28])
  })

  it('backs off: each gap is a multiple of the one before it, also the one before it gives up', () => {
    expect(timesOf(sentBy({ authentication: { ...patience, growth: 2 } }, 60))).toEqual([0, 3, 9, 21, 55, 58])
  })

  it('lets each gap vary by its share, and no more', () => {
    const jitter = 0.1
    const sent = sentBy({ sessions: 200, authentication: { ...patience, growth: 2, jitter } }, 40)
    const gaps: number[][] = [[], [], []]
    for (const user of new Set(sent.map((one) => one.user))) {
      const times = timesOf(sent.filter((one) => one.user === user))
      for (const [index, of] of gaps.entries()) of.push((times[index + 1] ?? 0) - (times[index] ?? 0))
    }
    for (const [index, of] of gaps.entries()) {
      const gap = 3 * 2 ** index
      expect(Math.min(...of)).toBeGreaterThanOrEqual(gap * 0.9)
      expect(Math.max(...of)).toBeLessThanOrEqual(gap * 1.1)
      expect(Math.max(...of) - Math.min(...of)).toBeGreaterThan(gap * 0.15)
    }
  })
})

describe('sessions of one client', () => {
  it('are of several kinds by their shares', () => {
    const kinds = [
      { share: 0.8, authentication: { ...patience, timeout: seconds(5) } },
      { share: 0.2, authentication: { ...patience, timeout: millis(300) } },
    ]
    const sent = sentBy({ sessions: 1_000, kinds }, 0.4)
    const repeated = sent.filter(({ at }) => at > 0)
    expect(repeated.length).toBeGreaterThan(150)
    expect(repeated.length).toBeLessThan(250)
  })

  it('take the kind that a number points to, and the last one if the shares are a little short', () => {
    const [first, second] = [
      { share: 0.5, authentication: patience },
      { share: 0.499_999, authentication: patience },
    ]
    expect(kindAt([first, second], 0)).toBe(first)
    expect(kindAt([first, second], 0.5)).toBe(second)
    expect(kindAt([first, second], 0.999_999_9)).toBe(second)
  })

  it('dial at a rate, each independent of the others', () => {
    const sent = sentBy({ sessions: 2_000, dialsPerSecond: 10, dialFrom: seconds(7) }, 1_000)
    const first = new Map<string, number>()
    for (const { user, at } of sent) if (!first.has(user)) first.set(user, at)
    const dials = [...first.values()]
    expect(Math.min(...dials)).toBeGreaterThanOrEqual(7)
    const rate = dials.length / (Math.max(...dials) - 7)
    expect(rate).toBeGreaterThan(9)
    expect(rate).toBeLessThan(11)
    // Of exponential gaps with a mean of 100 ms, 1 - 1/e are shorter than that.
    const gaps = dials.slice(1).map((at, index) => at - (dials[index] ?? 0))
    const short = gaps.filter((gap) => gap < 0.1).length / gaps.length
    expect(short).toBeGreaterThan(0.59)
    expect(short).toBeLessThan(0.67)
  })
})

describe('a loop', () => {
  const loop = { every: seconds(5), requests: 3, copies: 2, apart: millis(50) }

  it('asks again and again: new requests each time, and copies of each', () => {
    const sent = sentBy({ sessions: 0, loops: [loop] }, 11)
    expect(timesOf(sent)).toEqual([5, 5, 5, 5.05, 5.05, 5.05, 10, 10, 10, 10.05, 10.05, 10.05])
    expect(new Set(sent.map(({ serial }) => serial)).size).toBe(6)
    expect(new Set(sent.map(({ user }) => user))).toEqual(new Set(['bng-loop1']))
    expect(sent.every(({ isSigned }) => isSigned)).toBe(true)
  })

  it('may be unsigned beside sessions that sign', () => {
    const sent = sentBy({ loops: [loop, { ...loop, isSigned: false }], authentication: patience }, 6)
    const signed = new Set(sent.filter(({ isSigned }) => isSigned).map(({ user }) => user))
    expect(signed).toEqual(new Set(['bng-0', 'bng-loop1']))
  })
})
