/**
 * The file of bearer tokens for the admin API: one `NAME TOKEN` a line. Blank lines and lines that begin with `#` are skipped.
 *
 * The log names who did something with a token. The token is a secret like any other: a problem names the line and never
 * quotes what could be a token.
 */
import { type NamedSecret, Secret } from '../../radius/secret.ts'
import { NAME } from '../schema/kinds.ts'

/** 64 random bits in hex. A shorter token is guessed. */
const SHORTEST_TOKEN = 16
const TOKEN = /^[\x21-\x7e]+$/
const MAKE_ONE = 'make one with "openssl rand -hex 32"'

export function readTokens(text: string): {
  readonly tokens: readonly NamedSecret[]
  readonly problems: readonly string[]
} {
  const tokens: NamedSecret[] = []
  const problems: string[] = []
  const seen = new Set<string>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    const at = `line ${index + 1} of the token file`
    const [name = '', token = '', ...more] = line.trim().split(/\s+/)
    if (token === '' || more.length > 0 || !NAME.test(name) || !TOKEN.test(token)) {
      problems.push(`${at} is no name and token; write NAME TOKEN, as noc and a token (${MAKE_ONE})`)
    } else if (token.length < SHORTEST_TOKEN) {
      problems.push(`${at} has a token of fewer than ${SHORTEST_TOKEN} characters, which is guessed; ${MAKE_ONE}`)
    } else if (seen.has(name) || seen.has(`=${token}`)) {
      problems.push(`${at} has the name or the token of a line before it; give each user a line of its own`)
    } else tokens.push({ name, secret: new Secret(token) })
    seen.add(name)
    seen.add(`=${token}`)
  }
  if (tokens.length === 0 && problems.length === 0) {
    problems.push(`the token file has no token; write a line NAME TOKEN (${MAKE_ONE}), or remove token_file`)
  }
  return { tokens, problems }
}
