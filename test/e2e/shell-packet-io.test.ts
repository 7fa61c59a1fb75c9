/**
 * Which packet I/O a daemon uses, tried for real: the self-test in its own process, programs in its place that abort, hang and
 * talk nonsense, a seccomp filter that refuses a call, and what the log, the status and the metrics say.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PacketIoChooser } from '../../src/transport/choice/chooser.io.ts'
import type { WantedPacketIo } from '../../src/transport/choice/packet-io.ts'
import { SelfTestChild } from '../../src/transport/choice/self-test-child.io.ts'
import { resultOf, type SelfTestResult } from '../../src/transport/choice/self-test-result.ts'
import { KeptResult } from '../../src/transport/choice/surroundings.io.ts'
import { canBatch, titled } from './kit/batches.ts'
import { Child, run, until } from './kit/child.ts'
import { Daemon, RADSLUICE, ROOT, type Settings, serverEntry, settingsText } from './kit/daemon.ts'
import { needs, peerPath } from './kit/peers.ts'
import { freePort } from './kit/ports.ts'

const PASSES = ['-e', 'console.log(JSON.stringify({ ok: true }))']
const ABORTS = ['-e', 'process.abort()']
const CONFIGURATION = '/etc/radsluice.yaml'

/** Not among temporary files: those are in a folder that all may write to, so nothing would be kept. */
let home = ''
const before = process.env['CACHE_DIRECTORY']
const closing: (() => Promise<unknown>)[] = []
beforeEach(() => {
  home = mkdtempSync(join(realpathSync(homedir()), '.radsluice-test-'))
  process.env['CACHE_DIRECTORY'] = home
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  if (before === undefined) delete process.env['CACHE_DIRECTORY']
  else process.env['CACHE_DIRECTORY'] = before
  rmSync(home, { recursive: true, force: true })
})

describe('a program in place of the self-test', () => {
  const resultOfProgram = async (text: string, limitMs?: number): Promise<SelfTestResult> =>
    resultOf(await new SelfTestChild(['-e', text], limitMs).ended)

  it.each([
    ['aborts', 'process.abort()', /^it was ended by SIGABRT, so koffi may not fit this machine/],
    ['meets an unknown instruction', 'process.kill(process.pid, "SIGILL")', /^it was ended by SIGILL/],
    ['throws', 'throw new Error("no such thing")', /exit code 1 and printed no result: .*no such thing/],
    ['prints without end', 'for (let i = 0; i < 2000; i += 1) console.log("x".repeat(1000))', /printed no result$/],
    ['says what failed', 'console.log(JSON.stringify({ ok: false, step: "a", error: "b" }))', /^a: b$/],
  ])('that %s has failed for good', async (_what, text, why) => {
    expect(await resultOfProgram(text)).toEqual({ ok: false, isTransient: false, why: expect.stringMatching(why) })
  })

  it('that hangs is ended at the limit', async () => {
    const result = await resultOfProgram('setInterval(() => undefined, 1000)', 300)
    expect(result).toEqual({ ok: false, isTransient: true, why: 'it had not ended after 0.3 s' })
  })

  it('that passes has passed', async () => {
    expect(await resultOfProgram(PASSES[1] as string)).toEqual({ ok: true })
  })
})

describe.skipIf(!canBatch)(titled('the choice of packet I/O on this machine'), () => {
  const choiceOf = (wanted: WantedPacketIo): { use: string; because: string } => {
    const { use, because } = new PacketIoChooser(wanted, CONFIGURATION).choice()
    return { use, because }
  }

  it('is dgram until a test has passed, and batched from then on', async () => {
    expect(choiceOf('auto')).toEqual({ use: 'dgram', because: 'not-tested' })
    expect(await new PacketIoChooser('auto', CONFIGURATION, PASSES).test()).toEqual({ ok: true })
    expect(choiceOf('auto')).toEqual({ use: 'batched', because: 'self-test-passed' })
    expect(choiceOf('dgram')).toEqual({ use: 'dgram', because: 'setting' })
  })

  it('knows a failure that lasts, tests again, and forgets one that may not last', async () => {
    const hangs = ['-e', 'process.kill(process.pid, "SIGKILL")']
    expect(await new PacketIoChooser('auto', CONFIGURATION, hangs).test()).toMatchObject({ isTransient: true })
    expect(choiceOf('auto').because).toBe('not-tested')
    await new PacketIoChooser('auto', CONFIGURATION, ABORTS).test()
    expect(choiceOf('auto').because).toBe('self-test-failed')
    expect(new PacketIoChooser('auto', CONFIGURATION).mustTest('beside')).toBe(true)
  })

  it('believes nothing that was made with another koffi, or that others can write', async () => {
    await new PacketIoChooser('auto', CONFIGURATION, PASSES).test()
    const file = join(home, 'radsluice/packet-io/self-test.json')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace(/koffi [\d.]+/, 'koffi 0.0.1'))
    expect(choiceOf('auto').because).toBe('not-tested')
    writeFileSync(file, 'x'.repeat(100_000))
    expect(choiceOf('auto').because).toBe('not-tested')
    writeFileSync(file, text)
    expect(choiceOf('auto').because).toBe('self-test-passed')
    process.env['CACHE_DIRECTORY'] = '/tmp'
    expect(new KeptResult().canKeep).toBe(false)
    expect(choiceOf('auto').because).toBe('not-tested')
  })

  it('passes the real self-test', async () => {
    expect(await new PacketIoChooser('auto', CONFIGURATION).test()).toEqual({ ok: true })
  })
})

interface Line {
  readonly event: string
  readonly [field: string]: unknown
}

describe.skipIf(!canBatch)(titled('a daemon'), () => {
  const farm = { servers: [serverEntry('one', { authPort: 9, secret: 'a-secret-of-sixteen' })] }
  const started = async (settings: Settings, selfTest?: readonly string[]): Promise<Daemon> => {
    process.env['SELF_TEST'] = JSON.stringify(selfTest)
    const program = fileURLToPath(new URL('./kit/self-tested-daemon.ts', import.meta.url))
    const words =
      selfTest === undefined ? ([RADSLUICE, 'run', '-c'] as const) : ([join(ROOT, 'scripts/node24'), program] as const)
    const daemon = await Daemon.start({ farm, ...settings }, words)
    closing.push(() => daemon.kill())
    return daemon
  }
  const linesOf = (daemon: Daemon): Line[] =>
    daemon.child.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line)

  it('with auto serves over dgram at once, tests meanwhile, and uses batched packet I/O after a restart', async () => {
    const first = await started({ packet_io: 'auto' })
    expect((await first.status()).packetIo).toMatchObject({ use: 'dgram', because: 'not-tested' })
    await first.child.says(/"packet-io-tested"/)
    const after = await first.status()
    expect(after.packetIo).toMatchObject({ use: 'dgram', because: 'restart-needed' })
    expect(after.instances[0]?.packetIo).toEqual({ use: 'dgram' })
    const second = await started({ packet_io: 'auto' })
    const status = await second.status()
    expect(status.packetIo).toMatchObject({ wanted: 'auto', use: 'batched', because: 'self-test-passed' })
    expect(status.instances[0]).toMatchObject({ packetIo: { use: 'batched' }, transport: { sendBufferFull: 0 } })
    expect(linesOf(second).find(({ event }) => event === 'started')).toMatchObject({ packetIo: 'batched' })
    const metrics = (await second.get('/metrics'))?.text
    expect(metrics).toContain('radsluice_packet_io_info{packet_io="batched",because="self-test-passed",instance="0"} 1')
    const text = (await run(RADSLUICE, ['status', '--admin', `127.0.0.1:${second.ports.admin}`])).stdout
    expect(text).toMatch(/^packet I\/O batched: /m)
  })

  it('that must batch and can not serves over dgram, and says so wherever one looks', async () => {
    const daemon = await started({ packet_io: 'batched' }, ABORTS)
    const status = await daemon.status()
    expect(status.packetIo).toMatchObject({ wanted: 'batched', use: 'dgram', because: 'self-test-failed' })
    expect(status.concerns).toContainEqual(expect.stringMatching(/^packet_io is batched, and dgram serves: .*SIGABRT/))
    expect(status).toMatchObject({ ok: false, ready: true })
    expect(linesOf(daemon).map(({ event }) => event)).toContain('packet-io-unmet')
    expect((await daemon.stop()).code).toBe(0)
  })

  it('that must batch waits for the test, and batches from its first start on', async () => {
    const daemon = await started({ packet_io: 'batched' })
    expect((await daemon.status()).packetIo).toMatchObject({ use: 'batched' })
  })

  it('with auto goes on over dgram if the test beside it aborts', async () => {
    const daemon = await started({ packet_io: 'auto' }, ABORTS)
    await daemon.child.says(/"packet-io-not-usable"/)
    expect(await daemon.status()).toMatchObject({
      ready: true,
      packetIo: { use: 'dgram', because: 'self-test-failed' },
    })
    expect((await daemon.status()).concerns).toEqual([])
  })

  const refused = needs('under a seccomp filter that refuses recvmmsg', 'gcc')
  it.skipIf(refused.skip)(refused.title, async () => {
    mkdirSync(join(home, 'bin'))
    const refuse = join(home, 'bin/refuse')
    const source = fileURLToPath(new URL('./kit/refuse.c', import.meta.url))
    expect(await run(peerPath('gcc'), ['-O1', '-o', refuse, source])).toMatchObject({ code: 0 })
    // Tested before without the filter: the filter is another surrounding, so that result does not count.
    await new PacketIoChooser('auto', CONFIGURATION, PASSES).test()
    const recvmmsg = process.arch === 'arm64' ? '243' : '299'
    const daemon = await Daemon.start({ farm, packet_io: 'batched' }, [refuse, recvmmsg, RADSLUICE, 'run', '-c'])
    closing.push(() => daemon.kill())
    const { packetIo, ready } = await daemon.status()
    expect({ ready, ...packetIo }).toMatchObject({ ready: true, use: 'dgram', because: 'self-test-failed' })
    expect(packetIo.why).toMatch(/EPERM; a seccomp profile may forbid the call/)
  })
})

describe.skipIf(!canBatch)(titled('a daemon whose koffi passes the self-test and aborts it later'), () => {
  const ABORTING = `--import=${fileURLToPath(new URL('./kit/aborting-koffi.ts', import.meta.url))}`
  const marks = (): string[] =>
    readdirSync(join(home, 'radsluice/packet-io')).filter((name) => name.startsWith('start-'))
  /** As a service manager does: the same configuration each time. */
  const service = async (packetIo: WantedPacketIo) => {
    const ports = { authentication: await freePort(), accounting: await freePort(), admin: await freePort() }
    const file = join(home, 'radsluice.yaml')
    const farm = { servers: [serverEntry('one', { authPort: 9, secret: 'a-secret-of-sixteen' })] }
    writeFileSync(file, settingsText(ports, { packet_io: packetIo, farm }), { mode: 0o600 })
    return (nodeOptions: string, config = file): Child => {
      const child = new Child(RADSLUICE, ['run', '-c', config], { env: { ...process.env, NODE_OPTIONS: nodeOptions } })
      closing.push(() => child.stop('SIGKILL'))
      return child
    }
  }

  it.each(['auto', 'batched'] as const)(
    'with %s takes dgram after two such ends, and says what to do',
    async (packetIo) => {
      await new PacketIoChooser('auto', CONFIGURATION, PASSES).test()
      const start = await service(packetIo)
      for (const ends of [1, 2]) {
        const aborting = start(ABORTING)
        await aborting.says(/"event":"started".*"packetIo":"batched"/)
        expect((await aborting.end()).signal).toBe('SIGABRT')
        expect(marks()).toHaveLength(ends)
      }
      const third = start(ABORTING)
      await third.says(/"event":"started"/)
      expect(third.stdout).toMatch(
        /"packetIo":"dgram".*2 times in a row.*delete .*\/packet-io\/start-\*\.json and restart/,
      )
      await third.says(packetIo === 'batched' ? /"packet-io-unmet"/ : /"packet-io-not-usable"/)
      expect((await third.stop()).code).toBe(0)

      // Somebody has put a koffi there that fits, and does as the sentence says.
      for (const name of marks()) rmSync(join(home, 'radsluice/packet-io', name))
      const fourth = start('')
      await fourth.says(/"event":"started".*"packetIo":"batched"/)
      expect(marks()).toHaveLength(1)
      expect((await fourth.stop()).code).toBe(0)
      expect(marks()).toEqual([])
    },
  )

  it('is no matter to a daemon with another configuration, and one that has served clears its own marks', async () => {
    await new PacketIoChooser('auto', CONFIGURATION, PASSES).test()
    const start = await service('auto')
    expect((await start(ABORTING).end()).signal).toBe('SIGABRT')
    const other = join(home, 'other.yaml')
    writeFileSync(other, readFileSync(join(home, 'radsluice.yaml')), { mode: 0o600 })
    const beside = start('', other)
    await beside.says(/"event":"started".*"packetIo":"batched"/)
    expect(marks()).toHaveLength(2)
    await until(() => marks().length === 1, 'the mark of the other daemon to go', 30_000)
    expect((await beside.stop()).code).toBe(0)
    const serving = start('')
    await serving.says(/"event":"started".*"packetIo":"batched"/)
    await until(() => marks().length === 0, 'the marks of this daemon to go', 30_000)
    expect((await serving.stop()).code).toBe(0)
  })
})

describe.skipIf(!canBatch)(titled('check'), () => {
  const file = (): string => join(home, 'radsluice.yaml')
  const checked = (setting: string, ...words: string[]) => {
    const rest = readFileSync(join(ROOT, 'examples/minimal.yaml'), 'utf8').replaceAll(
      /secret_file: .*/g,
      'secret: sixteen-octets-at-least',
    )
    writeFileSync(file(), `${setting}\n${rest}`)
    return run(RADSLUICE, ['check', '-c', file(), ...words])
  }

  it('says with --notes what run would use, after the self-test, whose result is kept', async () => {
    expect((await checked('packet_io: auto')).stderr).not.toContain('note:')
    const noted = await checked('packet_io: auto', '--notes')
    expect(noted.stderr).toMatch(/^note: packet I\/O is batched: batched packet I\/O has passed its self-test here/m)
    expect(new PacketIoChooser('auto', CONFIGURATION).choice().use).toBe('batched')
    const json = JSON.parse((await checked('packet_io: dgram', '--notes', '--json')).stdout) as { notes: string[] }
    expect(json.notes).toEqual(['packet I/O is dgram: packet_io is dgram'])
  })
})
