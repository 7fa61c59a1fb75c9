/**
 * With whom a request has turns, as its packet says, in tables that are bounded.
 */
import { describe, expect, it } from 'vitest'
import { Client } from '../../../src/proxy/clients/client-table.ts'
import { Flows, MOST_ADDRESS_FLOWS, MOST_PART_FLOWS } from '../../../src/proxy/clients/flows.ts'
import type { Flow } from '../../../src/queues/flow.ts'
import type { Packet } from '../../../src/radius/packet.ts'
import { client } from '../options.ts'

const SALT = 12_345

/** What a request of this address carries, by the type of the attribute. */
const request = (address: string, values: Readonly<Record<number, string>> = {}) => ({
  from: { address },
  packet: {
    find: ({ type }: { readonly type: number }) =>
      values[type] === undefined ? undefined : new TextEncoder().encode(values[type]),
  } as unknown as Packet,
})

/** A request of the flow waits. */
const waits = (flow: Flow): Flow => {
  flow.count(1)
  return flow
}

const leaves = (flows: Flows, flow: Flow): void => {
  flows.count(flow, 'authentication', -1)
}

describe('the flow of a request', () => {
  it('is its client, whatever the packet says, and costs no memory', () => {
    const flows = new Flows(SALT)
    const one = new Client(client())
    expect(flows.of(one, request('10.0.0.1', { 1: 'a' }))).toBe(one.share.flow)
    expect(flows.of(one, request('10.0.0.2', { 1: 'b' }))).toBe(one.share.flow)
    expect(flows.size).toBe(0)
  })

  it('is its address with fairness_key address, of the weight of the client', () => {
    const flows = new Flows(SALT)
    const one = new Client(client({ fairnessKey: 'address', weight: 7 }))
    const a = waits(flows.of(one, request('10.0.0.1')))
    expect(flows.of(one, request('10.0.0.1'))).toBe(a)
    expect(flows.of(one, request('10.0.0.2'))).not.toBe(a)
    expect([a.weight, a.whole]).toEqual([7, undefined])
  })

  it.each([
    ['user', 1],
    ['calling_station', 31],
    ['session', 44],
  ] as const)('is a part of its client by %s', (flowKey, type) => {
    const flows = new Flows(SALT)
    const one = new Client(client({ flowKey }))
    const a = waits(flows.of(one, request('10.0.0.1', { [type]: 'a' })))
    expect(flows.of(one, request('10.0.0.9', { [type]: 'a' }))).toBe(a)
    expect(flows.of(one, request('10.0.0.1', { [type]: 'b' }))).not.toBe(a)
    const none = waits(flows.of(one, request('10.0.0.1')))
    expect(flows.of(one, request('10.0.0.2'))).toBe(none)
    expect(a.whole).toBe(one.share.flow)
    expect(one.share.flow.isDivided).toBe(true)
  })

  it('is another one for another client, though both say the same', () => {
    const flows = new Flows(SALT)
    const [one, other] = ['x', 'y'].map((name) => new Client(client({ name, flowKey: 'user' }))) as [Client, Client]
    const a = waits(flows.of(one, request('10.0.0.1', { 1: 'a' })))
    const b = waits(flows.of(other, request('10.0.0.1', { 1: 'a' })))
    expect([a.whole, b.whole]).toEqual([one.share.flow, other.share.flow])
  })

  it('of parts of an address is a part of that', () => {
    const flows = new Flows(SALT)
    const one = new Client(client({ fairnessKey: 'address', flowKey: 'user' }))
    const a = waits(flows.of(one, request('10.0.0.1', { 1: 'a' })))
    const b = waits(flows.of(one, request('10.0.0.2', { 1: 'a' })))
    expect(a.whole).not.toBe(b.whole)
    expect(a.whole?.isDivided).toBe(true)
  })
})

describe('a table of flows', () => {
  it('forgets a flow when nothing of it waits any more', () => {
    const flows = new Flows(SALT)
    const one = new Client(client({ flowKey: 'user' }))
    const a = waits(waits(flows.of(one, request('10.0.0.1', { 1: 'a' }))))
    leaves(flows, a)
    expect(flows.size).toBe(1)
    leaves(flows, a)
    expect(flows.size).toBe(0)
    expect(flows.of(one, request('10.0.0.1', { 1: 'a' }))).not.toBe(a)
  })

  it.each([
    ['parts', MOST_PART_FLOWS, client({ flowKey: 'user' })],
    ['addresses', MOST_ADDRESS_FLOWS, client({ fairnessKey: 'address' })],
  ] as const)(
    'of %s is bounded: who has a flow keeps it, the others share some, and are counted',
    (_of, most, options) => {
      const flows = new Flows(SALT)
      const one = new Client(options)
      const ask = (number: number): Flow =>
        flows.of(one, request(`10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`, { 1: `user ${number}` }))
      const own = Array.from({ length: most }, (_, number) => waits(ask(number)))
      expect(new Set(own).size).toBeGreaterThan(most * 0.999)
      const rest = Array.from({ length: 1_000 }, (_, number) => waits(ask(most + number)))
      expect(new Set(rest).size).toBeLessThanOrEqual(64)
      expect(new Set(rest).size).toBeGreaterThan(32)
      expect(flows.size).toBeLessThanOrEqual(most)
      expect(flows.shared).toBeGreaterThanOrEqual(1_000 - most * 0.001)
      expect(ask(5)).toBe(own[5])
      // There is room again, but who shares one goes on with that: what waits there came before.
      for (const flow of own.slice(0, 10)) leaves(flows, flow)
      expect(ask(most + 3)).toBe(rest[3])
      for (const flow of rest) leaves(flows, flow)
      expect(ask(most + 3)).not.toBe(rest[3])
    },
  )
})
