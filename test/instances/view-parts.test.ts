import { describe, expect, it } from 'vitest'
import type { InstanceView } from '../../src/instances/calls.ts'
import { inParts, whole } from '../../src/instances/view-parts.ts'
import { World } from '../proxy/kit.ts'
import { client, server } from '../proxy/options.ts'

const viewOf = (servers: number, clients: number, upstreams: number): InstanceView => ({
  engine: new World({
    servers: Array.from({ length: servers }, (_, at) => server(`s${at}`, { address: `192.0.2.${at + 1}` })),
    clients: Array.from({ length: clients }, (_, at) => client({ name: `c${at}`, network: `10.${at}.0.0/16` })),
  }).snapshot(),
  listeners: [{ class: 'accounting', address: '127.0.0.1', port: 1813, receiveBuffer: 1, sendBuffer: 2 }],
  upstreams: Array.from({ length: upstreams }, (_, at) => ({ address: '127.0.0.1', port: 20_000 + at })),
  clampedReceiveBuffer: undefined,
  sendFailures: 3,
  internalErrors: 4,
  cpuSeconds: 5,
  loopDelay: { mean: 0, p99: 0, max: 0 },
})

describe('a view in parts', () => {
  it.each([
    [1, 1, 0],
    [1, 41, 7],
    [4, 20, 60],
    [33, 3, 181],
    [50, 200, 300],
  ])('is whole again: %i servers, %i clients, %i upstream sockets', (servers, clients, upstreams) => {
    const view = viewOf(servers, clients, upstreams)
    const { first, parts } = inParts(view)
    expect(whole(first, parts)).toEqual(view)
  })

  it('has none that grows with what there is', () => {
    const sizes = (view: InstanceView): number[] => {
      const { first, parts } = inParts(view)
      return [first, ...parts].map((part) => JSON.stringify(part).length)
    }
    const few = Math.max(...sizes(viewOf(4, 20, 60)))
    const many = sizes(viewOf(50, 200, 600))
    expect(many.length).toBeGreaterThan(10)
    expect(Math.max(...many)).toBeLessThan(1.2 * few)
  })
})
