/**
 * Where a command looks for a daemon's socket: wherever a daemon may have put it, and only where nobody else could.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { isTrusted, socketFolders } from '../../../src/admin/socket/socket-candidates.ts'
import { defaultSocketPath } from '../../../src/admin/socket/socket-place.io.ts'

const folder = mkdtempSync(join(tmpdir(), 'radsluice-sockets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the folders that are looked at', () => {
  it('are those of the service manager, of the system, of the session and of this user, in this order', () => {
    const env = { RUNTIME_DIRECTORY: '/run/mine:/run/other', XDG_RUNTIME_DIR: '/run/user/7/' }
    expect(socketFolders({ env, uid: 7, temporary: '/tmp' })).toEqual([
      '/run/mine',
      '/run/radsluice',
      '/run/user/7/radsluice',
      '/tmp/radsluice-7',
    ])
  })

  it('have that of the session also where its variable is missing, as under cron', () => {
    expect(socketFolders({ env: {}, uid: 7, temporary: '/tmp' })).toEqual([
      '/run/radsluice',
      '/run/user/7/radsluice',
      '/tmp/radsluice-7',
    ])
  })

  it.each([
    { RUNTIME_DIRECTORY: join(folder, 'runtime') },
    { RUNTIME_DIRECTORY: '/run/radsluice' },
    { XDG_RUNTIME_DIR: folder },
    {},
  ])('have that in which a daemon puts its socket: %j', (env) => {
    const uid = process.getuid?.() ?? 0
    const stands = dirname(defaultSocketPath(9812, env))
    expect(socketFolders({ env, uid, temporary: tmpdir() })).toContain(stands)
    // Root looks at the system's folder without any variable.
    if (stands === '/run/radsluice') expect(socketFolders({ env: {}, uid: 0, temporary: '/tmp' })).toContain(stands)
  })
})

describe('a folder is trusted', () => {
  const [ROOT, DAEMON, ME, STRANGER] = [0, 900, 1_000, 1_001]
  const run = { uid: ROOT, mode: 0o40755 }
  const tmp = { uid: ROOT, mode: 0o41777 }
  const home = { uid: STRANGER, mode: 0o40755 }

  it.each([
    ['of this user', { uid: ME, mode: 0o40700 }, tmp, ME, true],
    ['of root', { uid: ROOT, mode: 0o40755 }, tmp, ME, true],
    ['that root gave to the daemon', { uid: DAEMON, mode: 0o40755 }, run, ROOT, true],
    ['that root gave to the daemon and its group', { uid: DAEMON, mode: 0o40770 }, run, ME, true],
    ['of a stranger among temporary files', { uid: STRANGER, mode: 0o40700 }, tmp, ME, false],
    ['of a stranger among temporary files, for root too', { uid: STRANGER, mode: 0o40700 }, tmp, ROOT, false],
    ['of a stranger in a folder of theirs', { uid: STRANGER, mode: 0o40700 }, home, ROOT, false],
    ['of this user that all may write to', { uid: ME, mode: 0o40777 }, tmp, ME, false],
    ['of this user that its group may write to', { uid: ME, mode: 0o40770 }, tmp, ME, false],
    ['that root gave, and all may write to', { uid: DAEMON, mode: 0o40777 }, run, ROOT, false],
  ])('%s: %o in %o for %i: %s', (_what, of, above, uid, isSo) => expect(isTrusted(of, above, uid)).toBe(isSo))
})
