/**
 * The dgram transport on real loopback: all that every transport must do, what only a kernel can show, and how many calls a
 * datagram passes.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { codeOf } from '../../src/coded-error.ts'
import { monotonicNow } from '../../src/transport/clock.io.ts'
import { DgramTransport } from '../../src/transport/dgram/transport.io.ts'
import { addressesOfThisMachine } from '../../src/transport/local-addresses.io.ts'
import { Loop, type Served } from '../../src/transport/loop.io.ts'
import { describeLanes } from '../transport/lane-suite.ts'
import { describeExpansion, describeListeners } from '../transport/listener-suite.ts'
import { Instance, listenAt, type Outside, planOf } from '../transport/rig.ts'
import { until } from './kit/child.ts'
import { loopbackFor, realPeer as peer } from './kit/loopback.ts'
import { freePort } from './kit/ports.ts'

const toClose: (() => void)[] = []
afterEach(() => {
  for (const close of toClose.splice(0)) close()
})

const loopback = (): Outside => loopbackFor(() => new DgramTransport())

describeListeners('dgram', loopback)
describeExpansion('dgram', loopback)
describeLanes('dgram', loopback)

const newInstance = (): Instance => {
  const instance = new Instance(loopback())
  toClose.push(() => instance.links.close())
  return instance
}

describe('a listener on this machine', () => {
  it('at a wildcard expands to its own family only, loopback included', async () => {
    const { links, arrivals } = newInstance()
    const port = await freePort()
    await links.openListeners(listenAt([{ address: '0.0.0.0', port }], [{ address: '::', port }]), arrivals)
    const of = (name: string): string[] => links.listeners().flatMap((one) => (one.class === name ? [one.address] : []))
    expect(of('authentication')).toEqual(addressesOfThisMachine().filter((address) => !address.includes(':')))
    expect(of('authentication')).toContain('127.0.0.1')
    expect(of('accounting')).toEqual(addressesOfThisMachine().filter((address) => address.includes(':')))
  })

  it('whose port is taken is one sentence that says where and what to do', async () => {
    const { port, close } = await peer('127.0.0.1')
    toClose.push(() => void close())
    const error = await newInstance()
      .listen([], [{ address: '127.0.0.1', port }])
      .catch((e: unknown) => e)
    expect(codeOf(error)).toBe('ADDRESS_IN_USE')
    expect((error as Error).message).toBe(
      `listen.accounting: can't open UDP 127.0.0.1:${port}: another program has this port; stop it, or change the configuration`,
    )
  })
})

/** The functions of our own files on the way from a socket to the engine, the innermost first. */
const passed = (): string[] =>
  (new Error('here').stack ?? '')
    .split('\n')
    .filter((line) => line.includes('/src/transport/'))
    .map((line) => /at (?:new )?([^ ]+) /.exec(line)?.[1] ?? '(closure)')

describe('between the socket and the engine', () => {
  it('a datagram passes three calls: the socket of the transport, the loop, the engine', async () => {
    const stacks: Record<string, string[]> = {}
    const engine: Served = {
      receive: () => {
        stacks['request'] = passed()
      },
      respond: () => {
        stacks['response'] = passed()
      },
      probeAnswered: () => undefined,
      refused: () => undefined,
      serve: () => false,
      nextWakeAt: () => undefined,
    }
    const { transport, links } = newInstance()
    const journal = { note: () => undefined }
    const loop = new Loop({ engine, transport, journal, clock: monotonicNow })
    toClose.push(() => loop.stop())
    const other = await peer('127.0.0.1')
    toClose.push(() => void other.close())
    other.answer(() => 'response')
    const port = await freePort()
    await links.openListeners(listenAt([{ address: '127.0.0.1', port }]), loop)
    await links.openLanes([planOf({ port: other.port, ports: 1 })], loop)
    links.forward(0, 0, Buffer.from('request'))
    other.send('request', port, '127.0.0.1')
    await until(() => Object.keys(stacks).length === 2, 'a response and a request')
    // The third call is the engine's own.
    expect(stacks['response']).toEqual(['Loop.response', expect.any(String)])
    // The socket's call put it into the list that `deliver` hands over once a turn.
    // Below them is who called the turn.
    expect(stacks['request']?.slice(0, 3)).toEqual([
      'Loop.request',
      'DgramTransport.deliver',
      expect.stringContaining('run'),
    ])
  })
})
