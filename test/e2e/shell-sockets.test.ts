/**
 * The sockets on real loopback: answers leave from the address asked, closed ports are events, ports and addresses are
 * those of the configuration.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { codeOf } from '../../src/coded-error.ts'
import { SharedEndpoints } from '../../src/instances/shared/shared-endpoints.ts'
import type { Peer } from '../../src/proxy/border/events.ts'
import { type LanePlan, PROBE_PORT } from '../../src/proxy/border/ports.ts'
import { addressesOfThisMachine } from '../../src/transport/local-addresses.io.ts'
import { Sockets } from '../../src/transport/sockets.io.ts'
import { until } from './kit/child.ts'
import { freePort } from './kit/ports.ts'

interface Happened {
  readonly requests: { readonly class: string; readonly from: Peer; readonly text: string }[]
  readonly responses: { readonly lane: number; readonly port: number; readonly text: string }[]
  readonly refused: string[]
  readonly notes: string[]
}

const HAS_IPV6 = addressesOfThisMachine().includes('::1')
const NO_IPV6 = 'this machine has no IPv6 loopback'

const toClose: (() => void)[] = []
afterEach(() => {
  for (const close of toClose.splice(0)) close()
})

function open(
  localAddresses?: () => readonly string[],
  shared?: SharedEndpoints,
): Happened & { readonly sockets: Sockets } {
  const happened: Happened = { requests: [], responses: [], refused: [], notes: [] }
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
  const sockets = new Sockets(
    {
      request: (name, from, bytes) => happened.requests.push({ class: name, from, text: text(bytes) }),
      response: (lane, port, bytes) => happened.responses.push({ lane, port, text: text(bytes) }),
      probeAnswer: (lane, bytes) => happened.responses.push({ lane, port: PROBE_PORT, text: text(bytes) }),
      refused: (lane, port) => happened.refused.push(`${lane} ${port}`),
    },
    {
      sendFailed: (where, code) => happened.notes.push(`failed ${where} ${code}`),
      listenerOpened: (name, where) => happened.notes.push(`opened ${name} ${where}`),
      listenerClosed: (name, where) => happened.notes.push(`closed ${name} ${where}`),
      listenerAbsent: (name, where) => happened.notes.push(`absent ${name} ${where}`),
      listenerFailed: (name, where) => happened.notes.push(`not opened ${name} ${where}`),
    },
    { shared, ...(localAddresses === undefined ? {} : { localAddresses }) },
  )
  toClose.push(() => sockets.close())
  return { ...happened, sockets }
}

async function peer(address = '127.0.0.1', port = 0): Promise<{ socket: Socket; port: number; got: string[] }> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  const got: string[] = []
  socket.on('message', (bytes, from) => got.push(`${bytes} from ${from.address} ${from.port}`))
  socket.bind(port, address)
  await once(socket, 'listening')
  toClose.push(() => socket.close())
  return { socket, port: socket.address().port, got }
}

const plan = (o: Partial<LanePlan> & { port: number }): LanePlan => ({
  lane: 0,
  server: 'fr-1',
  class: 'authentication',
  address: '127.0.0.1',
  ports: 2,
  ...o,
})

describe('a listener', () => {
  it.for([
    ['127.0.0.1', ['127.0.0.1']],
    ['::1', ['::1']],
    ['0.0.0.0', ['127.0.0.1', '127.0.0.2', '127.0.0.3']],
  ] as const)('at %s answers from the address that was asked', async ([address, asked], { skip }) => {
    skip(address === '::1' && !HAS_IPV6, NO_IPV6)
    const port = await freePort()
    const { sockets, requests } = open(() => ['127.0.0.1', '127.0.0.2', '127.0.0.3', '::1'])
    await sockets.openListeners({ at: { authentication: [{ address, port }], accounting: [] }, mustHaveAll: true })
    for (const target of asked) {
      const { socket, got } = await peer(target.includes(':') ? '::1' : '127.0.0.1')
      socket.send(`to ${target}`, port, target)
      await until(() => requests.length > 0, 'a request')
      const request = requests.shift()
      expect(request).toMatchObject({ class: 'authentication', text: `to ${target}` })
      sockets.reply(request!.from, Buffer.from('answer'))
      await until(() => got.length > 0, 'an answer')
      expect(got).toEqual([`answer from ${target} ${port}`])
    }
  })

  it('at a wildcard expands to this machine, to its own family only, loopback included', async () => {
    const port = await freePort()
    const { sockets } = open()
    const at = { authentication: [{ address: '0.0.0.0', port }], accounting: [{ address: '::', port }] }
    await sockets.openListeners({ at, mustHaveAll: true })
    const of = (name: string): string[] =>
      sockets.listeners().flatMap((one) => (one.class === name ? [one.address] : []))
    expect(of('authentication')).toEqual(addressesOfThisMachine().filter((address) => !address.includes(':')))
    expect(of('authentication')).toContain('127.0.0.1')
    expect(of('accounting')).toEqual(addressesOfThisMachine().filter((address) => address.includes(':')))
  })

  it('knows what came from a socket of our own towards a server that is this machine', async () => {
    const port = await freePort()
    const { sockets, requests } = open()
    const at = { authentication: [{ address: '127.0.0.1', port }], accounting: [] }
    await sockets.openListeners({ at, mustHaveAll: true })
    await sockets.openLanes([plan({ port })])
    sockets.forward(0, 1, Buffer.from('around'))
    sockets.probe(0, Buffer.from('alive?'))
    const { socket } = await peer()
    socket.send('another', port, '127.0.0.1')
    await until(() => requests.length === 3, 'three requests')
    const ours = Object.fromEntries(requests.map(({ text, from }) => [text, from.isOurs]))
    expect(ours).toEqual({ around: true, 'alive?': true, another: undefined })
  })

  it('takes no sender for ours because its port is that of one of our sockets at another address', async () => {
    const port = await freePort()
    const { sockets, requests } = open()
    const at = { authentication: [{ address: '127.0.0.1', port }], accounting: [] }
    await sockets.openListeners({ at, mustHaveAll: true })
    await sockets.openLanes([plan({ port, ports: 1 })])
    const [first] = sockets.upstreams()
    expect(first?.address).toBe('127.0.0.1')
    const { socket } = await peer('127.0.0.2', first?.port)
    socket.send('a client', port, '127.0.0.1')
    await until(() => requests.length === 1, 'a request')
    expect(requests[0]!.from.isOurs).toBeUndefined()
  })

  it('asks again who a sender is when a socket of ours opens or closes', async () => {
    const [port, source] = [await freePort(), await freePort()]
    const { sockets, requests } = open()
    const at = { authentication: [{ address: '127.0.0.1', port }], accounting: [] }
    await sockets.openListeners({ at, mustHaveAll: true })
    const whose = async (): Promise<boolean> => {
      await until(() => requests.length === 1, 'a request')
      return requests.pop()!.from.isOurs ?? false
    }
    const fromAnother = async (): Promise<boolean> => {
      const { socket } = await peer('127.0.0.1', source)
      socket.send('from another', port, '127.0.0.1')
      const isOurs = await whose()
      toClose.pop()
      socket.close()
      await once(socket, 'close')
      return isOurs
    }
    expect(await fromAnother()).toBe(false)
    await sockets.openLanes([plan({ port, ports: 0, sourcePorts: { probe: source, step: 1 } })])
    sockets.probe(0, Buffer.from('around'))
    expect(await whose()).toBe(true)
    sockets.keepOnlyLanes([])
    expect(await fromAnother()).toBe(false)
  })

  it('knows what came from a socket of another instance, and no more when that is closed', async () => {
    const port = await freePort()
    const memory = SharedEndpoints.memory()
    const [one, other] = [0, 1].map(() => open(undefined, new SharedEndpoints(memory)))
    await one!.sockets.openListeners({
      at: { authentication: [{ address: '127.0.0.1', port }], accounting: [] },
      mustHaveAll: true,
    })
    await other!.sockets.openLanes([plan({ port, ports: 1 })])
    const source = other!.sockets.upstreams()[0]!.port
    other!.sockets.forward(0, 0, Buffer.from('around'))
    other!.sockets.probe(0, Buffer.from('alive?'))
    await until(() => one!.requests.length === 2, 'two requests')
    expect(one!.requests.map(({ from }) => from.isOurs)).toEqual([true, true])
    other!.sockets.keepOnlyLanes([])
    const { socket } = await peer('127.0.0.1', source)
    socket.send('a client', port, '127.0.0.1')
    await until(() => one!.requests.length === 3, 'a request')
    expect(one!.requests[2]!.from.isOurs).toBeUndefined()
  })

  it('is opened once where a wildcard and an address of its own name it', async () => {
    const port = await freePort()
    const { sockets } = open(() => ['127.0.0.1', '127.0.0.2'])
    const endpoints = ['127.0.0.2', '0.0.0.0'].map((address) => ({ address, port }))
    await sockets.openListeners({ at: { authentication: endpoints, accounting: [] }, mustHaveAll: true })
    expect(sockets.listeners().map(({ address }) => address)).toEqual(['127.0.0.2', '127.0.0.1'])
  })

  it('follows the addresses of the machine: new ones are opened, gone ones closed, their answers counted', async () => {
    const port = await freePort()
    const { sockets, requests, notes } = open(() => ['127.0.0.1', '127.0.0.2'])
    await sockets.openListeners({
      at: { authentication: [{ address: '0.0.0.0', port }], accounting: [] },
      mustHaveAll: true,
    })
    const { socket, got } = await peer()
    socket.send('early', port, '127.0.0.2')
    await until(() => requests.length === 1, 'a request')

    const addresses = ['127.0.0.1', '127.0.0.3']
    await sockets.followAddresses(addresses)
    expect(notes).toEqual([`closed authentication 127.0.0.2:${port}`, `opened authentication 127.0.0.3:${port}`])
    expect(sockets.listeners().map((one) => one.address)).toEqual(['127.0.0.1', '127.0.0.3'])
    // The socket stays open for a minute: an address that comes back soon has lost no answer.
    sockets.reply(requests[0]!.from, Buffer.from('in time'))
    await until(() => got.length > 0, 'an answer from the address that left')
    for (let round = 0; round < 60; round += 1) await sockets.followAddresses(addresses)
    sockets.reply(requests[0]!.from, Buffer.from('lost'))
    expect(sockets.sendFailures).toBe(1)

    socket.send('late', port, '127.0.0.3')
    await until(() => requests.length === 2, 'a request at the new address')
    sockets.reply(requests[1]!.from, Buffer.from('found'))
    await until(() => got.length > 1, 'an answer')
    expect(got).toEqual([`in time from 127.0.0.2 ${port}`, `found from 127.0.0.3 ${port}`])
    // A number is never used again: an answer can't leave from an address that its client never asked.
    expect(requests[1]!.from.link).not.toBe(requests[0]!.from.link)
  })

  it('of a wildcard that cannot be opened is said once, and opened when that is possible', async () => {
    const port = await freePort()
    const taken = createSocket('udp4')
    taken.bind(port, '127.0.0.4')
    await once(taken, 'listening')
    const { sockets, notes } = open(() => ['127.0.0.1'])
    await sockets.openListeners({
      at: { authentication: [{ address: '0.0.0.0', port }], accounting: [] },
      mustHaveAll: true,
    })
    const addresses = ['127.0.0.1', '127.0.0.4']
    await sockets.followAddresses(addresses)
    await sockets.followAddresses(addresses)
    expect(notes).toEqual([`not opened authentication 127.0.0.4:${port}`])
    taken.close()
    await once(taken, 'close')
    await sockets.followAddresses(addresses)
    expect(notes.at(-1)).toBe(`opened authentication 127.0.0.4:${port}`)
  })

  it('whose port is taken is one sentence that says where and what to do', async () => {
    const port = await freePort()
    const taken = createSocket('udp4')
    taken.bind(port, '127.0.0.1')
    await once(taken, 'listening')
    toClose.push(() => taken.close())
    const { sockets } = open()
    const endpoint = { address: '127.0.0.1', port }
    const error = await sockets
      .openListeners({ at: { authentication: [], accounting: [endpoint] }, mustHaveAll: true })
      .catch((e: unknown) => e)
    expect(codeOf(error)).toBe('ADDRESS_IN_USE')
    expect((error as Error).message).toBe(
      `listen.accounting: can't open UDP 127.0.0.1:${port}: another program has this port; stop it, or change the configuration`,
    )
  })

  it('at an address of another machine is one sentence too', async () => {
    const { sockets } = open()
    const endpoint = { address: '192.0.2.77', port: await freePort() }
    const error = await sockets
      .openListeners({ at: { authentication: [endpoint], accounting: [] }, mustHaveAll: true })
      .catch((e: unknown) => e)
    expect(codeOf(error)).toBe('ADDRESS_NOT_LOCAL')
  })

  it('at an absent address is waited for where it is optional, or where the instance starts again', async () => {
    for (const [listener, mustHaveAll] of [
      [{ optional: true as const }, true],
      [{}, false],
    ] as const) {
      const { sockets, notes } = open(() => ['127.0.0.1'])
      const port = await freePort()
      const endpoint = { address: '192.0.2.77', port, ...listener }
      await sockets.openListeners({ at: { authentication: [endpoint], accounting: [] }, mustHaveAll })
      expect(notes).toEqual([`absent authentication 192.0.2.77:${port}`])
      expect(sockets.listeners()).toMatchObject([
        { address: '192.0.2.77', port, presence: 'absent', isOptional: mustHaveAll, receiveBuffer: 0 },
      ])
      // What is not open has no buffer that could be too small.
      expect(sockets.clampedReceiveBuffer()).toBeUndefined()
    }
  })

  it('reports the buffers that the kernel granted, and when it gave less than was asked', async () => {
    const { sockets } = open()
    const endpoint = { address: '127.0.0.1', port: await freePort() }
    await sockets.openListeners({ at: { authentication: [endpoint], accounting: [] }, mustHaveAll: true })
    const [listener] = sockets.listeners()
    expect(listener?.receiveBuffer).toBeGreaterThan(0)
    expect(sockets.clampedReceiveBuffer()?.granted).toBe(
      listener!.receiveBuffer < 4 * 1024 * 1024 ? listener!.receiveBuffer : undefined,
    )
  })
})

describe('a lane', () => {
  it.for(['127.0.0.1', '::1'])(
    'sends from its source ports to %s and knows on which one an answer came',
    async (address, { skip }) => {
      skip(address === '::1' && !HAS_IPV6, NO_IPV6)
      const server = await peer(address)
      server.socket.on('message', (bytes, from) => server.socket.send(`re ${bytes}`, from.port, from.address))
      const { sockets, responses } = open()
      await sockets.openLanes([plan({ port: server.port, address, ports: 3 })])
      for (const port of [0, 1, 2]) sockets.forward(0, port, Buffer.from(`on ${port}`))
      sockets.probe(0, Buffer.from('probe'))
      await until(() => responses.length === 4, 'four answers')
      expect(responses.map(({ port, text }) => `${port} ${text}`).sort()).toEqual([
        '-1 re probe',
        '0 re on 0',
        '1 re on 1',
        '2 re on 2',
      ])
      expect(new Set(server.got.map((line) => line.split(' ').at(-1))).size).toBe(4)
    },
  )

  it('receives from its server only', async () => {
    const server = await peer()
    const { sockets, responses } = open()
    await sockets.openLanes([plan({ port: server.port, ports: 1 })])
    sockets.forward(0, 0, Buffer.from('hello'))
    await until(() => server.got.length === 1, 'the request')
    const source = Number(server.got[0]!.split(' ').at(-1))
    const stranger = await peer()
    stranger.socket.send('forged', source, '127.0.0.1')
    server.socket.send('real', source, '127.0.0.1')
    await until(() => responses.length > 0, 'the answer')
    expect(responses.map(({ text }) => text)).toEqual(['real'])
  })

  it('hears that a port is closed on the very socket, and works when it opens again', async () => {
    const server = await peer()
    const { sockets, refused, responses, notes } = open()
    await sockets.openLanes([plan({ port: server.port })])
    const address = server.socket.address()
    server.socket.close()
    toClose.splice(0, 1)
    await once(server.socket, 'close')
    sockets.forward(0, 1, Buffer.from('into the void'))
    await until(() => refused.includes('0 1'), 'the news of a closed port')
    sockets.probe(0, Buffer.from('probe'))
    await until(() => refused.includes('0 -1'), 'the same of the probe')
    for (let i = 0; i < 200; i += 1) sockets.forward(0, 0, Buffer.from('many'))
    await until(() => refused.filter((where) => where === '0 0').length >= 100, 'the news again and again')
    expect(notes).toEqual([])

    const again = createSocket('udp4')
    again.on('message', (bytes, from) => again.send(`re ${bytes}`, from.port, from.address))
    again.bind(address.port, '127.0.0.1')
    await once(again, 'listening')
    toClose.push(() => again.close())
    // The first send may still report the last refusal.
    sockets.forward(0, 0, Buffer.from('a'))
    sockets.forward(0, 0, Buffer.from('b'))
    await until(() => responses.some(({ text }) => text === 're b'), 'an answer')
  })

  it('sends from the address and the ports that are configured, the probe from the first or the last', async () => {
    const server = await peer()
    const first = await freePort()
    const { sockets } = open()
    const common = { port: server.port, ports: 2, sourceAddress: '127.0.0.9' }
    await sockets.openLanes([
      plan({ ...common, lane: 0, sourcePorts: { probe: first, step: 1 } }),
      plan({ ...common, lane: 1, sourcePorts: { probe: first + 9, step: -1 } }),
    ])
    for (const lane of [0, 1]) {
      sockets.forward(lane, 0, Buffer.from(`a${lane}`))
      sockets.forward(lane, 1, Buffer.from(`b${lane}`))
      sockets.probe(lane, Buffer.from(`p${lane}`))
    }
    await until(() => server.got.length === 6, 'six datagrams')
    expect(server.got.sort()).toEqual([
      `a0 from 127.0.0.9 ${first + 1}`,
      `a1 from 127.0.0.9 ${first + 8}`,
      `b0 from 127.0.0.9 ${first + 2}`,
      `b1 from 127.0.0.9 ${first + 7}`,
      `p0 from 127.0.0.9 ${first}`,
      `p1 from 127.0.0.9 ${first + 9}`,
    ])
  })

  it('grows by ports without losing those it has, and is closed when it is named no more', async () => {
    const server = await peer()
    const { sockets } = open()
    await sockets.openLanes([plan({ port: server.port, ports: 1 })])
    const before = sockets.upstreams()
    await sockets.openLanes([plan({ port: server.port, ports: 3 }), plan({ lane: 1, port: server.port, ports: 1 })])
    expect(sockets.upstreams()).toHaveLength(6)
    expect(sockets.upstreams()).toEqual(expect.arrayContaining([...before]))
    sockets.keepOnlyLanes([plan({ lane: 1, port: server.port })])
    expect(sockets.upstreams()).toHaveLength(2)
    sockets.forward(0, 0, Buffer.from('nobody'))
    expect(sockets.sendFailures).toBe(1)
  })

  it('leaves nothing open where one of several cannot be opened', async () => {
    const server = await peer()
    const { sockets } = open()
    const foreign = plan({ lane: 1, port: server.port, sourceAddress: '192.0.2.77' })
    const error = await sockets.openLanes([plan({ port: server.port }), foreign]).catch((e: unknown) => e)
    expect(codeOf(error)).toBe('ADDRESS_NOT_LOCAL')
    expect((error as Error).message).toContain('server fr-1, authentication')
    expect(sockets.upstreams()).toEqual([])
  })

  it('counts a datagram that the system refuses, and goes on', async () => {
    const server = await peer()
    const { sockets, notes, responses } = open()
    server.socket.on('message', (bytes, from) => server.socket.send(bytes, from.port, from.address))
    await sockets.openLanes([plan({ port: server.port })])
    sockets.forward(0, 0, Buffer.alloc(70_000))
    await until(() => sockets.sendFailures === 1, 'a counted failure')
    expect(notes).toEqual([`failed 127.0.0.1:${server.port} EMSGSIZE`])
    sockets.forward(0, 0, Buffer.from('small'))
    await until(() => responses.length === 1, 'an answer')
  })
})
