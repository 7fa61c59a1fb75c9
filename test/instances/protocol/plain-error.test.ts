import { expect, it } from 'vitest'
import { codedError, codeOf, systemCodeOf } from '../../../src/coded-error.ts'
import { errorFrom, plainError } from '../../../src/instances/protocol/protocol.ts'

const crossed = (error: unknown): Error => errorFrom(structuredClone(plainError(error)))

it('a coded error keeps its code and that of the system behind it', () => {
  const system = Object.assign(new Error('bind EADDRINUSE'), { code: 'EADDRINUSE' })
  const error = crossed(codedError('ADDRESS_IN_USE', 'the port is taken', system))
  expect([error.message, codeOf(error), systemCodeOf(error.cause)]).toEqual([
    ...['the port is taken', 'ADDRESS_IN_USE'],
    'EADDRINUSE',
  ])
  expect(crossed(codedError('USAGE', 'no')).cause).toBeUndefined()
})

it('a bug keeps its message and its stack, and what is no error becomes one', () => {
  const bug = new TypeError('x is not a function')
  const error = crossed(bug)
  expect([error.message, error.stack, codeOf(error)]).toEqual([bug.message, bug.stack, undefined])
  expect(crossed('thrown text').message).toBe('thrown text')
})
