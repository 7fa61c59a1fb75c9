import { describe, expect, it } from 'vitest'
import { StrictOutbox } from '../../../src/simulation/world/strict-outbox.ts'

const outboxWith = (sent: Uint8Array[]): StrictOutbox => {
  const take = (octets: Uint8Array): void => void sent.push(octets)
  return new StrictOutbox({
    forward: (_lane, _port, octets) => take(octets),
    probe: (_lane, octets) => take(octets),
    reply: (_to, octets) => take(octets),
  })
}

describe('a strict outbox', () => {
  it('gives the same place until something was handed over', () => {
    const outbox = outboxWith([])
    outbox.room(30).fill(7)
    expect([...outbox.room(3)]).toEqual([7, 7, 7])
  })

  it('hands on a copy, and overwrites the place at once', () => {
    const sent: Uint8Array[] = []
    const outbox = outboxWith(sent)
    const octets = outbox.room(4)
    octets.set([1, 2, 3, 4])
    outbox.forward(0, 0, octets)
    expect(sent).toEqual([Uint8Array.of(1, 2, 3, 4)])
    expect([...octets]).toEqual([0xee, 0xee, 0xee, 0xee])
  })

  it('finds octets that stand elsewhere, and what is handed over twice', () => {
    const outbox = outboxWith([])
    const to = { link: 0, address: '192.0.2.1', port: 1 }
    expect(() => outbox.reply(to, Uint8Array.of(1))).toThrow('where it gave room')
    const octets = outbox.room(1)
    outbox.probe(0, octets)
    expect(() => outbox.probe(0, octets)).toThrow('where it gave room')
  })
})
