/**
 * Where the admin socket stands, and its opening: a file of mode 0600, so that the file system says who may.
 *
 * Without a path in the configuration it stands in the folder that systemd or the login session gives for such things,
 * else in one of our own below the folder for temporary files; that one is shared by all users of the machine, so it is
 * taken only where it is ours and nobody else may write to it. The name has the port of the TCP address in it: two
 * daemons of one user are in each other's way at the port already.
 */
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codedError, systemCodeOf } from '../coded-error.ts'

/** `sun_path` has 108 octets, the last of them 0. */
const LONGEST_PATH = 107
const ONLY_OWNER = 0o600
const MAY_WRITE_ELSE = 0o022

/** @throws a coded error where there is no folder that can be trusted. */
export function defaultSocketPath(
  port: number,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const name = `admin-${port}.sock`
  const [given] = (env['RUNTIME_DIRECTORY'] ?? '').split(':')
  if (given !== undefined && given !== '') return join(given, name)
  const { XDG_RUNTIME_DIR: session = '' } = env
  const folder =
    session === '' ? join(tmpdir(), `radsluice-${process.getuid?.() ?? 'user'}`) : join(session, 'radsluice')
  makeOwn(folder)
  return join(folder, name)
}

function makeOwn(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw failure(folder, error)
  }
  const found = orFailure(folder, () => lstatSync(folder))
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & MAY_WRITE_ELSE) === 0) return
  const sentence = `${folder} is no folder of this user alone, so somebody else could put a socket there; set admin.socket`
  throw codedError('SOCKET_FAILED', sentence)
}

/**
 * Lets `server` listen at `path`. A socket that a dead process left there is removed.
 * @throws a coded error where it can't.
 */
export async function listenAtPath(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    const sentence = `${path} has more than ${LONGEST_PATH} octets, the most for a socket; set a shorter admin.socket`
    throw codedError('SOCKET_FAILED', sentence)
  }
  await removeDead(path)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(failure(path, error)))
    // Bound within this call: at no moment may anybody else connect.
    const before = process.umask(0o777 - ONLY_OWNER)
    try {
      server.listen({ path }, () => {
        server.removeAllListeners('error')
        server.on('error', () => undefined)
        resolve()
      })
    } finally {
      process.umask(before)
    }
  })
  orFailure(path, () => chmodSync(path, ONLY_OWNER))
}

async function removeDead(path: string): Promise<void> {
  const found = orFailure(path, () => lstatSync(path, { throwIfNoEntry: false }))
  if (found === undefined) return
  if (!found.isSocket()) {
    throw codedError('ADDRESS_IN_USE', `${path} is there already and no socket; remove it, or set another admin.socket`)
  }
  if (await answers(path)) {
    throw codedError('ADDRESS_IN_USE', `another radsluice answers at ${path}; stop it, or set another admin.socket`)
  }
  orFailure(path, () => unlinkSync(path))
}

function orFailure<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw failure(path, error)
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // Refused by nobody's socket; any other error is somebody's that we may not reach.
    socket.once('error', (error) => resolve(systemCodeOf(error) !== 'ECONNREFUSED'))
  })
}

const WHY: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there; correct the owner and mode of its folder',
  EPERM: 'this user may not write there; correct the owner and mode of its folder',
  EROFS: 'the file system is read-only; name a folder that can be written',
  ENOENT: 'its folder is not there; create it for this user',
  ENOTDIR: 'a part of the path is no folder; correct the path',
  ELOOP: 'a symbolic link in the path leads to itself; correct the path',
  ENAMETOOLONG: 'the path is too long; choose a shorter one',
  ENOSPC: 'the disk is full; make room',
  EMFILE: 'this process has no descriptor left; raise its limit ("ulimit -n")',
}

const failure = (path: string, error: unknown): Error => {
  const system = systemCodeOf(error) ?? String(error)
  const why = WHY[system] ?? 'create its folder and let this user write there'
  return codedError(
    'SOCKET_FAILED',
    `can't open the admin socket ${path} (${system}): ${why}, or set admin.socket`,
    error,
  )
}
