/**
 * docs/openapi.yaml and the server, held against each other: the same paths and methods, the rights that the file tells,
 * and every answer that it tells, asked for and checked against its schema.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { until } from './kit/child.ts'
import { asks, overSocket, overTcp, type Question, type Reply, type Way } from './kit/control.ts'
import { CLIENT_SECRET, Daemon, ROOT, serverEntry } from './kit/daemon.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { ScriptedServer, silence, yes } from './kit/scripted-server.ts'
import { accountingRequest, papRequest } from './kit/wire.ts'

type Schema = Readonly<Record<string, unknown>>
interface Told {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>
  readonly $ref?: string
}
interface Operation {
  readonly operationId: string
  readonly 'x-access': 'probe' | 'read' | 'control'
  readonly responses: Readonly<Record<string, Told>>
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Schema; readonly responses: Readonly<Record<string, Told>> }
}

const API = parse(readFileSync(join(ROOT, 'docs/openapi.yaml'), 'utf8')) as OpenApi
const OPERATIONS = Object.entries(API.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
)

/** What an answer must be, by the file: its type and a check of its body. */
const toldOf = ({ responses }: Operation, status: number): { type: string; check: z.ZodType } => {
  const said = responses[String(status)]
  if (said === undefined) throw new Error(`the file does not tell ${status}`)
  const { content = {} } =
    said.$ref === undefined ? said : (API.components.responses[said.$ref.split('/').at(-1) ?? ''] ?? {})
  const [type = '', { schema } = { schema: {} }] = Object.entries(content)[0] ?? []
  const local = JSON.stringify({ ...schema, $defs: API.components.schemas }).replaceAll(
    '#/components/schemas/',
    '#/$defs/',
  )
  return { type, check: z.fromJSONSchema(JSON.parse(local) as never) }
}

const seen = new Set<string>()
const operationOf = (id: string): Operation => {
  const found = OPERATIONS.find(({ operationId }) => operationId === id)
  if (found === undefined) throw new Error(`no operation ${id}`)
  return found
}

/** Expects the answer to be one that the file tells of this operation. */
const expectTold = (
  id: string,
  status: number,
  { type, text, ...reply }: Pick<Reply, 'status' | 'type' | 'text'>,
): void => {
  expect([id, reply.status, text]).toEqual([id, status, expect.anything()])
  const told = toldOf(operationOf(id), status)
  expect(type.split(';')[0]).toBe(told.type)
  const bodies = told.type === 'application/x-ndjson' ? text.trimEnd().split('\n') : [text]
  for (const body of bodies) {
    const value: unknown = told.type === 'text/plain' ? body : JSON.parse(body)
    const checked = told.check.safeParse(value)
    expect(checked.success ? '' : `${id} ${status}: ${z.prettifyError(checked.error)}\n${body.slice(0, 500)}`).toBe('')
  }
  seen.add(`${id} ${status}`)
}

let daemon: Daemon
let server: ScriptedServer
let client: ScriptedClient
let way: Way
beforeAll(async () => {
  server = await ScriptedServer.start()
  const entry = serverEntry('s1', { authPort: server.port, acctPort: server.port, secret: server.secret })
  daemon = await Daemon.start({ accounting: { track_sessions: true }, farm: { servers: [entry] } })
  client = new ScriptedClient(CLIENT_SECRET)
  await client.open(1)
  way = await overSocket(daemon)
})
afterAll(async () => {
  await client.close()
  await daemon.kill()
  await server.close()
})

const get = (path: string): Question => ({ method: 'GET', path })
const post = (path: string, body?: unknown): Question => ({
  method: 'POST',
  path,
  ...(body === undefined ? {} : { body }),
})

/** The first lines of an answer that goes on. */
const beginning = async (path: string, lines: number, meanwhile: () => void = () => undefined): Promise<Reply> => {
  const { request } = await import('node:http')
  return await new Promise((resolve, reject) => {
    let text = ''
    const asked = request({ ...way, path, agent: false }, (answer) => {
      const finish = (): void => {
        const { statusCode: status = 0, headers } = answer
        const whole = text.split('\n').slice(0, lines).join('\n')
        resolve({ status, type: headers['content-type'] ?? '', allow: undefined, text: whole, json: undefined })
        asked.destroy()
      }
      answer.setEncoding('utf8').on('data', (part: string) => {
        // From the first line on it is attached, and what happens then is seen.
        if (text === '') meanwhile()
        text += part
        if (text.split('\n').length > lines) finish()
      })
      answer.on('end', finish)
      answer.on('error', () => undefined)
    })
    asked.on('error', reject)
    asked.end()
  })
}

describe('the file and the server', () => {
  it('have the same paths and methods', async () => {
    const { text } = await asks(way, get('/'))
    const paths = [...new Set([...text.matchAll(/\/[\w{}/-]+/g)].map(([path]) => path))].sort()
    expect(paths).toEqual(Object.keys(API.paths).sort())
    for (const path of paths) {
      const { allow } = await asks(way, { method: 'OPTIONS', path })
      const methods = allow?.split(', ').filter((method) => method !== 'HEAD')
      expect([path, methods]).toEqual([path, Object.keys(API.paths[path] ?? {}).map((method) => method.toUpperCase())])
    }
  })

  it('agree on who may do what', async () => {
    for (const { path, method, operationId, 'x-access': access } of OPERATIONS) {
      if (operationId === 'watch') continue
      const { status } = await asks(overTcp(daemon), { method, path })
      expect([operationId, status === 403 ? 'control' : 'open']).toEqual([
        operationId,
        access === 'control' ? access : 'open',
      ])
    }
  })
})

describe('every answer that the file tells', () => {
  it('is checked by a schema that finds what is missing, wrong or too much', () => {
    const { check } = toldOf(operationOf('reload'), 200)
    const change = { path: 'a.b', kind: 'changed', was: '1', is: '2', needsRestart: false }
    const lists = {
      warnings: [],
      waitingForRestart: ['x'],
      changes: [change],
      endedOverrides: [],
      forgotLearned: false,
    }
    const good = { file: '/etc/x', digest: 'a'.repeat(64), ...lists }
    expect(check.safeParse(good).success).toBe(true)
    const { digest: _, ...rest } = good
    for (const bad of [rest, { ...good, digest: 'A' }, { ...good, warnings: [1] }, { ...good, more: 1 }]) {
      expect(check.safeParse(bad).success, JSON.stringify(bad)).toBe(false)
    }
  })

  it.each<[id: string, status: number, question: Question]>([
    ['healthz', 200, get('/healthz')],
    ['readyz', 200, get('/readyz')],
    ['metrics', 200, get('/metrics')],
    ['alarms', 200, get('/alarms')],
    ['status', 200, get('/status')],
    ['sessions', 200, get('/sessions?limit=5')],
    ['sessions', 400, get('/sessions?limit=0')],
    ['learned', 200, get('/learned?limit=5')],
    ['learned', 400, get('/learned?limit=0')],
    ['watch', 400, get('/watch?interval=1')],
    ['trace', 400, get('/trace?seconds=5')],
    ['trace', 404, get('/trace?client=nobody&seconds=5')],
    ['serverDown', 200, post('/servers/s1/down', { class: 'accounting' })],
    ['serverDown', 400, post('/servers/s1/down', { class: 'both' })],
    ['serverDown', 404, post('/servers/s2/down')],
    ['setMaxRate', 200, post('/servers/s1/max-rate', { class: 'authentication', max_rate: 9 })],
    ['setMaxRate', 400, post('/servers/s1/max-rate', { class: 'authentication' })],
    ['setMaxRate', 404, post('/servers/s2/max-rate', { class: 'authentication', max_rate: 9 })],
    ['logLevel', 200, post('/log-level', { level: 'debug' })],
    ['logLevel', 400, post('/log-level', {})],
    ['config', 200, get('/config')],
    ['status', 200, get('/status')],
    ['serverUp', 200, post('/servers/s1/up')],
    ['serverUp', 400, post('/servers/s1/up', { x: 1 })],
    ['serverUp', 404, post('/servers/s2/up')],
    ['reload', 200, post('/reload')],
    ['reload', 200, post('/reload', { forget_learned: true })],
    ['reload', 400, post('/reload', { x: 1 })],
    ['preview', 400, post('/reload/preview', { file: 'x.yaml' })],
    ['stop', 400, post('/stop', { force: 1 })],
    ['drain', 400, post('/drain', { x: 1 })],
    ['resume', 200, post('/resume')],
    ['resume', 400, post('/resume', { x: 1 })],
  ])('%s %i', async (id, status, question) => {
    expectTold(id, status, await asks(way, question))
  })

  it('sessions that are tracked', async () => {
    const session = accountingRequest({
      secret: CLIENT_SECRET,
      identifier: 9,
      attributes: [
        [1, 'alice'],
        [40, 1],
        [44, 'session-1'],
      ],
    })
    client.send(0, session, daemon.ports.accounting)
    await until(async () => (await asks(way, get('/sessions?session=session-1'))).text.includes('alice'), 'the session')
    expectTold('sessions', 200, await asks(way, get('/sessions?session=session-1')))
  })

  it('what goes on: watch and trace, and what a stop says meanwhile', async () => {
    expectTold('watch', 200, await beginning('/watch?interval=250', 2))
    const login = papRequest({ secret: CLIENT_SECRET, identifier: 1, user: 'alice' })
    const ask = (): void => client.send(0, login, daemon.ports.authentication)
    const trace = await beginning('/trace?user=alice&count=3&seconds=5', 5, ask)
    expect(trace.text).toContain('"ended":"count"')
    expectTold('trace', 200, trace)
    const reply = await beginning('/watch?interval=250', 8, () => {
      void asks(way, post('/stop')).then((stop) => expectTold('stop', 409, stop))
    })
    expect(reply.status).toBe(200)
    await until(() => seen.has('stop 409'), 'a refused stop')
  })

  it('too many that follow', async () => {
    const { request } = await import('node:http')
    const open = Array.from({ length: 16 }, () =>
      request({ ...way, path: '/watch', agent: false }).on('error', () => undefined),
    )
    for (const one of open) one.end()
    await daemon.reaches(({ attached }) => attached.length === 16, 'sixteen attached')
    expectTold('watch', 503, await asks(way, get('/watch')))
    expectTold('trace', 503, await asks(way, get('/trace?user=x')))
    for (const one of open) one.destroy()
    await daemon.reaches(({ attached }) => attached.length === 0, 'none attached')
  })

  it('a file that is not taken, no sessions where none are tracked, a drain, and the end', async () => {
    const text = readFileSync(daemon.configFile, 'utf8')
    writeFileSync(daemon.configFile, 'clients: no\n')
    expectTold('reload', 422, await asks(way, post('/reload')))
    const preview = post('/reload/preview', { file: daemon.configFile })
    expectTold('preview', 422, await asks(way, preview))
    const bare = await Daemon.start({
      accounting: { track_sessions: false },
      farm: { servers: [serverEntry('s1', { authPort: server.port, secret: server.secret })] },
    })
    expectTold('sessions', 404, await asks(await overSocket(bare), get('/sessions')))
    await bare.kill()
    writeFileSync(daemon.configFile, text.replace('{', '{"drain_limit":"30s",'))
    expectTold('preview', 200, await asks(way, preview))
    writeFileSync(daemon.configFile, text)
    expectTold('drain', 202, await asks(way, post('/drain')))
    expectTold('readyz', 503, await asks(way, get('/readyz')))
    expectTold('reload', 409, await asks(way, post('/reload')))
    // A drain waits for servers: they are taken up and down meanwhile.
    expectTold('serverUp', 200, await asks(way, post('/servers/s1/up')))
    expectTold('drain', 200, await asks(way, post('/drain', { follow: true })))
    // Something is in hand, so that the end takes its time.
    expectTold('resume', 200, await asks(way, post('/resume')))
    server.script = silence
    client.send(0, papRequest({ secret: CLIENT_SECRET, identifier: 7, user: 'bob' }), daemon.ports.authentication)
    await daemon.reaches(({ classes }) => classes.authentication.outstanding === 1, 'a login at the silent server')
    expectTold('stop', 202, await asks(way, post('/stop')))
    expectTold('resume', 409, await asks(way, post('/resume')))
    expectTold('serverDown', 409, await asks(way, post('/servers/s1/down')))
    expectTold('serverUp', 409, await asks(way, post('/servers/s1/up')))
    expectTold('setMaxRate', 409, await asks(way, post('/servers/s1/max-rate', { class: 'accounting', max_rate: 1 })))
    server.script = yes
    expectTold('stop', 200, await asks(way, post('/stop', { follow: true })))
    const told = OPERATIONS.flatMap(({ operationId, responses }) =>
      Object.keys(responses).map((status) => `${operationId} ${status}`),
    )
    expect([...seen].sort()).toEqual(told.sort())
  })
})
