/**
 * When a turn is followed by a look for responses: soon where servers are near, whoever else is far away, and never where all are.
 */
import { describe, expect, it } from 'vitest'
import { SecondLook } from '../../../src/transport/batched/second-look.ts'
import { type Instant, instant, micros } from '../../../src/units.ts'

const TICK = 500
const START = 1_000_000

/**
 * So many turns, one tick apart. Each sends requests whose responses come so long after it, in microseconds. Answers how long after
 * each turn its look came (undefined: there was none), and what share of the responses it found.
 */
function looksOf(o: { turns: number; after: readonly number[]; look?: SecondLook; from?: Instant }) {
  const { look = new SecondLook(micros(TICK)), turns, after } = o
  const looks: { readonly delay: number | undefined; readonly share: number }[] = []
  let now = o.from ?? instant(START)
  for (let turn = 0; turn < turns; turn += 1) {
    look.turned(after.length, now)
    const next = instant(now + TICK)
    const at = look.before(next)
    const found = at === undefined ? 0 : after.filter((later) => now + later <= at).length
    if (at !== undefined) look.looked(found)
    looks.push({ delay: at === undefined ? undefined : at - now, share: found / after.length })
    now = next
  }
  return { looks, now, look }
}

const meanOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length
/** Six responses, 10 microseconds apart. */
const near = (first: number): number[] => Array.from({ length: 6 }, (_, i) => first + 10 * i)

describe('the second look of a tick', () => {
  it.each([20, 60, 100, 150])('comes when the responses of a server %i microseconds away are there', (first) => {
    const settled = looksOf({ turns: 2_000, after: near(first) }).looks.slice(-200)
    expect(meanOf(settled.map(({ share }) => share))).toBeGreaterThan(0.9)
    const last = first + 50
    expect(meanOf(settled.map(({ delay }) => delay!))).toBeLessThan(last * 1.5)
  })

  it('finds those of near servers where others are far away', () => {
    const { looks } = looksOf({ turns: 2_000, after: [...near(50), 3_000, 5_000] })
    const settled = looks.slice(-200)
    expect(meanOf(settled.map(({ share }) => share))).toBeGreaterThan(0.7)
    expect(meanOf(settled.map(({ delay }) => delay!))).toBeLessThan(200)
  })

  it('is left out where all are far away, but for some trials each second', () => {
    const { looks } = looksOf({ turns: 20_000, after: near(5_000) })
    const made = looks.filter(({ delay }) => delay !== undefined)
    // 20,000 turns are 10 seconds. An average over 64 looks that find nothing is below a quarter after 89.
    expect(made.length).toBeGreaterThan(10)
    expect(made.length).toBeLessThanOrEqual(10 * 89)
  })

  it('follows a server that moves nearer or further away', () => {
    const far = looksOf({ turns: 1_000, after: near(150) })
    const nearer = looksOf({ turns: 2_000, after: near(20), from: far.now, look: far.look })
    // Within two seconds.
    const again = looksOf({ turns: 4_000, after: near(150), from: nearer.now, look: far.look })
    for (const { looks } of [far, nearer, again]) {
      expect(meanOf(looks.slice(-100).map(({ share }) => share))).toBeGreaterThan(0.9)
    }
    expect(nearer.looks.at(-1)!.delay).toBeLessThan(150)
    expect(again.looks.at(-1)!.delay).toBeGreaterThan(150)
  })

  it('follows a server that answered at once and now takes as long as its processor needs to awake', () => {
    const atOnce = looksOf({ turns: 2_000, after: [2, 4, 6] })
    expect(meanOf(atOnce.looks.slice(-100).map(({ share }) => share))).toBe(1)
    const later = looksOf({ turns: 300, after: [60, 65, 70], from: atOnce.now, look: atOnce.look })
    // Without a pause.
    expect(later.looks.every(({ delay }) => delay !== undefined)).toBe(true)
    expect(meanOf(later.looks.slice(-100).map(({ share }) => share))).toBeGreaterThan(0.9)
  })

  it('is not made after a turn that sent nothing, nor twice after one turn, nor with a tick of 0', () => {
    const look = new SecondLook(micros(TICK))
    look.turned(0, instant(START))
    expect(look.before(instant(START + TICK))).toBeUndefined()
    look.turned(1, instant(START))
    const at = look.before(instant(START + TICK)) as Instant
    expect(at).toBeGreaterThan(START)
    // A moment of the engine that comes first is a turn of its own.
    expect(look.before(at)).toBeUndefined()
    look.looked(1)
    expect(look.before(instant(START + TICK))).toBeUndefined()
    const never = new SecondLook(micros(0))
    never.turned(1, instant(START))
    expect(never.before(instant(START))).toBeUndefined()
  })
})
