/**
 * A whole instance on a network in memory: what the main thread asks of it opens and closes links, and packets go through.
 */

import { afterEach, expect, it } from 'vitest'
import type { Endpoint } from '../../../src/addresses.ts'
import { perClass } from '../../../src/classes.ts'
import { codeOf } from '../../../src/coded-error.ts'
import { clientsChange } from '../../../src/instances/protocol/clients-change.ts'
import { plainOptions } from '../../../src/instances/shared/plain-options.ts'
import { Instance } from '../../../src/instances/thread/instance.io.ts'
import type { EngineOptions } from '../../../src/proxy/border/options.ts'
import { BOOKS_BYTES } from '../../../src/proxy/register/ledger.ts'
import { instant, micros } from '../../../src/units.ts'
import { accessRequest, answers, responseTo } from '../../proxy/datagrams.ts'
import { client, defaults, server } from '../../proxy/options.ts'
import { MemoryNetwork, MemoryTransport } from '../../transport/memory-network.ts'

const HERE = '127.0.0.1'
const ROUNDS = 100

const optionsWith = (...addresses: readonly string[]): EngineOptions => ({
  ...defaults(),
  clients: [client({ network: '127.0.0.0/8' })],
  servers: addresses.map((address, at) => server(`s${at}`, { address })),
})

const settingsOf = (options: EngineOptions) => ({
  logsSessions: false,
  options: plainOptions(options),
  memory: { budgets: {}, tables: undefined },
  logLevel: 'silent',
  forgets: 0,
})

const toClose: Instance[] = []
afterEach(async () => {
  for (const instance of toClose.splice(0)) await instance.close()
})

async function started(options: EngineOptions) {
  const network = new MemoryNetwork()
  const main = { line: () => undefined, sessionsEnded: () => undefined, traced: () => undefined }
  const start = {
    number: 0,
    of: 1,
    settings: settingsOf(options),
    packetIo: { use: 'dgram', batchTick: micros(250), steersBy: 'port' } as const,
    usedUpUntil: instant(0),
    books: new SharedArrayBuffer(BOOKS_BYTES),
  }
  const instance = new Instance(start, main, { transport: new MemoryTransport(network), packetIo: { use: 'dgram' } })
  toClose.push(instance)
  await instance.open()
  const at = { ...perClass(() => []), authentication: [{ address: HERE, port: 1812 }] }
  await instance.listen({ at, mustHaveAll: true })
  const bind = (address: string, port: number, receive: (octets: Uint8Array, from: Endpoint) => void) => {
    const socket = network.bind({ address, port }, 'a test', { server: undefined, receive, refused: () => undefined })
    return (octets: Uint8Array, to: Endpoint): void => network.send(socket, to, octets)
  }
  /** Lets the loop of this process turn until `isSo`. */
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let round = 0; round < ROUNDS && !isSo(); round += 1) {
      network.settle()
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    expect(isSo()).toBe(true)
  }
  const upstreams = async (): Promise<number> => ((await instance.view()).first.upstreams ?? []).length
  return { instance, bind, until, upstreams }
}

it('serves: a request reaches the server, and the answer its client', async () => {
  const { instance, bind, until } = await started(optionsWith('127.0.0.2'))
  const answer = bind('127.0.0.2', 1812, (octets, from) => answer(responseTo(octets), from))
  const got: Uint8Array[] = []
  const send = bind('127.0.0.3', 5_000, (octets) => got.push(octets.slice()))
  const request = accessRequest({ tag: 'user', identifier: 1, serial: 1 })
  send(request, { address: HERE, port: 1812 })
  await until(() => got.length > 0)
  expect(answers(got[0]!, request)).toBe(true)
  const { first } = await instance.view()
  expect(first.listeners).toMatchObject([{ address: HERE, port: 1812, presence: 'listening' }])
})

it('opens what a reload needs before it is taken, and closes it again if it is not', async () => {
  const { instance, upstreams } = await started(optionsWith('127.0.0.2'))
  const before = await upstreams()
  const other = settingsOf(optionsWith('127.0.0.2', '127.0.0.4'))
  await instance.prepare(other.options)
  expect(await upstreams()).toBe(2 * before)
  await instance.forget()
  expect(await upstreams()).toBe(before)
  await instance.prepare(other.options)
  await instance.reconfigure({ ...other, clients: clientsChange([], []) })
  expect(await upstreams()).toBe(2 * before)
})

it('cannot be reloaded to an address that is not there, and goes on', async () => {
  const { instance, upstreams } = await started(optionsWith('127.0.0.2'))
  const before = await upstreams()
  const [only] = optionsWith('127.0.0.4').servers
  const options = { ...optionsWith(), servers: [{ ...only!, sourceAddress: '192.0.2.77' }] }
  const error = await instance.prepare(plainOptions(options)).catch((e: unknown) => e)
  expect(codeOf(error)).toBe('ADDRESS_NOT_LOCAL')
  expect(await upstreams()).toBe(before)
})

it('hears nothing once it is closed', async () => {
  const { instance, bind, upstreams } = await started(optionsWith('127.0.0.2'))
  await instance.close()
  expect(await upstreams()).toBe(0)
  // Its port is free.
  bind(HERE, 1812, () => undefined)
})
