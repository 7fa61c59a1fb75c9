/**
 * What follows from failures of sockets: which close one, when it is opened again, and how much may wait in it.
 */
import { describe, expect, it } from 'vitest'
import { failureOf, hindranceOf, LinkOpening } from '../../src/transport/failures.ts'

const NEAR = { address: 'fe80::1%eth0', port: 1812 }
const FAR = { address: '192.0.2.1', port: 1812 }
const OF_INTERFACE = ['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'ENODEV', 'ENXIO', 'EADDRNOTAVAIL']

it('a datagram is sent while the socket is open and fewer than 16384 wait in it', () => {
  expect([0, 16_383, 16_384].map((unsent) => hindranceOf(true, unsent))).toEqual([undefined, undefined, 'ENOBUFS'])
  expect([0, 16_384].map((unsent) => hindranceOf(false, unsent))).toEqual(['EBADF', 'EBADF'])
  expect([0, 1, undefined].map((port) => hindranceOf(true, 0, port))).toEqual(['EINVAL', undefined, undefined])
})

describe('a failure', () => {
  it('closes the socket of a link-local server only, and only if the interface may be gone', () => {
    for (const code of OF_INTERFACE) expect([failureOf(code, NEAR), failureOf(code, FAR)]).toEqual(['gone', 'failed'])
    for (const code of ['EPERM', 'EMSGSIZE', 'ENOBUFS', 'EBADF', 'UNKNOWN'])
      expect(failureOf(code, NEAR)).toBe('failed')
  })

  it('says that nobody listens there', () => {
    expect([NEAR, FAR].map((server) => failureOf('ECONNREFUSED', server))).toEqual(['refused', 'refused'])
  })
})

describe('the socket of a link', () => {
  it('is opened at once the first time, and again at most once a second', () => {
    const opening = new LinkOpening()
    expect(opening.begin(5)).toBe(true)
    opening.failed('ENETDOWN')
    expect([6, 1_004, 1_005].map((now) => opening.begin(now))).toEqual([false, false, true])
    opening.failed('ENETDOWN')
    expect([1_006, 2_004, 2_005].map((now) => opening.begin(now))).toEqual([false, false, true])
  })

  it('is not opened twice at once', () => {
    const opening = new LinkOpening()
    opening.begin(0)
    expect(opening.begin(5_000)).toBe(false)
    expect(opening.opened()).toBe(true)
    expect(opening.begin(5_000)).toBe(true)
  })

  it('is neither opened nor wanted after the link was closed', () => {
    const opening = new LinkOpening()
    opening.begin(0)
    opening.close()
    expect(opening.opened()).toBe(false)
    expect(opening.begin(5_000)).toBe(false)
  })

  it('is missed with the reason of the last failure', () => {
    const opening = new LinkOpening()
    expect(opening.reason).toBe('ENETUNREACH')
    opening.failed('ENETDOWN')
    expect(opening.reason).toBe('ENETDOWN')
    opening.close()
    expect(opening.reason).toBe('EBADF')
  })
})
