/**
 * The admin address: `/metrics`, `/healthz`, `/readyz` and `/status` over HTTP, for machines and for `radsluice status`.
 *
 * It only reads: GET and HEAD, nothing else, and no request has a body. There is no password, so it listens on loopback
 * unless configured otherwise. Connections, headers and times are bounded; what is wrong gets a 4xx and one sentence.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { codedError, systemCodeOf } from '../coded-error.ts'
import { type ClockPair, readClockPair } from '../proxy/clock.io.ts'
import { type Endpoint, endpointText } from '../proxy/datagram-socket.io.ts'
import { Metrics } from './metrics.io.ts'
import { statusReport } from './status-report.ts'
import { type DaemonView, notReady } from './view.ts'

const MOST_CONNECTIONS = 64
const LONGEST_REQUEST_MS = 5_000
const PATHS = '/metrics, /healthz, /readyz, /status'

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** Seen from outside: an open admin address. */
export interface AdminServer {
  readonly address: Endpoint
  close(): Promise<void>
}

/**
 * Opens the admin address; `look` gathers a fresh view for each request.
 * @throws a coded error where the address can't be opened.
 */
export async function openAdmin(
  listen: Endpoint,
  look: () => Promise<DaemonView>,
  readClocks: () => ClockPair = readClockPair,
): Promise<AdminServer> {
  const answer = answers(look, readClocks)
  const server = createServer({ maxHeaderSize: 8_192, requestTimeout: LONGEST_REQUEST_MS }, (request, response) => {
    void respond(request, response, answer)
  })
  server.maxConnections = MOST_CONNECTIONS
  server.headersTimeout = LONGEST_REQUEST_MS
  server.keepAliveTimeout = LONGEST_REQUEST_MS
  await opened(server, listen)
  const { address, port } = server.address() as AddressInfo
  return { address: { address, port }, close: () => closed(server) }
}

function answers(look: () => Promise<DaemonView>, readClocks: () => ClockPair): (path: string) => Promise<Answer> {
  const metrics = new Metrics()
  const plain = (status: number, sentence: string): Answer => ({
    status,
    type: 'text/plain; charset=utf-8',
    body: `${sentence}\n`,
  })
  return async (path) => {
    switch (path) {
      case '/healthz':
        return plain(200, 'alive')
      case '/readyz': {
        const reasons = notReady(await look())
        return reasons.length === 0 ? plain(200, 'ready') : plain(503, reasons.join('\n'))
      }
      case '/metrics':
        return { status: 200, type: metrics.contentType, body: await metrics.text(await look()) }
      case '/status': {
        const body = `${JSON.stringify(statusReport(await look(), readClocks()), null, 2)}\n`
        return { status: 200, type: 'application/json; charset=utf-8', body }
      }
      default:
        return plain(404, `nothing here; there are ${PATHS}`)
    }
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (path: string) => Promise<Answer>,
): Promise<void> {
  const head = request.method === 'HEAD'
  if (request.method !== 'GET' && !head) {
    response.writeHead(405, { allow: 'GET, HEAD', connection: 'close', 'content-type': 'text/plain; charset=utf-8' })
    response.end('this address can only be read; use GET\n')
    return
  }
  try {
    const { status, type, body } = await answer((request.url ?? '/').replace(/\?.*$/s, ''))
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
    })
    response.end(head ? undefined : body)
  } catch (error) {
    // A bug in a view must not end the daemon, but the one who asked should see it.
    response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(`this is a bug: ${error instanceof Error ? error.message : String(error)}\n`)
  }
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
