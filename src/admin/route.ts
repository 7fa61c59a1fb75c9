/**
 * A route of the admin API: a method, a path, who may use it, and what it answers. Routes are plain values, so that tests can
 * compare them with the page in docs/ and with the OpenAPI file.
 *
 * A path is compared as it was sent, segment by segment; nothing is normalised, so `//`, `.` and `..` match no route.
 * `{name}` in a route stands for one segment, which is percent-decoded.
 */
import { errnoOf } from '../system-errors.ts'

/**
 * `probe`: for load balancers. `read`: figures and states. `control`: what changes something, or shows what is not for every
 * user of the machine (sessions, settings).
 */
export type Access = 'probe' | 'read' | 'control'

export interface RoutedRequest {
  /** The values of the `{names}` in the route's path. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** The JSON object that was sent; empty if nothing was. */
  readonly body: Readonly<Record<string, unknown>>
  /** Who asks, for the log; never the token itself. */
  readonly who: string
  /** Whether the caller has proven more than that it reaches the address. */
  readonly isTrusted: boolean
  /** It came over the Unix socket, whose file mode says who may connect. */
  readonly isOverSocket: boolean
}

export interface AdminAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer that goes on: the route writes lines until it or the reader ends. */
export interface Stream {
  readonly type: string
  readonly begin: (reader: Reader) => void
}

export interface Reader {
  /** False if the reader is too slow: the line was not written. */
  write(line: string): boolean
  end(): void
  /** `act` is called once, when nobody reads any more. */
  onEnd(act: () => void): void
}

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly access: Access
  readonly answer: (asked: RoutedRequest) => AdminAnswer | Stream | Promise<AdminAnswer | Stream>
}

export const TEXT = 'text/plain; charset=utf-8'
export const JSON_TYPE = 'application/json; charset=utf-8'

/** One JSON value a line. */
export const LINES = 'application/x-ndjson; charset=utf-8'

export const textAnswer = (status: number, sentence: string): AdminAnswer => ({
  status,
  type: TEXT,
  body: `${sentence}\n`,
})

export const jsonAnswer = (status: number, value: unknown): AdminAnswer => ({
  status,
  type: JSON_TYPE,
  body: `${JSON.stringify(value, null, 2)}\n`,
})

/** `error` says what is wrong and what to do; `more` is for programs. */
export const refusal = (status: number, error: string, more: object = {}): AdminAnswer =>
  jsonAnswer(status, { error, ...more })

export const methodRefusal = (allow: readonly string[]): AdminAnswer => ({
  ...refusal(405, `use ${allow.join(' or ')} here`),
  headers: { allow: allow.join(', ') },
})

export const accessRefusal = (status: 401 | 403, error: string): AdminAnswer => ({
  ...refusal(status, error),
  ...(status === 401 ? { headers: { 'www-authenticate': 'Bearer realm="radsluice"' } } : {}),
})

/** The answer if a route has thrown. An error of the system may pass; any other is a bug. */
export function failure(error: unknown): AdminAnswer {
  const text = error instanceof Error ? error.message : String(error)
  return errnoOf(error) === undefined
    ? refusal(500, `this is a bug, please report it: ${text}; the daemon goes on`)
    : refusal(500, `the daemon could not read its state (${text}); it goes on, so ask again later`)
}

export type Match =
  | { readonly kind: 'route'; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'no-path' }
  | { readonly kind: 'no-method'; readonly allow: readonly string[] }

/** The route for a request; HEAD is answered as GET. */
export function matchRoute(routes: readonly Route[], method: string, path: string): Match {
  const sought = method === 'HEAD' ? 'GET' : method
  const allow = new Set<string>()
  for (const route of routes) {
    const params = paramsOf(route.path, path)
    if (params === undefined) continue
    if (route.method === sought) return { kind: 'route', route, params }
    allow.add(route.method)
    if (route.method === 'GET') allow.add('HEAD')
  }
  return allow.size === 0 ? { kind: 'no-path' } : { kind: 'no-method', allow: [...allow] }
}

function paramsOf(route: string, path: string): Record<string, string> | undefined {
  const wanted = route.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] as string
    const name = /^\{(\w+)\}$/.exec(segment)?.[1]
    if (name === undefined) {
      if (value !== segment) return undefined
      continue
    }
    const decoded = percentDecoded(value)
    if (decoded === undefined || decoded === '') return undefined
    params[name] = decoded
  }
  return params
}

function percentDecoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
