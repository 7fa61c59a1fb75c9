/**
 * radclient, FreeRADIUS's own client, as the independent judge of what the proxy answers: it builds the request,
 * verifies the response with the client's secret and decrypts what is encrypted in it. Its text output is read here.
 */
import { run } from './child.ts'
import { peerPath } from './peers.ts'

export interface RadclientOptions {
  readonly port: number
  readonly command: 'auth' | 'acct' | 'status'
  readonly secret: string
  /** One `Name = value` a line, as in a users file. */
  readonly attributes: readonly string[]
  readonly host?: string
  /** A folder with a file `dictionary`, read beside the machine's own. */
  readonly folder?: string
  /** Transmissions after the first. */
  readonly retries?: number
  /** Seconds between two transmissions. */
  readonly timeout?: number
}

export interface RadclientResult {
  /** `Access-Accept`, ...; undefined where nothing valid came. */
  readonly code: string | undefined
  /** Of the response, in order. */
  readonly attributes: readonly (readonly [name: string, value: string])[]
  /** How often the request was sent. */
  readonly sent: number
  readonly output: string
}

export const radclient = async (options: RadclientOptions): Promise<RadclientResult> => {
  const { host = '127.0.0.1', retries = 1, timeout = 5 } = options
  const folder = options.folder === undefined ? [] : ['-d', options.folder]
  const words = [...folder, '-x', '-r', String(retries + 1), '-t', String(timeout)]
  const target = host.includes(':') ? `[${host}]:${options.port}` : `${host}:${options.port}`
  const ended = await run(peerPath('radclient'), [...words, target, options.command, options.secret], {
    stdin: `${options.attributes.join('\n')}\n`,
    limitMs: (retries + 2) * timeout * 1_000 + 5_000,
  })
  return parseRadclient(ended.stdout + ended.stderr)
}

/** `Sent Access-Request Id 3 from ...`, `Received Access-Accept Id 3 from ...`, each followed by indented attributes. */
export const parseRadclient = (output: string): RadclientResult => {
  const attributes: [string, string][] = []
  let code: string | undefined
  let sent = 0
  let inResponse = false
  for (const line of output.split('\n')) {
    const [, direction, name] = /^(Sent|Received) (\S+) Id \d+ from /.exec(line) ?? []
    if (direction === 'Sent') sent += 1
    if (direction === 'Received') code = name
    if (direction !== undefined) inResponse = direction === 'Received'
    const [, attribute, value] = /^\s+([\w-]+(?::\d+)?) = (.*)$/.exec(line) ?? []
    if (inResponse && attribute !== undefined && value !== undefined) attributes.push([attribute, value])
  }
  return { code, attributes, sent, output }
}

/** The values of one attribute of a response, without their quotes. */
export const valuesOf = (result: RadclientResult, name: string): string[] =>
  result.attributes.filter(([attribute]) => attribute === name).map(([, value]) => value.replace(/^"(.*)"$/, '$1'))
