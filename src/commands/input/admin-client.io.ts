/**
 * Talks to a running daemon over its admin API.
 *
 * Without an address, the daemon's socket is tried first: TCP may be full or need a token, and the socket belongs to this user
 * alone. With a TCP address and no token, whatever needs a right goes over the daemon's socket, whose path is in the status.
 * Errors say who did not answer, or what the daemon said.
 */
import type { IncomingMessage } from 'node:http'
import { userInfo } from 'node:os'
import { codedError, codeOf, systemCodeOf } from '../../coded-error.ts'
import { readSmallFile } from '../../config/source/small-file.io.ts'
import type { StatusReport } from '../../observe/status-report.ts'
import { missingIn } from '../text/status-shape.ts'
import { type AdminAddress, adminAddress, USUAL_ADMIN, USUAL_PORT } from './admin-options.ts'
import { foundNowhere, unreachable } from './unreachable.ts'
import { liveSockets, trustedSocket, usualSockets } from './usual-sockets.io.ts'

/** An import would load everything that it exports, also Node's web client: 8 MB. */
const http = process.getBuiltinModule('node:http')

const PATIENCE_MS = 5_000
const MOST_BYTES = 64 * 1024 * 1024
const LONGEST_TOKEN_FILE = 4_096
const UNPROCESSABLE = 422

/** Where the daemon is: `http://127.0.0.1:9812`, `127.0.0.1:9812`, or the path of its socket. Undefined: it is searched. */
export interface AdminTarget {
  readonly admin?: string | undefined
  readonly 'token-file'?: string | undefined
}

export interface AdminRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  /** What only reads needs no right besides that of reaching the address. */
  readonly access?: 'read'
  /** Ends a long response. */
  readonly signal?: AbortSignal
}

export interface AdminResponse {
  readonly status: number
  /** Undefined if the body is no JSON. */
  readonly body: unknown
  readonly text: string
}

/**
 * One request and its response, whatever its status.
 * @throws a coded error: nobody answers there, or the socket may not be used.
 */
export async function ask(target: AdminTarget, request: AdminRequest): Promise<AdminResponse> {
  return await read(await open(target, request))
}

/**
 * One request that must succeed.
 * @throws also if the daemon refuses, with its message.
 */
export async function askFor<Answer>(target: AdminTarget, request: AdminRequest): Promise<Answer> {
  const response = await ask(target, request)
  if (response.status < 200 || response.status > 299) throw refused(response)
  return response.body as Answer
}

/**
 * One request for which the daemon reads a configuration: the answer, or all that is wrong with the file.
 * @throws as `askFor` does.
 */
export async function askToRead<Answer>(
  target: AdminTarget,
  request: AdminRequest,
): Promise<Answer | { readonly problems: readonly string[] }> {
  const response = await ask(target, request)
  if (response.status !== 200 && response.status !== UNPROCESSABLE) throw refused(response)
  return response.body as Answer
}

/** A long response, line by line. It ends with the daemon, or when `signal` says so. */
export async function* follow(target: AdminTarget, request: AdminRequest, signal: AbortSignal): AsyncGenerator<string> {
  const answer = await open(target, { ...request, signal })
  if (answer.statusCode !== 200) throw refused(await read(answer))
  let rest = ''
  try {
    for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (error) {
    // A daemon that ends closes the connection. Whoever follows it sees the end of the lines.
    if (!signal.aborted && systemCodeOf(error) !== 'ECONNRESET') throw error
  }
}

/** The status of the daemon, with all its clients or with none. */
export async function fetchStatus(target: AdminTarget, clients: 'all' | 'off' = 'all'): Promise<StatusReport> {
  const response = await ask(target, { method: 'GET', path: `/status?clients=${clients}`, access: 'read' })
  if (response.status === 401 || response.status === 403) throw refused(response)
  const where = target.admin ?? usual ?? USUAL_ADMIN
  const report = response.body as StatusReport | undefined
  if (report?.name !== 'radsluice') {
    throw codedError('NOT_RUNNING', `what answers at ${where} is not radsluice; give the right address with --admin`)
  }
  const missing = missingIn(report)
  if (missing === undefined) return report
  const sentence = `the status of what answers at ${where} has no "${missing}": it is another program or another version of radsluice`
  throw codedError('NOT_RUNNING', `${sentence}; give the right address with --admin, or use the command of its version`)
}

/** What the daemon refused, in its words; `body` has the response for programs. */
function refused({ status, body, text }: AdminResponse): Error & { readonly body: unknown } {
  const said = (body as { error?: unknown } | undefined)?.error
  const sentence = typeof said === 'string' ? said : `the daemon answered ${status}: ${text.slice(0, 200).trim()}`
  return Object.assign(codedError(status === 401 || status === 403 ? 'NOT_PERMITTED' : 'REFUSED', sentence), { body })
}

function open(target: AdminTarget, request: AdminRequest): Promise<IncomingMessage> {
  const { admin = usual, 'token-file': tokenFile } = target
  return admin === undefined ? openUsual(tokenFile, request) : openAt(admin, tokenFile, request)
}

/** Where a daemon was found. From then on this process asks only there. */
let usual: string | undefined

/** Asks the first that answers, and no other. */
async function openUsual(tokenFile: string | undefined, request: AdminRequest): Promise<IncomingMessage> {
  const sockets = usualSockets(USUAL_PORT)
  let refusal: unknown
  for (const at of [...sockets.usual, USUAL_ADMIN]) {
    try {
      const answer = await openAt(at, tokenFile, request)
      usual = at
      return answer
    } catch (error) {
      const code = codeOf(error)
      if (code === 'NOT_PERMITTED') refusal ??= error
      else if (code !== 'NOT_RUNNING') throw error
      else if (at === USUAL_ADMIN) refusal ??= await nowhere(error as Error, sockets.others)
    }
  }
  throw refusal
}

/** Nobody listens at the usual address: says where else somebody does. */
const nowhere = async (error: Error, others: readonly string[]): Promise<Error> =>
  systemCodeOf(error.cause) === 'ECONNREFUSED' ? foundNowhere(USUAL_ADMIN, await liveSockets(others), error) : error

async function openAt(admin: string, tokenFile: string | undefined, request: AdminRequest): Promise<IncomingMessage> {
  const address = adminAddress(admin)
  if ('socketPath' in address) return await send(address, request, admin)
  const token = tokenFile === undefined ? undefined : tokenFrom(tokenFile)
  if (request.access !== 'read' && token === undefined) {
    const { adminSocket } = await fetchStatus({ admin }, 'off')
    if (adminSocket === undefined) {
      throw codedError('NOT_PERMITTED', `the daemon at ${admin} has no socket for this; give a token with --token-file`)
    }
    // Whoever answers at the address may name any path.
    const socketPath = trustedSocket(adminSocket)
    if (socketPath === undefined) {
      const why = 'which is not there, or others may write to its folder'
      const advice = 'give it with --admin if it is the right one, or give a token with --token-file'
      throw codedError('NOT_PERMITTED', `the daemon at ${admin} names the socket ${adminSocket}, ${why}; ${advice}`)
    }
    return await send({ socketPath }, request, adminSocket)
  }
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return await send(address, request, admin, authorization)
}

function send(
  to: AdminAddress,
  { method, path, body, signal }: AdminRequest,
  where: string,
  more: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> {
  const payload = body === undefined ? '' : JSON.stringify(body)
  const headers = {
    'x-radsluice-caller': caller(),
    'content-length': Buffer.byteLength(payload),
    ...(payload === '' ? {} : { 'content-type': 'application/json' }),
    ...more,
  }
  return new Promise((resolve, reject) => {
    let late: { readonly lateAfterSeconds: number; readonly isConnected: boolean } | undefined
    const asked = http.request({ ...to, method, path, headers, ...(signal && { signal }) }, (answer) => {
      asked.setTimeout(0)
      resolve(answer)
    })
    asked.setTimeout(PATIENCE_MS, () => {
      late = { lateAfterSeconds: PATIENCE_MS / 1_000, isConnected: asked.socket?.connecting === false }
      asked.destroy(new Error('no answer in time'))
    })
    asked.on('error', (error) => reject(unreachable({ where, error, ...late })))
    asked.end(payload)
  })
}

async function read(answer: IncomingMessage): Promise<AdminResponse> {
  let text = ''
  for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk
    if (text.length > MOST_BYTES) {
      answer.destroy()
      throw codedError(
        'REFUSED',
        `the answer has more than ${MOST_BYTES} octets; ask for a part of it with "radsluice show"`,
      )
    }
  }
  return { status: answer.statusCode ?? 0, body: parsed(text), text }
}

/** Who asks, for the daemon's log. It is only a claim. */
function caller(): string {
  const { SUDO_USER: before } = process.env
  const name = nameOfUser('uid')
  return `${before === undefined || before === name ? name : `${before} as ${name}`}, pid ${process.pid}`.slice(0, 64)
}

/** The name of this user. If it has none: `numbered`, and its number. */
export function nameOfUser(numbered: 'uid' | 'user'): string {
  try {
    return userInfo().username
  } catch {
    return `${numbered} ${process.getuid?.() ?? 'unknown'}`
  }
}

/** The token of the file's first line, with or without its name before it. */
function tokenFrom(file: string): string {
  const read = readSmallFile(file, LONGEST_TOKEN_FILE, 'file or pipe')
  if ('problem' in read) throw codedError('FILE_UNREADABLE', read.problem)
  const lines = new TextDecoder().decode(read.bytes).split(/\r?\n/)
  const token = lines
    .find((line) => !/^\s*(#|$)/.test(line))
    ?.trim()
    .split(/\s+/)
    .at(-1)
  if (token !== undefined) return token
  throw codedError('FILE_UNREADABLE', `${file} has no token; write one line with it`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
