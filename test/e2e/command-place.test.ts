/**
 * Commands without an address find the daemon by its socket, whatever stands in the way of TCP; and they say whether
 * nothing listens or something listens and hangs.
 */
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, run, until } from './kit/child.ts'
import { Daemon, RADSLUICE, serverEntry } from './kit/daemon.ts'

const NOBODY = 65_534
const folder = mkdtempSync(join(tmpdir(), 'radsluice-place-'))
const socket = join(folder, 'admin-9812.sock')
const farm = { servers: [serverEntry('s', { authPort: 9, acctPort: 9, secret: 'nobody is there' })] }

/** Somebody runs a radsluice at the usual port: a command that finds no socket asks that one. */
const isTaken = await new Promise<boolean>((resolve) => {
  const usual = connect(9812, '127.0.0.1').on('error', () => resolve(false))
  usual.on('connect', () => {
    usual.destroy()
    resolve(true)
  })
})

/** A test without --admin would talk to that daemon. */
const unlessTaken = (title: string): string =>
  isTaken ? `${title} [skipped: something listens at 127.0.0.1:9812]` : title
const unlessTakenNorUser = (title: string): string =>
  process.getuid?.() === 0 ? unlessTaken(title) : `${title} [skipped: needs root]`

/** A command as typed without --admin, in surroundings that have only this folder. */
const typed = (words: readonly string[], runtime = folder): Promise<Ended> =>
  run(RADSLUICE, words, {
    env: { ...process.env, RUNTIME_DIRECTORY: runtime, XDG_RUNTIME_DIR: '', TMPDIR: folder },
    limitMs: 20_000,
  })

describe('a command without an address', () => {
  let daemon: Daemon
  beforeAll(async () => {
    daemon = await Daemon.start({ farm, admin: { socket } })
  })
  afterAll(async () => {
    await daemon.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  const pid = async (): Promise<unknown> =>
    (JSON.parse((await typed(['status', '--json'])).stdout) as { process: unknown; pid: number }).pid

  it('finds the socket of a daemon whose TCP address is another', async () => {
    expect(await pid()).toBe(daemon.child.pid)
    const { code, stdout } = await typed(['log-level', 'info'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('the log level is info')])
  })

  it('is not locked out by connections over TCP', async () => {
    const port = daemon.ports.admin
    const idle: Socket[] = []
    const askedWhileFull = async (): Promise<readonly [over: Ended, tcp: Ended]> => {
      const more = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
      idle.push(...more)
      await until(() => more.some(({ destroyed }) => destroyed), 'a connection that is one too many')
      return await Promise.all([typed(['status']), typed(['status', '--admin', `127.0.0.1:${port}`])])
    }
    let [over, tcp] = await askedWhileFull()
    // A connection of the daemon's start had one of the places, and left it late.
    if (tcp.stderr === '') [over, tcp] = await askedWhileFull()
    for (const one of idle) one.destroy()
    expect(over.code).toBeLessThan(3)
    expect(over.stdout).toContain(`pid ${daemon.child.pid}`)
    expect(tcp.stderr).toMatch(/closed the connection without an answer/)
  })

  it('is told that the daemon hangs, not to start it', async () => {
    daemon.child.signal('SIGSTOP')
    const { code, stderr } = await typed(['status'])
    daemon.child.signal('SIGCONT')
    expect(stderr).toMatch(/^radsluice: something listens at .*admin-9812\.sock but does not answer within 5 s/)
    expect(code).toBe(3)
  })

  it.skipIf(isTaken)(unlessTaken('names the socket of a daemon at another port'), async () => {
    const other = join(folder, 'other')
    mkdirSync(other, { mode: 0o700 })
    const second = await Daemon.start({ farm, admin: { socket: join(other, 'admin-7777.sock') } })
    const { stderr } = await typed(['status'], other)
    await second.kill()
    expect(stderr).toContain(`there is ${join(other, 'admin-7777.sock')}: give it with --admin`)
  })

  it.skipIf(isTaken || process.getuid?.() !== 0)(
    unlessTakenNorUser('trusts no folder that another user has made'),
    async () => {
      const theirs = join(folder, 'theirs')
      mkdirSync(theirs, { mode: 0o777 })
      const second = await Daemon.start({ farm, admin: { socket: join(theirs, 'admin-9812.sock') } })
      chownSync(folder, NOBODY, NOBODY)
      chownSync(theirs, NOBODY, NOBODY)
      const { stderr, code } = await typed(['status'], theirs)
      chownSync(folder, 0, 0)
      await second.kill()
      expect(stderr).toMatch(/^radsluice: nothing listens at http/)
      expect(code).toBe(3)
    },
  )

  it.skipIf(isTaken)(unlessTaken('says that nothing listens where a dead one left its socket'), async () => {
    daemon.child.signal('SIGKILL')
    await daemon.child.end()
    const { code, stderr } = await typed(['status'])
    expect(stderr).toMatch(/^radsluice: nothing listens at http:\/\/127\.0\.0\.1:9812, nor at a socket/)
    expect(code).toBe(3)
  })
})
