/**
 * The ledger of one class: each ending of the list is counted, published, copied and part of the law.
 */
import { describe, expect, it } from 'vitest'
import { ENDINGS, endedBy, imbalance, ledgerOf, NOWHERE, PLACES } from '../../../src/proxy/border/endings.ts'
import { BOOKS_BYTES, ENTRY, Ledger, ledgersIn } from '../../../src/proxy/register/ledger.ts'

/** Another number for each ending and each reason, from 1 on, and none lost. */
function full(): Ledger {
  const ledger = new Ledger()
  ledgerOf((at) => {
    if (at === ENTRY.received || at === ENTRY.lost) return 0
    for (let count = 0; count < at; count += 1) {
      ledger.count(at)
      ledger.count(ENTRY.received)
    }
    return at
  })
  return ledger
}

describe('the ledger', () => {
  it('throws where a request was lost or counted twice', () => {
    const ledger = new Ledger()
    for (let arrival = 0; arrival < 3; arrival += 1) ledger.count(ENTRY.received)
    ledger.count(ENTRY.answered)
    ledger.count(ENTRY.dropped['bad-authenticator'])
    for (const { name } of PLACES) ledger.check({ ...NOWHERE, [name]: 1 })
    expect(() => ledger.check(NOWHERE)).toThrow('lost or counted twice')
    ledger.count(ENTRY.shed['queue-bytes'])
    ledger.check(NOWHERE)
    ledger.count(ENTRY.shed['queue-bytes'])
    expect(() => ledger.check(NOWHERE)).toThrow('lost or counted twice')
  })

  it.each(ENDINGS.map((ending) => [ending.name, ending] as const))(
    'publishes %s, a part of the law',
    (name, ending) => {
      const published = full().snapshot()
      expect(imbalance({ ledger: published, ...NOWHERE })).toBe(0)
      expect(endedBy(published, name)).toBeGreaterThan(name === 'lost' ? -1 : 0)
      const without = { ...published, [name]: ledgerOf(() => 0)[name] }
      expect(imbalance({ ledger: without, ...NOWHERE })).toBe(endedBy(published, name))
      expect(ending.words).toMatch(/^[a-z ]+$/)
      expect(ending.help).toMatch(/^[A-Z].*\.$/)
    },
  )

  it('counts each number apart, and says the sum of those by reason', () => {
    const counted = full().snapshot()
    expect(counted).toEqual({ ...ledgerOf((at) => at), received: counted.received, lost: 0 })
    expect(endedBy(counted, 'shed')).toBe(Object.values(counted.shed).reduce((sum, count) => sum + count, 0))
    expect(endedBy(counted, 'expired')).toBe(counted.expired)
  })

  it('can be read where its engine is gone, class by class; what was in hand is lost', () => {
    const memory = new SharedArrayBuffer(BOOKS_BYTES)
    const { authentication, accounting } = ledgersIn(memory)
    for (let arrival = 0; arrival < 8; arrival += 1) authentication.count(ENTRY.received)
    authentication.count(ENTRY.answered)
    accounting.count(ENTRY.received)
    accounting.count(ENTRY.shed['queue-messages'])
    const left = ledgersIn(memory)
    expect(left.authentication.lastSnapshot()).toEqual({ ...authentication.snapshot(), lost: 7 })
    expect(left.accounting.lastSnapshot()).toEqual(accounting.snapshot())
    expect(authentication.snapshot().lost).toBe(0)
    expect(imbalance({ ledger: left.authentication.lastSnapshot(), ...NOWHERE })).toBe(0)
  })
})
