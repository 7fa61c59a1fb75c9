/**
 * A record that no server accepted until it was older than max-age: it expires when it would fail over, and pushes no other
 * message out of a full queue.
 */
import { describe, expect, it } from 'vitest'
import type { Outbox } from '../../src/proxy/border/ports.ts'
import { Engine } from '../../src/proxy/engine.ts'
import { accountingRequest, serialOf, wellFormed } from '../../src/simulation/peers/packets.ts'
import { StrictOutbox } from '../../src/simulation/world/strict-outbox.ts'
import { START } from '../../src/simulation/world/world.ts'
import { type Instant, instant, seconds } from '../../src/units.ts'
import { bng, homeServer, options } from './rig.ts'

describe('a copy that is older than max-age', () => {
  it('expires, and the younger message that fills the queue stays', () => {
    const [client, servers] = [bng(), [homeServer('first'), homeServer('second')]]
    const base = options([client], servers, { limits: { maxOutstanding: 1, timeout: seconds(3), maxRetries: 1 } })
    const accounting = { ...base.queues.accounting, maxMessages: 1, maxAge: seconds(5) }
    const sent: { readonly lane: number; readonly serial: number | undefined }[] = []
    const outbox: Outbox = new StrictOutbox({
      forward: (lane, _port, bytes) => sent.push({ lane, serial: serialOf(wellFormed(bytes)) }),
      probe: () => undefined,
      reply: () => undefined,
    })
    const random = (target: Uint8Array): void => void target.fill(7)
    const engine = new Engine(
      { ...base, queues: { ...base.queues, accounting } },
      { outbox, journal: { note: () => undefined }, random },
      START,
    )
    const receive = (serial: number, now: Instant): void => {
      const { secret, address } = client
      const record = accountingRequest({ identifier: serial, secret, user: 'a', serial, status: 'start' })
      engine.receive('accounting', { link: 1, address, port: 20_000 }, record, now)
    }
    const until = (end: number): void => {
      for (let at = engine.nextWakeAt(START); at !== undefined && at <= end; at = engine.nextWakeAt(at)) {
        while (engine.serve(at, 32));
      }
    }

    receive(1, START)
    while (engine.serve(START, 32));
    until(START + 2_500_000)
    const later = instant(START + 2_500_000)
    receive(2, later)
    while (engine.serve(later, 32));
    until(START + 7_000_000)
    // The first was tried twice until after its 5 s; the second then had its turn.
    const lane = sent[0]!.lane
    expect(sent.map(({ serial }) => serial)).toEqual([1, 1, 2])
    expect(new Set(sent.map((one) => one.lane))).toEqual(new Set([lane]))
    const { ledger } = engine.inspection.snapshot(instant(START + 7_000_000)).classes.accounting
    expect(ledger).toMatchObject({ received: 2, expired: 1, givenUp: 0, shed: { 'queue-messages': 0 } })
  })
})
