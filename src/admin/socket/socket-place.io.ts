/**
 * Where the admin API's Unix socket is, and its opening: a file of mode 0600, so that the file system says who may connect.
 *
 * Without a path in the configuration it is in the runtime folder of systemd or of the login session, else in a folder of
 * our own below the folder for temporary files. All users share that one, so ours must belong to us, and nobody else may
 * write to it. The name contains the TCP port, so that two daemons of one user have two sockets.
 */

import { once } from 'node:events'
import { accessSync, chmodSync, constants, existsSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { codedError, systemCodeOf } from '../../coded-error.ts'
import { adviceFor } from '../../system-errors.ts'
import { LONGEST_SOCKET_PATH, WRITABLE_BY_GROUP_OR_OTHERS } from './socket-candidates.ts'

const ONLY_OWNER = 0o600

/** @throws a coded error if there is no folder that can be trusted. */
export function defaultSocketPath(
  port: number,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const { socket, own } = defaultPlace(port, env)
  if (own !== undefined) makeOwn(own)
  return socket
}

/** `own` is a folder that must belong to this user alone; undefined if somebody else made it for us. */
function defaultPlace(
  port: number,
  env: Readonly<Record<string, string | undefined>>,
): { readonly socket: string; readonly own: string | undefined } {
  const name = `admin-${port}.sock`
  const [given] = (env['RUNTIME_DIRECTORY'] ?? '').split(':')
  if (given !== undefined && given !== '') return { socket: join(given, name), own: undefined }
  const { XDG_RUNTIME_DIR: session = '' } = env
  const own = session === '' ? join(tmpdir(), `radsluice-${process.getuid?.() ?? 'user'}`) : join(session, 'radsluice')
  return { socket: join(own, name), own }
}

function makeOwn(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw failure(folder, error)
  }
  mustBeOwn(folder)
}

function mustBeOwn(folder: string): void {
  const found = orFailure(folder, () => lstatSync(folder))
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & WRITABLE_BY_GROUP_OR_OTHERS) === 0)
    return
  const sentence = `${folder} is no folder of this user alone, so somebody else could put a socket there; set admin.socket`
  throw codedError('SOCKET_FAILED', sentence)
}

/**
 * Lets `server` listen at `path`. A socket that a dead process left there is removed.
 * @throws a coded error if it can't.
 */
export async function listenAtPath(server: Server, path: string): Promise<void> {
  mustFit(path)
  if (await isDead(path)) orFailure(path, () => unlinkSync(path))
  mustHaveFolder(path)
  await bind(server, path)
  orFailure(path, () => chmodSync(path, ONLY_OWNER))
}

async function bind(server: Server, path: string): Promise<void> {
  // The socket is created within `listen`, so that nobody else can connect at any moment.
  const before = process.umask(0o777 - ONLY_OWNER)
  try {
    server.listen({ path })
  } finally {
    process.umask(before)
  }
  try {
    await once(server, 'listening')
  } catch (error) {
    throw failure(path, error)
  }
  server.on('error', () => undefined)
}

/**
 * @throws what `listenAtPath` would throw. A socket is opened and closed there, since a file mode does not tell whether a
 * file system can hold sockets (/proc can't). A socket of a dead process stays.
 */
export async function trySocketPath(path: string): Promise<void> {
  mustFit(path)
  const isThere = await isDead(path)
  mustHaveFolder(path)
  if (isThere) return
  const server = createServer()
  await bind(server, path)
  await new Promise<void>((resolve) => server.close(() => resolve()))
}

/** The same for the default path. A folder of our own is not created. */
export async function tryDefaultSocket(
  port: number,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<void> {
  const { socket, own } = defaultPlace(port, env)
  if (own === undefined || existsSync(own)) {
    if (own !== undefined) mustBeOwn(own)
    await trySocketPath(socket)
    return
  }
  mustFit(socket)
  mustHaveFolder(own)
}

/** Checked before, since libuv says EACCES if the folder is missing. */
function mustHaveFolder(path: string): void {
  orFailure(path, () => accessSync(dirname(path), constants.W_OK | constants.X_OK))
}

function mustFit(path: string): void {
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return
  const sentence = `${path} has more than ${LONGEST_SOCKET_PATH} octets, the most for a socket; set a shorter admin.socket`
  throw codedError('SOCKET_FAILED', sentence)
}

/** Whether there is a socket at which nobody listens any more. */
async function isDead(path: string): Promise<boolean> {
  const found = orFailure(path, () => lstatSync(path, { throwIfNoEntry: false }))
  if (found === undefined) return false
  if (!found.isSocket()) {
    // Not ADDRESS_IN_USE: a restart of the daemon would not remove this.
    throw codedError('SOCKET_FAILED', `${path} is there already and no socket; remove it, or set another admin.socket`)
  }
  // Only a socket without a listener refuses. Any other error means that somebody listens.
  if (systemCodeOf(await connectingFails(path)) !== 'ECONNREFUSED') {
    throw codedError('ADDRESS_IN_USE', `another radsluice answers at ${path}; stop it, or set another admin.socket`)
  }
  return true
}

function orFailure<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw failure(path, error)
  }
}

/** Why nobody can connect to the socket; undefined if somebody listens there. */
export const connectingFails = (path: string): Promise<Error | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ path })
    socket.once('error', resolve)
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
  })

const NOT_WRITABLE = 'this user may not write there; correct the owner and mode of its folder'
const WHY: Readonly<Record<string, string>> = {
  EACCES: NOT_WRITABLE,
  EPERM: NOT_WRITABLE,
  ENOENT: 'its folder is not there; create it for this user',
}

const failure = (path: string, error: unknown): Error => {
  const system = systemCodeOf(error) ?? String(error)
  const why = WHY[system] ?? adviceFor(system) ?? 'create its folder and let this user write there'
  return codedError(
    'SOCKET_FAILED',
    `can't open the admin socket ${path} (${system}): ${why}, or set admin.socket`,
    error,
  )
}
