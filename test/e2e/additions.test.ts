/**
 * What it takes to add something: one ending, one setting, one verb and one traffic class are added to a copy of the
 * repository, each alone.
 *
 * After the first edit the guards (rules of source and docs, generated pages; for a class, the type checker) must fail and
 * name what is missing. After the promised edits and `npm run docs` they pass. The numbers of files are those that CONTRIBUTING.md
 * promises. What the addition does is not counted: where a request ends so, or what a setting changes.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generatedFiles } from '../../scripts/docs.ts'
import { run } from './kit/child.ts'
import { outerRunLeftOut } from './kit/environment.ts'

const ROOT = join(import.meta.dirname, '../..')
const COPIED = [
  ...['src', 'test', 'scripts', 'bench', 'docs', 'examples', 'deploy', 'bin'],
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'Dockerfile', 'LICENSE', 'config.schema.json', 'package.json'],
  ...['tsconfig.json', 'tsconfig.build.json', 'biome.json', 'knip.json', 'vitest.config.ts'],
]
/** The tests that say what else belongs to an addition. */
const GUARDS = [
  ...['test/tidy.test.ts', 'test/docs.test.ts', 'test/config/generated.test.ts', 'test/config/outward/engine-options'],
  'test/config/load/load.test.ts',
  ...['test/observe/losses', 'test/observe/status-report', 'test/proxy/register/ledger', 'test/commands/verbs'],
]
const GUARD_LIMIT_MS = 600_000

interface Edit {
  readonly file: string
  /** A piece of the file that stands there once; a file without it is new. */
  readonly at?: string
  /** Takes the place of `at`. */
  readonly text: string
}

interface Addition {
  readonly what: string
  readonly first: readonly Edit[]
  /** What the guards say then: the places that are missing. */
  readonly reminders: readonly RegExp[]
  readonly others: readonly Edit[]
  /** Files that `npm run docs` writes. */
  readonly generated: readonly string[]
  /** Files that are edited by hand, as CONTRIBUTING.md says. */
  readonly files: number
}

/** In two pieces: this file is in the copy too, and is no test of them. */
const ENDING = `mis${'laid'}`
const VERB = `yo${'del'}`

const after = (file: string, at: string, text: string): Edit => ({ file, at, text: `${at}${text}` })

const ADDITIONS: readonly Addition[] = [
  {
    what: 'ending',
    first: [
      after(
        'src/proxy/border/endings.ts',
        "{ name: 'answered', kind: 'served', words: 'answered', help: 'Requests whose answer went to the client.' },\n",
        `  { name: '${ENDING}', kind: 'absorbed', words: '${ENDING}', help: 'Requests of a test.' },\n`,
      ),
    ],
    reminders: [new RegExp(`no test names the ending ${ENDING}`), /docs\/metrics\.md: expected/],
    others: [
      after(
        'test/proxy/register/ledger.test.ts',
        "describe('the ledger', () => {\n",
        `  it('counts ${ENDING}', () => {
    const ledger = new Ledger()
    ledger.count(ENTRY.received)
    ledger.count(ENTRY.${ENDING})
    ledger.check(NOWHERE)
  })

`,
      ),
    ],
    generated: ['docs/metrics.md', 'docs/openapi.yaml'],
    files: 2,
  },
  {
    what: 'setting of the engine',
    first: [
      after(
        'src/config/schema/schema.ts',
        "max_answers: whole(1, 10_000_000).describe('The most answers that are kept; the oldest go first.').default(100_000),\n",
        "    max_yodels: whole(1, 10).describe('A setting of a test.').default(3),\n",
      ),
    ],
    reminders: [/config\.schema\.json: expected/, /carries every setting of the engine[\s\S]*maxYodels/],
    others: [
      after(
        'src/proxy/border/options.ts',
        'readonly answerCache: Duration\n    readonly maxAnswers: number\n',
        '    readonly maxYodels: number\n',
      ),
      after(
        'src/simulation/world/basic-options.ts',
        '  answerCache: seconds(5),\n  maxAnswers: 100_000,\n',
        '  maxYodels: 3,\n',
      ),
      {
        file: 'test/config/outward/engine-options.test.ts',
        at: 'max_records: 13 }',
        text: 'max_records: 13, max_yodels: 4 }',
      },
      {
        file: 'test/config/outward/engine-options.test.ts',
        at: 'maxRecords: 13,',
        text: 'maxRecords: 13, maxYodels: 4,',
      },
      {
        file: 'test/config/load/load.test.ts',
        at: 'max_records: 200_000 },',
        text: 'max_records: 200_000, max_yodels: 3 },',
      },
    ],
    generated: ['config.schema.json', 'docs/configuration.md'],
    files: 5,
  },
  {
    what: 'verb',
    first: [
      after(
        'src/commands/verbs.io.ts',
        "const BY_COMMAND: Readonly<Record<string, Omit<VerbEntry, 'command'>>> = {\n",
        `  ${VERB}: {
    summary: 'Do what a test asks',
    load: async () => (await import('./live/${VERB}.io.ts')).${VERB},
  },
`,
      ),
      {
        file: `src/commands/live/${VERB}.io.ts`,
        text: `/**
 * \`radsluice ${VERB}\`: nothing, for a test.
 */
import { verb } from '../input/verb.ts'

export const ${VERB} = verb({
  examples: [
    ['${VERB}', 'nothing'],
    ['${VERB}', 'nothing again'],
  ],
  options: {},
  run: () => Promise.resolve(0),
})
`,
      },
    ],
    reminders: [new RegExp(`name every verb in README or CHANGELOG[\\s\\S]*${VERB}: expected`)],
    others: [after('CHANGELOG.md', '# Changelog\n', `\n\`radsluice ${VERB}\` does nothing.\n`)],
    generated: [],
    files: 3,
  },
]

const CLASS = 'dynamic'
/** The recipe for a traffic class, up to the simulation. */
const NEW_CLASS: readonly Edit[] = [
  { file: 'src/classes.ts', at: "'accounting'] as const", text: `'accounting', '${CLASS}'] as const` },
  after(
    'src/classes.ts',
    "    rfc: 'RFC 4670',\n  },\n",
    `  ${CLASS}: {
    request: 43,
    responses: [44, 45],
    port: 3799,
    sourcePortStep: -1,
    preference: { plain: 3, withState: 3 },
    nouns: ['change', 'changes'],
    short: 'coa',
    rfc: 'RFC 5176',
  },
`,
  ),
  after(
    'src/radius/authenticator.ts',
    '  accounting: checkAccountingRequest,\n',
    `  ${CLASS}: checkAccountingRequest,\n`,
  ),
  after(
    'src/config/schema/access-settings.ts',
    "listenersFor('Accounting-Requests', 'accounting'),\n",
    `    ${CLASS}: listenersFor('CoA-Requests', '${CLASS}'),\n`,
  ),
  after(
    'src/config/schema/schema.ts',
    "mapping('Bounds of what waits, for each instance.', {\n",
    `  ${CLASS}: queue({ messages: 20_000, bytes: '32MiB', ages: oneAge('5s'), overflow: ['drop_newest'] }).prefault({}),\n`,
  ),
  after(
    'src/config/schema/schema.ts',
    "mapping('The RADIUS servers behind radsluice.', {\n",
    `  ${CLASS}: classSettings('${CLASS}').prefault({}),\n`,
  ),
  after('src/config/schema/peer-settings.ts', 'accounting: 2', `, ${CLASS}: 1`),
  after('src/pages/page.ts', "  accounting: ['#b8640b', '#f0a24b'],\n", `  ${CLASS}: ['#6b3fa0', '#c09bf0'],\n`),
]

const copy = mkdtempSync(join(tmpdir(), 'radsluice-additions-'))
beforeAll(() => {
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
})
afterAll(() => rmSync(copy, { recursive: true }))

const originalOf = (file: string): string | undefined => {
  try {
    return readFileSync(join(ROOT, file), 'utf8')
  } catch {
    return undefined
  }
}

function apply({ file, at, text }: Edit): void {
  const path = join(copy, file)
  if (at === undefined) {
    writeFileSync(path, text)
    return
  }
  const pieces = readFileSync(path, 'utf8').split(at)
  expect(pieces, `${file} has this once: ${at}`).toHaveLength(2)
  writeFileSync(path, pieces.join(text))
}

function undo(file: string): void {
  const original = originalOf(file)
  if (original === undefined) rmSync(join(copy, file), { force: true })
  else writeFileSync(join(copy, file), original)
}

const inCopy = async (program: string, ...words: string[]): Promise<{ passed: boolean; said: string }> => {
  const { code, stdout, stderr } = await run(process.execPath, [program, ...words], {
    cwd: copy,
    env: outerRunLeftOut({ NO_COLOR: '1' }),
    limitMs: GUARD_LIMIT_MS,
  })
  return { passed: code === 0, said: `${stdout}\n${stderr}` }
}

/** More threads would take a third more of the processors' time, and other tests need it. */
const typesInCopy = () => inCopy('node_modules/typescript/bin/tsc', '--noEmit', '-p', '.', '--singleThreaded')
const testsInCopy = () =>
  inCopy('node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', '--maxWorkers=1', ...GUARDS)

/** Whether the types are right and the guarding tests pass, and what they say. */
async function guards(): Promise<{ passed: boolean; said: string }> {
  const [types, tests] = await Promise.all([typesInCopy(), testsInCopy()])
  return { passed: types.passed && tests.passed, said: `${types.said}\n${tests.said}` }
}

describe('what it takes to add one', () => {
  it.each(ADDITIONS.map((addition) => [addition.what, addition] as const))(
    '%s: the guards name what is missing, and pass when the promised files are edited',
    async (what, { first, reminders, others, generated, files }) => {
      const edited = [...new Set([...first, ...others].map(({ file }) => file))]
      try {
        for (const edit of first) apply(edit)
        // All reminders are the tests': the types may be right or not.
        const reminded = await testsInCopy()
        expect(reminded.passed).toBe(false)
        for (const reminder of reminders) expect(reminded.said).toMatch(reminder)
        for (const edit of others) apply(edit)
        await inCopy('scripts/docs.ts')
        const written = Object.keys(generatedFiles()).filter(
          (file) => readFileSync(join(copy, file), 'utf8') !== originalOf(file),
        )
        expect(written).toEqual(generated)
        const done = await guards()
        expect(done.passed, done.said).toBe(true)
        console.log(`one new ${what}: ${edited.length} files by hand, ${generated.length} generated`)
        expect(edited).toHaveLength(files)
      } finally {
        for (const file of [...edited, ...generated]) undo(file)
      }
    },
    2 * GUARD_LIMIT_MS,
  )

  it(
    'traffic class: the type checker names the files of the recipe; then the engine serves it on ports of its own',
    async () => {
      const files = [...new Set(NEW_CLASS.map(({ file }) => file))]
      const wrong = ({ said }: { readonly said: string }): string[] => said.match(/^\S+(?=\(\d+,\d+\): error)/gm) ?? []
      try {
        for (const edit of NEW_CLASS.filter(({ file }) => file === 'src/classes.ts')) apply(edit)
        const reminded = wrong(await typesInCopy())
        for (const file of ['src/radius/authenticator.ts', 'src/config/schema/schema.ts', 'src/pages/page.ts']) {
          expect(reminded).toContain(file)
        }
        for (const edit of NEW_CLASS.filter(({ file }) => file !== 'src/classes.ts')) apply(edit)
        const test = ['run', '--project', 'unit', '--reporter=verbose', 'test/proxy/every-class']
        const [types, served] = await Promise.all([typesInCopy(), inCopy('node_modules/vitest/vitest.mjs', ...test)])
        // What simulated clients do with it is what the addition does.
        expect(new Set(wrong(types))).toEqual(new Set(['src/simulation/peers/nas.ts', 'src/simulation/plan/plan.ts']))
        expect(served.passed, served.said).toBe(true)
        expect(served.said).toContain(`a request of ${CLASS}`)
        console.log(`one new traffic class: ${files.length} files by hand, and the simulation`)
        expect(files).toHaveLength(6)
      } finally {
        for (const file of files) undo(file)
      }
    },
    2 * GUARD_LIMIT_MS,
  )
})
