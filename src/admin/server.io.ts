/**
 * The admin API's server: HTTP over TCP and over a socket of the machine, with one table of rows for both.
 *
 * Strangers talk to it, so everything is bounded: connections, headers, bodies, and the time each of them may take; a
 * reader that takes nothing is cut. What is wrong gets a 4xx with one sentence. A row that throws is a bug, which its
 * asker sees and nobody else.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { isLoopback, parseAddress } from '../addresses.ts'
import { codedError, systemCodeOf } from '../coded-error.ts'
import { type Endpoint, endpointText } from '../proxy/datagram-socket.io.ts'
import { admit, claimOf, type Way } from './gate.ts'
import { type Answer, type Asked, matchRoute, methodRefusal, type Route, refusal, type Stream } from './route.ts'

const MOST_CONNECTIONS = 64
const LONGEST_REQUEST_MS = 5_000
/** Nothing was read or written for so long: a reader that takes nothing. */
const LONGEST_SILENCE_MS = 15_000
const LARGEST_BODY = 16 * 1024
/** A line that a slow reader does not take waits in the system's buffers and in at most so much memory. */
const MOST_WAITING = 256 * 1024

/** Seen from outside: an open admin API. */
export interface AdminServer {
  readonly address: Endpoint
  close(): Promise<void>
}

export interface AdminOptions {
  readonly listen: Endpoint
  readonly routes: readonly Route[]
}

/** @throws a coded error where the address can't be opened. */
export async function openAdmin({ listen, routes }: AdminOptions): Promise<AdminServer> {
  const isLocal = isLoopback(parseAddress(listen.address) ?? new Uint8Array(0))
  const server = newServer(new Desk(routes, isLocal ? 'loopback' : 'network'))
  await opened(server, listen)
  const { address, port } = server.address() as AddressInfo
  return { address: { address, port }, close: () => closed(server) }
}

function newServer(desk: Desk): Server {
  const limits = {
    maxHeaderSize: 8_192,
    headersTimeout: LONGEST_REQUEST_MS,
    requestTimeout: LONGEST_REQUEST_MS,
    keepAliveTimeout: LONGEST_REQUEST_MS,
    connectionsCheckingInterval: 1_000,
  }
  const server = createServer(limits, (request, response) => void desk.serve(request, response))
  server.maxConnections = MOST_CONNECTIONS
  server.timeout = LONGEST_SILENCE_MS
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseConnection(error.code, socket as Socket))
  return server
}

/** One way in: who comes here, what may be done here, and the answers. */
class Desk {
  readonly #routes: readonly Route[]
  readonly #way: Way

  constructor(routes: readonly Route[], way: Way) {
    this.#routes = routes
    this.#way = way
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = await this.#answer(request)
      if ('begin' in answer) stream(response, answer)
      else send(request, response, answer)
    } catch (error) {
      // A bug in a row must not end the daemon, but the one who asked should see it.
      const sentence = `this is a bug, please report it: ${error instanceof Error ? error.message : String(error)}`
      if (response.headersSent) response.destroy()
      else send(request, response, refusal(500, sentence))
    }
  }

  async #answer(request: IncomingMessage): Promise<Answer | Stream> {
    const { method = '', url = '' } = request
    if (!url.startsWith('/')) return refusal(400, 'this is no path; ask for one such as /status')
    const [path = '', query = ''] = splitOnce(url, '?')
    const match = matchRoute(this.#routes, method, path)
    if (match.kind === 'no-path') return refusal(404, `nothing is here; there are ${this.#pathsInWords()}`)
    if (match.kind === 'no-method') return methodRefusal(match.allow)
    const { route, params } = match
    const admission = admit({
      way: this.#way,
      access: route.access,
      token: undefined,
      hasTokens: false,
      socket: undefined,
    })
    if (!admission.ok) return refusal(admission.status, admission.sentence)
    const body = await readBody(request)
    if ('status' in body) return body
    const { isTrusted } = admission
    const asked: Asked = {
      params,
      query: new URLSearchParams(query),
      body: body.value,
      who: this.#whoIs(request),
      isTrusted,
    }
    return await route.answer(asked)
  }

  #whoIs({ headers, socket }: IncomingMessage): string {
    const claimed = claimOf(headers['x-radsluice-caller'] as string | undefined)
    const from = this.#way === 'socket' ? 'socket' : (socket.remoteAddress ?? 'unknown')
    return claimed === undefined ? from : `${from} (${claimed})`
  }

  #pathsInWords(): string {
    return [...new Set(this.#routes.map(({ path }) => path))].join(', ')
  }
}

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
function stream(response: ServerResponse, { type, begin }: Stream): void {
  let act: (() => void) | undefined
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', connection: 'close' })
  response.flushHeaders()
  response.on('close', () => act?.())
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

function opened(server: Server, { address, port }: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(openingFailed({ address, port }, error)))
    server.listen({ host: address, port, exclusive: true }, () => {
      server.removeAllListeners('error')
      // Failing to accept one connection (out of descriptors, say) is that client's misfortune only.
      server.on('error', () => undefined)
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
  return codedError('SOCKET_FAILED', `${where}: the system says ${system ?? error.message}`, error)
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
