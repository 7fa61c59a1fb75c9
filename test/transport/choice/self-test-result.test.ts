import { describe, expect, it } from 'vitest'
import {
  type ChildEnd,
  isKept,
  keptResult,
  keptText,
  LONGEST_KEPT,
  resultOf,
} from '../../../src/transport/choice/self-test-result.ts'

const end = (more: Partial<ChildEnd>): ChildEnd => ({
  signal: null,
  exitCode: 0,
  output: '',
  complaints: '',
  killedAfter: undefined,
  startError: undefined,
  ...more,
})
const line = (of: object): string => `${JSON.stringify(of)}\n`

describe('the end of a self-test', () => {
  it('is a pass if it says so and ends well', () => {
    expect(resultOf(end({ output: line({ ok: true }) }))).toEqual({ ok: true })
    expect(resultOf(end({ output: `a warning of Node.js\n${line({ ok: true })}` }))).toEqual({ ok: true })
  })

  it.each([
    ['aborts', { signal: 'SIGABRT', exitCode: null }, /^it was ended by SIGABRT, so koffi may not fit/],
    ['aborts at its end', { signal: 'SIGSEGV', output: line({ ok: true }) }, /^it was ended by SIGSEGV/],
    ['meets an unknown instruction', { signal: 'SIGILL' }, /^it was ended by SIGILL/],
    ['is ended by a seccomp profile', { signal: 'SIGSYS' }, /^it was ended by SIGSYS; a seccomp profile/],
    ['passes and fails to end', { exitCode: 7, output: line({ ok: true }) }, /^it passed, and ended with exit code 7$/],
    [
      'aborts with a word',
      { signal: 'SIGABRT', complaints: 'koffi: unsupported CPU\n\n' },
      /may not fit this machine: koffi: unsupported CPU$/,
    ],
    [
      'throws',
      { exitCode: 1, complaints: 'node:internal\n    ^\n\nError: Cannot find module x\n    at y\n\nNode.js v24\n' },
      /^it ended with exit code 1 and printed no result: Error: Cannot find module x$/,
    ],
    ['prints nothing', { exitCode: 0 }, /^it ended with exit code 0 and printed no result$/],
    ['prints nonsense', { output: 'ok\n' }, /printed no result$/],
    ['prints half a line', { output: '{"ok":tr' }, /printed no result$/],
    ['prints something else', { output: line({ ok: 'yes' }) }, /printed no result$/],
    ['fails without a word', { output: line({ ok: false }) }, /printed no result$/],
    [
      'says what failed',
      { output: line({ ok: false, step: 'a batch', error: '3 of 70 came' }) },
      /^a batch: 3 of 70 came$/,
    ],
    [
      'is refused a call',
      { output: line({ ok: false, step: 'a batch', error: 'recvmmsg: EPERM', systemCode: 'EPERM' }) },
      /^a batch: recvmmsg: EPERM; a seccomp profile may forbid the call/,
    ],
    ['can not be started', { startError: 'EACCES' }, /^its process could not be started \(EACCES: this user may not/],
  ] as const)('is a lasting failure if it %s', (_what, more, why) => {
    const result = resultOf(end(more))
    expect(result).toEqual({ ok: false, isTransient: false, why: expect.stringMatching(why) })
    expect(isKept(result)).toBe(true)
  })

  it.each([
    ['hangs', { signal: 'SIGKILL', killedAfter: 5 }, /^it had not ended after 5 s$/],
    ['is killed by the system or somebody', { signal: 'SIGKILL' }, /^it was ended from outside, by SIGKILL$/],
    ['gets no process', { startError: 'EAGAIN' }, /\(EAGAIN\)$/],
    ['gets no pipe', { startError: 'EMFILE' }, /\(EMFILE: no descriptor is left/],
    [
      'gets no descriptor',
      { exitCode: 1, output: line({ ok: false, step: 'a socket', error: 'EMFILE', systemCode: 'EMFILE' }) },
      /^a socket: EMFILE$/,
    ],
  ] as const)('is a failure that is not kept if it %s', (_what, more, why) => {
    const result = resultOf(end(more))
    expect(result).toEqual({ ok: false, isTransient: true, why: expect.stringMatching(why) })
    expect(isKept(result)).toBe(false)
  })

  it('has a sentence of bounded length', () => {
    const result = resultOf(end({ output: line({ ok: false, step: 'x', error: 'y'.repeat(10_000) }) }))
    expect(result.ok ? 0 : result.why.length).toBeLessThanOrEqual(300)
  })
})

describe('a kept result', () => {
  const results = [{ ok: true }, { ok: false, why: 'it was ended by SIGABRT', isTransient: false }] as const

  it('is read again in the same surroundings, and not in others', () => {
    for (const result of results) {
      const text = keptText('koffi 3.3.4, x64', result)
      expect(text.length).toBeLessThan(LONGEST_KEPT)
      expect(keptResult(text, 'koffi 3.3.4, x64')).toEqual(result)
      expect(keptResult(text, 'koffi 3.3.5, x64')).toBeUndefined()
    }
  })

  it('is none wherever its text is cut, and whatever stands there', () => {
    for (const result of results) {
      const text = keptText('here', result)
      for (let cut = 0; cut < text.trimEnd().length; cut += 1)
        expect(keptResult(text.slice(0, cut), 'here')).toBeUndefined()
    }
    for (const value of [
      'null',
      '1',
      '"here"',
      '[]',
      '{"surroundings":"here"}',
      '{"surroundings":"here","result":null}',
    ]) {
      expect(keptResult(value, 'here')).toBeUndefined()
    }
  })
})
