/**
 * The admin API's server: HTTP over TCP and over a Unix socket, with the same routes.
 *
 * Strangers can reach it, so everything is bounded: connections (`connection-bound.ts`), headers, bodies, and the time for
 * each. A connection on which nothing is sent or read is closed. A wrong request gets a 4xx with one sentence. If a route
 * throws, the answer is 500 with a sentence, and the error is counted and logged (`Boundary`); the daemon goes on.
 */
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type Endpoint, endpointText, isLoopback, parseAddress } from '../addresses.ts'
import { codedError, codeOf, type ErrorCode, systemCodeOf } from '../coded-error.ts'
import type { Boundary } from '../observe/boundary/boundary.io.ts'
import type { NamedSecret } from '../radius/secret.ts'
import { withAdvice } from '../system-errors.ts'
import { connectionBounds, descriptorLimitIn } from './connection-bound.ts'
import { type Channel, callerText, decideAccess, tokenOf } from './gate.ts'
import {
  type AdminAnswer,
  accessRefusal,
  failure,
  matchRoute,
  methodRefusal,
  type Route,
  refusal,
  type Stream,
} from './route.ts'
import { defaultSocketPath, listenAtPath } from './socket/socket-place.io.ts'

const LONGEST_REQUEST_MS = 5_000
/** A connection on which nothing was sent or read for so long is closed. */
const LONGEST_SILENCE_MS = 15_000
const LARGEST_BODY = 16 * 1024
/** At most so many octets wait in memory for a slow reader, beside the buffers of the system. */
const MOST_WAITING = 256 * 1024

export interface AdminServer {
  readonly address: Endpoint
  /** The path of the Unix socket; undefined if there is none. */
  readonly socket: string | undefined
  close(): Promise<void>
}

export interface AdminOptions {
  readonly listen: Endpoint
  /** If no path was given, a default is used, and a failure is noted instead of thrown. */
  readonly socket: string | undefined
  readonly routes: readonly Route[]
  readonly notes: AdminNotes
  readonly boundary: Boundary
  /** A reload changes them. */
  tokens(): readonly NamedSecret[]
}

export interface AdminNotes {
  /** Somebody asked for what they may not do. */
  refused(from: string, what: string): void
  /** A connection was closed at once, since so many are open. */
  full(way: 'TCP' | 'the socket', most: number): void
  /** There is no Unix socket, for this reason. */
  noSocket(why: string): void
}

/** @throws a coded error if the address, or a socket that was given, can't be opened. */
export async function openAdmin(o: AdminOptions): Promise<AdminServer> {
  const isLocal = isLoopback(parseAddress(o.listen.address) ?? new Uint8Array(0))
  const place: SocketPlace = { path: undefined }
  const bounds = connectionBounds(freeDescriptors())
  const overTcp = newServer(o, { channel: isLocal ? 'loopback' : 'network', place }, bounds.tcp)
  const overSocket = newServer(o, { channel: 'socket', place }, bounds.socket)
  await opened(overTcp, o.listen)
  survive(overTcp, o.boundary)
  const { address, port } = overTcp.address() as AddressInfo
  try {
    const path = o.socket ?? defaultSocketPath(port)
    await listenAtPath(overSocket, path)
    survive(overSocket, o.boundary)
    place.path = path
  } catch (error) {
    if (o.socket !== undefined || codeOf(error) === undefined) {
      await closed(overTcp)
      throw error
    }
    o.notes.noSocket((error as Error).message)
  }
  const close = async (): Promise<void> => {
    await Promise.all([closed(overTcp), ...(place.path === undefined ? [] : [closed(overSocket)])])
  }
  return { address: { address, port }, socket: place.path, close }
}

/** The path is known when it is open. */
interface SocketPlace {
  path: string | undefined
}

/** How a request came in, and where the other way is. */
interface Way {
  readonly channel: Channel
  readonly place: SocketPlace
}

/** How many more descriptors the process may open; undefined if the system does not say. */
function freeDescriptors(): number | undefined {
  try {
    const limit = descriptorLimitIn(readFileSync('/proc/self/limits', 'latin1'))
    return limit === undefined ? undefined : limit - readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}

/** If one connection can't be accepted (no descriptor is left), the others go on. */
function survive(server: Server, boundary: Boundary): void {
  server.on(
    'error',
    boundary.guarded('admin-connection', (error: Error) => boundary.failed('admin-connection', error)),
  )
}

function newServer(o: AdminOptions, way: Way, most: number): Server {
  const { boundary, notes } = o
  const limits = {
    maxHeaderSize: 8_192,
    headersTimeout: LONGEST_REQUEST_MS,
    requestTimeout: LONGEST_REQUEST_MS,
    keepAliveTimeout: LONGEST_REQUEST_MS,
    connectionsCheckingInterval: 1_000,
  }
  const server = createServer(limits, (request, response) =>
    boundary.start('admin-request', () => serve(o, way, request, response)),
  )
  server.maxConnections = most
  server.timeout = LONGEST_SILENCE_MS
  server.on(
    'clientError',
    boundary.guarded('admin-connection', (error: NodeJS.ErrnoException, socket) =>
      refuseConnection(error.code, socket as Socket),
    ),
  )
  server.on(
    'drop',
    boundary.guarded('admin-connection', () => notes.full(way.channel === 'socket' ? 'the socket' : 'TCP', most)),
  )
  return server
}

async function serve(o: AdminOptions, way: Way, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const answer = await answerTo(o, way, request)
    if ('begin' in answer) stream(response, answer, o.boundary)
    else send(request, response, answer)
  } catch (error) {
    // The caller has gone away: no error of ours.
    if (request.socket.destroyed) return
    o.boundary.failed('admin-request', error)
    if (response.headersSent) response.destroy()
    else send(request, response, failure(error))
  }
}

async function answerTo(
  o: AdminOptions,
  { channel, place }: Way,
  request: IncomingMessage,
): Promise<AdminAnswer | Stream> {
  const { method = '', url = '' } = request
  if (!url.startsWith('/')) return refusal(400, 'this is no path; ask for one such as /status')
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  const match = matchRoute(o.routes, method, path)
  if (match.kind === 'no-path') {
    const paths = new Set(o.routes.map((route) => route.path))
    return refusal(404, `there is no such path; there are ${[...paths].join(', ')}`)
  }
  if (match.kind === 'no-method') return methodRefusal(match.allow)
  const { route, params } = match
  const tokens = o.tokens()
  const token = tokenOf(request.headers.authorization, tokens)
  const hasTokens = tokens.length > 0
  const decision = decideAccess({ channel, access: route.access, token, hasTokens, socket: place.path })
  if (!decision.ok) {
    o.notes.refused(request.socket.remoteAddress ?? 'the socket', `${method} ${route.path}`)
    return accessRefusal(decision.status, decision.sentence)
  }
  const body = await readBody(request)
  if ('status' in body) return body
  return await route.answer({
    params,
    query: new URLSearchParams(query),
    body: body.value,
    who: callerText(channel, {
      token,
      address: request.socket.remoteAddress,
      claim: request.headers['x-radsluice-caller'],
    }),
    isTrusted: decision.isTrusted,
    isOverSocket: channel === 'socket',
  })
}

/** The body as a JSON object, or the refusal. */
async function readBody(request: IncomingMessage): Promise<{ readonly value: Record<string, unknown> } | AdminAnswer> {
  const chunks: Buffer[] = []
  let octets = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    octets += chunk.length
    if (octets > LARGEST_BODY)
      return refusal(413, `the body has more than ${LARGEST_BODY} octets; send a small JSON object`)
    chunks.push(chunk)
  }
  if (octets === 0) return { value: {} }
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    return refusal(415, 'the body is not marked as JSON; send "Content-Type: application/json"')
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { value: { ...value } }
  } catch {
    // The refusal below says it.
  }
  return refusal(400, 'the body is no JSON object; send one such as {"max_rate": 200}')
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body, headers }: AdminAnswer): void {
  // If a body was too large, the rest of it must not be read as the next request.
  const end = request.complete ? {} : { connection: 'close' }
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers,
    ...end,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** Writes lines as they come. If a reader is too slow, `write` returns false; if it reads nothing at all, it is cut. */
function stream(response: ServerResponse, { type, begin }: Stream, boundary: Boundary): void {
  let act: (() => void) | undefined
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', connection: 'close' })
  response.flushHeaders()
  response.on(
    'close',
    boundary.guarded('admin-request', () => act?.()),
  )
  begin({
    write: (line) => {
      if (response.destroyed || response.writableLength > MOST_WAITING) return false
      response.write(`${line}\n`)
      return true
    },
    end: () => response.end(),
    onEnd: (then) => {
      act = then
    },
  })
}

const CONNECTION_FAULTS: Readonly<Record<string, readonly [line: string, sentence: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the header is too large; send fewer or shorter lines'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request took too long; send it within 5 s'],
}

/** Answers what can't be read as HTTP. */
function refuseConnection(code: string | undefined, socket: Socket): void {
  if (!socket.writable || code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [line, sentence] = CONNECTION_FAULTS[code ?? ''] ?? ['400 Bad Request', 'this is no HTTP request']
  const body = `${JSON.stringify({ error: sentence })}\n`
  const head = ['connection: close', 'content-type: application/json; charset=utf-8', `content-length: ${body.length}`]
  socket.end(`HTTP/1.1 ${line}\r\n${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}

/** @throws what `openAdmin` throws if the TCP address can't be opened; it is closed again. */
export async function tryAdminAddress(listen: Endpoint): Promise<void> {
  const server = createServer()
  await opened(server, listen)
  await closed(server)
}

async function opened(server: Server, listen: Endpoint): Promise<void> {
  server.listen({ host: listen.address, port: listen.port, exclusive: true })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw openingFailed(listen, error as Error)
  }
}

const OPENING_FAULTS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  EADDRINUSE: ['ADDRESS_IN_USE', 'another program has this port; stop it, or change the configuration'],
  EADDRNOTAVAIL: ['ADDRESS_NOT_LOCAL', 'this machine does not have that address'],
  EACCES: ['ADDRESS_NOT_PERMITTED', 'not permitted; choose a port above 1023, or grant CAP_NET_BIND_SERVICE'],
}

function openingFailed(listen: Endpoint, error: Error): Error {
  const system = systemCodeOf(error) ?? error.message
  const otherwise = withAdvice(`the system says ${system}`, system)
  const [code, why] = OPENING_FAULTS[system] ?? (['SOCKET_FAILED', otherwise] as const)
  return codedError(code, `admin.listen: can't open TCP ${endpointText(listen)}: ${why}`, error)
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
