/**
 * What the listeners of every transport must do: requests by class and sender, replies from the address that was asked, the
 * addresses of a machine that come and go. It runs on the network in memory and on real links.
 */
import { describe, expect, it } from 'vitest'
import { codeOf } from '../../src/coded-error.ts'
import { SharedEndpoints } from '../../src/instances/shared/shared-endpoints.ts'
import { listenAt, type Outside, planOf, rigs } from './rig.ts'

const codeOfFailure = (opening: Promise<void>): Promise<unknown> =>
  opening.then(
    () => 'no failure',
    (error: unknown) => codeOf(error),
  )

export function describeListeners(name: string, open: () => Outside): void {
  const start = rigs(open)

  describe(`${name}: a listener`, () => {
    it.for([
      ['127.0.0.1', ['127.0.0.1']],
      ['::1', ['::1']],
      ['0.0.0.0', ['127.0.0.1', '127.0.0.2', '127.0.0.3']],
    ] as const)('at %s answers from the address that was asked', async ([address, asked], { skip }) => {
      const { outside, instance, peer, freePort } = start(() => ['127.0.0.1', '127.0.0.2', '127.0.0.3', '::1'])
      skip(!outside.addresses.includes(asked[0]), `this machine has no ${asked[0]}`)
      const port = await freePort()
      await instance.listen([{ address, port }])
      for (const target of asked) {
        const client = await peer(target.includes(':') ? '::1' : '127.0.0.1')
        client.send(`to ${target}`, port, target)
        await instance.until(() => instance.requests.length > 0, 'a request')
        const request = instance.requests.shift()
        expect(request).toMatchObject({ class: 'authentication', text: `to ${target}` })
        instance.links.reply(request!.from, Buffer.from('answer'))
        await instance.until(() => client.got.length > 0, 'an answer')
        expect(client.got).toEqual([`answer from ${target} ${port}`])
      }
    })

    it('tells a failure where an answer would go to port 0, and goes on', async () => {
      const { instance, peer, freePort } = start()
      const port = await freePort()
      await instance.listen([{ address: '127.0.0.1', port }])
      const client = await peer()
      client.send('a request', port, '127.0.0.1')
      await instance.until(() => instance.requests.length === 1, 'a request')
      const { from } = instance.requests[0]!
      instance.links.reply({ ...from, port: 0 }, Buffer.from('to nobody'))
      instance.links.reply(from, Buffer.from('answer'))
      await instance.until(() => client.got.length === 1, 'an answer')
      expect(instance.notes).toEqual([`failed 127.0.0.1:${port} EINVAL`])
    })

    it('holds requests back until deliver, and hands them over in order', async () => {
      const { outside, instance, peer, freePort } = start()
      const port = await freePort()
      await instance.listen([], [{ address: '127.0.0.1', port }])
      const [client, texts] = [await peer(), ['1', '2', '3']]
      for (const text of texts) client.send(text, port, '127.0.0.1')
      await outside.until(
        () => instance.pendings > 0 || (outside.hasArrived?.(instance.transport) ?? false),
        'the news that something waits',
        () => undefined,
      )
      expect(instance.requests).toEqual([])
      await instance.until(() => instance.requests.length === texts.length, 'three requests')
      expect(instance.requests.map(({ class: of, text }) => `${of} ${text}`)).toEqual(
        texts.map((text) => `accounting ${text}`),
      )
    })

    it('knows what came from a socket of our own towards a server that is this machine', async () => {
      const { instance, peer, freePort } = start()
      const port = await freePort()
      await instance.listen([{ address: '127.0.0.1', port }])
      await instance.connect(planOf({ port }))
      instance.forward(0, 1, 'around')
      instance.probe(0, 'alive?')
      const client = await peer()
      client.send('another', port, '127.0.0.1')
      await instance.until(() => instance.requests.length === 3, 'three requests')
      const ours = Object.fromEntries(instance.requests.map(({ text, from }) => [text, from.isOurs]))
      expect(ours).toEqual({ around: true, 'alive?': true, another: undefined })
    })

    it('takes no sender for ours because its port is that of one of our links at another address', async () => {
      const { instance, peer, freePort } = start()
      const port = await freePort()
      await instance.listen([{ address: '127.0.0.1', port }])
      await instance.connect(planOf({ port, ports: 1 }))
      const [first] = instance.links.upstreams()
      expect(first?.address).toBe('127.0.0.1')
      const client = await peer('127.0.0.2', first?.port)
      client.send('a client', port, '127.0.0.1')
      await instance.until(() => instance.requests.length === 1, 'a request')
      expect(instance.requests[0]!.from.isOurs).toBeUndefined()
    })

    it('asks again who a sender is when a socket of ours opens or closes', async () => {
      const { outside, instance, freePort } = start()
      const [port, source] = [await freePort(), await freePort()]
      await instance.listen([{ address: '127.0.0.1', port }])
      const whose = async (): Promise<boolean> => {
        await instance.until(() => instance.requests.length === 1, 'a request')
        return instance.requests.pop()!.from.isOurs ?? false
      }
      const fromAnother = async (): Promise<boolean> => {
        const client = await outside.peer('127.0.0.1', source)
        client.send('from another', port, '127.0.0.1')
        const isOurs = await whose()
        await client.close()
        return isOurs
      }
      expect(await fromAnother()).toBe(false)
      await instance.connect(planOf({ port, ports: 0, sourcePorts: { probe: source, step: 1, behind: 0 } }))
      instance.probe(0, 'around')
      expect(await whose()).toBe(true)
      instance.links.keepOnlyLanes([])
      expect(await fromAnother()).toBe(false)
    })

    it('knows what came from a socket of another instance, and no more when that is closed', async () => {
      const { instanceOf, peer, freePort } = start()
      const port = await freePort()
      const memory = SharedEndpoints.memory()
      const [one, other] = [instanceOf(new SharedEndpoints(memory)), instanceOf(new SharedEndpoints(memory))]
      await one.listen([{ address: '127.0.0.1', port }])
      await other.connect(planOf({ port, ports: 1 }))
      const source = other.links.upstreams()[0]!.port
      other.forward(0, 0, 'around')
      other.probe(0, 'alive?')
      other.links.flush()
      await one.until(() => one.requests.length === 2, 'two requests')
      expect(one.requests.map(({ from }) => from.isOurs)).toEqual([true, true])
      other.links.keepOnlyLanes([])
      const client = await peer('127.0.0.1', source)
      client.send('a client', port, '127.0.0.1')
      await one.until(() => one.requests.length === 3, 'a request')
      expect(one.requests[2]!.from.isOurs).toBeUndefined()
    })

    it('whose port is taken, or whose address is of another machine, is an error with a code', async () => {
      const { instance, instanceOf, peer } = start()
      const { port } = await peer()
      expect(await codeOfFailure(instance.listen([], [{ address: '127.0.0.1', port }]))).toBe('ADDRESS_IN_USE')
      const foreign = instanceOf().listen([{ address: '192.0.2.77', port }])
      expect(await codeOfFailure(foreign)).toBe('ADDRESS_NOT_LOCAL')
    })

    it.each([
      ['it is optional', { optional: true as const }, true],
      ['the instance starts again', {}, false],
    ])('at an absent address is waited for if %s', async (_when, more, mustHaveAll) => {
      const { instance, freePort } = start(() => ['127.0.0.1'])
      const { links, notes, arrivals } = instance
      const port = await freePort()
      await links.openListeners({ ...listenAt([{ address: '192.0.2.77', port, ...more }]), mustHaveAll }, arrivals)
      expect(notes).toEqual([`absent authentication 192.0.2.77:${port}`])
      expect(links.listeners()).toEqual([
        {
          class: 'authentication',
          address: '192.0.2.77',
          port,
          presence: 'absent',
          isOptional: mustHaveAll,
          receiveBuffer: 0,
          sendBuffer: 0,
        },
      ])
      // What is not open has no buffer that could be too small.
      expect(links.clampedReceiveBuffer()).toBeUndefined()
    })

    it('reports the buffers that were granted, and the smallest if less than was asked', async () => {
      const { instance, freePort } = start()
      await instance.listen([{ address: '127.0.0.1', port: await freePort() }])
      const [listener] = instance.links.listeners()
      const { receiveBuffer } = listener!
      expect(listener).toMatchObject({ presence: 'listening', isOptional: false })
      expect(Math.min(receiveBuffer, listener!.sendBuffer)).toBeGreaterThan(0)
      const wanted = 4 * 1024 * 1024
      expect(instance.links.clampedReceiveBuffer()).toEqual(
        receiveBuffer < wanted ? { granted: receiveBuffer, wanted } : undefined,
      )
    })
  })
}

/** Of a transport that can't tell which address was asked: a wildcard is a link for each address of the machine. */
export function describeExpansion(name: string, open: () => Outside): void {
  const start = rigs(open)

  describe(`${name}: the listeners of a wildcard`, () => {
    it('are opened once if a wildcard and an address of its own name one', async () => {
      const { instance, freePort } = start(() => ['127.0.0.1', '127.0.0.2'])
      const port = await freePort()
      await instance.listen(['127.0.0.2', '0.0.0.0'].map((address) => ({ address, port })))
      expect(instance.links.listeners().map(({ address }) => address)).toEqual(['127.0.0.2', '127.0.0.1'])
    })

    it('follow the addresses of the machine: new ones are opened, gone ones closed, their answers counted', async () => {
      const { instance, peer, freePort } = start(() => ['127.0.0.1', '127.0.0.2'])
      const { links, requests, notes } = instance
      const port = await freePort()
      await instance.listen([{ address: '0.0.0.0', port }])
      const client = await peer()
      client.send('early', port, '127.0.0.2')
      await instance.until(() => requests.length === 1, 'a request')

      const addresses = ['127.0.0.1', '127.0.0.3']
      await links.followAddresses(addresses)
      expect(notes).toEqual([`closed authentication 127.0.0.2:${port}`, `opened authentication 127.0.0.3:${port}`])
      expect(links.listeners().map((one) => one.address)).toEqual(['127.0.0.1', '127.0.0.3'])
      // The socket stays open for a minute: an address that comes back soon has lost no answer.
      links.reply(requests[0]!.from, Buffer.from('in time'))
      await instance.until(() => client.got.length > 0, 'an answer from the address that left')
      for (let round = 0; round < 60; round += 1) await links.followAddresses(addresses)
      links.reply(requests[0]!.from, Buffer.from('lost'))
      expect(instance.failures).toBe(1)

      client.send('late', port, '127.0.0.3')
      await instance.until(() => requests.length === 2, 'a request at the new address')
      links.reply(requests[1]!.from, Buffer.from('found'))
      await instance.until(() => client.got.length > 1, 'an answer')
      expect(client.got).toEqual([`in time from 127.0.0.2 ${port}`, `found from 127.0.0.3 ${port}`])
      // A number is never used again: an answer can't leave from an address that its client never asked.
      expect(requests[1]!.from.link).not.toBe(requests[0]!.from.link)
    })

    it('that cannot be opened are said once, and opened when that is possible', async () => {
      const { instance, outside, freePort } = start(() => ['127.0.0.1'])
      const port = await freePort()
      const taken = await outside.peer('127.0.0.4', port)
      await instance.listen([{ address: '0.0.0.0', port }])
      const addresses = ['127.0.0.1', '127.0.0.4']
      await instance.links.followAddresses(addresses)
      await instance.links.followAddresses(addresses)
      expect(instance.notes).toEqual([`failed authentication 127.0.0.4:${port}`])
      await taken.close()
      await instance.links.followAddresses(addresses)
      expect(instance.notes.at(-1)).toBe(`opened authentication 127.0.0.4:${port}`)
    })
  })
}
