/**
 * How long a client waits, judged by the copies of one request.
 */
import { describe, expect, it } from 'vitest'
import { Patience, worthUntil } from '../../src/queues/patience.ts'
import { instant, millis, seconds } from '../../src/units.ts'

const heardAt = (...copies: readonly number[]): Patience => {
  const [first = 0, ...others] = copies
  const patience = new Patience(instant(first * 1_000))
  for (const copy of others) patience.heard(instant(copy * 1_000))
  return patience
}

describe('the gap to come', () => {
  it.each([
    ['one copy says nothing', [0], 0],
    ['two copies: their gap', [0, 3_000], 3_000],
    ['equal gaps go on', [0, 3_000, 6_000], 3_000],
    ['gaps that double go on doubling', [0, 3_000, 9_000], 12_000],
    ['gaps that triple grow by 2.2 at most', [0, 1_000, 4_000], 6_600],
    ['gaps that grow by half go on', [0, 2_000, 5_000], 4_500],
    ['a little more or less is jitter', [0, 3_000, 7_000], 4_000],
    ['a gap that grew too much lost a copy', [0, 1_000, 4_100], 3_100],
    ['a gap that shrank is the gap', [0, 3_000, 4_000], 1_000],
  ])('%s', (_name, copies, expected) => {
    expect(heardAt(...copies).gapToCome).toBe(millis(expected))
  })

  it('is not changed by duplicates of the network, which say that the client is there', () => {
    const patience = heardAt(0, 3_000, 3_001, 3_049)
    expect([patience.copies, patience.gapToCome, patience.latestAt]).toEqual([2, seconds(3), 3_049_000])
    expect(heardAt(0, 10, 20, 30).isKnown).toBe(false)
    expect(heardAt(0, 10, 20, 30).latestAt).toBe(30_000)
  })

  it('is not changed by a copy that is read late', () => {
    const patience = heardAt(0, 3_000, 2_000)
    expect([patience.copies, patience.latestAt]).toEqual([2, 3_000_000])
  })
})

describe('a request', () => {
  const limits = { maxAge: seconds(5), maxAgeMost: seconds(30) }
  const request = (patience: Patience | undefined, wasSent = false) => ({
    wasSent,
    patience,
    agesFrom: instant(0),
    receivedAt: instant(0),
  })

  it('of which one copy came is worth sending for max-age', () => {
    for (const patience of [undefined, heardAt(0)]) expect(worthUntil(request(patience), limits)).toBe(seconds(5))
  })

  it('that came again is forgotten a twentieth and 20 ms before the next copy is due', () => {
    expect(worthUntil(request(heardAt(0, 3_000)), limits)).toBe(millis(3_000 + 2_850 - 20))
    expect(worthUntil(request(heardAt(0, 300)), limits)).toBe(millis(300 + 285 - 20))
    expect(worthUntil(request(heardAt(0, 50)), limits)).toBe(millis(50 + 27.5))
    expect(worthUntil(request(heardAt(0, 51, 80)), limits)).toBe(millis(80 + 28.45))
  })

  it('that was sent goes on until the next copy is as much overdue', () => {
    expect(worthUntil(request(heardAt(0, 3_000), true), limits)).toBe(millis(3_000 + 3_150 + 20))
  })

  it('waits no longer than the limit for all, from when it came', () => {
    expect(worthUntil(request(heardAt(0, 16_000)), limits)).toBe(seconds(30))
    expect(worthUntil({ ...request(heardAt(0, 16_000)), receivedAt: instant(10_000_000) }, limits)).toBe(
      millis(16_000 + 15_200 - 20),
    )
    expect(worthUntil(request(undefined), { ...limits, maxAge: seconds(40) })).toBe(seconds(30))
    const doubled = { ...request(heardAt(0, 40), true), agesFrom: instant(26_000_000) }
    expect(worthUntil(doubled, limits)).toBe(seconds(30))
  })

  it('is judged by max-age alone where that is a number', () => {
    expect(worthUntil(request(heardAt(0, 300)), { maxAge: seconds(5) })).toBe(seconds(5))
  })
})
