/**
 * What differs between two configurations: nothing where they are equal, each setting once where they are not, and never a
 * secret.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changesInShort, changeText } from '../../../src/config/outward/change-text.ts'
import { difference } from '../../../src/config/outward/difference.ts'
import type { Config } from '../../../src/config/schema/config.ts'
import type { SettingChange } from '../../../src/observe/view/view.ts'
import { Secret } from '../../../src/radius/secret.ts'
import { GOOD_SECRET, loaded, type Parts, world } from '../fixture.ts'

const client = (name: string, more = ''): string =>
  `  - { name: ${name}, address: 10.0.0.${name.slice(1)}, secret_file: ${name}${more} }`
const server = (name: string, more = ''): string =>
  `    - { name: ${name}, address: 198.51.100.${name.slice(1)}, secret_file: ${name}${more} }`
const between = (before: Parts, after: Parts): string[] => difference(loaded(before), loaded(after)).map(changeText)

/** Equal to the last octet, by another way: everything written out, secrets in full. */
const isEqual = (a: Config, b: Config): boolean => {
  const text = (config: Config): string =>
    JSON.stringify(config, function (this: Record<string, unknown>, key, shown: unknown) {
      const value = this[key]
      return value instanceof Secret ? Buffer.from(value.bytes).toString('hex') : shown
    })
  return text(a) === text(b)
}

/** Configurations of few settings with few values each, so that two of them are often nearly the same. */
const parts = fc
  .record({
    clients: fc.uniqueArray(fc.constantFrom('c1', 'c2', 'c3', 'c4'), { minLength: 1 }),
    secrets: fc.dictionary(fc.constantFrom('c1', 'c2', 's1', 's2'), fc.constantFrom('first', 'second')),
    servers: fc.uniqueArray(fc.constantFrom('s1', 's2', 's3'), { minLength: 1 }),
    rate: fc.constantFrom(0, 10, 20),
    port: fc.constantFrom('', ', accounting: { port: 99 }', ', accounting: { timeout: 4s }'),
    limit: fc.constantFrom('20s', '20000ms', '1m'),
    listen: fc.constantFrom('["127.0.0.1:1812"]', '["127.0.0.1:1812", "127.0.0.1:1814"]'),
  })
  .map(({ clients, secrets, servers, rate, port, limit, listen }) => {
    const context: typeof world = {
      ...world,
      readSecret: (key, written) => {
        const which = key === 'secret_file' ? (secrets[written] ?? 'first') : 'first'
        return { bytes: new TextEncoder().encode(`${GOOD_SECRET} ${which}`), warnings: [] }
      },
    }
    const text: Parts = {
      top: `drain_limit: ${limit}\nlisten: { authentication: ${listen} }`,
      clients: clients.map((name) => client(name)).join('\n'),
      farm: `  authentication: { max_rate: ${rate} }`,
      servers: servers.map((name) => server(name, port)).join('\n'),
    }
    return loaded(text, context)
  })

describe('the difference of two configurations', () => {
  it('is empty where they are equal and only there, and names each path once', () => {
    fc.assert(
      fc.property(parts, parts, (before, after) => {
        const found = difference(before, after)
        expect(found.length === 0).toBe(isEqual(before, after))
        expect(new Set(found.map(({ path, kind }) => `${path} ${kind === 'order'}`)).size).toBe(found.length)
        expect(JSON.stringify(found)).not.toContain(GOOD_SECRET)
        // The other way round it is the same places.
        const back = difference(after, before).map(({ path }) => path)
        expect(back.sort()).toEqual(found.map(({ path }) => path).sort())
      }),
      { numRuns: 300 },
    )
  })

  it('has old and new values in the words of the file, at the name of the server', () => {
    const rates = (rate: number): Parts => ({ servers: server('s1', `, accounting: { max_rate: ${rate} }`) })
    expect(between(rates(50), rates(80))).toEqual(['farm.servers[s1].accounting.max_rate: 50 -> 80'])
    expect(between({ top: 'drain_limit: 20s' }, { top: 'drain_limit: 1m' })).toEqual(['drain_limit: 20s -> 1m'])
  })

  it('shows what a farm’s value changes at every server that inherits it', () => {
    const of = (rate: number): Parts => ({
      farm: `  accounting: { max_rate: ${rate} }`,
      servers: `${server('s1')}\n${server('s2', ', accounting: { max_rate: 5 }')}`,
    })
    expect(between(of(1), of(2))).toEqual(['farm.servers[s1].accounting.max_rate: 1 -> 2'])
  })

  it('names clients and servers that came, went or changed places', () => {
    const before = {
      clients: [client('c1'), client('c2')].join('\n'),
      servers: [server('s1'), server('s2')].join('\n'),
    }
    const after = { clients: [client('c2'), client('c3')].join('\n'), servers: [server('s2'), server('s1')].join('\n') }
    expect(between(before, after)).toEqual([
      'clients[c1]: removed (10.0.0.1/32)',
      'clients[c3]: added (10.0.0.3/32)',
      'farm.servers: another order: s1, s2 -> s2, s1',
    ])
  })

  it('shows long orders and lists from where they differ', () => {
    const of = (...numbers: readonly number[]): Parts => ({ clients: numbers.map((at) => client(`c${at}`)).join('\n') })
    const first = Array.from({ length: 60 }, (_, at) => at + 1)
    expect(between(of(...first, 70, 71, 72), of(...first, 71, 70, 72))).toEqual([
      'clients: another order: ...c70, c71, c72 -> ...c71, c70, c72',
    ])
    const [moved] = between(of(...first), of(...first.slice(1), 1))
    expect(moved).toMatch(/^clients: another order: c1, c2, .*\.\.\. -> c2, c3, .*\.\.\.$/)
    const listening = (...ports: readonly number[]): Parts => ({
      top: `listen: { authentication: [${ports.map((port) => `"127.0.0.1:${port}"`).join(', ')}] }`,
    })
    const [change] = between(listening(10, 20, 30, 40, 50, 60, 70, 80), listening(10, 20, 30, 40, 50, 60, 70, 90))
    const [was, is] = change?.split(' -> ') ?? []
    expect(was).toMatch(/^listen\.authentication: \.\.\..*:80/)
    expect(is).toMatch(/^\.\.\..*:90/)
  })

  it('never shows one text for two values', () => {
    const long = fc.array(fc.constantFrom('a', 'b', ',', ' '), { maxLength: 300 }).map((marks) => marks.join(''))
    const config = loaded({})
    const at = (directory: string): Config => ({ ...config, log: { ...config.log, directory } })
    fc.assert(
      fc.property(long, long, long, (same, one, other) => {
        for (const { was, is } of difference(at(same + one), at(same + other))) {
          expect(was).not.toBe(is)
          expect(Math.max(was?.length ?? 0, is?.length ?? 0)).toBeLessThan(130)
        }
      }),
    )
  })

  it('says that a secret has changed, and not what it was or is', () => {
    const config = loaded({})
    const [one] = config.clients
    const tokens = [{ name: 'noc', secret: new Secret('a-token-that-nobody-may-see') }]
    const other = {
      ...config,
      admin: { ...config.admin, tokens },
      clients: [{ ...one!, secret: new Secret('another one that nobody may see') }],
    }
    const found = difference(config, other)
    expect(found.map(changeText)).toEqual([
      'admin.tokens[noc]: added (with its settings)',
      'clients[bng-1].secret: secret changed',
    ])
    expect(JSON.stringify(found)).not.toContain('nobody may see')
  })

  it('says what waits for a restart', () => {
    const found = between({}, { top: 'listen: { authentication: ["127.0.0.1:1899"] }' })
    expect(found).toEqual([expect.stringMatching(/^listen\.authentication: .*1899.* \(after a restart\)$/)])
  })

  it('of ten thousand clients takes as many looks as there are settings: each name is looked up, not sought', () => {
    let reads = 0
    const config = loaded({})
    const many = (count: number): Config => ({
      ...config,
      clients: Array.from({ length: count }, (_, at) => {
        const one = { ...config.clients[0]!, name: `c${at}` }
        return Object.defineProperty({ ...one }, 'name', {
          enumerable: true,
          get: () => {
            reads += 1
            return `c${at}`
          },
        })
      }),
    })
    const looks = (count: number): number => {
      const [before, after] = [many(count), { ...many(count), clients: [...many(count).clients].reverse() }]
      reads = 0
      difference(before, after)
      return reads
    }
    expect(looks(2_000)).toBeLessThan(2.1 * looks(1_000))
  })
})

describe('the line for the log', () => {
  const change = (path: string): SettingChange => ({ path, kind: 'changed', was: '1', is: '2', needsRestart: false })

  it('says that nothing changed, or the first twenty and how many more', () => {
    expect(changesInShort([])).toBe('nothing changed')
    const many = changesInShort(Array.from({ length: 10_000 }, (_, at) => change(`clients[c${at}].address`)))
    expect(many).toMatch(/^clients\[c0\]\.address: 1 -> 2; .*; \.\.\. and 9980 more$/)
    expect(many.length).toBeLessThan(1_000)
  })
})
