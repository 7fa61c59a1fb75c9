import { describe, expect, it } from 'vitest'
import { configText, expectProblem, expectWarning, GOOD_SECRET, load, problemsOf } from './fixture.ts'

describe('secrets', () => {
  const at = (lines: string): { clients: string } => ({
    clients: `  - name: bng-1\n    address: 192.0.2.1\n    ${lines}`,
  })

  it('are given exactly once', () => {
    expectProblem(
      { clients: '  - ▶name: bng-1\n    address: 192.0.2.1' },
      'clients[0]',
      'has no secret; add secret_file (or secret_env)',
    )
    expectProblem(
      at('secret_file: a\n    secret_env: ▶B'),
      'clients[0].secret_env',
      'a secret is given by secret_file and secret_env; keep one',
    )
  })

  it('must be there to be read', () => {
    expectProblem(at('secret_file: ▶missing'), 'clients[0].secret_file', 'does not exist')
    expectProblem(at('secret_env: ▶a-b'), 'clients[0].secret_env', /^this is no name of an environment variable/)
    expectProblem(at('secret_file: ▶""'), 'clients[0].secret_file', 'is empty; write a value, or remove the key')
  })

  it('are text', () => {
    expectProblem(
      at('secret: ▶12345678901234567'),
      'clients[0].secret',
      'a number stands where text belongs; put it in quotes',
    )
  })

  it('are not empty', () => {
    const result = load(configText(at('secret: ""')))
    expect(problemsOf(result)).toEqual([
      'test.yaml:5:13: clients[0].secret: the secret is empty; RFC 2865 section 3 forbids that: write one of 16 octets or more',
    ])
  })

  it('are warned about where they stand in the file, are short, or have blanks around them', () => {
    expectWarning(at(`secret: ▶${GOOD_SECRET}`), 'clients[0].secret', /^a secret stands in this file/)
    expectWarning(at('secret_file: ▶open'), 'clients[0].secret_file', 'everybody can read it')
    const warnings = (secret: string): string[] =>
      load(configText(at(`secret: ${secret}`))).warnings.map(({ message }) => message)
    expect(warnings('fifteen-octets!').slice(1)).toEqual([
      expect.stringMatching(/^the secret has 15 of the 16 octets that RFC 2865 section 3 asks for/),
    ])
    for (const blank of [
      '" 0123456789abcdef"',
      '"0123456789abcdef "',
      '"0123456789abcdef\\n"',
      '"01234567\\n89abcdef"',
    ]) {
      expect(warnings(blank).slice(1), blank).toEqual([
        expect.stringMatching(/^the secret begins or ends with a blank/),
      ])
    }
    expect(warnings('"0123456789 abcdef"')).toHaveLength(1)
  })

  it('never stand in a message, wherever the YAML breaks around them', () => {
    const secret = 'hunter-alpha-hunter-omega'
    let refused = 0
    for (const broken of [...'*&!%@`|>{}[]"\'#,?:-\t', ': ', ' #', '{a: ', '\n', '\n  - ']) {
      for (let cut = 0; cut <= secret.length; cut += 1) {
        const result = load(configText(at(`secret: ${secret.slice(0, cut)}${broken}${secret.slice(cut)}`)))
        if (!result.ok) refused += 1
        const said = JSON.stringify(result)
        expect(said.includes('hunter') || said.includes('omega'), `${JSON.stringify(broken)} at ${cut}: ${said}`).toBe(
          false,
        )
      }
    }
    expect(refused).toBeGreaterThan(50)
  })
})
