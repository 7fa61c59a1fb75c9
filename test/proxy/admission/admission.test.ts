/**
 * The order of the steps that let a datagram in, and what each pair of them owes to it.
 */
import { describe, expect, it } from 'vitest'
import { Admission } from '../../../src/proxy/admission/admission.ts'
import type { AdmissionStep } from '../../../src/proxy/admission/arrival.ts'
import type { Peer } from '../../../src/proxy/border/events.ts'
import { accessRequest, statusServer } from '../datagrams.ts'
import { World } from '../kit.ts'

const FROM: Peer = { link: 0, address: '10.1.1.1', port: 5_000 }

describe('the admission', () => {
  it('has these steps in this order', () => {
    const part = { admit: () => 'goes-on' } as never
    const admission = new Admission({
      register: part,
      intake: part,
      statusServer: part,
      repetition: part,
      recordWatch: part,
      coalescing: part,
    })
    expect(admission.steps.map(({ name }) => name)).toEqual([
      'from-ourselves',
      'intake',
      'status-server',
      'ledger',
      'repetition',
      'draining',
      'record-watch',
      'coalescing',
      'register',
    ])
  })

  it('makes all steps of one shape', () => {
    const shapes = new Set<string>()
    const shapeOf = (step: AdmissionStep): string => Object.keys(step).join()
    const part = {} as never
    const parts = { register: part, intake: part, statusServer: part, repetition: part }
    for (const step of new Admission({ ...parts, recordWatch: part, coalescing: part }).steps) shapes.add(shapeOf(step))
    expect(shapes).toEqual(new Set(['name,admit']))
  })

  it('refuses what comes from ourselves before it asks whose it is', () => {
    const world = new World({ clients: [] })
    world.deliver('authentication', { ...FROM, isOurs: true }, accessRequest({ tag: 'a', identifier: 1, serial: 1 }))
    expect(world.account('authentication')).toEqual({ received: 1, 'from-ourselves': 1 })
  })

  it('reads no ledger into a Status-Server request, and one into each that is refused', () => {
    const world = new World()
    world.deliver('authentication', FROM, statusServer({ identifier: 1 }))
    world.deliver('authentication', FROM, statusServer({ identifier: 2, secret: 'wrong' }))
    expect(world.account('authentication')).toEqual({ received: 1, 'bad-message-authenticator': 1 })
    expect(world.replies).toHaveLength(1)
  })

  it('answers a retransmission while it drains, refuses a new request, and counts both', () => {
    const world = new World()
    const asked = world.access({ tag: 'old' })
    world.settle()
    world.answer(world.sent[0]!)
    world.engine.drain('keep')
    world.again(asked)
    world.access({ tag: 'new' })
    expect(world.replies).toHaveLength(2)
    expect(world.account('authentication')).toEqual({ received: 3, answered: 1, duplicate: 1, draining: 1 })
  })

  it('observes no record that it refuses or has seen', () => {
    const world = new World()
    const asked = world.accounting({ status: 1 })
    world.again(asked)
    world.engine.drain('keep')
    world.accounting({ status: 1 })
    expect(world.snapshot().clients[0]?.accounting.records.start).toBe(1)
  })

  it('numbers requests by those that it lets in alone', () => {
    const world = new World()
    const asked = world.access()
    world.again(asked)
    expect(world.engine.inspection.admitted).toBe(1)
    world.access()
    expect(world.engine.inspection.admitted).toBe(2)
  })
})
