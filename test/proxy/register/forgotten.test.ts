/**
 * Logins that were forgotten, and come again: by which packet, for how long, how many.
 */
import { describe, expect, it } from 'vitest'
import { Forgotten } from '../../../src/proxy/register/forgotten.ts'
import type { Origin } from '../../../src/proxy/work/exchange.ts'
import { Patience } from '../../../src/queues/patience.ts'
import { type Packet, readPacket } from '../../../src/radius/packet.ts'
import { instant, seconds } from '../../../src/units.ts'
import { accessRequest } from '../datagrams.ts'

const START = instant(1_000_000_000_007)
/** So many seconds later. */
const at = (count: number) => instant(START + seconds(count))
const FROM = { link: 0, address: '10.0.0.1', port: 2_000 }

const login = (serial: number, from = FROM, identifier = serial % 256): Origin => ({
  from,
  client: undefined as never,
  packet: readPacket(accessRequest({ tag: 'a', serial, identifier })) as Packet,
})

const known = (): Patience => {
  const patience = new Patience(START)
  patience.heard(at(3))
  patience.heard(at(9))
  return patience
}

describe('a login that was forgotten', () => {
  it('is known again once, with all that its copies said', () => {
    const forgotten = new Forgotten(7)
    const now = at(10)
    forgotten.keep(login(1), known(), 100, now)
    expect(forgotten.take(login(1), now)).toEqual(known())
    expect(forgotten.take(login(1), now)).toBeUndefined()
    expect(forgotten.size).toBe(0)
  })

  it('is another one from elsewhere, or with another identifier or authenticator', () => {
    const forgotten = new Forgotten(7)
    forgotten.keep(login(1), known(), 100, START)
    for (const other of [
      login(2, FROM, 1),
      login(1, FROM, 2),
      login(1, { ...FROM, port: 2_001 }, 1),
      login(1, { ...FROM, address: '10.0.0.2' }, 1),
      login(1, { ...FROM, link: 1 }, 1),
    ]) {
      expect(forgotten.take(other, START)).toBeUndefined()
    }
    expect(forgotten.size).toBe(1)
  })

  it('is known for 30 s, and then leaves', () => {
    const forgotten = new Forgotten(7)
    for (const serial of [1, 2, 3]) forgotten.keep(login(serial), known(), 100, START)
    expect(forgotten.take(login(1), instant(at(30) - 1))).toEqual(known())
    expect(forgotten.take(login(2), at(30))).toBeUndefined()
    forgotten.passTime(at(30))
    expect(forgotten.size).toBe(0)
  })

  it('is known by the latest that was said of it', () => {
    const forgotten = new Forgotten(7)
    forgotten.keep(login(1), new Patience(START), 100, START)
    forgotten.keep(login(1), known(), 100, START)
    expect(forgotten.size).toBe(1)
    expect(forgotten.take(login(1), START)?.copies).toBe(3)
  })

  it('is one of four for each message that may wait; beyond it the oldest leave', () => {
    const forgotten = new Forgotten(7)
    for (let serial = 0; serial < 50; serial += 1) forgotten.keep(login(serial), known(), 5, START)
    expect(forgotten.size).toBe(20)
    expect(forgotten.take(login(29), START)).toBeUndefined()
    expect(forgotten.take(login(30), START)).toEqual(known())
  })
})
