/**
 * The admin server when something fails under it: a row that throws, a stranger who goes away, a place for its socket that
 * can't be opened.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Route, textAnswer } from '../../src/admin/route.ts'
import { openAdmin } from '../../src/admin/server.io.ts'
import { codeOf } from '../../src/coded-error.ts'
import { Boundary } from '../../src/observe/boundary/boundary.io.ts'
import { until } from './kit/child.ts'

const folder = mkdtempSync(join(tmpdir(), 'radsluice-admin-'))
afterAll(() => rmSync(folder, { recursive: true }))

const EMFILE = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/fine', access: 'read', answer: () => textAnswer(200, 'fine') },
  {
    method: 'GET',
    path: '/bug',
    access: 'read',
    answer: () => {
      throw new TypeError('a planted bug')
    },
  },
  { method: 'GET', path: '/full', access: 'read', answer: () => Promise.reject(EMFILE) },
  { method: 'POST', path: '/take', access: 'probe', answer: () => textAnswer(200, 'taken') },
]

async function open(socket: string) {
  const boundary = new Boundary(() => undefined)
  const server = await openAdmin({
    listen: { address: '127.0.0.1', port: 0 },
    socket,
    routes: ROUTES,
    boundary,
    tokens: () => [],
    notes: { refused: () => undefined, noSocket: () => undefined, full: () => undefined },
  })
  const { port } = server.address
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
  return { server, boundary, get, port }
}

describe('an admin server', () => {
  it('answers 500 with a sentence where a row throws, counts it, and serves on', async () => {
    const { server, boundary, get } = await open(join(folder, 'a.sock'))
    expect(await get('/bug')).toMatchObject({
      status: 500,
      text: expect.stringMatching(/planted bug; the daemon goes on/),
    })
    expect(await get('/full')).toMatchObject({ status: 500, text: expect.stringMatching(/ask again later/) })
    expect(boundary.counts['admin-request']).toBe(2)
    expect((await get('/fine')).status).toBe(200)
    await server.close()
  })

  it('takes nobody who goes away in the middle for an error', async () => {
    const { server, boundary, get, port } = await open(join(folder, 'b.sock'))
    for (let n = 0; n < 20; n += 1) {
      const socket = connect({ host: '127.0.0.1', port })
      await new Promise<void>((resolve) =>
        socket.write('POST /take HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhalf', () => resolve()),
      )
      socket.resetAndDestroy()
    }
    await until(async () => (await get('/fine')).status === 200, 'an answer')
    expect(boundary.counts['admin-request']).toBe(0)
    await server.close()
  })
})

describe('a place for the socket that can not be opened', () => {
  const file = join(folder, 'file')
  const loop = join(folder, 'loop')
  writeFileSync(file, '')
  symlinkSync(loop, loop)

  it.each([
    ['below a file', join(file, 'x.sock'), /ENOTDIR.*a part of the path is no folder/],
    ['in a folder that is not there', join(folder, 'none/x.sock'), /(EACCES|ENOENT).*or set admin.socket/],
    ['below a link to itself', join(loop, 'x.sock'), /ELOOP.*leads to itself/],
    ['in a folder of the kernel', '/proc/x.sock', /can't open the admin socket.*or set admin.socket/],
  ])('is one sentence: %s', async (_where, path, sentence) => {
    const failure = await open(path).then(
      async ({ server }) => {
        await server.close()
        return undefined
      },
      (error: unknown) => error,
    )
    expect([codeOf(failure), (failure as Error | undefined)?.message]).toEqual([
      'SOCKET_FAILED',
      expect.stringMatching(sentence),
    ])
  })

  it.runIf(process.getuid?.() !== 0)(
    'is one sentence where this user may not look [skipped as root, who may]',
    async () => {
      const closed = join(folder, 'closed')
      mkdirSync(closed)
      chmodSync(closed, 0)
      const failure: unknown = await open(join(closed, 'x.sock')).catch((error: unknown) => error)
      expect((failure as Error).message).toMatch(/EACCES.*may not write there/)
    },
  )
})
