/**
 * The end of an instance's thread over batched packet I/O while requests come all the time: it ends soon, nothing stays open,
 * and the next thread opens the same ports at once.
 */

import { createSocket } from 'node:dgram'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { perClass } from '../../src/classes.ts'
import { readConfig } from '../../src/config/load/read.io.ts'
import { engineOptions } from '../../src/config/outward/engine-options.ts'
import type { ThreadStart } from '../../src/instances/protocol/protocol.ts'
import { plainOptions } from '../../src/instances/shared/plain-options.ts'
import { SharedMemories } from '../../src/instances/shared/shared-memory.ts'
import { Supervision } from '../../src/instances/supervisor.ts'
import { ThreadHandle } from '../../src/instances/thread-handle.io.ts'
import { instant } from '../../src/units.ts'
import { within } from '../../src/within.io.ts'
import { canBatch, titled } from './kit/batches.ts'
import { Child, until } from './kit/child.ts'
import { CLIENT_SECRET, Daemon, ROOT, serverEntry, settingsText } from './kit/daemon.ts'
import { freePort } from './kit/ports.ts'

const NODE = join(ROOT, 'scripts/node24')
const kit = (name: string): string => fileURLToPath(new URL(`kit/${name}`, import.meta.url))
const SERVER_SECRET = 'between-proxy-and-server'
const ROUNDS = 20
/** Each block of the loop ends after 100 ms at the latest. */
const ENDS_WITHIN_MS = 5_000

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const started = (...words: string[]): Child => {
  const child = new Child(NODE, [kit('path-ends.ts'), ...words])
  closing.push(() => child.stop('SIGKILL'))
  return child
}
/** A server, and a client that logs in a thousand times a second and waits for no answer. */
const server = (port: number): Promise<void> => started('server', '127.0.0.1', `${port}`, SERVER_SECRET).says(/^open$/m)
const storm = (port: number): Child => started('client', '127.0.0.1', `${port}`, CLIENT_SECRET, '1000000', '1000', '1')

const openDescriptors = (): number => readdirSync('/proc/self/fd').length

describe.skipIf(!canBatch)(titled('a thread over batched packet I/O that is terminated under load'), () => {
  it(`ends soon, ${ROUNDS} times, leaves no descriptor open, and the next one has its ports at once`, async () => {
    const serverPort = await freePort()
    const ports = { authentication: await freePort(), accounting: await freePort(), admin: await freePort() }
    const folder = mkdtempSync(join(tmpdir(), 'radsluice-threads-'))
    closing.push(() => rmSync(folder, { recursive: true }))
    const farm = { servers: [serverEntry('one', { authPort: serverPort, secret: SERVER_SECRET })] }
    const file = join(folder, 'radsluice.yaml')
    writeFileSync(file, settingsText(ports, { farm }))
    const read = readConfig(file)
    if (!read.ok) throw new Error(JSON.stringify(read.problems))
    const { config } = read
    await server(serverPort)
    storm(ports.authentication)

    const longest = { ms: 0 }
    const threadServesAndEnds = async (): Promise<void> => {
      const options = plainOptions(engineOptions(config))
      const memory = new SharedMemories({ scope: 'host', instances: 1 }).of(options, instant(0))
      const { usedUpUntil, books } = new Supervision(0).start()
      const start: ThreadStart = {
        number: 0,
        of: 1,
        settings: { options, memory, logLevel: 'error', logsSessions: false, forgets: 0 },
        packetIo: { use: 'batched', batchTick: config.batch_tick, steersBy: 'port' },
        usedUpUntil,
        books,
      }
      const ended = Promise.withResolvers<unknown>()
      const ignore = (): void => undefined
      const handle = new ThreadHandle(start, {
        line: ignore,
        sessionsEnded: ignore,
        traced: ignore,
        ended: ended.resolve,
      })
      await handle.call('open', undefined)
      await handle.call('listen', { at: { ...perClass(() => []), ...config.listen }, mustHaveAll: true })
      const answered = async (): Promise<number> => {
        const { first } = await handle.call('view', undefined)
        expect(first.packetIo).toEqual({ use: 'batched' })
        return first.engine.classes.authentication.ledger.answered
      }
      await until(async () => (await answered()) >= 30, 'answers of this thread')
      const from = performance.now()
      const isOver = await within(
        ENDS_WITHIN_MS,
        handle.terminate().then(() => true),
      )
      longest.ms = Math.max(longest.ms, performance.now() - from)
      expect([isOver, await ended.promise]).toEqual([true, undefined])
    }
    // What the first one loads stays open.
    await threadServesAndEnds()
    const before = openDescriptors()
    for (let round = 0; round < ROUNDS; round += 1) await threadServesAndEnds()
    expect(openDescriptors()).toBe(before)
    process.stdout.write(`the slowest of ${ROUNDS} threads ended within ${Math.round(longest.ms)} ms\n`)
  })
})

describe.skipIf(!canBatch)(titled('a thread over batched packet I/O that throws under load'), () => {
  it('is followed by one that has the same ports, three times, and no descriptor stays open', async () => {
    const [serverPort, crashPort] = [await freePort(), await freePort()]
    process.env['CRASH_PORTS'] = String(crashPort)
    const farm = { servers: [serverEntry('one', { authPort: serverPort, secret: SERVER_SECRET })] }
    const daemon = await Daemon.start({ packet_io: 'batched', farm }, [NODE, kit('faulty-daemon.ts')])
    closing.push(() => daemon.kill())
    await server(serverPort)
    storm(daemon.ports.authentication)
    const finger = createSocket('udp4')
    closing.push(() => finger.close())
    const answered = async (): Promise<number> => (await daemon.ledgerOf('authentication')).answered
    const descriptors = (): number => readdirSync(`/proc/${daemon.child.pid}/fd`).length
    await until(async () => (await answered()) >= 30, 'answers')
    const before = descriptors()
    for (let crash = 1; crash <= 3; crash += 1) {
      const had = await answered()
      finger.send('now', crashPort, '127.0.0.1')
      const isAnew = ([one]: Awaited<ReturnType<Daemon['status']>>['instances']): boolean =>
        one!.crashes === crash && one!.isRunning
      await daemon.reaches(({ instances }) => isAnew(instances), 'the next thread', 20_000)
      await until(async () => (await answered()) >= had + 30, 'its answers')
    }
    const { instances, classes, listeners } = await daemon.status()
    expect(instances[0]!.packetIo).toEqual({ use: 'batched' })
    expect(classes.authentication.imbalance).toBe(0)
    expect(listeners.map(({ presence }) => presence)).toEqual(['listening'])
    await until(
      () => descriptors() <= before,
      'no more descriptors than before',
      5_000,
      () => `${before}, now ${descriptors()}`,
    )
  })
})
