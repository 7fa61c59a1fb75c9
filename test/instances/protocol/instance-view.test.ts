import { describe, expect, it } from 'vitest'
import { type InstanceView, ViewInParts, whole } from '../../../src/instances/protocol/instance-view.ts'
import { noErrors } from '../../../src/observe/boundary/watch-errors.ts'
import { START, World } from '../../proxy/kit.ts'
import { client, server } from '../../proxy/options.ts'

/** A view as a whole, and the same in parts. */
function viewsOf(servers: number, clients: number, upstreams: number) {
  const world = new World({
    servers: Array.from({ length: servers }, (_, at) => server(`s${at}`, { address: `192.0.2.${at + 1}` })),
    clients: Array.from({ length: clients }, (_, at) => client({ name: `c${at}`, network: `10.${at}.0.0/16` })),
  })
  const { engine } = world
  // Of 10.1.0.0/16, which the second client is.
  if (clients > 1) world.access()
  const around = {
    number: 0,
    isRunning: true,
    crashes: 0,
    listeners: [
      {
        class: 'accounting',
        address: '127.0.0.1',
        port: 1813,
        presence: 'listening',
        isOptional: false,
        receiveBuffer: 1,
        sendBuffer: 2,
      },
    ],
    upstreams: Array.from({ length: upstreams }, (_, at) => ({ address: '127.0.0.1', port: 20_000 + at })),
    clampedReceiveBuffer: undefined,
    packetIo: { use: 'dgram' },
    transport: undefined,
    sendFailures: 3,
    internalErrors: 4,
    watchErrors: noErrors(),
    cpuSeconds: 5,
    loopDelay: { mean: 0, p99: 0, max: 0 },
  } as const
  const view: InstanceView = { engine: engine.inspection.snapshot(START), ...around }
  const { inspection } = engine
  const withoutClients = { engine: inspection.overview(START), ...around }
  const inParts = new ViewInParts(withoutClients, inspection.clients, inspection.clientSnapshots(START))
  const parts = Array.from({ length: inParts.count }, (_, number) => inParts.part(number))
  return { view, first: inParts.first, parts }
}

describe('a view in parts', () => {
  it.each([
    [1, 1, 0],
    [1, 41, 7],
    [4, 20, 60],
    [33, 3, 181],
    [50, 200, 300],
  ])('is whole again: %i servers, %i clients, %i upstream sockets', (servers, clients, upstreams) => {
    const { view, first, parts } = viewsOf(servers, clients, upstreams)
    expect(whole(first, parts)).toEqual(view)
    expect(view.engine.clients.filter(({ received }) => received.authentication > 0)).toHaveLength(clients > 1 ? 1 : 0)
  })

  it('has none that grows with what there is', () => {
    const sizes = (...counts: Parameters<typeof viewsOf>): number[] => {
      const { first, parts } = viewsOf(...counts)
      return [first, ...parts].map((part) => JSON.stringify(part).length)
    }
    const few = Math.max(...sizes(4, 20, 60))
    const many = sizes(50, 200, 600)
    expect(many.length).toBeGreaterThan(10)
    expect(Math.max(...many)).toBeLessThan(1.2 * few)
  })
})
