/**
 * Why a daemon can't be asked: each sentence says what is so and what to do, and no two causes share one.
 */
import { describe, expect, it } from 'vitest'
import { codeOf } from '../../../src/coded-error.ts'
import { type Failure, foundNowhere, unreachable } from '../../../src/commands/input/unreachable.ts'

const systemError = (code: string): Error => Object.assign(new Error(code), { code })
const failed = (more: Partial<Failure> & { readonly error: Error }): Error => unreachable({ where: '/run/x', ...more })
const gaveUp = new Error('no answer in time')

const CAUSES = [
  [
    'nobody listens at an address',
    { error: systemError('ECONNREFUSED') },
    'NOT_RUNNING',
    /^nothing listens at .*start/,
  ],
  ['there is no socket', { error: systemError('ENOENT') }, 'NOT_RUNNING', /^nothing listens at .*start/],
  ['it may not be used', { error: systemError('EACCES') }, 'NOT_PERMITTED', /may not use .*as root.*--token-file/],
  [
    'it hangs',
    { error: gaveUp, lateAfterSeconds: 5, isConnected: true },
    'NO_ANSWER',
    /^something listens at .* does not answer within 5 s: it hangs or is overloaded; look at its log/,
  ],
  [
    'no connection comes about',
    { error: gaveUp, lateAfterSeconds: 5, isConnected: false },
    'NO_ANSWER',
    /^no connection to .* within 5 s: a firewall/,
  ],
  ['its queue is full', { error: systemError('EAGAIN') }, 'NO_ANSWER', /takes no more connections/],
  ['it closes at once', { error: systemError('ECONNRESET') }, 'NOT_RUNNING', /closed the connection .*try again/],
  ['it is another program', { error: systemError('HPE_INVALID_CONSTANT') }, 'NOT_RUNNING', /is not radsluice; give/],
  ['its name is nobody’s', { error: systemError('ENOTFOUND') }, 'NOT_RUNNING', /^no host is found .*"\.\/admin\.sock"/],
  ['no way leads there', { error: systemError('EHOSTUNREACH') }, 'NOT_RUNNING', /EHOSTUNREACH\); correct --admin/],
] as const

describe('a daemon that can not be asked', () => {
  it.each(CAUSES)('%s', (_what, failure, code, sentence) => {
    const error = failed(failure)
    expect(error.message).toMatch(sentence)
    expect(error.message).toContain('/run/x')
    expect(codeOf(error)).toBe(code)
  })

  it('is named where it stands at another port', () => {
    expect(foundNowhere('http://x', [], undefined).message).toMatch(/nor at a socket of that port; start radsluice/)
    const { message } = foundNowhere('http://x', ['/run/radsluice/admin-9813.sock'], undefined)
    expect(message).toContain('there is /run/radsluice/admin-9813.sock: give it with --admin')
  })
})
