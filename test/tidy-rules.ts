/**
 * The rules of how the source is laid out, as functions from files to complaints: import directions, purity of all that
 * is not `.io.ts`, size, headers, names, no cycles, and the four places where each drop reason stands.
 *
 * They read text, not syntax trees: comments and strings are blanked out first, so that prose about `Date.now` is no
 * use of it. docs/architecture.md says why these rules are there.
 */

export interface SourceFile {
  /** Relative to the repository: `src/proxy/engine.ts`. */
  readonly path: string
  readonly text: string
}
export type Rule = (files: readonly SourceFile[]) => string[]

const COMMAND_LINE = 'src/cli.ts'
const isShell = (path: string): boolean => path.endsWith('.io.ts') || path === COMMAND_LINE
const isDeclaration = (path: string): boolean => path.endsWith('.d.ts')
/** `src/proxy/work/lane.ts` is in the part `proxy` and in the room `proxy/work`. */
const partOf = (path: string): string => path.split('/').slice(1, -1)[0] ?? ''
const roomOf = (path: string): string =>
  path === COMMAND_LINE ? COMMAND_LINE : path.split('/').slice(1, -1).join('/') || 'src'

/** Room -> the rooms it may import from, in the order of the table of docs/architecture.md. */
export type Rooms = ReadonlyMap<string, readonly string[]>

export const roomsOf = (page: string): Rooms =>
  new Map(
    [...page.matchAll(/^\| `(src\/[^`]*)` \|.*\| ([^|]*) \|$/gm)].map(([, room = '', mayImport = '']) => [
      room === COMMAND_LINE ? room : room.replace(/^src\/(.+)\/$/, '$1').replace(/^src\/$/, 'src'),
      [...mayImport.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    ]),
  )

/** A room stands below all that it imports: then no chain of imports comes back to where it began. */
export const roomsStandInOrder = (rooms: Rooms): string[] => {
  const order = [...rooms.keys()]
  return [...rooms].flatMap(([room, mayImport], place) =>
    mayImport
      .filter((other) => !order.slice(0, place).includes(other))
      .map((other) => `docs/architecture.md: ${room} imports ${other}, which does not stand above it`),
  )
}

/** The other way round: a permission that nobody uses would let an import in that nobody has thought of. */
export const permissionsAreUsed =
  (rooms: Rooms): Rule =>
  (files) => {
    const used = new Set(files.flatMap(importsOf).map(({ from, to }) => `${roomOf(from)} imports ${roomOf(to)}`))
    return [...rooms].flatMap(([room, mayImport]) =>
      mayImport
        .filter((other) => !used.has(`${room} imports ${other}`))
        .map((other) => `docs/architecture.md: nothing in ${room} imports ${other}`),
    )
  }

const MOST_SIDE_BY_SIDE = 12

export const roomsAreSmall: Rule = (files) => {
  const counts = new Map<string, number>()
  for (const { path } of files) counts.set(roomOf(path), (counts.get(roomOf(path)) ?? 0) + 1)
  return [...counts]
    .filter(([, count]) => count > MOST_SIDE_BY_SIDE)
    .map(([room, count]) => `${room} has ${count} files side by side, more than ${MOST_SIDE_BY_SIDE}`)
}

/** Text without comments; strings are emptied too where `strings` is false. Same lines as before. */
export const bare = (text: string, strings: boolean): string => {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g
  return text.replace(token, (found) => {
    if (found.startsWith('/')) return found.replace(/[^\n]/g, ' ')
    return strings ? found : `${found[0]}${found.slice(1, -1).replace(/[^\n]/g, ' ')}${found[0]}`
  })
}

interface Import {
  readonly from: string
  /** A path in the repository for a relative import, else the package's name. */
  readonly to: string
  readonly typeOnly: boolean
}

/** A statement at the start of a line; `import('...')` of a value or of a type; the file of a worker. */
const IMPORTS = [
  /^(?:import|export)\s+(?<type>type\s+)?(?:[^'";]*?\s+from\s+)?['"](?<target>[^'"]+)['"]/gm,
  /\bimport\(\s*['"](?<target>[^'"]+)['"]/g,
  /\bnew URL\(\s*['"](?<target>[^'"]+\.ts)['"],\s*import\.meta\.url/g,
]

export const importsOf = ({ path, text }: SourceFile): Import[] =>
  IMPORTS.flatMap((pattern) =>
    [...bare(text, true).matchAll(pattern)].map(({ groups }) => {
      const target = groups?.['target'] ?? ''
      const to = target.startsWith('.') ? resolve(path, target) : target
      return { from: path, to, typeOnly: groups?.['type'] !== undefined }
    }),
  )

const resolve = (from: string, target: string): string => {
  const parts = from.split('/').slice(0, -1)
  for (const step of target.split('/')) {
    if (step === '..') parts.pop()
    else if (step !== '.') parts.push(step)
  }
  return parts.join('/')
}

/** Of values and of types, in pure files and in the shell alike. */
export const importsPointInward =
  (rooms: Rooms): Rule =>
  (files) =>
    files
      .flatMap(importsOf)
      .filter(({ from, to }) => {
        if (!to.startsWith('src/') || roomOf(from) === roomOf(to)) return false
        return !(rooms.get(roomOf(from)) ?? []).includes(roomOf(to))
      })
      .map(({ from, to }) => `${from} may not import ${to}`)

/** Packages that pure files may use: none of them touches the world. */
const PURE_PACKAGES = ['node:assert', 'node:assert/strict', 'node:buffer', 'yaml', 'zod']
const PURE_PACKAGE_PARTS = { yaml: ['config'], zod: ['config'] } as Readonly<Record<string, readonly string[]>>

export const pureFilesStayPure: Rule = (files) =>
  files
    .filter(({ path }) => !isShell(path) && !isDeclaration(path))
    .flatMap((file) => [
      ...importsOf(file)
        .filter(({ to, typeOnly }) => !typeOnly && !mayBeImportedByPure(file.path, to))
        .map(({ to }) => `${file.path} is pure and may not import ${to}`),
      ...impureWords(file),
    ])

const mayBeImportedByPure = (path: string, to: string): boolean => {
  if (to.startsWith('src/')) return !isShell(to)
  if (!PURE_PACKAGES.includes(to)) return false
  return PURE_PACKAGE_PARTS[to]?.includes(partOf(path)) ?? true
}

const IMPURE =
  /\b(?:Date\.now|new Date\b|performance\.now|hrtime|setTimeout|setInterval|setImmediate|queueMicrotask|Math\.random|process\.|console\.|async\b|await\b|new Promise\b|Promise\.|EventEmitter\b|fetch\()/g

const impureWords = ({ path, text }: SourceFile): string[] =>
  bare(text, false)
    .split('\n')
    .flatMap((line, index) =>
      [...line.matchAll(IMPURE)].map(([word]) => `${path}:${index + 1} is pure and uses ${word}`),
    )

/** Configuration's types stop at the composition root. */
export const configStopsAtTheRoot: Rule = (files) =>
  files
    .flatMap(importsOf)
    .filter(({ from, to }) => {
      if (!to.startsWith('src/config/')) return false
      return !['config', 'commands', 'daemon'].includes(partOf(from))
    })
    .map(({ from, to }) => `${from} may not import ${to}: configuration stops at the daemon`)

/** The package `radius` throws on odd bytes: one file calls it in the daemon, and the demo's servers are made of it. */
export const strangersHaveOneCaller: Rule = (files) =>
  files
    .filter(({ path }) => path !== 'src/radius/names/names.io.ts' && partOf(path) !== 'demo')
    .flatMap(importsOf)
    .filter(({ to }) => to === 'radius')
    .map(({ from }) => `${from} may not import the package radius`)

/** Where a class is defined, checked, configured, simulated or demonstrated. `radsluice send` and a scenario name both, too. */
const NAMES_CLASSES = /^src\/(?:classes\.ts|radius\/|config\/|simulation\/|demo\/|commands\/(?:offline|input)\/)/
const CLASS_NAME = '(?:authentication|accounting)'
const CLASS_ASKED = new RegExp(
  [
    `(?:[!=]==\\s*|\\bcase )'${CLASS_NAME}'`,
    `'${CLASS_NAME}'\\s*[!=]==`,
    `\\b(?:backlogs|classes|counters|ledgers|lanes|outstanding|queues|received)\\??\\.${CLASS_NAME}\\b`,
    '\\.authentication\\b',
  ].join('|'),
  'g',
)

/** A further class would be forgotten there: a trait of `classes.ts` or a look-up by class tells instead. */
export const classesHaveTraits: Rule = (files) =>
  files
    .filter(({ path }) => !NAMES_CLASSES.test(path))
    .flatMap(({ path, text }) =>
      [...bare(text, true).matchAll(CLASS_ASKED)].map(([found]) => `${path} asks for a class by name: ${found}`),
    )

/** Whoever ends the process at once cuts off what a pipe has not taken yet; the command line waits for that first. */
export const oneFileEndsTheProcess: Rule = (files) =>
  files
    .filter(
      ({ path, text }) => path !== 'src/cli.ts' && /\bprocess\.(?:exit|reallyExit|abort)\b/.test(bare(text, false)),
    )
    .map(({ path }) => `${path} may not end the process; answer an exit code, or throw a coded error`)

/** Twelve lines of prose are plenty; a drawing of a layout may take four more. */
export const filesOpenWithAHeader: Rule = (files) =>
  files
    .filter(({ path }) => !isDeclaration(path))
    .flatMap(({ path, text }) => {
      const header = /^(?:#![^\n]*\n)?\/\*\*\n((?: \*[^\n]*\n)+?) \*\/\n/.exec(text)?.[1]
      const lines = header === undefined ? 0 : header.trimEnd().split('\n').length
      return lines >= 1 && lines <= 16 ? [] : [`${path} does not open with a header of 1 to 16 lines`]
    })

export const filesAreShort: Rule = (files) =>
  files.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length
    return lines <= 400 ? [] : [`${path} has ${lines} lines, more than 400`]
  })

const MOST_MEMBERS = 15

/** Classes with more, and why. One that needs its line no more has to lose it. */
export type LargeClasses = Readonly<Record<string, string>>

/** What others can see of a class has to fit in a head: fields, methods, and each get with its set. */
export const classesAreSmall =
  (exceptions: LargeClasses): Rule =>
  (files) =>
    files.flatMap(({ path, text }) =>
      classesOf(bare(text, false)).flatMap(([name, body]) => {
        const count = membersOf(body).size
        if (count > MOST_MEMBERS && exceptions[name] === undefined) {
          return [`${path}: class ${name} has ${count} public members, more than ${MOST_MEMBERS}`]
        }
        return count <= MOST_MEMBERS && exceptions[name] !== undefined
          ? [`${path}: class ${name} has ${count} public members and is no exception any more`]
          : []
      }),
    )

const classesOf = (code: string): [name: string, body: string][] =>
  [...code.matchAll(/^(?:export )?(?:abstract )?class (\w+)[\s\S]*?\{\n([\s\S]*?)^\}/gm)].map(
    ([, name = '', body = '']) => [name, body],
  )

const membersOf = (body: string): Set<string> =>
  new Set(
    [
      ...body.matchAll(
        /^ {2}(?:(?:static|readonly|get|set|async|declare|abstract|override) )*\*?([A-Za-z_]\w*)\b\s*[<(:=?!;]/gm,
      ),
    ]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'constructor'),
  )

const FORBIDDEN_NAME = /(?:^|[-/.])(?:index|utils?|helpers?|common|managers?|handlers?|services?)(?=[-/.])/

export const namesSayWhatThingsAre: Rule = (files) =>
  files
    .filter(({ path }) => FORBIDDEN_NAME.test(path) || path !== path.toLowerCase())
    .map(({ path }) => `${path} has a name that says nothing, or is not in kebab-case`)

const FORBIDDEN_SYNTAX: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^export default\b/m, 'a default export'],
  [/^(?:export )?(?:const |declare )*enum\b/m, 'an enum'],
  [/^(?:export )?(?:declare )?namespace\b/m, 'a namespace'],
  [/^export \* from/m, 'a barrel'],
  [/\bclass \w+(?:<[^{]*>)? extends (?!Error\b)/, 'inheritance'],
]

export const syntaxStaysPlain: Rule = (files) =>
  files
    .filter(({ path }) => !isDeclaration(path))
    .flatMap(({ path, text }) => {
      const code = bare(text, false)
      return FORBIDDEN_SYNTAX.filter(([pattern]) => pattern.test(code)).map(([, what]) => `${path} has ${what}`)
    })

const WATCHING = ['observe', 'admin']
/** The boundary itself; the end of the log, under which there is nothing; what is done at the start only, and awaited. */
const UNDER_NO_BOUNDARY = [
  'src/observe/boundary/boundary.io.ts',
  'src/observe/log/line-output.io.ts',
  'src/admin/socket/socket-place.io.ts',
]
const OUTSIDE: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\(/, 'a timer of its own; use boundary.after or every'],
  [/\bvoid +[\w$(]/, 'a promise that nobody waits for; use boundary.start'],
  [/\.then\(/, 'a promise with a callback; await it within boundary.start'],
  [
    /\.(?:on|once|addListener)\(\s*'[^']*',(?!\s*(?:\(error\) => reject\(|(?:[\w.#]+\.)?boundary\.guarded\())/,
    'a listener that may throw; use boundary.guarded',
  ],
]

/** `process.memoryUsage` reads /proc and throws where no descriptor is left; V8's own figures (`node:v8`) do not. */
export const memoryIsReadInOnePlace: Rule = (files) =>
  files
    .filter(({ path, text }) => path !== 'src/observe/vitals.io.ts' && bare(text, false).includes('memoryUsage'))
    .map(({ path }) => `${path} uses process.memoryUsage, which throws without a descriptor`)

/** Nothing of watching runs where an error of it would be nobody's: each timer, promise and event is in the boundary. */
export const watchingStaysBehindTheBoundary: Rule = (files) =>
  files
    .filter(({ path }) => WATCHING.includes(partOf(path)) && isShell(path) && !UNDER_NO_BOUNDARY.includes(path))
    .flatMap(({ path, text }) => {
      const code = bare(text, false)
      return OUTSIDE.filter(([pattern]) => pattern.test(code)).map(([, what]) => `${path} has ${what}`)
    })

/** Of values and of types: who wants to understand one file of a circle must read all of them. */
export const importsMakeNoCircle: Rule = (files) => {
  const next = new Map(files.map((file) => [file.path, importsOf(file).map(({ to }) => to)]))
  const circles = new Set<string>()
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) circles.add([...trail.slice(trail.indexOf(path)), path].join(' -> '))
    if (done.has(path) || trail.includes(path)) return
    for (const to of next.get(path) ?? []) walk(to, [...trail, path])
    done.add(path)
  }
  for (const path of next.keys()) walk(path, [])
  return [...circles]
}

/** Whoever reads a name in one file has to know what it is in all of them. */
export const typesHaveOneName: Rule = (files) => {
  const homes = files.flatMap(({ path, text }) =>
    [...bare(text, false).matchAll(/^export (?:abstract )?(?:interface|class|type) (\w+)/gm)].map(([, name = '']) => ({
      name,
      path,
    })),
  )
  return [...Map.groupBy(homes, ({ name }) => name)]
    .filter(([, at]) => at.length > 1)
    .map(([name, at]) => `${name} is exported by ${at.map(({ path }) => path).join(' and ')}`)
}

/** Marks of unfinished or excused work. */
export const nothingIsExcused: Rule = (files) => {
  const marks = [
    'TO' + 'DO',
    'FIX' + 'ME',
    '@ts-' + 'ignore',
    '@ts-' + 'expect-error',
    'biome-' + 'ignore',
    'it.' + 'skip(',
    'it.' + 'only(',
    'describe.' + 'only(',
  ]
  return files.flatMap(({ path, text }) =>
    marks.filter((mark) => text.includes(mark)).map((mark) => `${path} has ${mark}`),
  )
}

/** Each ending is named by a test. */
export const endingsAreTested = (
  endings: readonly { readonly name: string }[],
  tests: readonly SourceFile[],
): string[] =>
  endings
    .filter(({ name }) => !tests.some(({ text }) => new RegExp(`\\b${name}\\b`).test(text)))
    .map(({ name }) => `no test names the ending ${name}`)

/** Three endings side by side, as names, as fields or as a sum: a second list, which a new ending would not reach. */
export const endingsHaveOneList =
  (endings: readonly { readonly name: string }[], home: string): Rule =>
  (files) => {
    const name = `['"]?\\b(?:${endings.map((ending) => ending.name).join('|')})\\b['"]?`
    const list = new RegExp(
      `(?:${name}(?:\\??:\\s*[\\w.+()-]+)?\\s*(?:[,|+;\\])}]|$)\\s*(?:[\\w.#]+\\.|readonly )?){3}`,
      'm',
    )
    return files
      .filter(({ path, text }) => path !== home && list.test(bare(text, true)))
      .map(({ path }) => `${path} lists endings by hand; derive it from ENDINGS`)
  }

/** Every reason stands in the glossary and is named by a test of something other than the list itself. */
export const reasonsAreToldAndTested = (
  reasons: readonly string[],
  glossary: string,
  tests: readonly SourceFile[],
): string[] =>
  reasons.flatMap((reason) => [
    ...(glossary.includes(`\`${reason}\``) ? [] : [`docs/glossary.md has no line for ${reason}`]),
    ...(tests.some(({ text }) => bare(text, true).includes(`'${reason}'`))
      ? []
      : [`no test names the reason ${reason}`]),
  ])
