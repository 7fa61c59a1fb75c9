/**
 * The options of every verb that talks to a running daemon, and what `--admin` names: an address, or the path of a socket. A path
 * has a `/` and no scheme. Nothing is looked up.
 */
import { LONGEST_SOCKET_PATH } from '../../admin/socket/socket-candidates.ts'
import { codedError } from '../../coded-error.ts'
import { JSON_OPTION, numberOption, textOption } from './verb.ts'

/** The port of `admin.listen` by default. */
export const USUAL_PORT = 9812
export const USUAL_ADMIN = `http://127.0.0.1:${USUAL_PORT}`

export const ADMIN_OPTIONS = {
  admin: textOption(
    `The admin address of the daemon, or the path of its socket. [default: its socket, else ${USUAL_ADMIN}]`,
  ),
  'token-file': textOption('A file with the token to send, if the daemon asks for one.'),
} as const

/** The options of a verb that asks a running daemon. */
export const LIVE_OPTIONS = { ...ADMIN_OPTIONS, json: JSON_OPTION } as const

/** How much of a long list is shown. */
export const limitOption = (describe: string) =>
  ({ ...numberOption(`${describe}, up to 10000.`), within: [1, 10_000], default: 100 }) as const

/** The query of a request, without what is undefined. */
export function queryOf(values: Readonly<Record<string, string | number | undefined>>): URLSearchParams {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))
}

export type AdminAddress = { readonly socketPath: string } | { readonly host: string; readonly port: string | number }

/**
 * `unix:/path`, `/path`, `folder/name.sock`; `http://127.0.0.1:9812`, `127.0.0.1:9812`, `[::1]:9812`.
 * @throws a coded error, USAGE, if it is none of these.
 */
export function adminAddress(admin: string): AdminAddress {
  const path = pathIn(admin)
  if (path === undefined) return addressIn(admin)
  if (path === '') throw none(admin)
  const octets = new TextEncoder().encode(path).length
  if (octets <= LONGEST_SOCKET_PATH) return { socketPath: path }
  const advice = 'give a shorter path, from the folder of the socket, say'
  throw codedError(
    'USAGE',
    `the path of --admin has ${octets} octets, and a socket ${LONGEST_SOCKET_PATH} at most; ${advice}`,
  )
}

/** The path of a socket; undefined if it is an address, which has a scheme, or a port before the first `/`. */
function pathIn(admin: string): string | undefined {
  if (admin.startsWith('unix:')) return admin.slice('unix:'.length)
  return admin.includes('/') && !/^(\w+:\/\/|[^/]*:\d+\/)/.test(admin) ? admin : undefined
}

function addressIn(admin: string): AdminAddress {
  const url = URL.parse(/^\w+:\/\//.test(admin) ? admin : `http://${admin}`)
  if (url?.protocol !== 'http:') throw none(admin)
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port || 80 }
}

const none = (admin: string): Error =>
  codedError('USAGE', `"${admin}" is no address; write --admin http://127.0.0.1:9812, or the path of the socket`)
