/** What `--admin` names: a path has a `/` in it and no scheme, and what is neither path nor address is a mistake. */
import { expect, it } from 'vitest'
import { LONGEST_SOCKET_PATH } from '../../../src/admin/socket/socket-candidates.ts'
import { codeOf } from '../../../src/coded-error.ts'
import { adminAddress } from '../../../src/commands/input/admin-options.ts'

it.each([
  ['unix:/run/a.sock', '/run/a.sock'],
  ['unix:a.sock', 'a.sock'],
  ['/run/a.sock', '/run/a.sock'],
  ['./a.sock', './a.sock'],
  ['../a.sock', '../a.sock'],
  ['d/a.sock', 'd/a.sock'],
  ['127.0.0.1/a.sock', '127.0.0.1/a.sock'],
])('%s is the path of a socket', (admin, socketPath) => expect(adminAddress(admin)).toEqual({ socketPath }))

it.each([
  ['http://127.0.0.1:9812', '127.0.0.1', '9812'],
  ['http://127.0.0.1:9812/', '127.0.0.1', '9812'],
  ['127.0.0.1:9812', '127.0.0.1', '9812'],
  ['127.0.0.1:9812/', '127.0.0.1', '9812'],
  ['[::1]:9812', '::1', '9812'],
  ['[::1]:9812/', '::1', '9812'],
  ['radius.example', 'radius.example', 80],
])('%s is an address', (admin, host, port) => expect(adminAddress(admin)).toEqual({ host, port }))

it.each([
  '',
  'unix:',
  'http://[',
  'https://127.0.0.1:9812',
  'ftp://x/y',
  `/tmp/${'x'.repeat(200)}`,
  `unix:${'é/'.repeat(40)}`,
])('"%s" is a mistake in the command', (admin) => {
  let code: unknown
  try {
    adminAddress(admin)
  } catch (error) {
    code = codeOf(error)
    expect((error as Error).message).toMatch(/is no address; write --admin|octets, and a socket 107 at most; give/)
  }
  expect(code).toBe('USAGE')
})

it('a path is as long as the socket of a daemon may be', () => {
  const path = `/${'x'.repeat(LONGEST_SOCKET_PATH - 1)}`
  expect(adminAddress(path)).toEqual({ socketPath: path })
  expect(() => adminAddress(`${path}x`)).toThrow(/has 108 octets/)
})
