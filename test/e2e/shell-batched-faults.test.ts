/**
 * Faults of the network under a daemon over batched packet I/O, in network namespaces: a queue of an interface that is full, a
 * link that goes down under traffic, an interface that is made anew.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { StatusReport } from '../../src/observe/status-report.ts'
import { canBatch, titled } from './kit/batches.ts'
import { Child, until } from './kit/child.ts'
import { RADSLUICE, ROOT, type Settings, serverEntry, settingsText } from './kit/daemon.ts'
import { canMakeNamespaces } from './kit/narrow-path.ts'
import { FAR_ADDRESS, FAR_LINK_LOCAL, TwoSides } from './kit/two-sides.ts'

const PATH_ENDS = fileURLToPath(new URL('kit/path-ends.ts', import.meta.url))
const NODE = join(ROOT, 'scripts/node24')
const SECRET = 'one secret for all of it'
const PORT = 1812
/** A login is sent again every second, so often. */
const TRIES = 60

const toEnd: (() => unknown)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end()
})

class Scene {
  readonly sides = new TwoSides()
  readonly #folder = mkdtempSync(join(tmpdir(), 'radsluice-faults-'))
  #daemon: Child | undefined

  constructor() {
    toEnd.push(() => rmSync(this.#folder, { recursive: true }))
    toEnd.push(() => this.sides.remove())
  }

  get output(): string {
    return this.#daemon?.output ?? ''
  }

  /** A server at the far side, and a daemon at the near side that has it under `address`. */
  async open(address: string, more: Settings = {}): Promise<void> {
    const server = this.#start('far', [
      NODE,
      PATH_ENDS,
      'server',
      address.includes(':') ? '::' : FAR_ADDRESS,
      `${PORT}`,
      SECRET,
    ])
    await server.says(/^open$/m)
    const config = join(this.#folder, 'radsluice.yaml')
    const settings = {
      listen: { authentication: [`127.0.0.1:${PORT}`], accounting: [] },
      clients: [{ name: 'near', address: '127.0.0.0/8', secret: SECRET }],
      packet_io: 'batched',
      admin: { socket: this.#adminSocket },
      farm: {
        authentication: { timeout: '1s' },
        servers: [serverEntry('far', { authPort: PORT, secret: SECRET }, { address })],
      },
      ...more,
    }
    writeFileSync(config, settingsText({ authentication: PORT, accounting: 0, admin: 9812 }, settings), { mode: 0o600 })
    this.#daemon = this.#start('near', [RADSLUICE, 'run', '-c', config])
    await this.#daemon.says(/"event":"started"/)
  }

  logIn(o: { readonly logins: number; readonly perSecond: number }): Child {
    const numbers = [o.logins, o.perSecond, TRIES].map(String)
    return this.#start('near', [NODE, PATH_ENDS, 'client', '127.0.0.1', `${PORT}`, SECRET, ...numbers])
  }

  async status(): Promise<StatusReport> {
    const answer = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      get({ socketPath: this.#adminSocket, path: '/status' }, resolve).once('error', reject)
    })
    return JSON.parse(await text(answer)) as StatusReport
  }

  async reaches(isSo: (status: StatusReport) => boolean, what: string): Promise<void> {
    let last: StatusReport | undefined
    await until(
      async () => {
        last = await this.status()
        return isSo(last)
      },
      what,
      30_000,
      () => JSON.stringify({ instances: last?.instances, lanes: last?.lanes }),
    )
  }

  /** Every login was answered, the books hold, and nothing crashed. */
  async allWell(client: Child, logins: number): Promise<void> {
    const { stdout, code } = await client.end(90_000)
    expect([code, JSON.parse(stdout)]).toEqual([0, { logins, answered: logins }])
    const { classes, instances, internalErrors } = await this.status()
    const [{ packetIo, crashes } = { packetIo: undefined, crashes: 1 }] = instances
    const { imbalance } = classes.authentication
    expect({ packetIo, imbalance, internalErrors, crashes }).toEqual({
      packetIo: { use: 'batched' },
      imbalance: 0,
      internalErrors: 0,
      crashes: 0,
    })
  }

  get #adminSocket(): string {
    return join(this.#folder, 'admin.sock')
  }

  #start(side: 'near' | 'far', words: readonly string[]): Child {
    const [program, ...before] = this.sides.on(side)
    const child = new Child(program, [...before, ...words])
    toEnd.push(() => child.stop('SIGTERM', 15_000))
    return child
  }
}

const named = canMakeNamespaces
  ? titled('batched packet I/O')
  : 'batched packet I/O [skipped: needs root, and ip and tc (Debian: iproute2)]'
describe.skipIf(!canMakeNamespaces || !canBatch)(named, () => {
  const sendFailures = ({ sendFailures: count }: StatusReport): number => count
  const sendBufferFull = ({ instances }: StatusReport): number => instances[0]!.transport!.sendBufferFull

  it('counts what a full queue of the interface does not take, and sends it again after its time-out', async () => {
    const scene = new Scene()
    await scene.open(FAR_ADDRESS)
    // Some 50 logins a second, and a queue of 20.
    scene.sides.must('near', 'tc qdisc add dev cable root tbf rate 64kbit burst 1600 limit 3000')
    const client = scene.logIn({ logins: 250, perSecond: 500 })
    await scene.reaches((status) => sendBufferFull(status) >= 50, '50 datagrams that were not taken')
    const status = await scene.status()
    expect(sendFailures(status)).toBe(sendBufferFull(status))
    expect(scene.output).toMatch(/"event":"send-failed".*"code":"ENOBUFS"/)
    await sleep(3_000)
    scene.sides.must('near', 'tc qdisc delete dev cable root')
    await scene.allWell(client, 250)
    const [lane] = (await scene.status()).lanes
    expect(lane!.counters.timeouts).toBeGreaterThan(0)
  })

  it.each(['near', 'far'] as const)(
    'serves on after the %s end of the link was down for 3 s under traffic',
    async (side) => {
      const scene = new Scene()
      await scene.open(FAR_ADDRESS)
      const client = scene.logIn({ logins: 250, perSecond: 40 })
      await scene.reaches(({ classes }) => classes.authentication.ledger.answered >= 20, '20 answers')
      scene.sides.must(side, 'ip link set cable down')
      await sleep(3_000)
      const during = await scene.status()
      // Without an interface there is no way; without a carrier, what is sent is lost on its way.
      if (side === 'near') expect(scene.output).toMatch(/"event":"send-failed".*"code":"ENETUNREACH"/)
      expect(during.lanes[0]!.counters.timeouts).toBeGreaterThan(0)
      scene.sides.must(side, 'ip link set cable up')
      await scene.allWell(client, 250)
    },
  )

  it('reaches a link-local server again whose interface is made anew under traffic', async () => {
    const scene = new Scene()
    await scene.open(FAR_LINK_LOCAL)
    const client = scene.logIn({ logins: 250, perSecond: 40 })
    await scene.reaches(({ classes }) => classes.authentication.ledger.answered >= 20, '20 answers')
    scene.sides.must('near', 'ip link delete cable')
    await sleep(1_500)
    scene.sides.plugIn()
    await scene.allWell(client, 250)
    expect(sendFailures(await scene.status())).toBeGreaterThan(0)
  })
})
