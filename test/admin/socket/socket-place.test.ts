/**
 * The attempt to open the socket says what its opening says, wherever the surroundings would have it, and leaves nothing.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  defaultSocketPath,
  listenAtPath,
  tryDefaultSocket,
  trySocketPath,
} from '../../../src/admin/socket/socket-place.io.ts'
import { codeOf } from '../../../src/coded-error.ts'

const folder = mkdtempSync(join(tmpdir(), 'radsluice-place-'))
const at = (name: string): string => join(folder, name)
mkdirSync(at('runtime'))
mkdirSync(at('session'))
mkdirSync(at('x'.repeat(100)))
symlinkSync(at('no-such-file'), at('dangling'))
writeFileSync(at('file'), '')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The code and the sentence; undefined where all is well. */
async function failureOf(act: () => Promise<void>): Promise<readonly unknown[] | undefined> {
  try {
    await act()
    return undefined
  } catch (error) {
    return [codeOf(error), (error as Error).message]
  }
}

const opened = (path: () => string): Promise<readonly unknown[] | undefined> =>
  failureOf(async () => {
    const server = createServer()
    await listenAtPath(server, path())
    await new Promise((resolve) => server.close(resolve))
  })

describe('the attempt', () => {
  it.each(['runtime', 'dangling', 'file', 'file/a.sock', 'nowhere/a.sock', 'x'.repeat(100), '/proc/a.sock', 'a.sock'])(
    'fails as the opening does: %s',
    async (name) => {
      const path = name.startsWith('/') ? name : at(name)
      const before = readdirSync(folder)
      const tried = await failureOf(() => trySocketPath(path))
      expect(readdirSync(folder)).toEqual(before)
      expect(tried).toEqual(await opened(() => path))
      expect(tried?.[0]).toBe(name === 'a.sock' ? undefined : 'SOCKET_FAILED')
    },
  )

  it.each([
    [{ RUNTIME_DIRECTORY: at('runtime') }, true],
    [{ RUNTIME_DIRECTORY: at('nope') }, false],
    [{ XDG_RUNTIME_DIR: at('session') }, true],
    [{ XDG_RUNTIME_DIR: at('nope') }, false],
    [{ XDG_RUNTIME_DIR: at('x'.repeat(100)) }, false],
  ])('fails as the opening does where no path is given: %o', async (env, isGood) => {
    const tried = await failureOf(() => tryDefaultSocket(9_812, env))
    expect(existsSync(at('session/radsluice'))).toBe(false)
    const came = await opened(() => defaultSocketPath(9_812, env))
    rmSync(at('session/radsluice'), { recursive: true, force: true })
    expect([tried === undefined, came === undefined]).toEqual([isGood, isGood])
    expect(tried?.[0]).toBe(came?.[0])
  })
})
