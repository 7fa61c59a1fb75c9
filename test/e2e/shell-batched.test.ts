/**
 * The batched transport on real loopback: all that every transport must do, and what only it can.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { DescriptorTable } from '../../src/instances/shared/descriptor-table.ts'
import { type Libc, loadLibc } from '../../src/transport/batched/libc.io.ts'
import type { Steering } from '../../src/transport/batched/sockets.io.ts'
import { BatchedTransport } from '../../src/transport/batched/transport.io.ts'
import { micros } from '../../src/units.ts'
import { describeLanes } from '../transport/lane-suite.ts'
import { describeListeners } from '../transport/listener-suite.ts'
import { Instance, type Outside, type OutsidePeer, planOf } from '../transport/rig.ts'
import { canBatch, titled } from './kit/batches.ts'
import { until } from './kit/child.ts'
import { loopbackFor, realPeer } from './kit/loopback.ts'
import { freePort } from './kit/ports.ts'

const libc = canBatch ? await loadLibc() : ({} as Libc)
const EPERM = 1

const toClose: (() => void)[] = []
afterEach(() => {
  for (const close of toClose.splice(0).reverse()) close()
})

/** `calls`: some calls of the system that answer otherwise. */
const newTransport = (
  calls: Partial<Libc> = {},
  steering: Steering = { by: 'port', instances: 1 },
): BatchedTransport => {
  const descriptors = new DescriptorTable(DescriptorTable.memory())
  toClose.push(() => {
    for (const one of descriptors.left()) libc.close(one)
  })
  return new BatchedTransport({ ...libc, ...calls }, { batchTick: micros(0), steering, descriptors })
}

const loopback = (calls: Partial<Libc> = {}): Outside => ({
  ...loopbackFor(() => newTransport(calls)),
  hasArrived: (transport) => (transport as BatchedTransport).poll(micros(0)),
})

describe.skipIf(!canBatch)(titled('a transport like any other'), () => {
  describeListeners('batched', () => loopback())
  describeLanes('batched', () => loopback())
})

const newInstance = (calls: Partial<Libc> = {}): Instance => {
  const instance = new Instance(loopback(calls))
  toClose.push(() => instance.links.close())
  return instance
}

const newPeer = async (): Promise<OutsidePeer> => {
  const peer = await realPeer('127.0.0.1')
  toClose.push(() => void peer.close())
  return peer
}

const counts = (instance: Instance) => (instance.transport as BatchedTransport).counts()

describe.skipIf(!canBatch)(titled('one listener at a wildcard'), () => {
  it('covers an address of its own, and answers from each address that was asked', async () => {
    const instance = newInstance()
    const port = await freePort()
    await instance.listen(['127.0.0.2', '0.0.0.0'].map((address) => ({ address, port })))
    expect(instance.links.listeners().map(({ address, presence }) => [address, presence])).toEqual([
      ['0.0.0.0', 'listening'],
    ])
    const client = await newPeer()
    const asked = ['127.0.0.2', '127.0.0.77', '127.0.0.2']
    for (const address of asked) client.send('request', port, address)
    await instance.until(() => instance.requests.length === asked.length, 'three requests')
    const [first, second, third] = instance.requests.map(({ from }) => from.link)
    expect(first).toBe(third)
    expect(first).not.toBe(second)
    for (const { from } of instance.requests) instance.links.reply(from, Buffer.from('answer'))
    await instance.until(() => client.got.length === asked.length, 'three answers')
    expect(client.got).toEqual(asked.map((address) => `answer from ${address} ${port}`))
  })
})

describe.skipIf(!canBatch)(titled('a batch'), () => {
  it('of thousands goes out in one turn, in order, and comes in over several', async () => {
    const instance = newInstance()
    const port = await freePort()
    await instance.listen([{ address: '127.0.0.1', port }])
    await instance.connect(planOf({ port, ports: 2 }))
    const texts = Array.from({ length: 3_000 }, (_, i) => String(i))
    for (const text of texts) instance.forward(0, Number(text) % 2, text)
    await instance.until(() => instance.requests.length === texts.length, 'all of them')
    const bySource = Object.groupBy(instance.requests, ({ from }) => from.port)
    const got = Object.values(bySource).map((requests) => requests?.map(({ text }) => text))
    const [even, odd] = [0, 1].map((rest) => texts.filter((text) => Number(text) % 2 === rest))
    expect(got.toSorted((a, b) => Number(a?.[0]) - Number(b?.[0]))).toEqual([even, odd])
    expect(instance.notes).toEqual([])
  })

  it('with one closed port among many says which datagrams were refused, and loses no other', async () => {
    const quotes: string[] = []
    const instance = newInstance()
    const told = instance.arrivals.linkChanged
    instance.arrivals.linkChanged = (lane, link, to, quoted) => {
      told(lane, link, to, quoted)
      quotes.push(`${lane} ${link} ${Buffer.from(quoted ?? []).toString()}`)
    }
    const servers = await Promise.all([0, 1, 2, 3].map(() => newPeer()))
    for (const server of servers) server.answer((text) => `re ${text}`)
    await instance.connect(...servers.map(({ port }, lane) => planOf({ lane, port, ports: 1 })))
    await servers[2]!.close()
    for (let round = 0; round < 20; round += 1) {
      for (const lane of [0, 1, 2, 3]) instance.forward(lane, 0, `${lane}.${round}`)
    }
    await instance.until(() => instance.responses.length === 60 && quotes.length === 20, 'answers and refusals')
    expect(new Set(quotes)).toEqual(new Set(Array.from({ length: 20 }, (_, round) => `2 0 2.${round}`)))
    expect(new Set(instance.responses.map(({ lane }) => lane))).toEqual(new Set([0, 1, 3]))
    expect(instance.notes).toEqual([])
  })

  it('goes on behind a datagram that the system does not take', async () => {
    const server = await newPeer()
    let calls = 0
    // The third datagram fails: it first ends a batch, and then is the first of the next one.
    const sendmmsg: Libc['sendmmsg'] = (socket, headers, count, flags) => {
      calls += 1
      if (calls === 1) return libc.sendmmsg(socket, headers, 2, flags)
      return calls === 2 ? -EPERM : libc.sendmmsg(socket, headers, count, flags)
    }
    const instance = newInstance({ sendmmsg })
    await instance.connect(planOf({ port: server.port, ports: 1 }))
    for (let i = 0; i < 5; i += 1) instance.forward(0, 0, String(i))
    await instance.until(() => server.got.length === 4, 'the others')
    expect(server.got.map((line) => line[0])).toEqual(['0', '1', '3', '4'])
    expect(instance.notes).toEqual([`failed 127.0.0.1:${server.port} EPERM`])
    expect(calls).toBe(3)
  })

  it.each([
    ['EAGAIN', 11],
    ['ENOBUFS', 105],
  ])('is given up at %s, and each datagram of it is counted', async (code, errno) => {
    const server = await newPeer()
    let isFull = true
    const sendmmsg: Libc['sendmmsg'] = (socket, headers, count, flags) =>
      isFull ? -errno : libc.sendmmsg(socket, headers, count, flags)
    const instance = newInstance({ sendmmsg })
    await instance.connect(planOf({ port: server.port, ports: 1 }))
    for (let i = 0; i < 5; i += 1) instance.forward(0, 0, 'lost')
    instance.links.flush()
    expect(instance.notes).toEqual(Array.from({ length: 5 }, () => `failed 127.0.0.1:${server.port} ${code}`))
    expect(counts(instance).sendBufferFull).toBe(5)
    isFull = false
    instance.forward(0, 0, 'found')
    await instance.until(() => server.got.length > 0, 'the next one')
    expect(server.got[0]).toContain('found')
  })

  it('has empty datagrams and the largest ones in it, and neither hides another', async () => {
    const instance = newInstance()
    const port = await freePort()
    await instance.listen([{ address: '127.0.0.1', port }])
    const client = await newPeer()
    for (const length of [0, 65_507, 4_097, 4_096, 1]) client.send('x'.repeat(length), port, '127.0.0.1')
    await instance.until(() => instance.requests.length === 5, 'five requests')
    // What follows the largest packet can only be padding.
    expect(instance.requests.map(({ text }) => text.length)).toEqual([0, 4_096, 4_096, 4_096, 1])
  })
})

describe.skipIf(!canBatch)(titled('the age of a request'), () => {
  const agesOf = (instance: Instance): number[] => {
    const ages: number[] = []
    const told = instance.arrivals.request
    instance.arrivals.request = (name, from, octets, age) => {
      told(name, from, octets)
      ages.push(age ?? -1)
    }
    return ages
  }

  it('is the time in the socket', async () => {
    const instance = newInstance()
    const ages = agesOf(instance)
    const port = await freePort()
    await instance.listen([{ address: '127.0.0.1', port }])
    const client = await newPeer()
    client.send('early', port, '127.0.0.1')
    await new Promise((resolve) => setTimeout(resolve, 60))
    await instance.until(() => ages.length === 1, 'a request')
    expect(ages[0]).toBeGreaterThanOrEqual(50_000)
    expect(counts(instance).strangeAge).toBe(0)
  })

  it.each([
    ['behind', -1],
    ['far ahead', 6],
  ])('is 0 where a clock was set, now %s, and that is counted', async (_when, seconds) => {
    const view = { memory: undefined as BigInt64Array | undefined }
    const instance = newInstance({
      addressOf: (buffer) => {
        view.memory = new BigInt64Array(buffer)
        return libc.addressOf(buffer)
      },
      clockTime: (clock, at) => {
        const answer = libc.clockTime(clock, at)
        const place = (at - libc.addressOf(view.memory!.buffer as ArrayBuffer)) / 8
        view.memory![place]! += BigInt(seconds)
        return answer
      },
    })
    const ages = agesOf(instance)
    const port = await freePort()
    await instance.listen([{ address: '127.0.0.1', port }])
    const client = await newPeer()
    client.send('a request', port, '127.0.0.1')
    await instance.until(() => ages.length === 1, 'a request')
    expect(ages).toEqual([0])
    expect(counts(instance).strangeAge).toBe(1)
  })
})

describe.skipIf(!canBatch)(titled('a system that refuses'), () => {
  it.each([
    ['socket', 24, 'EMFILE'],
    ['setsockopt', 1, 'EPERM'],
  ] as const)('%s: an error with a code and a sentence, and nothing stays open', async (call, errno, code) => {
    const closed: number[] = []
    const instance = newInstance({
      [call]: () => -errno,
      close: (descriptor) => {
        closed.push(descriptor)
        return libc.close(descriptor)
      },
    })
    const opening = instance.connect(planOf({ port: 1_812, ports: 1 }))
    const error = await opening.catch((thrown: unknown) => thrown as Error)
    expect((error as Error).message).toContain(`can't open UDP towards 127.0.0.1:1812: the system says ${code}; `)
    expect(closed).toHaveLength(call === 'socket' ? 0 : 1)
    expect(instance.links.upstreams()).toEqual([])
  })

  it('epoll_pwait2: no transport is opened, and the sentence says what to do', () => {
    expect(() => newTransport({ epollWait: () => -38 })).toThrow(
      'batched packet I/O: the system refuses epoll_pwait2 (ENOSYS); write "packet_io: dgram", or allow the call',
    )
  })
})

describe.skipIf(!canBatch)(titled('two instances at one port'), () => {
  const ADDRESSES = 24
  const PORTS = 4

  it('by address: all ports of a client meet one instance, and both have clients', async () => {
    const port = await freePort()
    const met = new Map<string, Set<number>>()
    const transports = [0, 1].map(() => newTransport({}, { by: 'address', instances: 2 }))
    for (const [instance, transport] of transports.entries()) {
      const ignore = (): void => undefined
      const arrivals = { pending: ignore, response: ignore, probeAnswer: ignore, linkChanged: ignore }
      const link = await transport.listen(
        {
          class: 'accounting',
          local: { address: '0.0.0.0', port },
          purpose: 'a test',
          ifNotLocal: '',
          isShared: true,
          peers: { at: (address, sender) => ({ link: 0, address, port: sender }) },
          failed: ignore,
        },
        {
          ...arrivals,
          request: (_class, { address }) => {
            const instances = met.get(address) ?? new Set<number>()
            met.set(address, instances.add(instance))
          },
        },
      )
      toClose.push(() => link.close())
    }
    for (let n = 0; n < ADDRESSES * PORTS; n += 1) {
      const client = await realPeer(`127.0.7.${1 + (n % ADDRESSES)}`)
      toClose.push(() => void client.close())
      client.send('request', port, '127.0.0.1')
    }
    await until(() => {
      for (const transport of transports) transport.deliver()
      return met.size === ADDRESSES
    }, 'a request of each client')
    const sizes = [...met.values()].map(({ size }) => size)
    expect(sizes).toEqual(sizes.map(() => 1))
    expect(new Set([...met.values()].flatMap((instances) => [...instances])).size).toBe(2)
  })
})
