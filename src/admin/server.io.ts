/**
 * The admin API's server: HTTP over TCP and over a socket of the machine, with one table of rows for both.
 *
 * Strangers talk to it, so everything is bounded: connections (`connection-bound.ts`), headers, bodies, and the time each
 * of them may take; who says or takes nothing is cut. What is wrong gets a 4xx with one sentence. A row that throws
 * answers 500 with a sentence, and is counted and logged (`Boundary`); the daemon goes on.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type Endpoint, endpointText, isLoopback, parseAddress } from '../addresses.ts'
import { codedError, codeOf, systemCodeOf } from '../coded-error.ts'
import { Boundary } from '../observe/boundary/boundary.io.ts'
import type { NamedSecret } from '../radius/secret.ts'
import { adviceFor, errnoOf } from '../system-errors.ts'
import { connectionBounds, descriptorLimitIn } from './connection-bound.ts'
import { type AccessDecision, type Channel, claimOf, decideAccess, type PresentedToken, tokenOf } from './gate.ts'
import { type Answer, matchRoute, methodRefusal, type Route, refusal, type Stream } from './route.ts'
import { defaultSocketPath, listenAtPath } from './socket/socket-place.io.ts'

const LONGEST_REQUEST_MS = 5_000
/** Nothing was read or written for so long: a reader that takes nothing. */
const LONGEST_SILENCE_MS = 15_000
const LARGEST_BODY = 16 * 1024
/** A line that a slow reader does not take waits in the system's buffers and in at most so much memory. */
const MOST_WAITING = 256 * 1024

/** Seen from outside: an open admin API. */
export interface AdminServer {
  readonly address: Endpoint
  /** The path of the socket; undefined where there is none. */
  readonly socket: string | undefined
  close(): Promise<void>
}

export interface AdminOptions {
  readonly listen: Endpoint
  /** Where it was not given, its place is sought, and a failure is noted instead of thrown. */
  readonly socket: string | undefined
  readonly routes: readonly Route[]
  readonly notes: AdminNotes
  readonly boundary: Boundary
  /** Those in force: a reload changes them. */
  tokens(): readonly NamedSecret[]
}

export interface AdminNotes {
  /** Somebody asked for what is not theirs. */
  refused(from: string, what: string): void
  /** A connection was closed at once, since so many are open `way`. */
  full(way: 'TCP' | 'the socket', most: number): void
  /** Nothing can be changed over a socket, because of this. */
  noSocket(why: string): void
}

/** @throws a coded error where the address, or a socket that was given, can't be opened. */
export async function openAdmin(o: AdminOptions): Promise<AdminServer> {
  const isLocal = isLoopback(parseAddress(o.listen.address) ?? new Uint8Array(0))
  const place: SocketPlace = { path: undefined }
  const bounds = connectionBounds(freeDescriptors())
  const overTcp = newServer(new Responder(o, isLocal ? 'loopback' : 'network', place), o, bounds.tcp)
  const overSocket = newServer(new Responder(o, 'socket', place), o, bounds.socket)
  await opened(overTcp, o)
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

/** Known once it is open. */
interface SocketPlace {
  path: string | undefined
}

/** How many more the process may open; undefined where the system does not say. */
function freeDescriptors(): number | undefined {
  try {
    const limit = descriptorLimitIn(readFileSync('/proc/self/limits', 'latin1'))
    return limit === undefined ? undefined : limit - readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}

/** Failing to accept one connection (out of descriptors, say) is that client's misfortune only. */
function survive(server: Server, boundary: Boundary): void {
  server.on(
    'error',
    boundary.guarded('admin-connection', (error: Error) => boundary.failed('admin-connection', error)),
  )
}

function newServer(responder: Responder, { boundary, notes }: AdminOptions, most: number): Server {
  const limits = {
    maxHeaderSize: 8_192,
    headersTimeout: LONGEST_REQUEST_MS,
    requestTimeout: LONGEST_REQUEST_MS,
    keepAliveTimeout: LONGEST_REQUEST_MS,
    connectionsCheckingInterval: 1_000,
  }
  const server = createServer(limits, (request, response) =>
    boundary.start('admin-request', () => responder.serve(request, response)),
  )
  server.maxConnections = most
  server.timeout = LONGEST_SILENCE_MS
  server.on(
    'clientError',
    boundary.guarded('admin-connection', (error: NodeJS.ErrnoException, socket) =>
      refuseConnection(error.code, socket as Socket),
    ),
  )
  const way = responder.isSocket ? 'the socket' : 'TCP'
  server.on(
    'drop',
    boundary.guarded('admin-connection', () => notes.full(way, most)),
  )
  return server
}

/** One way in: who comes here, what may be done here, and the answers. */
class Responder {
  readonly #options: AdminOptions
  readonly #channel: Channel
  readonly #socket: SocketPlace

  constructor(options: AdminOptions, channel: Channel, socket: SocketPlace) {
    this.#options = options
    this.#channel = channel
    this.#socket = socket
  }

  get isSocket(): boolean {
    return this.#channel === 'socket'
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = await this.#answer(request)
      if ('begin' in answer) stream(response, answer, this.#options.boundary)
      else send(request, response, answer)
    } catch (error) {
      // Who asks and goes away meanwhile is no error of ours.
      if (request.socket.destroyed) return
      this.#options.boundary.failed('admin-request', error)
      const sentence = failureSentence(error)
      if (response.headersSent) response.destroy()
      else send(request, response, refusal(500, sentence))
    }
  }

  async #answer(request: IncomingMessage): Promise<Answer | Stream> {
    const { method = '', url = '' } = request
    if (!url.startsWith('/')) return refusal(400, 'this is no path; ask for one such as /status')
    const [path = '', query = ''] = splitOnce(url, '?')
    const match = matchRoute(this.#options.routes, method, path)
    if (match.kind === 'no-path') return refusal(404, `nothing is here; there are ${this.#pathsInWords()}`)
    if (match.kind === 'no-method') return methodRefusal(match.allow)
    const { route, params } = match
    const token = tokenOf(request.headers.authorization, this.#options.tokens())
    const decision = this.#decideAccess(route, token)
    if (!decision.ok) {
      this.#options.notes.refused(request.socket.remoteAddress ?? 'the socket', `${method} ${route.path}`)
      return unauthorized(decision)
    }
    const body = await readBody(request)
    if ('status' in body) return body
    const who = this.#whoIs(request, token)
    const { isTrusted } = decision
    const isOverSocket = this.#channel === 'socket'
    return await route.answer({
      params,
      query: new URLSearchParams(query),
      body: body.value,
      who,
      isTrusted,
      isOverSocket,
    })
  }

  #decideAccess({ access }: Route, token: PresentedToken): AccessDecision {
    const hasTokens = this.#options.tokens().length > 0
    return decideAccess({ channel: this.#channel, access, token, hasTokens, socket: this.#socket.path })
  }

  /** Who it is by what can be proven, and in brackets who it says it is. */
  #whoIs({ headers, socket }: IncomingMessage, token: PresentedToken): string {
    const claimed = claimOf(headers['x-radsluice-caller'] as string | undefined)
    const from = this.#channel === 'socket' ? 'the admin socket' : (socket.remoteAddress ?? 'an unknown address')
    const by = typeof token === 'object' && this.#channel !== 'socket' ? `token ${token.name} from ${from}` : from
    return claimed === undefined ? by : `${by} (${claimed})`
  }

  #pathsInWords(): string {
    return [...new Set(this.#options.routes.map(({ path }) => path))].join(', ')
  }
}

/** An error of the system may pass, any other is a bug. */
const failureSentence = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error)
  return errnoOf(error) !== undefined
    ? `the daemon could not look just now (${text}); it goes on, ask again later`
    : `this is a bug, please report it: ${text}; the daemon goes on`
}

const unauthorized = ({ status, sentence }: Extract<AccessDecision, { ok: false }>): Answer => ({
  ...refusal(status, sentence),
  ...(status === 401 ? { headers: { 'www-authenticate': 'Bearer realm="radsluice"' } } : {}),
})

/** The body as a JSON object, or why it is none. */
async function readBody(request: IncomingMessage): Promise<{ readonly value: Record<string, unknown> } | Answer> {
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
    // Said below.
  }
  return refusal(400, 'the body is no JSON object; send one such as {"max_rate": 200}')
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body, headers }: Answer): void {
  // What was not read to its end (a body too large) must not be taken for the next request.
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

/** Writes lines as they come. A reader that does not keep up is told by `write`, and cut when it takes nothing at all. */
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

/** What can't even be read as HTTP. */
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

function splitOnce(text: string, at: string): [string, string] {
  const place = text.indexOf(at)
  return place === -1 ? [text, ''] : [text.slice(0, place), text.slice(place + 1)]
}

/** @throws what `openAdmin` throws where the TCP address can't be opened; it is closed again. */
export async function tryAdminAddress(listen: Endpoint): Promise<void> {
  const server = createServer()
  await opened(server, { listen, boundary: new Boundary(() => undefined) })
  await closed(server)
}

function opened(server: Server, { listen, boundary }: Pick<AdminOptions, 'listen' | 'boundary'>): Promise<void> {
  const { address, port } = listen
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(openingFailed({ address, port }, error)))
    server.listen({ host: address, port, exclusive: true }, () => {
      server.removeAllListeners('error')
      survive(server, boundary)
      resolve()
    })
  })
}

function openingFailed(listen: Endpoint, error: Error): Error {
  const where = `admin.listen: can't open TCP ${endpointText(listen)}`
  const system = systemCodeOf(error)
  if (system === 'EADDRINUSE') {
    const advice = 'another program has this port; stop it, or change the configuration'
    return codedError('ADDRESS_IN_USE', `${where}: ${advice}`, error)
  }
  if (system === 'EADDRNOTAVAIL') {
    return codedError('ADDRESS_NOT_LOCAL', `${where}: this machine does not have that address`, error)
  }
  if (system === 'EACCES') {
    const advice = 'not permitted; choose a port above 1023, or grant CAP_NET_BIND_SERVICE'
    return codedError('ADDRESS_NOT_PERMITTED', `${where}: ${advice}`, error)
  }
  const advice = adviceFor(system ?? '')
  const what = `the system says ${system ?? error.message}${advice === undefined ? '' : `; ${advice}`}`
  return codedError('SOCKET_FAILED', `${where}: ${what}`, error)
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
