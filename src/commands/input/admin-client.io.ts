/**
 * Talks to a running daemon over its admin API.
 *
 * Without an address the daemon's socket is asked first: TCP may be full, or want a token, and the socket is this user's
 * alone. Where it is asked at a TCP address and has no token, what needs a right goes over the daemon's socket, whose
 * path its status tells. Errors say who did not answer, or what the daemon said.
 */
import type { IncomingMessage } from 'node:http'
import { userInfo } from 'node:os'
import { codedError, codeOf, systemCodeOf } from '../../coded-error.ts'
import { readSmallFile } from '../../config/source/small-file.io.ts'
import type { StatusReport } from '../../observe/status-report.ts'
import { missingIn } from '../text/status-shape.ts'
import { adminAddress, USUAL_ADMIN, USUAL_PORT } from './admin-options.ts'
import { foundNowhere, unreachable } from './unreachable.ts'
import { liveSockets, trustedSocket, usualSockets } from './usual-sockets.io.ts'

/** An import of it would fetch every name that it has, also those behind which Node loads its client for the web: 8 MB. */
const { request } = process.getBuiltinModule('node:http')

const PATIENCE_MS = 5_000
const MOST_BYTES = 64 * 1024 * 1024
const LONGEST_TOKEN_FILE = 4_096

/** Where the daemon is: `http://127.0.0.1:9812`, `127.0.0.1:9812`, or the path of its socket; undefined: it is looked for. */
export interface AdminTarget {
  readonly admin?: string | undefined
  readonly 'token-file'?: string | undefined
}

export interface AdminRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  /** Whether a right is needed beyond that of reaching the address. */
  readonly access: 'read' | 'control'
}

export interface AdminResponse {
  readonly status: number
  /** Undefined where the body is no JSON. */
  readonly body: unknown
  readonly text: string
}

/**
 * One question and its answer, whatever its status.
 * @throws a coded error: nobody answers there, or the socket may not be used.
 */
export async function ask(place: AdminTarget, asking: AdminRequest): Promise<AdminResponse> {
  const answer = await open(place, asking)
  const text = await textOf(answer)
  return { status: answer.statusCode ?? 0, body: parsed(text), text }
}

/**
 * A question whose answer must be good.
 * @throws also where the daemon refuses, with its sentence.
 */
export async function askFor(place: AdminTarget, asking: AdminRequest): Promise<unknown> {
  const told = await ask(place, asking)
  if (told.status < 200 || told.status > 299) throw refused(told)
  return told.body
}

/** A long answer, line by line; ends with the daemon, or when `signal` says so. */
export async function* follow(place: AdminTarget, asking: AdminRequest, signal: AbortSignal): AsyncGenerator<string> {
  const answer = await open(place, asking, signal)
  if (answer.statusCode !== 200) {
    const text = await textOf(answer)
    throw refused({ status: answer.statusCode ?? 0, body: parsed(text), text })
  }
  let rest = ''
  try {
    for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (error) {
    // The daemon that ends closes the connection without a last word; whoever followed it sees the end of the lines.
    if (!signal.aborted && systemCodeOf(error) !== 'ECONNRESET') throw error
  }
}

/** The status of the daemon at `admin`, an address or the path of its socket (undefined: it is looked for); with which clients in it. */
export async function fetchStatus(
  admin: string | undefined,
  tokenFile?: string,
  whose: 'all' | 'off' = 'all',
): Promise<StatusReport> {
  const told = await ask(
    { admin, 'token-file': tokenFile },
    { method: 'GET', path: `/status?clients=${whose}`, access: 'read' },
  )
  if (told.status === 401 || told.status === 403) throw refused(told)
  const where = admin ?? usual ?? USUAL_ADMIN
  const report = told.body as StatusReport | undefined
  if (report?.name !== 'radsluice') {
    throw codedError('NOT_RUNNING', `what answers at ${where} is not radsluice; give the right address with --admin`)
  }
  const missing = missingIn(report)
  if (missing === undefined) return report
  const sentence = `the status of what answers at ${where} has no "${missing}": it is another program or another version of radsluice`
  throw codedError('NOT_RUNNING', `${sentence}; give the right address with --admin, or use the command of its version`)
}

/** What the daemon refused, in its words; `body` has the answer for programs. */
export function refused({ status, body, text }: AdminResponse): Error & { readonly body: unknown } {
  const said = (body as { error?: unknown } | undefined)?.error
  const sentence = typeof said === 'string' ? said : `the daemon answered ${status}: ${text.slice(0, 200).trim()}`
  return Object.assign(codedError(status === 401 || status === 403 ? 'NOT_PERMITTED' : 'REFUSED', sentence), { body })
}

async function open(place: AdminTarget, asking: AdminRequest, signal?: AbortSignal): Promise<IncomingMessage> {
  const { admin = usual, 'token-file': tokenFile } = place
  return admin === undefined
    ? await openUsual(tokenFile, asking, signal)
    : await openAt(admin, tokenFile, asking, signal)
}

/** Where one answered that was looked for: from then on this process asks only there. */
let usual: string | undefined

/** The first that answers is asked; what it has been told is told to no other. */
async function openUsual(
  tokenFile: string | undefined,
  asking: AdminRequest,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  const sockets = usualSockets(USUAL_PORT)
  let refusal: unknown
  for (const at of [...sockets.usual, USUAL_ADMIN]) {
    try {
      const answer = await openAt(at, tokenFile, asking, signal)
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

/** Nobody listens where one usually does: says where else somebody does. */
const nowhere = async (error: Error, others: readonly string[]): Promise<Error> =>
  systemCodeOf(error.cause) === 'ECONNREFUSED' ? foundNowhere(USUAL_ADMIN, await liveSockets(others), error) : error

async function openAt(
  admin: string,
  tokenFile: string | undefined,
  asking: AdminRequest,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  const place = adminAddress(admin)
  if ('socketPath' in place) return await send(place, asking, admin, signal)
  const token = tokenFile === undefined ? undefined : tokenFrom(tokenFile)
  if (asking.access === 'control' && token === undefined) {
    const { adminSocket } = await fetchStatus(admin, undefined, 'off')
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
    return await send({ socketPath }, asking, adminSocket, signal)
  }
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return await send(place, asking, admin, signal, authorization)
}

function send(
  to: { readonly socketPath: string } | { readonly host: string; readonly port: string | number },
  { method, path, body }: AdminRequest,
  where: string,
  signal: AbortSignal | undefined,
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
    const asked = request({ ...to, method, path, headers, ...(signal === undefined ? {} : { signal }) }, (answer) => {
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

async function textOf(answer: IncomingMessage): Promise<string> {
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
  return text
}

/** Who asks, for the daemon's log: a claim. */
function caller(): string {
  const { SUDO_USER: before } = process.env
  const name = nameOfUser()
  return `${before === undefined || before === name ? name : `${before} as ${name}`}, pid ${process.pid}`.slice(0, 64)
}

function nameOfUser(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
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
