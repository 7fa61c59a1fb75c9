import { describe, expect, it } from 'vitest'
import { accessRefusal, failure, matchRoute, type Route } from '../../src/admin/route.ts'

const route = (method: Route['method'], path: string): Route => ({
  method,
  path,
  access: 'read',
  answer: () => ({ status: 200, type: 'text/plain', body: '' }),
})
const ROUTES = [route('GET', '/status'), route('GET', '/servers/{name}'), route('POST', '/servers/{name}/down')]
const ask = (method: string, path: string) => matchRoute(ROUTES, method, path)

describe('a request finds its route', () => {
  it('by method and path, HEAD as GET', () => {
    expect(ask('GET', '/status')).toMatchObject({ kind: 'route', route: ROUTES[0] })
    expect(ask('HEAD', '/status')).toMatchObject({ kind: 'route', route: ROUTES[0] })
    expect(ask('POST', '/servers/fr-1/down')).toMatchObject({ route: ROUTES[2], params: { name: 'fr-1' } })
  })

  it('with a name that is percent-decoded once, and is one segment', () => {
    expect(ask('GET', '/servers/a%2Fb')).toMatchObject({ params: { name: 'a/b' } })
    expect(ask('GET', '/servers/%252e%252e')).toMatchObject({ params: { name: '%2e%2e' } })
  })

  it.each([
    '',
    '/',
    '//',
    '/status/',
    '//status',
    '/./status',
    '/x/../status',
    '/%73tatus',
    '/STATUS',
    '/servers/',
    '/servers/%',
    '/servers/%ff',
    '/servers/a/b/c',
  ])('and %j finds none', (path) => {
    expect(ask('GET', path)).toEqual({ kind: 'no-path' })
  })

  it('or learns which methods there are', () => {
    expect(ask('DELETE', '/status')).toEqual({ kind: 'no-method', allow: ['GET', 'HEAD'] })
    expect(ask('GET', '/servers/x/down')).toEqual({ kind: 'no-method', allow: ['POST'] })
  })
})

it('the answer to an error says whether it is a bug', () => {
  const full = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
  expect(failure(full)).toMatchObject({
    status: 500,
    body: expect.stringContaining('could not read its state (EMFILE'),
  })
  expect(failure(new TypeError('x'))).toMatchObject({ status: 500, body: expect.stringContaining('this is a bug') })
  expect(accessRefusal(401, 'no').headers).toEqual({ 'www-authenticate': 'Bearer realm="radsluice"' })
  expect(accessRefusal(403, 'no').headers).toBeUndefined()
})
