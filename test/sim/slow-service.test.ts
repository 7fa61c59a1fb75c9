/**
 * Service that takes longer than a slot: what was promoted for one slot is served in the next, which may have a smaller
 * quota. Quota is charged to the slot in which a message leaves.
 */
import { describe, expect, it } from 'vitest'
import type { Outbox } from '../../src/proxy/border/ports.ts'
import { Engine } from '../../src/proxy/engine.ts'
import { accessRequest, accountingRequest } from '../../src/simulation/peers/packets.ts'
import { StrictOutbox } from '../../src/simulation/world/strict-outbox.ts'
import { START } from '../../src/simulation/world/world.ts'
import { instant, millis, seconds } from '../../src/units.ts'
import { bng, homeServer, options } from './rig.ts'

describe('service over the end of a slot', () => {
  it('sends no more retries than the slot has in which they leave', () => {
    // 25 in a second of ten slots: quotas of 2 and 3 by turns.
    const [client, server] = [bng(), homeServer('silent')]
    const limits = { rate: 25, timeout: seconds(3), maxRetries: 5 }
    const engine = options([client], [server], { limits, slot: millis(100) })
    const sent: number[] = []
    const outbox: Outbox = new StrictOutbox({
      forward: (_lane, _port, bytes) => sent.push(bytes[0]!),
      probe: () => undefined,
      reply: () => undefined,
    })
    const random = (target: Uint8Array): void => void target.fill(7)
    const one = new Engine(engine, { outbox, journal: { note: () => undefined }, random }, START)
    const from = (link: number): { link: number; address: string; port: number } => ({
      link,
      address: client.address,
      port: 20_000,
    })
    const { secret } = client
    const authenticator = new Uint8Array(16)
    one.receive(
      'authentication',
      from(0),
      accessRequest({ identifier: 1, authenticator, secret, user: 'a', serial: 1 }),
      START,
    )
    for (const serial of [2, 3, 4]) {
      const record = accountingRequest({ identifier: serial, secret, user: 'a', serial, status: 'start' })
      one.receive('accounting', from(1), record, instant(START + 100_000))
    }
    while (one.serve(instant(START + 100_000), 32));
    expect(sent).toEqual([1, 4, 4, 4])

    // All have timed out when the shell comes again, in a slot of 3: all are promoted, one is served, the oldest.
    one.serve(instant(START + 4_190_000), 1)
    expect(sent.slice(4)).toEqual([1])
    // The rest of the turn falls into the next slot, which has 2.
    while (one.serve(instant(START + 4_210_000), 1));
    expect(sent.slice(5)).toEqual([4, 4])
    while (one.serve(instant(START + 4_310_000), 1));
    expect(sent.slice(7)).toEqual([4])
  })
})
