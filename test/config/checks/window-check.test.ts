/**
 * A window that no server can work off in time, however fast it is.
 */
import { describe, expect, it } from 'vitest'
import { expectClean, expectWarning, server } from '../fixture.ts'

const farm = (of: string): string => `  authentication: { ${of} }`

describe('max_outstanding beside max_rate and timeout', () => {
  it('is too much if even max_rate takes longer than the time-out, and the warning says what fits', () => {
    expectWarning(
      { farm: farm('max_rate: 100, max_outstanding: ▶201') },
      'farm.authentication.max_outstanding',
      '201 unanswered requests take the server 2.0 s even at max_rate 100, and timeout is 2s: if it falls behind, it works for requests that are sent again meanwhile; write max_outstanding: 100',
    )
    expectWarning(
      { farm: farm('max_rate: ▶20') },
      'farm.authentication.max_rate',
      /^256 unanswered requests take the server 12\.8 s .* write max_outstanding: 32$/,
    )
  })

  it('is of one server where that has values of its own', () => {
    expectWarning(
      { servers: server('a', '198.51.100.1', ', accounting: { max_rate: ▶50, timeout: 1s }') },
      'farm.servers[0].accounting.max_rate',
      /write max_outstanding: 32$/,
    )
  })

  it('is no trouble as long as that can be: nobody knows the pace', () => {
    for (const fine of [
      'max_rate: 0, max_outstanding: 4000',
      'max_rate: 100, max_outstanding: 200',
      'max_rate: 1, max_outstanding: 32',
    ]) {
      expect(() => expectClean({ farm: farm(fine) })).not.toThrow()
    }
  })
})
