/**
 * Holds the source to its own layout (test/tidy-rules.ts), and shows for each rule that a planted fault is found: a
 * rule that can't fail would be believed for ever.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ANOMALIES } from '../src/accounting/sessions/anomalies.ts'
import { CLIENT_DROP_REASONS, ENDINGS, SERVER_DROP_REASONS, SHED_REASONS } from '../src/proxy/border/endings.ts'
import {
  bare,
  classesAreSmall,
  classesHaveTraits,
  configStopsAtTheRoot,
  endingsAreTested,
  endingsHaveOneList,
  filesAreShort,
  filesOpenWithAHeader,
  importsMakeNoCircle,
  importsPointInward,
  type LargeClasses,
  memoryIsReadInOnePlace,
  namesSayWhatThingsAre,
  nothingIsExcused,
  oneFileEndsTheProcess,
  permissionsAreUsed,
  pureFilesStayPure,
  type Rule,
  reasonsAreToldAndTested,
  roomsAreSmall,
  roomsOf,
  roomsStandInOrder,
  type SourceFile,
  strangersHaveOneCaller,
  syntaxStaysPlain,
  typesHaveOneName,
  watchingStaysBehindTheBoundary,
} from './tidy-rules.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')

const filesUnder = (folder: string): SourceFile[] =>
  (existsSync(join(ROOT, folder)) ? readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }) : [])
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: file.slice(ROOT.length + 1), text: readFileSync(file, 'utf8') }))

const SRC = filesUnder('src')
const ROOMS = roomsOf(readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8'))
const ALL = [...SRC, ...filesUnder('test'), ...filesUnder('scripts'), ...filesUnder('bench')]

/** Classes with more than 15 public members, and why. */
const LARGE_CLASSES: LargeClasses = {
  Packet: 'a view over octets: one number for each attribute that the packet path reads, in one object of one shape',
  Request: 'plain fields of a request: each packet makes one, and a million of them may wait',
  Attempt:
    'plain fields of a request at one server: each packet makes one, and a second object would cost more than it tells',
}

/** Rule, the files it holds for, and a fault of each kind that it has to find. */
const RULES: readonly (readonly [
  sentence: string,
  rule: Rule,
  on: readonly SourceFile[],
  faults: readonly SourceFile[],
])[] = [
  [
    'imports point inward',
    importsPointInward(ROOMS),
    SRC,
    [
      { path: 'src/radius/packet.ts', text: "import { Engine } from '../proxy/engine.ts'\n" },
      { path: 'src/units.ts', text: "import { Packet } from './radius/packet.ts'\n" },
      { path: 'src/throttle/budget.ts', text: "import type {\n  Lane,\n} from '../proxy/lane.ts'\n" },
      { path: 'src/proxy/work/lane.ts', text: "export { x } from '../observe/events.ts'\n" },
      { path: 'src/queues/ring.ts', text: "import '../throttle/budget.ts'\n" },
      { path: 'src/radius/packet.ts', text: "type A = import('../proxy/engine.ts').Engine\n" },
      { path: 'src/transport/clock.io.ts', text: "  await import('../daemon/daemon.io.ts')\n" },
      { path: 'src/queues/ring.ts', text: "new Worker(new URL('../proxy/engine.ts', import.meta.url))\n" },
    ],
  ],
  ['what may be imported is imported somewhere', permissionsAreUsed(ROOMS), SRC, []],
  ['no folder has more than 12 files side by side', roomsAreSmall, SRC, []],
  [
    'pure files touch nothing of the world',
    pureFilesStayPure,
    SRC,
    [
      { path: 'src/proxy/engine.ts', text: 'const now = Date.now()\n' },
      { path: 'src/proxy/engine.ts', text: 'const wait = async () => undefined\n' },
      { path: 'src/proxy/engine.ts', text: 'return Promise.resolve(3)\n' },
      { path: 'src/proxy/engine.ts', text: 'setTimeout(f, 3)\n' },
      { path: 'src/proxy/engine.ts', text: 'const x = Math.random()\n' },
      { path: 'src/proxy/engine.ts', text: 'const t = hrtime.bigint()\n' },
      { path: 'src/proxy/engine.ts', text: "import { createSocket } from 'node:dgram'\n" },
      { path: 'src/proxy/engine.ts', text: "import { Links } from './links.io.ts'\n" },
      { path: 'src/proxy/engine.ts', text: "import { pino } from 'pino'\n" },
      { path: 'src/proxy/engine.ts', text: "import { parse } from 'yaml'\n" },
    ],
  ],
  [
    'configuration stops at the daemon',
    configStopsAtTheRoot,
    SRC,
    [
      { path: 'src/transport/links.io.ts', text: "import type { Config } from '../config/schema.ts'\n" },
      { path: 'src/admin/server.io.ts', text: "import type { Config } from '../config/schema.ts'\n" },
    ],
  ],
  [
    'the radius package has one caller',
    strangersHaveOneCaller,
    SRC,
    [{ path: 'src/transport/links.io.ts', text: "import radius from 'radius'\n" }],
  ],
  [
    'a class of traffic is known by its traits, not by its name',
    classesHaveTraits,
    SRC,
    [
      { path: 'src/proxy/a.ts', text: "if (request.class === 'accounting') return\n" },
      { path: 'src/proxy/a.ts', text: "const first = 'authentication' !== its\n" },
      { path: 'src/observe/a.ts', text: "switch (its) {\n  case 'accounting':\n}\n" },
      { path: 'src/proxy/a.ts', text: 'const { limits } = places.backlogs.accounting\n' },
      { path: 'src/commands/text/a.ts', text: 'const of = server.authentication\n' },
    ],
  ],
  [
    'only the command line ends the process',
    oneFileEndsTheProcess,
    SRC,
    [
      { path: 'src/commands/live/stop.io.ts', text: 'process.exit(1)\n' },
      { path: 'src/demo/farm.io.ts', text: 'const end = process.exit\n' },
    ],
  ],
  [
    'every file opens with a header',
    filesOpenWithAHeader,
    ALL.filter(({ path }) => !path.endsWith('.test.ts')),
    [
      { path: 'src/a.ts', text: 'export const a = 1\n' },
      { path: 'src/a.ts', text: `/**\n${' * and so on\n'.repeat(17)} */\n` },
    ],
  ],
  [
    'no file is longer than 400 lines',
    filesAreShort,
    ALL.filter(({ path }) => !path.endsWith('.test.ts')),
    [{ path: 'src/a.ts', text: 'a\n'.repeat(401) }],
  ],
  [
    'no class has more than 15 public members',
    classesAreSmall(LARGE_CLASSES),
    SRC,
    [
      {
        path: 'src/a.ts',
        text: `class A {\n${Array.from({ length: 16 }, (_, at) => `  get a${at}() {}\n`).join('')}}\n`,
      },
      ...['class A<\n  T,\n>', 'abstract class A', 'class A\n  implements B, C'].map((header) => ({
        path: 'src/a.ts',
        text: `export ${header} {\n${Array.from({ length: 16 }, (_, at) => `  a${at} = 1\n`).join('')}}\n`,
      })),
      { path: 'src/a.ts', text: 'export class Packet {\n  readonly a = 1\n}\n' },
    ],
  ],
  [
    'names say what things are',
    namesSayWhatThingsAre,
    SRC,
    [
      { path: 'src/index.ts', text: '' },
      { path: 'src/proxy/index.ts', text: '' },
      { path: 'src/utils/a.ts', text: '' },
      { path: 'src/proxy/queue-manager.ts', text: '' },
      { path: 'src/proxy/handlers.io.ts', text: '' },
      { path: 'src/proxy/serverQueue.ts', text: '' },
    ],
  ],
  [
    'syntax stays plain',
    syntaxStaysPlain,
    SRC,
    [
      { path: 'src/a.ts', text: 'export default 1\n' },
      { path: 'src/a.ts', text: 'export const enum Colour { red }\n' },
      { path: 'src/a.ts', text: 'enum Colour { red }\n' },
      { path: 'src/a.ts', text: "export * from './b.ts'\n" },
      { path: 'src/a.ts', text: 'export class Queue<T> extends List<T> {}\n' },
      { path: 'src/a.ts', text: 'namespace A {}\n' },
    ],
  ],
  [
    'memory is read where an error of it ends nothing',
    memoryIsReadInOnePlace,
    SRC,
    [{ path: 'src/daemon/settings.io.ts', text: 'const { rss } = process.memoryUsage()\n' }],
  ],
  [
    'an error in watching ends nothing else',
    watchingStaysBehindTheBoundary,
    SRC,
    [
      { path: 'src/observe/alarms/watch.io.ts', text: 'setTimeout(() => poll(), 3)\n' },
      { path: 'src/observe/log/tps-file.io.ts', text: 'start(): void {\n  void this.#look()\n}\n' },
      { path: 'src/observe/log/tps-file.io.ts', text: 'this.#look().then((view) => use(view))\n' },
      { path: 'src/admin/server.io.ts', text: "server.on('error', () => undefined)\n" },
      { path: 'src/admin/server.io.ts', text: "server.once(\n  'close',\n  act,\n)\n" },
    ],
  ],
  [
    'imports make no circle',
    importsMakeNoCircle,
    SRC,
    [
      { path: 'src/a.ts', text: "import { a } from './a.ts'\n" },
      { path: 'src/a.ts', text: "const one = await import('./a.ts')\n" },
    ],
  ],
  [
    'no two exported types have one name',
    typesHaveOneName,
    SRC,
    [{ path: 'src/a.ts', text: 'export interface Place {}\nexport class Place {}\n' }],
  ],
  [
    'the endings are listed once',
    endingsHaveOneList(ENDINGS, 'src/proxy/border/endings.ts'),
    [...SRC, ...filesUnder('scripts'), ...filesUnder('bench')],
    [
      { path: 'src/a.ts', text: "const KINDS = ['answered', 'shed', 'expired']\n" },
      {
        path: 'src/a.ts',
        text: 'interface A {\n  readonly answered: number\n  readonly shed: number\n  lost: number\n}\n',
      },
      { path: 'src/a.ts', text: 'const sum = this.#ledger.answered + its.shed +\n  its.expired + 1\n' },
      { path: 'src/a.ts', text: "type How = 'answered' | 'shed' | 'lost'\n" },
    ],
  ],
  ['nothing is excused', nothingIsExcused, ALL, [{ path: 'src/a.ts', text: ['// TO', 'DO: later\n'].join('') }]],
]

describe('the source', () => {
  it.each(RULES)('%s', (_sentence, rule, on) => {
    expect(on.length).toBeGreaterThan(0)
    expect(rule(on)).toEqual([])
  })

  it('has a row of docs/architecture.md for each folder, and no row is in vain', () => {
    const folders = new Set(SRC.map(({ path }) => (path === 'src/cli.ts' ? path : dirname(path).replace('src/', ''))))
    expect([...ROOMS.keys()].toSorted()).toEqual([...folders].toSorted())
    expect(roomsStandInOrder(ROOMS)).toEqual([])
  })

  it('has a test for every ending; tells every reason and every anomaly in the glossary and in a test', () => {
    const glossary = readFileSync(join(ROOT, 'docs/glossary.md'), 'utf8')
    const tests = filesUnder('test').filter(({ path }) => !path.startsWith('test/tidy'))
    expect(endingsAreTested(ENDINGS, tests)).toEqual([])
    const reasons = [...new Set([...CLIENT_DROP_REASONS, ...SERVER_DROP_REASONS, ...SHED_REASONS, ...ANOMALIES])]
    expect(reasonsAreToldAndTested(reasons, glossary, tests)).toEqual([])
  })
})

describe('the rules find what they are there for:', () => {
  it.each(RULES.filter(([, , , faults]) => faults.length > 0))('%s', (_sentence, rule, _on, faults) => {
    for (const fault of faults) expect(rule([fault]), fault.text).toHaveLength(1)
  })

  it('a circle of three is one circle, and so is one of types', () => {
    const file = (name: string, text: string): SourceFile => ({ path: `src/${name}.ts`, text })
    const three = [
      file('a', "import { b } from './b.ts'\n"),
      file('b', "import { c } from './c.ts'\n"),
      file('c', "import { a } from './a.ts'\n"),
    ]
    expect(importsMakeNoCircle(three)).toEqual(['src/a.ts -> src/b.ts -> src/c.ts -> src/a.ts'])
    expect(
      importsMakeNoCircle([file('a', "import type { b } from './b.ts'\n"), file('b', "import { a } from './a.ts'\n")]),
    ).toEqual(['src/a.ts -> src/b.ts -> src/a.ts'])
  })

  it('a room that imports from below, and one that is too full', () => {
    const row = (room: string, mayImport: string): string => `| \`src/${room}/\` | what | ${mayImport} |\n`
    const rooms = roomsOf(`${row('queues', 'nothing')}${row('proxy', '`queues`, `admin`')}${row('admin', '`proxy`')}`)
    expect([...rooms]).toEqual([
      ['queues', []],
      ['proxy', ['queues', 'admin']],
      ['admin', ['proxy']],
    ])
    expect(roomsStandInOrder(rooms)).toEqual([
      'docs/architecture.md: proxy imports admin, which does not stand above it',
    ])
    const files = Array.from({ length: 13 }, (_, index) => ({ path: `src/queues/a${index}.ts`, text: '' }))
    const imports = [{ path: 'src/proxy/a.ts', text: "import { b } from '../queues/b.ts'\n" }]
    expect(permissionsAreUsed(rooms)(imports)).toEqual([
      'docs/architecture.md: nothing in proxy imports admin',
      'docs/architecture.md: nothing in admin imports proxy',
    ])
    expect(roomsAreSmall(files)).toHaveLength(1)
    expect(roomsAreSmall(files.slice(1))).toEqual([])
  })

  it('a reason that the glossary or the tests lack', () => {
    const tests = [{ path: 'test/a.test.ts', text: "expect(reason).toBe('too-old')" }]
    expect(reasonsAreToldAndTested(['too-old'], 'a `too-old` one', tests)).toEqual([])
    expect(reasonsAreToldAndTested(['too-old'], 'a too-old one', tests)).toHaveLength(1)
    const spoken = [{ path: 'test/a.test.ts', text: "// what is 'too-old'\n" }]
    expect(reasonsAreToldAndTested(['too-old'], 'a `too-old` one', spoken)).toHaveLength(1)
    expect(reasonsAreToldAndTested(['too-new'], 'a `too-new` one', tests)).toHaveLength(1)
  })

  it('an ending that no test names', () => {
    const tests = [{ path: 'test/a.test.ts', text: 'expect(ledger).toEqual({ received: 2, spoiled: 2 })' }]
    expect(endingsAreTested([{ name: 'spoiled' }], tests)).toEqual([])
    expect(endingsAreTested([{ name: 'spoil' }], tests)).toEqual(['no test names the ending spoil'])
  })

  it('prose about impure things is no use of them', () => {
    const text = "/** no Date.now here */\n// nor await\nconst a = 'setTimeout(' + `Math.random()`\n"
    expect(pureFilesStayPure([{ path: 'src/a.ts', text }])).toEqual([])
    expect(bare(text, true)).toContain("'setTimeout('")
    expect(bare(text, false).split('\n')).toHaveLength(text.split('\n').length)
  })

  it('the shell may do all that', () => {
    const text = "import { createSocket } from 'node:dgram'\nawait Date.now()\n"
    for (const path of ['src/transport/links.io.ts', 'src/cli.ts']) {
      expect(pureFilesStayPure([{ path, text }])).toEqual([])
    }
  })
})
