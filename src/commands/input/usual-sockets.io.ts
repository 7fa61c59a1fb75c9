/**
 * The sockets of daemons that may be asked without an address. It only reads folders and makes none.
 */
import { lstatSync, readdirSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { isTrusted, socketFolders } from '../../admin/socket/socket-candidates.ts'
import { connectingFails } from '../../admin/socket/socket-place.io.ts'

export interface UsualSockets {
  /** Of a daemon at the usual port, the likeliest first. */
  readonly usual: readonly string[]
  /** Of daemons at other ports; many of them may be dead. */
  readonly others: readonly string[]
}

/** How many are tried, and how many are named. */
const MOST_TRIED = 50
const MOST_NAMED = 3
const SOCKET = /^admin-\d+\.sock$/

/** The sockets in folders that can be trusted; `port` is that of the usual TCP address. */
export function usualSockets(port: number): UsualSockets {
  const uid = process.getuid?.() ?? -1
  const sockets = socketFolders({ env: process.env, uid, temporary: tmpdir() })
    .filter((folder) => mayBeAsked(folder, uid))
    .flatMap(socketsIn)
  const isUsual = (path: string): boolean => path.endsWith(`/admin-${port}.sock`)
  return { usual: sockets.filter(isUsual), others: sockets.filter((path) => !isUsual(path)) }
}

/**
 * The real path of a socket that somebody else names; undefined if its folder does not exist, or if somebody could put another
 * socket into it.
 */
export function trustedSocket(path: string): string | undefined {
  if (!path.startsWith('/')) return undefined
  try {
    const folder = realpathSync(dirname(path))
    return mayBeAsked(folder, process.getuid?.() ?? -1) ? join(folder, basename(path)) : undefined
  } catch {
    return undefined
  }
}

function mayBeAsked(folder: string, uid: number): boolean {
  try {
    const found = lstatSync(folder)
    return found.isDirectory() && isTrusted(found, lstatSync(dirname(folder)), uid)
  } catch {
    return false
  }
}

function socketsIn(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => SOCKET.test(name))
    return names.sort().map((name) => join(folder, name))
  } catch {
    return []
  }
}

/** A few of the sockets at which somebody listens, the newest first. */
export async function liveSockets(sockets: readonly string[]): Promise<string[]> {
  const newest = sockets
    .map((path) => ({ path, madeAt: lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.madeAt - a.madeAt)
    .slice(0, MOST_TRIED)
  const found = await Promise.all(
    newest.map(async ({ path }) => ((await connectingFails(path)) === undefined ? [path] : [])),
  )
  return found.flat().slice(0, MOST_NAMED)
}
