/**
 * The settings in force, shown: written to a file again they are the same configuration, and no secret is among them.
 */
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { ConfigResult } from '../../../src/config/checks/result.ts'
import { effectiveSettings } from '../../../src/config/outward/effective.ts'
import type { Config } from '../../../src/config/schema/config.ts'
import { GOOD_SECRET, load, loaded, type Parts, world } from '../fixture.ts'

/** What an operator would write to have the same again. */
const again = (config: Config): Config => {
  const text = stringify(effectiveSettings(config)).replaceAll(/secret: .*/g, `secret: ${GOOD_SECRET}`)
  const result = load(text) as Extract<ConfigResult, { ok: true }>
  expect(result.ok ? [] : (result as unknown as { problems: unknown }).problems).toEqual([])
  return result.config
}

const EVERYTHING: Parts = {
  top: `listen: { authentication: ["0.0.0.0:1812", { address: "192.0.2.7:1645", optional: true }], accounting: ["0.0.0.0:1813"] }
admin: { listen: "[::1]:9000", socket: here.sock }
throttle: { slot: 1500us, scope: instance }
queues: { authentication: { max_age: 90s, max_bytes: 5000B }, accounting: { max_age: 36h } }
drain_limit: 0s
log: { level: debug }`,
  farm: `  authentication: { algorithm: hash, hash_key: User-Name, max_rate: 30, timeout: 2500ms }
  dead_server: { probe: none, response_timeout: 0s }`,
  servers: `    - { name: a, address: 198.51.100.10, secret_file: a, source_ports: 20000-20100, accounting: false }
    - { name: b, address: "2001:db8::1", secret_file: b, accounting: { max_rate: 7, port: 99 } }`,
}

describe('the settings in force', () => {
  it.each([
    ['the smallest', {}],
    ['one with everything', EVERYTHING],
  ])('%s, written to a file, are the same again', (_name, parts) => {
    const config = loaded(parts)
    expect(JSON.stringify(again(config))).toBe(JSON.stringify(config))
  })

  it('have units as an operator writes them', () => {
    const shown = effectiveSettings(loaded(EVERYTHING))
    expect(shown).toMatchObject({
      throttle: { slot: '1500us' },
      queues: {
        authentication: { max_age: '90s', max_bytes: '5000B' },
        accounting: { max_age: '36h', max_bytes: '256MiB' },
      },
      drain_limit: '0s',
      admin: { listen: '[::1]:9000' },
    })
  })

  it('have no secret and no token in them', () => {
    const token = 'a-token-that-nobody-may-see'
    const context: typeof world = {
      ...world,
      readSecret: (key, written) =>
        written === 'tokens'
          ? { bytes: new TextEncoder().encode(`noc ${token}\n`), warnings: [] }
          : world.readSecret(key, written),
    }
    const config = loaded({ top: 'admin: { token_file: tokens }' }, context)
    expect(config.admin.tokens.map(({ name }) => name)).toEqual(['noc'])
    const text = JSON.stringify(effectiveSettings(config))
    expect(text).not.toContain(token)
    expect(text).not.toContain(GOOD_SECRET)
    expect(text).toContain('"token_file":"tokens"')
  })
})
