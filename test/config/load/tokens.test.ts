import { describe, expect, it } from 'vitest'
import { readTokens } from '../../../src/config/load/tokens.ts'
import { expectProblem } from '../fixture.ts'

const GOOD = '0123456789abcdef'
const problemsOf = (text: string): readonly string[] => readTokens(text).problems

describe('a file of tokens', () => {
  it('has a name and a token a line; comments and blank lines are left out', () => {
    const { tokens, problems } = readTokens(`# who may\n\nnoc ${GOOD}\r\n  deploy\t${GOOD}2  \n`)
    expect(problems).toEqual([])
    expect(tokens.map(({ name, secret }) => [name, Buffer.from(secret.bytes).toString()])).toEqual([
      ['noc', GOOD],
      ['deploy', `${GOOD}2`],
    ])
  })

  it.each([
    ['', 'the token file has no token'],
    ['# none\n', 'the token file has no token'],
    [GOOD, 'line 1 of the token file is no name and token'],
    [`noc ${GOOD} more`, 'line 1 of the token file is no name and token'],
    [`no/c ${GOOD}`, 'line 1 of the token file is no name and token'],
    [`\nnoc ${GOOD}ä`, 'line 2 of the token file is no name and token'],
    ['noc 0123456789abcde', 'line 1 of the token file has a token of fewer than 16 characters'],
    [`noc ${GOOD}\nnoc ${GOOD}2`, 'line 2 of the token file has the name or the token of a line before it'],
    [`noc ${GOOD}\nops ${GOOD}`, 'line 2 of the token file has the name or the token of a line before it'],
  ])('%j is refused, and the sentence shows nothing that could be a token', (text, sentence) => {
    const problems = problemsOf(text)
    expect(problems).toEqual([expect.stringContaining(sentence)])
    expect(problems.join()).not.toContain(GOOD.slice(0, 15))
  })

  it('is a problem of the configuration where it is missing', () => {
    expectProblem({ top: 'admin: { token_file: ▶missing }' }, 'admin.token_file', 'does not exist')
  })
})
