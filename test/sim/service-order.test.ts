/**
 * Authentication that arrives behind accounting. Service takes 1 ms a message here, so that the order in which the
 * instance queue is served can be seen: under `fifo` (the model) authentication waits until all accounting before it was
 * sent; under `authentication_first` it does not.
 */
import { describe, expect, it } from 'vitest'
import type { EngineOptions } from '../../src/proxy/border/options.ts'
import { millis, seconds } from '../../src/units.ts'
import { bng, homeServer, options, Rig, reporting, type Sent } from './rig.ts'

const RECORDS = 200
const LOGINS = 20

/** 200 accounting records, and right behind them 20 sessions that dial. */
const scenario = (serviceOrder: EngineOptions['serviceOrder'], rate: number): readonly Sent[] => {
  const clients = [
    reporting({ name: 'up', sessions: RECORDS }),
    bng({ name: 'dialing', address: '10.0.0.2', sessions: LOGINS }),
  ]
  const servers = [homeServer('one')]
  const engine = options(clients, servers, { serviceOrder, limits: { rate, timeout: seconds(30) } })
  return new Rig({ engine, servers, clients, cost: millis(1) }).until(20).sent
}

const classesOf = (sent: readonly Sent[]): string =>
  sent.map((one) => (one.class === 'authentication' ? 'A' : 'a')).join('')

describe('authentication behind accounting, at 1 ms a message', () => {
  it('waits for all accounting before it under fifo', () => {
    const sent = scenario('fifo', 0)
    expect(classesOf(sent)).toBe('a'.repeat(RECORDS) + 'A'.repeat(LOGINS))
    expect(sent[RECORDS]!.at).toBeCloseTo(0.2002, 6)
  })

  it('goes first under authentication_first, but for the one message that was being served', () => {
    const sent = scenario('authentication_first', 0)
    expect(classesOf(sent)).toBe(`a${'A'.repeat(LOGINS)}${'a'.repeat(RECORDS - 1)}`)
    expect(sent[1]!.at).toBeCloseTo(0.0012, 6)
  })

  it('keeps the order of arrival within a class either way', () => {
    for (const order of ['fifo', 'authentication_first'] as const) {
      const sent = scenario(order, 0)
      for (const each of ['authentication', 'accounting'] as const) {
        const serials = sent.filter((one) => one.class === each).map(({ serial }) => serial)
        expect(serials).toEqual([...serials].sort((a, b) => a - b))
      }
    }
  })

  it('is delayed by moving accounting aside even where accounting has no quota left, under fifo alone', () => {
    const [fifo, first] = (['fifo', 'authentication_first'] as const).map((order) =>
      scenario(order, 100).find((one) => one.class === 'authentication'),
    )
    // Each of the 200 records costs its millisecond, sent or moved to the server queue.
    expect(fifo!.at).toBeGreaterThan(0.2)
    expect(first!.at).toBeLessThan(0.002)
  })
})
