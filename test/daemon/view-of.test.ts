/**
 * The view of a daemon: what several instances say is put together once, and what the kernel dropped stands with its socket.
 */
import { describe, expect, it } from 'vitest'
import { listenersText, type Said, socketsOf, viewOf } from '../../src/daemon/view-of.ts'
import type { InstanceView } from '../../src/instances/protocol/instance-view.ts'
import { instant, seconds } from '../../src/units.ts'
import { loaded } from '../config/fixture.ts'
import { calm } from '../observe/intervals.ts'

type Listener = InstanceView['listeners'][number]
const listener = (address: string, presence: Listener['presence'] = 'listening'): Listener => ({
  ...{ class: 'authentication', address, port: 1812, presence, isOptional: true },
  ...{ receiveBuffer: 4, sendBuffer: 2 },
})
const { engine } = calm()
const [one] = calm().instances
const instance = (number: number, changes: Partial<InstanceView>): InstanceView => ({ ...one!, number, ...changes })
const INSTANCES = [
  instance(0, {
    listeners: [listener('192.0.2.1'), listener('192.0.2.2', 'absent')],
    upstreams: [{ address: '192.0.2.1', port: 5 }],
    ...{ sendFailures: 1, internalErrors: 2, watchErrors: { trace: 1 } },
  }),
  instance(1, {
    listeners: [listener('192.0.2.1', 'absent'), listener('192.0.2.2')],
    upstreams: [{ address: '192.0.2.1', port: 6 }],
    ...{ sendFailures: 10, internalErrors: 20, watchErrors: { trace: 4 } },
  }),
]
const said = (changes: Partial<Said> = {}): Said => ({
  ...calm(),
  now: instant(5_500_000),
  startedAt: instant(3_000_000),
  reloads: { ...calm().config, reloadsOk: 7 },
  config: loaded({ top: 'metrics: { per_client: off }\nqueues: { accounting: { max_messages: 123 } }' }),
  activeClients: new Set(['bng']),
  kernelDrops: [1, undefined, 30, undefined],
  watchErrors: { ...calm().watchErrors, trace: 100 },
  instances: INSTANCES,
  engine,
  ...changes,
})

describe('the view of a daemon', () => {
  it('adds what the instances counted', () => {
    const view = viewOf(said())
    expect(view).toMatchObject({ sendFailures: 11, internalErrors: 22, uptimeSeconds: 2.5, engine })
    expect(view.watchErrors.trace).toBe(105)
    expect(view.config.reloadsOk).toBe(7)
    expect(view.limits.accounting.messages).toBe(123)
    expect(view.limits.authentication).toMatchObject({ age: seconds(30), ageIfOnce: seconds(5) })
    expect(view.limits.accounting).not.toHaveProperty('ageIfOnce')
    expect(view.listedClients).toEqual({ which: 'off', active: new Set(['bng']) })
  })

  it('has the listeners of one address once, as the instance sees it that lacks it', () => {
    const view = viewOf(said())
    expect(view.listeners.map(({ address, presence, kernelDrops }) => [address, presence, kernelDrops])).toEqual([
      ['192.0.2.1:1812', 'absent', 1],
      ['192.0.2.2:1812', 'absent', undefined],
    ])
    expect(listenersText(INSTANCES)).toBe('192.0.2.1:1812 (absent), 192.0.2.2:1812 (absent)')
    expect(listenersText(INSTANCES.slice(0, 1))).toBe('192.0.2.1:1812, 192.0.2.2:1812 (absent)')
  })

  it('takes the drops of a listener from the transports, all instances together, if the kernel told them', () => {
    const told = INSTANCES.map((one, at) => ({
      ...one,
      listeners: [{ ...listener('192.0.2.1'), kernelDrops: 100 * (at + 1) }, listener('192.0.2.2')],
    }))
    const drops = viewOf(said({ instances: told, kernelDrops: [1, 2, 3, 4] })).listeners.map((one) => one.kernelDrops)
    expect(drops).toEqual([300, 2])
  })

  it('tells the drops of listeners and of the sockets towards servers apart', () => {
    expect(socketsOf(INSTANCES).map(({ port }) => port)).toEqual([1812, 1812, 5, 6])
    expect(viewOf(said()).upstreamKernelDrops).toBe(30)
    expect(viewOf(said({ kernelDrops: [1, 2, 3, 4] })).upstreamKernelDrops).toBe(7)
    expect(viewOf(said({ kernelDrops: [1, 2, undefined, undefined] })).upstreamKernelDrops).toBeUndefined()
  })
})
