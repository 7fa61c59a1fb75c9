/**
 * Strangers at the admin API: wrong types, huge bodies, tricks with paths, slow clients, too many of them. Each gets a 4xx
 * with a sentence, or is cut; the daemon goes on, its memory stays bounded, and without a right nothing changes.
 *
 * Most of it is one seeded stream of requests, so a failure is found again: its seed is in the message.
 */
import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from './kit/child.ts'
import { asks, overSocket, overTcp, type Question, type Way } from './kit/control.ts'
import { Daemon, serverEntry } from './kit/daemon.ts'

const REQUESTS = 1_500
const MEBIBYTE = 1024 * 1024
const MOST_GROWTH = 96 * MEBIBYTE

let daemon: Daemon
let socket: Way
beforeAll(async () => {
  const entry = serverEntry('s1', { authPort: 9, secret: 'nobody-listens-there' })
  daemon = await Daemon.start({ farm: { servers: [entry] } })
  socket = await overSocket(daemon)
})
afterAll(() => daemon.kill())

const segment = fc.oneof(
  fc.constantFrom(
    'servers',
    's1',
    'down',
    'up',
    'max-rate',
    'reload',
    'status',
    'config',
    'log-level',
    'trace',
    'watch',
  ),
  fc.constantFrom(
    '',
    '.',
    '..',
    '%2e%2e',
    '%2f',
    '%',
    '%ff',
    '%00',
    '~',
    '*',
    '__proto__',
    'constructor',
    'S1',
    '{name}',
  ),
  fc.string({ maxLength: 8, unit: 'grapheme-ascii' }).map(encodeURIComponent),
)
const path = fc.array(segment, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`)
const query = fc.oneof(
  fc.constant(''),
  fc.constantFrom('?', '?seconds=1', '?interval=x', '?client=', '?a[]=1&a[]=2', '?%zz', '?user=x&seconds=-1'),
)
const value = fc.oneof(
  fc.constantFrom<unknown>(
    'authentication',
    'accounting',
    'debug',
    'info',
    null,
    true,
    -1,
    0,
    1e9,
    1.5,
    Number.MAX_SAFE_INTEGER,
  ),
  fc.jsonValue({ maxDepth: 2 }),
)
const body = fc.oneof(
  fc.constant(undefined),
  value,
  fc.dictionary(fc.constantFrom('class', 'max_rate', 'level', 'force', '__proto__', 'toString', 'x'), value, {
    maxKeys: 4,
  }),
)
/** Nothing that ends the daemon or goes on for ever by being right. */
const question: fc.Arbitrary<Question> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'POST', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'),
    path: fc.tuple(path, query).map((parts) => parts.join('')),
    body,
  })
  .filter((one) => !/^\/(stop|drain|watch|trace)(\?|$)/.test(one.path))

const isSentence = (json: unknown): boolean =>
  typeof json === 'object' &&
  json !== null &&
  'error' in json &&
  typeof json.error === 'string' &&
  json.error.length > 10

describe('any request', () => {
  it('over the socket is answered, with a sentence where it is wrong', { timeout: 60_000 }, async () => {
    const seen = new Set<number>()
    const before = (await daemon.status()).process.residentBytes as number
    await fc.assert(
      fc.asyncProperty(question, async (one) => {
        const reply = await asks(socket, one)
        seen.add(reply.status)
        expect([200, 400, 404, 405, 415, 422]).toContain(reply.status)
        if (reply.status >= 400 && one.method !== 'HEAD') expect(isSentence(reply.json), reply.text).toBe(true)
        if (reply.status === 405) expect(reply.allow).toMatch(/^(GET, HEAD|POST)$/)
      }),
      { numRuns: REQUESTS },
    )
    expect([...seen].sort()).toEqual(expect.arrayContaining([200, 400, 404, 405]))
    expect(((await daemon.status()).process.residentBytes as number) - before).toBeLessThan(MOST_GROWTH)
    expect((await asks(socket, { method: 'POST', path: '/servers/s1/up' })).status).toBe(200)
    expect((await asks(socket, { method: 'POST', path: '/reload' })).status).toBe(200)
  })

  it('over TCP without a token changes nothing', { timeout: 60_000 }, async () => {
    const { overrides, config } = await daemon.status()
    await fc.assert(
      fc.asyncProperty(question, async (one) => {
        const { status } = await asks(overTcp(daemon), one)
        expect([200, 400, 403, 404, 405]).toContain(status)
        if (one.method === 'POST') expect(status).not.toBe(200)
      }),
      { numRuns: REQUESTS / 3 },
    )
    const after = await daemon.status()
    expect([after.overrides, after.config.reloadsOk, after.phase]).toEqual([overrides, config.reloadsOk, 'running'])
  })
})

describe('a body', () => {
  const change = { method: 'POST', path: '/servers/s1/max-rate' }

  it.each<[string, Partial<Question>, number]>([
    ['that is no JSON', { raw: '{', headers: { 'content-type': 'application/json' } }, 400],
    ['that is a list', { body: [1] }, 400],
    [
      'that is deep',
      { raw: `${'['.repeat(8_000)}${']'.repeat(8_000)}`, headers: { 'content-type': 'application/json' } },
      400,
    ],
    ['without its type', { raw: '{"class":"authentication","max_rate":1}' }, 415],
    ['with a field too many', { body: { class: 'authentication', max_rate: 1, more: 1 } }, 400],
    ['with a rate of the wrong type', { body: { class: 'authentication', max_rate: '1e3' } }, 400],
    ['with one octet too many', { raw: 'x'.repeat(16_385) }, 413],
  ])('%s is refused with a sentence', async (_what, wrong, status) => {
    const reply = await asks(socket, { ...change, ...wrong })
    expect([reply.status, isSentence(reply.json)]).toEqual([status, true])
  })

  it('of gigabytes is not read', async () => {
    const before = (await daemon.status()).process.residentBytes as number
    const taken = await floodBody(200 * MEBIBYTE)
    expect(taken).toBeLessThan(16 * MEBIBYTE)
    expect(((await daemon.status()).process.residentBytes as number) - before).toBeLessThan(MOST_GROWTH)
  })
})

describe('a connection', () => {
  it.each([
    [
      'no HTTP at all',
      '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\r\n\r\n',
      /^HTTP\/1\.1 400 .*"error":"this is no HTTP request"/s,
    ],
    [
      'no path',
      'GET http://elsewhere/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      /^HTTP\/1\.1 400 .*this is no path/s,
    ],
    ['a header without end', `GET /status HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`, /^HTTP\/1\.1 431 /s],
    [
      'two lengths',
      'POST /reload HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}',
      /^HTTP\/1\.1 400 /s,
    ],
  ])('with %s gets a 4xx', async (_what, octets, answer) => {
    expect(await talk(connect(daemon.ports.admin, '127.0.0.1'), octets)).toMatch(answer)
  })

  it('that is slow is cut, and so are those beyond the sixty-fourth', { timeout: 30_000 }, async () => {
    const slow = Array.from({ length: 200 }, () => connect(daemon.ports.admin, '127.0.0.1'))
    let closed = 0
    for (const one of slow) {
      one.on('error', () => undefined).resume()
      one.on('close', () => {
        closed += 1
      })
      one.write('GET /status HTTP/1.1\r\nhost:')
    }
    // The socket is a way in of its own: whoever blocks TCP does not lock the operator out.
    await until(() => closed >= 136, 'the superfluous ones to be cut')
    expect((await asks(socket, { method: 'GET', path: '/healthz' })).status).toBe(200)
    await until(() => closed === 200, 'the slow ones to be cut', 15_000)
    expect((await daemon.get('/healthz'))?.status).toBe(200)
  })
})

/** All that comes back until the other side closes. */
const talk = (stranger: Socket, octets: string): Promise<string> =>
  new Promise((resolve) => {
    let text = ''
    stranger.on('data', (part) => {
      text += String(part)
    })
    stranger.on('error', () => resolve(text))
    stranger.on('close', () => resolve(text))
    stranger.setTimeout(8_000, () => stranger.destroy())
    stranger.write(octets, 'latin1')
  })

/** Sends a body until it is cut; answers how many octets the daemon's side took. */
const floodBody = (length: number): Promise<number> =>
  new Promise((resolve) => {
    const stranger = connect(daemon.ports.admin, '127.0.0.1')
    const piece = Buffer.alloc(256 * 1024, 0x20)
    let isOver = false
    const end = (): void => {
      isOver = true
      resolve(stranger.bytesWritten - stranger.writableLength)
      stranger.destroy()
    }
    stranger.on('error', end).on('close', end)
    stranger.write(`POST /reload HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n`)
    const more = (): void => {
      if (isOver) return
      if (stranger.write(piece)) setImmediate(more)
      else stranger.once('drain', more)
    }
    more()
  })
