/**
 * Text in, `Config` out, or all of its problems at once, each with its position.
 *
 * Two passes: the structure (keys, types, ranges), then the cross-checks as far as the structure allows. Nothing is started or
 * read here. What lies outside of the text comes as `LoadContext`.
 */
import { perClass } from '../../classes.ts'
import { type NamedSecret, Secret } from '../../radius/secret.ts'
import { crossCheck } from '../checks/cross-checks.ts'
import { entriesOf, type PartialConfig, partialConfigOf } from '../checks/partial-config.ts'
import type { ConfigResult, Findings, Found, LoadContext } from '../checks/result.ts'
import { type ClassConfig, type Config, fairnessOf, inheritLane, instancesOf } from '../schema/config.ts'
import { SECRET_KEYS, type SecretKey } from '../schema/peer-settings.ts'
import { type ClassSettings, type Settings, settings } from '../schema/schema.ts'
import { objectionsOf } from '../schema/sentences.ts'
import { readSource } from '../source/long-source.ts'
import { inOrder, type Problem } from '../source/problem.ts'
import { isMapping, pathText, type SettingPath, valueAt } from '../source/source.ts'
import { readTokens } from './tokens.ts'

/** RFC 2865 section 3 asks for 16 octets at least. */
const SHORT_SECRET = 16

/** `file` is a name for the problems; the text is YAML 1.2. Never throws. */
export function loadConfig(text: string, file: string, context: LoadContext): ConfigResult {
  const source = readSource(text)
  const problem = (path: SettingPath, message: string, at: 'key' | 'value' = 'value'): Problem => ({
    file,
    ...source.locate(path, at),
    path: pathText(path),
    message,
  })
  const problems: Problem[] = source.faults.map((fault) => ({ file, path: '', ...fault }))
  const warnings: Problem[] = []
  const findings: Findings = {
    error: (path, message) => problems.push(problem(path, message)),
    warn: (path, message) => warnings.push(problem(path, message)),
  }
  const refused = (found?: Found): ConfigResult => ({
    ok: false,
    problems: inOrder(problems),
    warnings: inOrder(warnings),
    found,
  })
  const root = source.value
  if (!isMapping(root)) {
    if (problems.length === 0) findings.error([], wholeFile(root))
    return refused()
  }
  const parsed = settings.safeParse(root)
  for (const { path, at, message } of objectionsOf(parsed.error?.issues ?? [], root))
    problems.push(problem(path, message, at))
  const partial = partialConfigOf(root)
  crossCheck(partial, context, findings)
  const secrets = {
    tokens: tokensOf(partial, context, findings),
    clients: entriesOf(root, ['clients']).map((_, i) => secretOf(root, ['clients', i], context, findings)),
    servers: partial.servers.map((_, i) => secretOf(root, ['farm', 'servers', i], context, findings)),
  }
  const found = foundIn(partial, problem)
  if (!parsed.success || problems.length > 0) return refused(found)
  return { ok: true, config: assemble(parsed.data, secrets, context), warnings: inOrder(warnings), found }
}

function foundIn({ outline, servers }: PartialConfig, problem: Found['problem']): Found | undefined {
  if (outline === undefined) return undefined
  const { listen, admin, packet_io, log, tps, accounting } = outline
  return { listen, admin, packet_io, log, tps, sessionsLog: accounting.sessions_log, servers, problem }
}

/** The secret of one client or server. If there is none, an error says why, and the result is not used. */
function secretOf(root: unknown, above: SettingPath, context: LoadContext, findings: Findings): Secret | undefined {
  const entry = valueAt(root, above)
  if (!isMapping(entry)) return undefined
  const given = SECRET_KEYS.filter((one) => Object.hasOwn(entry, one))
  const [key, second] = given
  if (key === undefined) {
    findings.error(above, 'has no secret; add secret_file (or secret_env)')
    return undefined
  }
  if (second !== undefined) findings.error([...above, second], `a secret is given by ${given.join(' and ')}; keep one`)
  const written = entry[key]
  if (typeof written !== 'string') return undefined
  const path = [...above, key]
  if (key === 'secret') {
    const message =
      'a secret stands in this file, which gets copied and committed; move it to a file and write secret_file'
    findings.warn(path, message)
  }
  const bytes = octetsOf(key, written, path, context, findings)
  return bytes && checkedSecret(bytes, path, findings)
}

function octetsOf(
  key: SecretKey,
  written: string,
  path: SettingPath,
  context: LoadContext,
  findings: Findings,
): Uint8Array | undefined {
  const reading = context.readSecret(key, written)
  if ('problem' in reading) {
    findings.error(path, reading.problem)
    return undefined
  }
  for (const warning of reading.warnings) findings.warn(path, warning)
  return reading.bytes
}

function checkedSecret(bytes: Uint8Array, path: SettingPath, findings: Findings): Secret | undefined {
  // RFC 2865 section 3: "The secret MUST NOT be empty (length 0)".
  if (bytes.length === 0) {
    findings.error(path, 'the secret is empty; RFC 2865 section 3 forbids that: write one of 16 octets or more')
    return undefined
  }
  if (bytes.length < SHORT_SECRET) {
    const message = `the secret has ${bytes.length} of the 16 octets that RFC 2865 section 3 asks for, and short ones are guessed from captured packets`
    findings.warn(path, message)
  }
  const isBlank = (octet: number | undefined): boolean => octet !== undefined && octet <= 0x20
  if (isBlank(bytes.at(0)) || isBlank(bytes.at(-1)) || bytes.includes(0x0a)) {
    const message =
      'the secret begins or ends with a blank, or has a line break within, and that counts as a part of it; remove it if it is not meant'
    findings.warn(path, message)
  }
  if (bytes.includes(0)) {
    const message =
      'the secret has a NUL octet, where many servers end it; write another one, or make sure that it is meant'
    findings.warn(path, message)
  }
  return new Secret(bytes)
}

/** The tokens of the admin API; none if the file names none. */
function tokensOf({ outline }: PartialConfig, context: LoadContext, findings: Findings): readonly NamedSecret[] {
  const name = outline?.admin.token_file
  const path = ['admin', 'token_file']
  const bytes = name === undefined ? undefined : octetsOf('secret_file', name, path, context, findings)
  if (bytes === undefined) return []
  const { tokens, problems } = readTokens(new TextDecoder().decode(bytes))
  for (const problem of problems) findings.error(path, problem)
  return tokens
}

interface Secrets {
  readonly tokens: readonly NamedSecret[]
  readonly clients: readonly (Secret | undefined)[]
  readonly servers: readonly (Secret | undefined)[]
}

/** Only called if there is no problem, so every secret is there. */
function assemble(all: Settings, secrets: Secrets, context: LoadContext): Config {
  const { farm } = all
  // The digest of the settings depends on the order of the keys.
  const { fairness: _, adaptive, ...throttle } = all.throttle
  return {
    ...all,
    admin: { ...all.admin, tokens: secrets.tokens },
    instances: instancesOf(all.instances, context.cores),
    throttle: { ...throttle, fairness: fairnessOf(all.throttle), adaptive },
    clients: all.clients.map(({ secret: _, secret_env: _env, secret_file: _file, ...client }, i) => ({
      ...client,
      secret: secrets.clients[i] as Secret,
    })),
    farm: {
      ...farm,
      ...perClass((each) => classOf(farm[each], context)),
      servers: farm.servers.map(({ name, address, secret: _, secret_env: _env, secret_file: _file, ...server }, i) => ({
        name,
        address,
        secret: secrets.servers[i] as Secret,
        ...server,
        ...perClass((each) => inheritLane(server[each], farm[each])),
      })),
    },
  }
}

function classOf({ algorithm, hash_key, max_transmissions }: ClassSettings, context: LoadContext): ClassConfig {
  const name = algorithm === 'hash' ? hash_key : undefined
  const key = name === undefined ? undefined : context.attributeKey(name)
  return {
    algorithm,
    hash_key: name === undefined || key === undefined ? undefined : { ...key, name },
    max_transmissions,
  }
}

function wholeFile(root: unknown): string {
  if (root === null || root === undefined) return 'the file is empty; begin with examples/minimal.yaml'
  return 'the file is no mapping; it begins with keys such as "clients:" and "farm:"'
}
