/**
 * A server that an operator holds Down: who waited goes elsewhere at once, what is outstanding when it times out, and
 * nothing but the operator ends it.
 */
import { describe, expect, it } from 'vitest'
import type { EngineOptions, ServerOptions } from '../../src/proxy/border/options.ts'
import { millis, seconds } from '../../src/units.ts'
import { World } from './kit.ts'
import { deadServer, queues, server } from './options.ts'

const patient = { queues: queues({ authentication: { maxAge: seconds(600) } }) }

const held = (one: ServerOptions, isHeldDown = true): ServerOptions => ({
  ...one,
  lanes: {
    authentication: { ...one.lanes.authentication!, isHeldDown },
    accounting: { ...one.lanes.accounting!, isHeldDown },
  },
})
const S1 = server('s1', { maxOutstanding: 2, timeout: seconds(1), maxRetries: 3 })
const S2 = server('s2')
const two = (o: Partial<EngineOptions> = {}): World => new World({ ...patient, servers: [S1, S2], ...o })

describe('a server held Down', () => {
  it('gives its queue to the others at once, in the order of arrival', () => {
    const world = two()
    for (let i = 0; i < 6; i += 1) world.accounting({ tag: `r${i}` })
    world.settle()
    expect(world.tags('s1')).toEqual(['r0', 'r1'])
    world.reconfigure({ servers: [held(S1), S2] })
    world.settle()
    expect(world.tags('s2')).toEqual(['r2', 'r3', 'r4', 'r5'])
    expect(world.lane('s1', 'accounting')).toMatchObject({ state: 'down', isHeldDown: true, queued: 0, outstanding: 2 })
    expect(world.statesOf('s1', 'accounting')).toEqual(['down'])
  })

  it('still answers what it has; what it does not answer goes to another at its next time-out, without a retry', () => {
    const world = two()
    const asked = [world.accounting({ tag: 'answered' }), world.accounting({ tag: 'not' })]
    world.settle()
    const [first] = world.sent
    world.reconfigure({ servers: [held(S1), S2] })
    world.settle()
    world.answer(first!)
    expect(world.answersTo(asked[0]!)).toHaveLength(1)
    world.advance(seconds(1.2))
    expect(world.tags('s1')).toEqual(['answered', 'not'])
    expect(world.tags('s2')).toEqual(['not'])
  })

  it('is not undone by a response, by its dead time, or by a probe, and is not probed', () => {
    const world = two({ deadServer: deadServer({ probe: 'status_server', deadTime: seconds(5) }) })
    world.accounting({ tag: 'late' })
    world.settle()
    world.reconfigure({ servers: [held(S1), S2] })
    world.answer(world.sent[0]!)
    world.advance(seconds(60))
    world.accounting({ tag: 'new' })
    world.settle()
    expect(world.probes).toEqual([])
    expect(world.tags('s1')).toEqual(['late'])
    expect(world.tags('s2')).toEqual(['new'])
    expect(world.statesOf('s1', 'accounting')).toEqual(['down'])
  })

  it('stays so over other options, and is Active as soon as it is let go', () => {
    const world = two()
    world.reconfigure({ servers: [held(S1), S2] })
    world.reconfigure({ servers: [held(S1), S2], slot: millis(20) })
    expect(world.lane('s1', 'accounting').state).toBe('down')
    world.reconfigure({ servers: [S1, S2] })
    world.accounting({ tag: 'back' })
    world.settle()
    expect(world.tags('s1')).toEqual(['back'])
    expect(world.statesOf('s1', 'accounting')).toEqual(['down', 'active'])
  })

  it('holds one class where one is asked for', () => {
    const world = two()
    const half = { ...S1, lanes: { ...S1.lanes, authentication: { ...S1.lanes.authentication!, isHeldDown: true } } }
    world.reconfigure({ servers: [half, S2] })
    world.access({ tag: 'login' })
    world.accounting({ tag: 'record' })
    world.settle()
    expect([world.tags('s1'), world.tags('s2')]).toEqual([['record'], ['login']])
  })

  it('gets no trial while all are held: messages park, no wake is asked for, and they leave once one is let go', () => {
    const world = two({ deadServer: deadServer({ probe: 'none' }) })
    world.reconfigure({ servers: [held(S1), held(S2)] })
    world.accounting({ tag: 'parked' })
    world.settle()
    expect(world.noted('all-servers-down').map((event) => event.class)).toEqual(['authentication', 'accounting'])
    world.advance(seconds(60))
    expect(world.sent).toEqual([])
    expect(world.snapshot().classes.accounting.parked).toBe(1)
    world.reconfigure({ servers: [held(S1), S2] })
    world.settle()
    expect(world.tags('s2')).toEqual(['parked'])
    expect(world.noted('servers-back')).toHaveLength(2)
  })

  it('is passed over by the trial of the others', () => {
    const world = new World({
      ...patient,
      servers: [S1, server('s2', { timeout: seconds(1), maxRetries: 0 })].map((one, i) => (i === 0 ? held(one) : one)),
      deadServer: deadServer({ consecutiveFailures: 1, probe: 'none', probeInterval: seconds(10) }),
    })
    world.accounting({ tag: 'tries' })
    world.advance(seconds(100))
    expect(world.tags('s1')).toEqual([])
    expect(world.tags('s2').length).toBeGreaterThan(5)
  })
})
