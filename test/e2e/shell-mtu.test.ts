/**
 * A path whose second link takes 1,400 octets, and a login of 1,460: does it arrive, and does its answer?
 *
 * What the kernel does by default, and what deploy/sysctl.d changes, in network namespaces of their own. A request and
 * its answer are counted at both ends; a router counts what it cut and what it dropped.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { Child, run } from './kit/child.ts'
import { RADSLUICE, ROOT, type Settings, serverEntry, settingsText } from './kit/daemon.ts'
import { canMakeNamespaces, FAR_CLIENT, FAR_SERVER, NarrowPath, NEAR, type PathOptions } from './kit/narrow-path.ts'

const title = 'a login of 1,460 octets over a link of 1,400'
const FAR_SIDE = fileURLToPath(new URL('kit/far-side.ts', import.meta.url))
const PORT = 1812
const OCTETS = 1_460
const TIMES = 3
/** Twice the proxy's time-out: it sends again before its client does. */
const [INTERVAL_MS, TIMEOUT] = [2_000, '1s']
const SECRET = 'one secret for all of it'

/** What deploy/sysctl.d sets for a network namespace; `net.core` is the machine's. */
const OURS = readFileSync(join(ROOT, 'deploy/sysctl.d/60-radsluice.conf'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('net.ipv4.'))
  .map((line) => line.replaceAll(' ', ''))

const OVER_DGRAM: Settings = { packet_io: 'dgram' }
const OVER_BATCHES: Settings = { packet_io: 'batched' }

const toEnd: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end()
})

interface Outcome {
  /** How often the client sent its login, what came to the server, and the octets of the answer (0: none). */
  readonly login: { readonly sent: number; readonly served: number; readonly received: number }
  readonly router: ReturnType<NarrowPath['fragmentation']>
}

async function logIn(family: 4 | 6, options: PathOptions, more: Settings = {}): Promise<Outcome> {
  const path = new NarrowPath(options)
  toEnd.push(async () => path.remove())
  const folder = mkdtempSync(join(tmpdir(), 'radsluice-mtu-'))
  toEnd.push(async () => rmSync(folder, { recursive: true }))
  const config = join(folder, 'radsluice.yaml')
  const bracketed = family === 6 ? `[${NEAR[6]}]` : NEAR[4]
  const settings = {
    listen: { authentication: [`${bracketed}:${PORT}`], accounting: [] },
    clients: [{ name: 'far', address: FAR_CLIENT[family], secret: SECRET }],
    farm: {
      authentication: { timeout: TIMEOUT },
      servers: [{ ...serverEntry('far', { authPort: PORT, secret: SECRET }), address: FAR_SERVER[family] }],
    },
    ...more,
  }
  writeFileSync(config, settingsText({ authentication: PORT, accounting: 0, admin: 9812 }, settings), { mode: 0o600 })
  const [netns = '', ...words] = path.on('near')
  const daemon = new Child(netns, [...words, RADSLUICE, 'run', '-c', config])
  toEnd.push(() => daemon.stop('SIGTERM', 15_000))
  await daemon.says(/"event":"started"/)
  const [far = '', ...wordsThere] = path.on('far')
  const given = [FAR_CLIENT[family], FAR_SERVER[family], NEAR[family], PORT, OCTETS, SECRET, INTERVAL_MS, TIMES]
  const ended = await run(far, [...wordsThere, join(ROOT, 'scripts/node24'), FAR_SIDE, ...given.map(String)])
  if (ended.code !== 0) throw new Error(ended.stderr)
  return { login: JSON.parse(ended.stdout) as Outcome['login'], router: path.fragmentation() }
}

describe.skipIf(!canMakeNamespaces)(
  canMakeNamespaces ? title : `${title} [skipped: needs root, and ip (Debian: iproute2)]`,
  () => {
    it.each([
      ['over dgram where the sysctl of deploy/ is set', OVER_DGRAM, OURS],
      ['over batched packet I/O, which forbids no router to cut', OVER_BATCHES, []],
    ])('arrives in fragments at once %s, and so does its answer', async (_when, more, sysctl) => {
      for (const filtered of [false, true]) {
        const { login, router } = await logIn(4, { filtered, sysctl }, more)
        expect(login).toEqual({ sent: 1, served: 1, received: OCTETS })
        expect(router).toEqual({ cut: 2, refused: 0 })
        for (const end of toEnd.splice(0).reverse()) await end()
      }
    })

    it('is lost once over dgram without it, and so is its answer: the kernel learns from the router what the path takes', async () => {
      const { login, router } = await logIn(4, { filtered: false, sysctl: [] }, OVER_DGRAM)
      expect(login).toEqual({ sent: 2, served: 1, received: OCTETS })
      expect(router).toEqual({ cut: 0, refused: 2 })
    })

    it('never arrives over dgram without it where a firewall drops what the router says', async () => {
      const { login, router } = await logIn(4, { filtered: true, sysctl: [] }, OVER_DGRAM)
      expect(login).toEqual({ sent: TIMES, served: 0, received: 0 })
      expect(router.cut).toBe(0)
      // Two tries at the only server; then the login waits for its answer, whatever copies come (2 s x 2).
      expect(router.refused).toBeGreaterThanOrEqual(2)
    })

    it.each([4, 6] as const)('arrives at once over IPv%i where the route has the MTU of the path', async (family) => {
      const { login, router } = await logIn(family, { filtered: family === 4, sysctl: [], route: 'mtu lock 1400' })
      expect(login).toEqual({ sent: 1, served: 1, received: OCTETS })
      expect(router).toEqual({ cut: 0, refused: 0 })
    })

    it('is lost once over IPv6, with the sysctl too: only a sender cuts datagrams there, once it was told', async () => {
      const { login } = await logIn(6, { filtered: false, sysctl: OURS })
      expect(login).toEqual({ sent: 2, served: 1, received: OCTETS })
    })
  },
)
