/**
 * Holds README and docs/ to what is there: links, files, commands, the configuration that is shown, and the picture of
 * slots, drawn by the rule that the engine obeys. For each rule a page with a fault is planted and found.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { packetWay, stepsIn } from '../scripts/packet-way.ts'
import { VERBS, wordOf } from '../src/commands/verbs.io.ts'
import { ALARMS } from '../src/observe/alarms/alarm-definitions.ts'
import {
  anchorsOf,
  brokenLinks,
  missingFiles,
  type Page,
  targetsOf,
  undefinedReferences,
  unknownCommands,
  unnamedFolders,
  type Verbs,
} from './docs-rules.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const at = (path: string): string => join(ROOT, path)
const read = (path: string): string => readFileSync(at(path), 'utf8')
const exists = (path: string): boolean => existsSync(at(path))
/** A folder has no headings; a link to it is good where it is there. */
const textOf = (path: string): string | undefined => {
  if (!exists(path)) return undefined
  return statSync(at(path)).isDirectory() ? '' : read(path)
}

const PAGES: readonly Page[] = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...['docs', 'bench'].flatMap((folder) =>
    readdirSync(at(folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
].map((path) => ({ path, text: read(path) }))

const SCRIPTS = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts)

/** The verbs of the command line that `--help` lists, with their options, from the files that define them. */
const verbsOf = async (): Promise<Verbs> => {
  const found = new Map<string, readonly string[]>()
  for (const entry of VERBS) {
    if (entry.summary === false) continue
    const { options } = await entry.load()
    const names = Object.entries(options).flatMap(([option, { alias = [] }]) => [option, ...[alias].flat()])
    found.set(wordOf(entry), names)
  }
  return found
}

describe('README and docs', () => {
  let verbs: Verbs = new Map()
  beforeAll(async () => {
    verbs = await verbsOf()
    expect([...verbs.keys()]).toContain('run')
  }, 60_000)

  it.each(PAGES.map((page) => [page.path, page] as const))('%s leads nowhere that is not there', (_path, page) => {
    expect(brokenLinks(page, textOf)).toEqual([])
    expect(undefinedReferences(page)).toEqual([])
    expect(missingFiles(page, exists)).toEqual([])
  })

  it.each(PAGES.map((page) => [page.path, page] as const))('%s names commands that exist', (_path, page) => {
    expect(unknownCommands(page, verbs, SCRIPTS)).toEqual([])
  })

  it('link every page from README', () => {
    const linked = targetsOf(read('README.md')).map((target) => target.split('#')[0])
    for (const { path } of PAGES.filter((page) => /^docs\/|^CONTR/.test(page.path))) expect(linked).toContain(path)
  })

  it('name every folder of the simulation', () => {
    const files = readdirSync(join(ROOT, 'src/simulation'), { recursive: true, encoding: 'utf8' })
    const folders = [
      ...new Set(files.filter((file) => file.endsWith('.ts')).map((file) => `src/simulation/${dirname(file)}`)),
    ]
    const page = { path: 'docs/simulation.md', text: read('docs/simulation.md') }
    expect(folders.length).toBeGreaterThan(9)
    expect(unnamedFolders(page, folders)).toEqual([])
  })

  it('have a drill for each alarm', () => {
    const drills = read('docs/operating.md').split('## Drills')[1] ?? ''
    for (const id of Object.keys(ALARMS)) expect(drills, id).toContain(`| \`${id}\` |`)
  })

  it('name every verb in README or CHANGELOG', () => {
    const text = `${read('README.md')}${read('CHANGELOG.md')}`
    for (const verb of verbs.keys()) expect(text, verb).toMatch(new RegExp(`\\b${verb}\\b`))
  })

  it('show a smallest configuration that is examples/minimal.yaml', () => {
    const [, block] = /^```yaml\n([\s\S]*?)^```$/m.exec(read('README.md')) ?? []
    expect(block).toBe(read('examples/minimal.yaml'))
  })
})

describe("the table of the engine's parts", () => {
  const [, table = ''] = /^## How the engine's parts([\s\S]*?)^Two kinds/m.exec(read('docs/architecture.md')) ?? []
  const parts = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name)
  const source = readdirSync(at('src/proxy'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(`src/proxy/${name}`))
    .join('\n')

  it('names classes that exist', () => {
    expect(parts.length).toBeGreaterThan(20)
    const exists = (name: string): boolean => new RegExp(`^export (?:class|type) ${name}\\b`, 'm').test(source)
    expect(parts.filter((name) => !exists(name))).toEqual([])
  })

  it('has every part that the engine is made of', () => {
    const made = [...read('src/proxy/engine.ts').matchAll(/new ([A-Z]\w+)\(/g)].map(([, name = '']) => name)
    expect(made.length).toBeGreaterThan(5)
    expect(made.filter((name) => !table.includes(`\`${name}\``))).toEqual([])
  })
})

describe("the drawing of one packet's way", () => {
  const page = read('docs/architecture.md')
  const drawing = read('docs/packet-way.svg')
  const steps = stepsIn(page)

  it('has the numbered steps of the text, each with the files that it names', () => {
    expect(steps.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    for (const { number, title, files } of steps) {
      const [, box = ''] = new RegExp(`<g id="step-${number}">([\\s\\S]*?)</g>`).exec(drawing) ?? []
      expect(box).toContain(`>${title}<`)
      expect(files.length, title).toBeGreaterThan(0)
      expect([...box.matchAll(/class="file"[^>]*>([^<]*)</g)].map(([, file]) => `src/${file}`)).toEqual(files)
    }
  })

  it('names files that exist', () => {
    for (const file of steps.flatMap(({ files }) => files)) expect(exists(file), file).toBe(true)
  })

  it('finds no step where the text has none', () => {
    expect(() => packetWay(page.replace('4. **Did', '**Did'))).toThrow('has no step 4')
  })
})

describe('the picture of slots', () => {
  const picture = read('docs/throttling.svg')
  const LEFT = 60
  const WIDTH = 900

  /** How many squares of a row stand in each slot; `kind` is a square's class. */
  const drawn = (row: string, slots: number, kind: RegExp): number[] => {
    const [, inside = ''] = new RegExp(`<g id="${row}">([\\s\\S]*?)</g>`).exec(picture) ?? []
    const counts = new Array<number>(slots).fill(0)
    for (const [, name = '', x = ''] of inside.matchAll(/<rect class="(\w+)" x="([\d.]+)"/g)) {
      const slot = Math.floor(((Number(x) - LEFT) * slots) / WIDTH)
      if (kind.test(name)) counts[slot] = (counts[slot] ?? 0) + 1
    }
    return counts
  }
  /** The quotas of docs/throttling.md, said another way: message m of a second goes in the slot where m / R falls due. */
  const quotas = (rate: number, slots: number): number[] => {
    const counts = new Array<number>(slots).fill(0)
    for (let message = 1; message <= rate; message += 1) {
      const slot = Math.ceil((message * slots) / rate) - 1
      counts[slot] = (counts[slot] ?? 0) + 1
    }
    return counts
  }

  it('has 30 a second in 20 slots of 1, 2, 1, 2', () => {
    expect(drawn('rate-30', 20, /sent/)).toEqual(quotas(30, 20))
    expect(quotas(30, 20).slice(0, 4)).toEqual([1, 2, 1, 2])
  })

  it('has 5 a second in 5 slots of 1', () => {
    expect(drawn('rate-5', 5, /sent/)).toEqual([1, 1, 1, 1, 1])
  })

  it('pays no pause back: sent and lost together are the same quotas', () => {
    expect(drawn('rate-30-with-a-pause', 20, /sent|lost/)).toEqual(quotas(30, 20))
    expect(drawn('rate-30-with-a-pause', 20, /lost/).findIndex((count) => count > 0)).toBe(5)
  })
})

describe('the rules find what they are there for:', () => {
  const page = (text: string): Page => ({ path: 'docs/a.md', text })
  const there = (path: string): string | undefined => (path === 'docs/b.md' ? '# One heading\n' : undefined)
  const verbs: Verbs = new Map([
    ['run', ['config', 'c']],
    ['status', ['json']],
  ])
  const commands = (code: string): string[] => unknownCommands(page(`\`${code}\``), verbs, ['test', 'storm'])

  it.each(['[x](c.md)', '[x](../b.md)', '![x](c.svg)', '[x]: c.md', '[x](b.md#no-such)', '[x](#no-such)'])(
    'the link %s',
    (text) => expect(brokenLinks(page(text), there)).toHaveLength(1),
  )

  it('a folder that is not named', () => {
    expect(unnamedFolders(page('`src/a/` is named, src/b/ is not'), ['src/a', 'src/b'])).toEqual([
      'docs/a.md: src/b/ is not named',
    ])
  })

  it.each(['[x](b.md)', '[x](./b.md#one-heading)', '[x](https://example.net/)', '```\n[x](c.md)\n```'])(
    'and not %s',
    (text) => expect(brokenLinks(page(text), there)).toEqual([]),
  )

  it('a reference that is defined nowhere, also where it breaks over a line', () => {
    expect(undefinedReferences(page('So it is. [[one], [two\nthree]]\n\n[one]: b.md\n'))).toEqual([
      'docs/a.md: [two three] is not defined',
    ])
  })

  it('a file that is not there', () => {
    const text = 'see `src/a.ts`, `src/b.ts` and `test/*.ts`, not /src/c.ts\n'
    expect(missingFiles(page(text), (path) => path === 'src/a.ts')).toEqual(['docs/a.md: no src/b.ts'])
  })

  it.each(['bin/radsluice rnu', 'radsluice status --jsno', 'S=x radsluice stop', 'npm run strom', 'npm tset'])(
    'the command %s',
    (code) => expect(commands(code)).toHaveLength(1),
  )

  it.each([
    'bin/radsluice run -c FILE',
    'radsluice -c FILE',
    'npm ci && npm test',
    'npm run storm',
    'client radsluice {',
  ])('and not %s', (code) => expect(commands(code)).toEqual([]))

  it('a command in a shell block, and none in what is printed', () => {
    const block = (language: string): Page => page(`\`\`\`${language}\nradsluice rnu\n\`\`\`\n`)
    expect(unknownCommands(block('sh'), verbs, [])).toEqual(['docs/a.md: radsluice has no rnu'])
    expect(unknownCommands(block(''), verbs, [])).toEqual([])
  })

  it('a heading by its anchor', () => {
    expect(anchorsOf('## `max_age`, and so on: A-Z\n')).toEqual(['max_age-and-so-on-a-z'])
  })
})
