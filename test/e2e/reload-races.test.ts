/**
 * Reloads that race with each other, and with threads that start and crash: real threads and real sockets. Whatever comes
 * first, each instance ends with what is in force and sockets for it, and no record goes elsewhere.
 */

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { perClass } from '../../src/classes.ts'
import { Instances } from '../../src/instances/instances.io.ts'
import type { InstanceSettings, Traced } from '../../src/instances/protocol/protocol.ts'
import { plainOptions } from '../../src/instances/shared/plain-options.ts'
import type { ServerOptions } from '../../src/proxy/border/options.ts'
import { micros } from '../../src/units.ts'
import { accountingRequest } from '../proxy/datagrams.ts'
import { client, defaults, server } from '../proxy/options.ts'
import { run, until } from './kit/child.ts'
import { Daemon, RADSLUICE, type Settings, serverEntry } from './kit/daemon.ts'
import { freePort } from './kit/ports.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** The end of a range of source ports, below those that the system gives to other tests meanwhile: one would be in the way. */
const rangeEnd = (number: number): number => 21_000 + 120 * (process.pid % 90) + 60 * number

const bound = async (port = 0): Promise<Socket> => {
  const socket = createSocket('udp4')
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  closing.push(() => socket.close())
  return socket
}

/** A server that takes records and never answers. */
class Sink {
  got = 0
  readonly port: number

  private constructor(socket: Socket) {
    this.port = socket.address().port
    socket.on('message', () => {
      this.got += 1
    })
  }

  static async open(): Promise<Sink> {
    return new Sink(await bound())
  }
}

const toPort = (name: string, port: number, o: Partial<ServerOptions> & { readonly rate?: number } = {}) => {
  const { rate, ...more } = o
  const one = server(name, { address: '127.0.0.1', port, ...(rate === undefined ? {} : { rate }) })
  return { ...one, lanes: { accounting: one.lanes.accounting! }, ...more }
}

const settingsOf = (...servers: ServerOptions[]): InstanceSettings => ({
  logsSessions: false,
  forgets: 0,
  options: plainOptions({ ...defaults(), clients: [client({ network: '127.0.0.0/8' })], servers }),
  memory: { budgets: {}, tables: undefined },
  logLevel: 'error',
})

interface Scene {
  readonly instances: Instances
  readonly traced: Traced[]
  readonly restarted: number[]
  /** Sends so many records from as many ports; they reach all instances. */
  send(count: number): Promise<void>
  crash(): void
  change(settings: InstanceSettings): Promise<void>
}

const scene = async (settings: InstanceSettings, o: { count?: number; crashed?: () => void } = {}): Promise<Scene> => {
  const { count = 1 } = o
  const port = await freePort()
  const crashPorts = await Promise.all(Array.from({ length: count }, () => freePort()))
  process.env['CRASH_PORTS'] = crashPorts.join(' ')
  const traced: Traced[] = []
  const restarted: number[] = []
  const instances = new Instances({
    count,
    listen: { ...perClass(() => []), accounting: [{ address: '127.0.0.1', port }] },
    settings,
    packetIo: { use: 'dgram', batchTick: micros(0), steersBy: 'port' },
    events: {
      line: () => undefined,
      sessionsEnded: () => undefined,
      viewFailed: () => undefined,
      traced: (_number, told) => traced.push(told),
      crashed: () => o.crashed?.(),
      restarted: (number) => restarted.push(number),
      restartFailed: (number, error) => expect.unreachable(`instance ${number}: ${error}`),
    },
    file: new URL('./kit/crashing-thread.ts', import.meta.url),
  })
  closing.push(() => instances.close())
  let sent = 0
  return {
    instances,
    traced,
    restarted,
    change: (next) => instances.reconfigure(next, () => undefined),
    crash: () => {
      const finger = createSocket('udp4')
      finger.send('now', crashPorts[0], '127.0.0.1', () => finger.close())
    },
    send: async (many) => {
      for (let i = 0; i < many; i += 1) {
        const socket = await bound()
        sent += 1
        socket.send(accountingRequest({ identifier: 1, tag: `r${sent}`, session: `x${sent}` }), port, '127.0.0.1')
      }
    },
  }
}

/** What all instances have: by server and class, with the rate, and that nothing failed to be sent. */
const lanesOf = async ({ instances }: Scene): Promise<string[][]> => {
  const views = await instances.view()
  expect(views.map(({ sendFailures }) => sendFailures)).toEqual(views.map(() => 0))
  return views.map(({ engine }) =>
    engine.lanes.filter(({ retiring }) => !retiring).map(({ server: name, slots }) => `${name} ${slots.maxRate}`),
  )
}

describe('a reload', () => {
  it('that one instance refuses leaves nothing behind that the next one could send to', async () => {
    const [first, refused, last] = [await Sink.open(), await Sink.open(), await Sink.open()]
    const own = await scene(settingsOf(toPort('first', first.port)), { count: 2 })
    await own.instances.open()
    // Source ports are dealt out in turn: one of the second instance's is taken.
    const from = rangeEnd(0)
    await bound(from - 1)
    const range = { sourceAddress: '127.0.0.1', sourcePorts: [from - 50, from] as const }
    await expect(own.change(settingsOf(toPort('refused', refused.port, range)))).rejects.toThrow(/another program/)
    await own.change(settingsOf(toPort('last', last.port)))
    await own.send(40)
    await until(() => last.got >= 40, '40 records at the last server')
    expect([first.got, refused.got]).toEqual([0, 0])
    expect(await lanesOf(own)).toEqual([['last 0'], ['last 0']])
  })

  it('that needs the very source ports of a refused one gets them', async () => {
    const [first, next] = [await Sink.open(), await Sink.open()]
    const own = await scene(settingsOf(toPort('first', first.port)), { count: 2 })
    await own.instances.open()
    const from = rangeEnd(1)
    const blocker = await bound(from - 1)
    const range = { sourceAddress: '127.0.0.1', sourcePorts: [from - 50, from] as const }
    const wanted = settingsOf(toPort('next', next.port, range))
    await expect(own.change(wanted)).rejects.toThrow(/another program/)
    closing.splice(closing.length - 1, 1)
    await new Promise<void>((resolve) => blocker.close(resolve))
    await own.change({ ...wanted })
    await own.send(10)
    await until(() => next.got >= 10, '10 records')
  })

  it('while an instance starts gives it the sockets that it needs, and nothing goes to the servers of before', async () => {
    const [before, then] = [await Sink.open(), await Sink.open()]
    const own = await scene(settingsOf(toPort('before', before.port)))
    const opened = own.instances.open()
    await own.change(settingsOf(toPort('then', then.port)))
    await opened
    await own.send(5)
    await until(() => then.got >= 5, '5 records')
    expect(before.got).toBe(0)
    expect(await lanesOf(own)).toEqual([['then 0']])
  })

  it('and more of them while an instance starts: the last one is in force', async () => {
    const sink = await Sink.open()
    const own = await scene(settingsOf(toPort('one', sink.port, { rate: 10 })), { count: 2 })
    const opened = own.instances.open()
    await Promise.all([20, 25, 30].map((rate) => own.change(settingsOf(toPort('one', sink.port, { rate })))))
    await opened
    await until(async () => (await lanesOf(own)).flat().every((lane) => lane === 'one 30'), '30 a second everywhere')
  })

  it('while an instance is started again after a crash, twice: it ends with the last one, as the other does', async () => {
    const [before, then] = [await Sink.open(), await Sink.open()]
    const changes: Promise<void>[] = []
    const own: Scene = await scene(settingsOf(toPort('before', before.port)), {
      count: 2,
      crashed: () => {
        changes.push(own.change(settingsOf(toPort('between', before.port, { rate: 5 }))))
        setTimeout(() => changes.push(own.change(settingsOf(toPort('then', then.port, { rate: 30 })))), 20)
      },
    })
    await own.instances.open()
    own.crash()
    await until(() => own.restarted.length === 1 && changes.length === 2, 'the other thread')
    await Promise.all(changes)
    await own.send(20)
    await until(() => then.got >= 20, '20 records')
    expect(before.got).toBe(0)
    expect(await lanesOf(own)).toEqual([['then 30'], ['then 30']])
  })

  it('of a daemon whose only instance has just crashed is not lost, and does not wait for the dead', async () => {
    const [before, then] = [await Sink.open(), await Sink.open()]
    let change: Promise<void> | undefined
    const own: Scene = await scene(settingsOf(toPort('before', before.port)), {
      crashed: () => {
        change = own.change(settingsOf(toPort('then', then.port)))
      },
    })
    await own.instances.open()
    own.crash()
    await until(() => own.restarted.length === 1, 'the other thread')
    await change
    await own.send(5)
    await until(() => then.got >= 5, '5 records')
    expect(before.got).toBe(0)
  })
})

describe('a thread that follows a crashed one', () => {
  it('follows what was asked for while it started, and before it', async () => {
    const sink = await Sink.open()
    const own: Scene = await scene(settingsOf(toPort('one', sink.port)), {
      crashed: () => void own.instances.follow([{ trace: 1 }, { trace: 2 }]),
    })
    await own.instances.open()
    await own.instances.follow([{ trace: 1 }])
    own.crash()
    await until(() => own.restarted.length === 1, 'the other thread')
    await own.send(1)
    await until(() => own.traced.length > 0, 'a step of the record')
    expect(own.traced[0]).toMatchObject({ traces: [1, 2], event: { step: 'received' } })
  })

  it('takes nothing new where a drain began meanwhile, not even the first datagram', async () => {
    const sink = await Sink.open()
    let drained: Promise<void> | undefined
    const own: Scene = await scene(settingsOf(toPort('one', sink.port)), {
      crashed: () => {
        drained = own.instances.drain('keep').then(() => own.instances.idle())
      },
    })
    await own.instances.open()
    own.crash()
    await until(() => drained !== undefined, 'the crash')
    await drained
    await own.send(1)
    await until(() => own.restarted.length === 1, 'the other thread')
    await own.send(5)
    await until(async () => {
      const [view] = await own.instances.view()
      return view!.engine.classes.accounting.ledger.dropped.draining >= 5
    }, 'five refused')
    expect(sink.got).toBe(0)
  })
})

describe('a storm of SIGHUP', () => {
  it('ends with the last file in force, with a server held Down that an operator took down in the middle of it', async () => {
    const settings = (rate: number): Settings => ({
      instances: 2,
      farm: {
        authentication: { max_rate: rate },
        servers: ['one', 'two'].map((name, at) => serverEntry(name, { authPort: 20_000 + at, secret: 'none' })),
      },
    })
    const daemon = await Daemon.start(settings(100))
    closing.push(() => daemon.kill())
    const sluice = (...words: string[]) => run(RADSLUICE, [...words, '--admin', `127.0.0.1:${daemon.ports.admin}`])
    const commands: ReturnType<typeof sluice>[] = []
    for (let rate = 101; rate <= 130; rate += 1) {
      daemon.reload(settings(rate))
      if (rate === 110) commands.push(sluice('server', 'down', 'one'))
      if (rate % 10 === 0) commands.push(sluice('set', 'max-rate', 'two', 'authentication', '7'))
      await new Promise((resolve) => setTimeout(resolve, rate % 7))
    }
    for (const command of commands) expect((await command).code).toBe(0)
    // The commands may have come after the last signal: the file has the last word.
    daemon.reload(settings(131))
    await daemon.reaches(
      ({ lanes }) => lanes.length === 2 && lanes.every(({ slots }) => slots.maxRate === 131),
      'the last rate of all',
    )
    const status = await daemon.status()
    expect(status.lanes.map(({ server: name, isHeldDown }) => [name, isHeldDown])).toEqual([
      ['one', true],
      ['two', false],
    ])
    expect(status.sendFailures).toBe(0)
  })
})
