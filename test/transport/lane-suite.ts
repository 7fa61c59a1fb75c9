/**
 * What the links to servers must do in every transport: sending and responses by lane and link, probes, closed ports, links that
 * go down, closing, reports. It runs on the network in memory and on real links.
 */
import { describe, expect, it } from 'vitest'
import { endpointText } from '../../src/addresses.ts'
import { codeOf } from '../../src/coded-error.ts'
import { PROBE_PORT } from '../../src/proxy/border/ports.ts'
import { type Outside, planOf, rigs } from './rig.ts'

export function describeLanes(name: string, open: () => Outside): void {
  const start = rigs(open)

  describe(`${name}: a lane`, () => {
    it.for(['127.0.0.1', '::1'])(
      'sends from its source ports to %s and knows on which one an answer came',
      async (address, { skip }) => {
        const { outside, instance, peer } = start()
        skip(!outside.addresses.includes(address), `this machine has no ${address}`)
        const server = await peer(address)
        server.answer((text) => `re ${text}`)
        await instance.connect(planOf({ port: server.port, address, ports: 3 }))
        for (const port of [0, 1, 2]) instance.forward(0, port, `on ${port}`)
        instance.probe(0, 'probe')
        await instance.until(() => instance.responses.length === 4, 'four answers')
        expect(instance.responses.map(({ port, text }) => `${port} ${text}`).sort()).toEqual([
          `${PROBE_PORT} re probe`,
          '0 re on 0',
          '1 re on 1',
          '2 re on 2',
        ])
        expect(new Set(server.got.map((line) => line.split(' ').at(-1))).size).toBe(4)
      },
    )

    it('receives from its server only', async () => {
      const { instance, peer } = start()
      const [server, stranger] = [await peer(), await peer()]
      await instance.connect(planOf({ port: server.port, ports: 1 }))
      instance.forward(0, 0, 'hello')
      await instance.until(() => server.got.length === 1, 'the request')
      const source = Number(server.got[0]!.split(' ').at(-1))
      stranger.send('forged', source, '127.0.0.1')
      server.send('real', source, '127.0.0.1')
      await instance.until(() => instance.responses.length > 0, 'the answer')
      expect(instance.responses.map(({ text }) => text)).toEqual(['real'])
    })

    it('hears that a port is closed on the very link, and works when it opens again', async () => {
      const { outside, instance, peer } = start()
      const { changes, quotes, responses, notes } = instance
      const server = await outside.peer('127.0.0.1')
      await instance.connect(planOf({ port: server.port }))
      await server.close()
      instance.forward(0, 1, 'into the void')
      await instance.until(() => changes.includes('0 1 refused'), 'the news of a closed port')
      instance.probe(0, 'probe')
      await instance.until(() => changes.includes(`0 ${PROBE_PORT} refused`), 'the same of the probe')
      for (let i = 0; i < 200; i += 1) instance.forward(0, 0, 'many')
      const count = (): number => changes.filter((change) => change === '0 0 refused').length
      await instance.until(() => count() >= 100, 'the news again and again')
      expect(notes).toEqual([])
      // Whoever quotes, quotes what was sent there, or the first octets of it.
      const sent = ['0 1 into the void', `0 ${PROBE_PORT} probe`, '0 0 many']
      expect(quotes.filter((quote) => !sent.some((whole) => whole.startsWith(quote)))).toEqual([])

      const again = await peer('127.0.0.1', server.port)
      again.answer((text) => `re ${text}`)
      // The first send may still report the last refusal.
      instance.forward(0, 0, 'a')
      instance.forward(0, 0, 'b')
      await instance.until(() => responses.some(({ text }) => text === 're b'), 'an answer')
    })

    // A namespace of its own is needed to cut real routes: shell-netns.test.ts does that.
    if (open().cut !== undefined) {
      it('goes down with its route and comes up with it', async () => {
        const { outside, instance, peer } = start()
        const server = await peer()
        server.answer((text) => `re ${text}`)
        outside.cut?.(true)
        await instance.connect(planOf({ port: server.port, ports: 1 }))
        expect(instance.changes).toEqual([`0 ${PROBE_PORT} down`, '0 0 down'])
        expect(instance.links.upstreams()).toEqual([])
        instance.forward(0, 0, 'lost')
        expect(instance.notes).toEqual([`failed 127.0.0.1:${server.port} ENETUNREACH`])
        outside.cut?.(false)
        expect(instance.changes.slice(2)).toEqual([`0 ${PROBE_PORT} up`, '0 0 up'])
        expect(instance.links.upstreams()).toHaveLength(2)
        instance.forward(0, 0, 'found')
        await instance.until(() => instance.responses.length > 0, 'an answer')
        expect(server.got).toHaveLength(1)
        expect(instance.failures).toBe(1)
      })
    }

    it('sends from the address and the ports that are configured, the probe from the first or the last', async () => {
      const { instance, peer, freePort } = start()
      const server = await peer()
      const first = await freePort()
      const common = { port: server.port, ports: 2, sourceAddress: '127.0.0.9' }
      await instance.connect(
        planOf({ ...common, lane: 0, sourcePorts: { probe: first, step: 1, behind: 0 } }),
        planOf({ ...common, lane: 1, sourcePorts: { probe: first + 9, step: -1, behind: 0 } }),
      )
      for (const lane of [0, 1]) {
        instance.forward(lane, 0, `a${lane}`)
        instance.forward(lane, 1, `b${lane}`)
        instance.probe(lane, `p${lane}`)
      }
      await instance.until(() => server.got.length === 6, 'six datagrams')
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
      const { instance, peer } = start()
      const { links, notes } = instance
      const { port } = await peer()
      await instance.connect(planOf({ port, ports: 1 }))
      const before = links.upstreams()
      await instance.connect(planOf({ port, ports: 3 }), planOf({ lane: 1, port, ports: 1 }))
      expect(links.upstreams()).toHaveLength(6)
      expect(links.upstreams()).toEqual(expect.arrayContaining([...before]))
      expect(new Set(links.upstreams().map(endpointText)).size).toBe(6)
      links.keepOnlyLanes([planOf({ lane: 1, port })])
      expect(links.upstreams()).toHaveLength(2)
      instance.forward(0, 0, 'nobody')
      instance.probe(0, 'nobody')
      expect(notes).toEqual(['failed lane 0 port 0 EBADF', 'failed lane 0 probe EBADF'])
      expect(instance.failures).toBe(2)
    })

    it('never leads elsewhere than before', async () => {
      const { instance, peer } = start()
      const [server, other] = [await peer(), await peer()]
      await instance.connect(planOf({ port: server.port }))
      await expect(instance.connect(planOf({ port: other.port }))).rejects.toThrow(
        `lane 0 leads to 127.0.0.1:${server.port} from any address, ports any, not to 127.0.0.1:${other.port}`,
      )
    })

    it('leaves nothing open if one of several cannot be opened', async () => {
      const { instance, peer } = start()
      const { port } = await peer()
      const foreign = planOf({ lane: 1, port, sourceAddress: '192.0.2.77' })
      const error = await instance.connect(planOf({ port }), foreign).catch((e: unknown) => e)
      expect(codeOf(error)).toBe('ADDRESS_NOT_LOCAL')
      expect((error as Error).message).toContain('server fr-1, authentication')
      expect(instance.links.upstreams()).toEqual([])
    })

    it('counts a datagram that the system refuses, and goes on', async () => {
      const { instance, peer } = start()
      const { links, notes, responses } = instance
      const server = await peer()
      server.answer((text) => text)
      await instance.connect(planOf({ port: server.port }))
      links.forward(0, 0, Buffer.alloc(70_000))
      await instance.until(() => instance.failures === 1, 'a counted failure')
      expect(notes).toEqual([`failed 127.0.0.1:${server.port} EMSGSIZE`])
      instance.forward(0, 0, 'small')
      await instance.until(() => responses.length === 1, 'an answer')
    })

    it('is not reliable, and carries as many requests as an identifier tells apart', async () => {
      const { outside, instance, peer } = start()
      const { port } = await peer()
      const link = await outside.transport().connect(
        {
          lane: 0,
          link: 0,
          purpose: 'a test',
          server: { address: '127.0.0.1', port },
          local: undefined,
          opened: () => undefined,
          failed: () => undefined,
        },
        instance.arrivals,
      )
      expect([link.isReliable, link.capacity]).toEqual([false, 256])
      expect(link.report()?.local.address).toBe('127.0.0.1')
      link.close()
      link.close()
      expect(link.report()).toBeUndefined()
    })

    it('sends nothing and hears nothing once all is closed', async () => {
      const { instance, peer, freePort } = start()
      const [server, client, port] = [await peer(), await peer(), await freePort()]
      await instance.listen([{ address: '127.0.0.1', port }])
      await instance.connect(planOf({ port: server.port }))
      client.send('early', port, '127.0.0.1')
      await instance.until(() => instance.requests.length === 1, 'a request')
      instance.links.close()
      instance.forward(0, 0, 'late')
      instance.links.reply(instance.requests[0]!.from, Buffer.from('late'))
      expect(instance.notes).toEqual(['failed lane 0 port 0 EBADF', 'failed a closed listener EBADF'])
      expect([instance.links.upstreams(), instance.links.listeners()]).toEqual([[], []])
      // The port is free again.
      const again = await peer('127.0.0.1', port)
      expect(again.port).toBe(port)
    })
  })
}
