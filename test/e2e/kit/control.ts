/**
 * The admin API as a stranger asks it: raw HTTP over the daemon's socket or over TCP, nothing of our own client.
 */
import { type OutgoingHttpHeaders, request } from 'node:http'
import type { Daemon } from './daemon.ts'

export interface Reply {
  readonly status: number
  readonly type: string
  readonly allow: string | undefined
  readonly text: string
  /** Undefined where it is no JSON. */
  readonly json: unknown
}

export interface Question {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  /** As it is, instead of `body` as JSON. */
  readonly raw?: string | Buffer
  readonly headers?: OutgoingHttpHeaders
}

export type Way = { readonly socketPath: string } | { readonly host: string; readonly port: number }

export const overTcp = (daemon: Daemon): Way => ({ host: '127.0.0.1', port: daemon.ports.admin })

export const overSocket = async (daemon: Daemon): Promise<Way> => {
  const { adminSocket } = await daemon.status()
  if (adminSocket === undefined) throw new Error('the daemon has no admin socket')
  return { socketPath: adminSocket }
}

export const asks = (way: Way, { method, path, body, raw, headers = {} }: Question): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const payload = raw ?? (body === undefined ? '' : JSON.stringify(body))
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const lengths = { 'content-length': Buffer.byteLength(payload) }
    const asked = request(
      { ...way, method, path, headers: { ...type, ...lengths, ...headers }, agent: false },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        answer.on('error', reject)
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            type: answer.headers['content-type'] ?? '',
            allow: answer.headers.allow,
            text,
            json: parsed(text),
          }),
        )
      },
    )
    asked.setTimeout(10_000, () => asked.destroy(new Error('no answer within 10 s')))
    asked.on('error', reject)
    asked.end(payload)
  })

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
