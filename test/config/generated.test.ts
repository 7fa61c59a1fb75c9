import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { generatedFiles } from '../../scripts/docs.ts'
import { changesThatNeedRestart, restartSettings } from '../../src/config/outward/restart.ts'
import { jsonSchema, nodeAt, type SchemaNode, settingsSchema } from '../../src/config/schema/json-schema.ts'
import { pathText } from '../../src/config/source/source.ts'
import { load, loaded } from './fixture.ts'

const root = new URL('../../', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8')
const examples = readdirSync(new URL('examples/', root)).filter((name) => name.endsWith('.yaml'))

/** Every setting of the schema by its path, mappings and lists of mappings included. */
function everySetting(): { path: string; node: SchemaNode }[] {
  const found: { path: string; node: SchemaNode }[] = []
  const walk = (node: SchemaNode, path: string): void => {
    const inner = node.items ?? node
    const mapping = inner.anyOf?.find(({ properties }) => properties !== undefined) ?? inner
    for (const [key, below] of Object.entries(mapping.properties ?? {})) {
      const name = path === '' ? key : `${path}${node.items === undefined ? '' : '[]'}.${key}`
      found.push({ path: name, node: below })
      walk(below, name)
    }
  }
  walk(jsonSchema(), '')
  return found
}

describe('generated files', () => {
  it('are what the schema gives now (else: npm run docs)', () => {
    for (const [name, text] of Object.entries(generatedFiles())) expect(read(name), name).toBe(text)
  })

  it('document every setting, with a meaning', () => {
    const page = generatedFiles()['docs/configuration.md'] ?? ''
    const settings = everySetting()
    expect(settings.length).toBeGreaterThan(70)
    for (const { path, node } of settings) {
      expect(node.description, path).toMatch(/^[A-Z].*[.`]$/s)
      const heading =
        node.properties !== undefined || node.items?.properties !== undefined ? `### ${path}\n` : undefined
      expect(page.includes(`| \`${path}\` |`) || (heading !== undefined && page.includes(heading)), path).toBe(true)
    }
  })
})

describe('the JSON Schema', () => {
  const oracle = z.fromJSONSchema(jsonSchema() as Parameters<typeof z.fromJSONSchema>[0])
  const minimal = (): Record<string, unknown> => parse(read('examples/minimal.yaml')) as Record<string, unknown>

  it('says what a login may wait: a duration or a word', () => {
    const ofLogins = (max_age: string) => ({ ...minimal(), queues: { authentication: { max_age } } })
    expect(['auto', '5s', '250ms'].map((age) => oracle.safeParse(ofLogins(age)).success)).toEqual([true, true, true])
    expect(['automatic', '5', '5 s'].map((age) => oracle.safeParse(ofLogins(age)).success)).toEqual([
      false,
      false,
      false,
    ])
  })

  it('accepts every example', () => {
    for (const name of examples) expect(oracle.safeParse(parse(read(`examples/${name}`))).error, name).toBeUndefined()
  })

  it('refuses what the loader refuses', () => {
    const wrong = [
      { drian_limit: '5s' },
      { drain_limit: 5 },
      { drain_limit: '5' },
      { instances: 0 },
      { throttle: { scope: 'hots' } },
      { listen: { accounting: ['1813'] } },
      { clients: [] },
      { clients: [{ name: 'a', address: '192.0.2.1' }] },
      { clients: [{ name: 'a', address: '192.0.2.1', secret: 'x', secret_file: 'y' }] },
      { farm: {} },
    ]
    for (const change of wrong)
      expect(oracle.safeParse({ ...minimal(), ...change }).success, JSON.stringify(change)).toBe(false)
  })

  it('has its defaults within its own ranges', () => {
    for (const { path, node } of everySetting()) {
      if (node.default === undefined) continue
      const one = z.fromJSONSchema(node as Parameters<typeof z.fromJSONSchema>[0])
      expect(one.safeParse(node.default).success, path).toBe(true)
    }
  })

  it('answers for one place, through lists and lanes', () => {
    expect(nodeAt(settingsSchema(), ['farm', 'servers', 3, 'authentication', 'port'])).toMatchObject({
      minimum: 1,
      maximum: 65_535,
    })
    expect(nodeAt(settingsSchema(), ['farm', 'nothing', 'at', 'all'])).toBeUndefined()
    expect(nodeAt(settingsSchema(), ['constructor'])).toBeUndefined()
  })
})

describe('the examples', () => {
  it('load, and warn of nothing but what they say themselves', () => {
    expect(examples.toSorted()).toEqual([
      'accounting.yaml',
      'demo.yaml',
      'drill.yaml',
      'farm.yaml',
      'minimal.yaml',
      'one-bng.yaml',
    ])
    for (const name of examples) {
      const result = load(read(`examples/${name}`))
      expect(result.ok ? [] : result.problems, name).toEqual([])
      const warned = result.warnings.map(({ path }) => path)
      expect(warned, name).toEqual(
        ['demo.yaml', 'drill.yaml'].includes(name) ? ['clients[0].secret', 'farm.servers[0].secret'] : [],
      )
    }
  })

  it('begin with the line that gives editors the schema', () => {
    for (const name of examples)
      expect(read(`examples/${name}`), name).toMatch(/^# yaml-language-server: \$schema=\.\.\/config\.schema\.json\n/)
  })

  it('have a smallest one that fits into fifteen lines', () => {
    expect(read('examples/minimal.yaml').trimEnd().split('\n').length).toBeLessThanOrEqual(15)
  })
})

describe('settings that need a restart', () => {
  it('are those of sockets, of instances, of files, and of the size of the session table', () => {
    expect(restartSettings().map(pathText)).toEqual([
      'listen.authentication',
      'listen.accounting',
      'admin.listen',
      'admin.socket',
      'instances',
      'instances_by',
      'packet_io',
      'batch_tick',
      'throttle.scope',
      'accounting.track_sessions',
      'accounting.max_sessions',
      'accounting.sessions_log.directory',
      'accounting.sessions_log.keep_days',
      'tps.directory',
      'tps.keep_days',
      'log.directory',
      'log.keep_days',
    ])
  })

  it('are named where they changed, and only then', () => {
    const before = loaded({})
    expect(changesThatNeedRestart(before, loaded({ top: 'drain_limit: 1s\nlog: { level: debug }' }))).toEqual([])
    const after = loaded({
      top: 'throttle: { slot: 100ms }\nadmin: { listen: "127.0.0.1:1" }\nlisten: { accounting: [] }',
    })
    expect(changesThatNeedRestart(before, after)).toEqual(['listen.accounting', 'admin.listen'])
  })
})
