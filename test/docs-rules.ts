/**
 * What README and docs/ must keep, as functions from a page to complaints: links that lead somewhere, files that are
 * there, commands that exist.
 *
 * A page says more than its links: a path or a command in `code` is a promise too. Each rule reads the text alone; what
 * exists is given to it, so that a test can plant a page with a fault.
 */

export interface Page {
  /** Relative to the repository: `docs/throttling.md`. */
  readonly path: string
  readonly text: string
}

/** Of each verb, the names of its options without dashes. */
export type Verbs = ReadonlyMap<string, readonly string[]>

const blocksOf = (text: string, language: RegExp): string[] =>
  [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, name = '']) => language.test(name))
    .map(([, , block = '']) => block)

const spansOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span)

const withoutBlocks = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '')

/** Where the page points to, as it is written: `[words](target)`, images, and `[words]: target`. */
export const targetsOf = (text: string): string[] => {
  const prose = withoutBlocks(text)
  const inline = [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
  const defined = [...prose.matchAll(/^\[[^\]]+\]: (\S+)$/gm)]
  return [...inline, ...defined].map(([, target = '']) => target)
}

/** The anchors that a page's headings have, by the rule of the sites that show Markdown. */
export const anchorsOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/ /g, '-'),
  )

/** Links that lead nowhere; `textOf` is undefined where there is no such file. */
export const brokenLinks = (page: Page, textOf: (path: string) => string | undefined): string[] =>
  targetsOf(page.text)
    .filter((target) => !/^[a-z]+:/.test(target))
    .flatMap((target) => {
      const [file = '', anchor] = target.split('#')
      const path = file === '' ? page.path : resolve(page.path, file)
      const text = file === '' ? page.text : textOf(path)
      if (text === undefined) return [`${page.path}: no file ${path}`]
      if (anchor === undefined || anchorsOf(text).includes(anchor)) return []
      return [`${page.path}: ${path} has no heading #${anchor}`]
    })

/** `[words]` in double brackets whose target is defined nowhere on the page. */
export const undefinedReferences = ({ path, text }: Page): string[] => {
  const defined = [...text.matchAll(/^\[([^\]]+)\]: /gm)].map(([, name]) => name)
  const used = [...withoutBlocks(text).matchAll(/\[\[(.+?)\]\](?!\()/gs)].flatMap(([, list = '']) =>
    list.split(/\],\s+\[/).map((name) => name.replace(/\s+/g, ' ')),
  )
  return [...new Set(used)].filter((name) => !defined.includes(name)).map((name) => `${path}: [${name}] is not defined`)
}

/** What programs write here, and git ignores. */
const WRITTEN = 'bench/results/local'

/** Files of ours that a page names in code and that are not there. */
export const missingFiles = ({ path, text }: Page, exists: (path: string) => boolean): string[] => {
  const ours = /(?<![\w/.-])((?:src|test|docs|examples|scripts|bench|bin)\/[\w./*-]*[\w/*])/g
  const named = [...blocksOf(text, /^/), ...spansOf(text)].flatMap((code) =>
    [...code.matchAll(ours)].map(([, file = '']) => file),
  )
  const looked = [...new Set(named)].filter((file) => !file.includes('*') && !file.startsWith(WRITTEN))
  return looked.filter((file) => !exists(file)).map((file) => `${path}: no ${file}`)
}

/** Folders of the source that a page should describe and does not name in code. */
export const unnamedFolders = ({ path, text }: Page, folders: readonly string[]): string[] =>
  folders.filter((folder) => !spansOf(text).includes(`${folder}/`)).map((folder) => `${path}: ${folder}/ is not named`)

/** What npm itself knows without a script of ours. */
const NPM_OWN = ['ci', 'run', 'install', 'pack']

/** Commands that do not exist: verbs and options of `radsluice`, scripts of npm. Blocks that are no shell are output. */
export const unknownCommands = ({ path, text }: Page, verbs: Verbs, scripts: readonly string[]): string[] => {
  const complaints: string[] = []
  for (const code of [...blocksOf(text, /^sh$/), ...spansOf(text)]) {
    for (const line of code.replace(/\\\n/g, ' ').split('\n')) {
      for (const [, run, name = ''] of line.matchAll(/\bnpm (run )?([a-z][\w-]*)/g)) {
        const known = scripts.includes(name) || (run === undefined && NPM_OWN.includes(name))
        if (!known) complaints.push(`${path}: npm has no ${name}`)
      }
      // A command begins a line, or follows what can stand before one; a file name or a process's name is none.
      for (const [, words = ''] of line.matchAll(/(?:^|[;&|"] ?|\w=\S+ )(?:bin\/)?radsluice ([^#;&|]*)/g)) {
        complaints.push(...unknownWords(words, verbs).map((what) => `${path}: radsluice has no ${what}`))
      }
    }
  }
  return complaints
}

const ALWAYS = ['help', 'version', 'h']

const unknownWords = (words: string, verbs: Verbs): string[] => {
  const [first = '', ...rest] = words.trim().split(/\s+/)
  const verb = first.startsWith('-') ? 'run' : first
  const options = verbs.get(verb)
  if (options === undefined) return [verb]
  const given = [first, ...rest].filter((word) => /^--?[a-z]/.test(word)).map((word) => word.replace(/^--?|=.*$/g, ''))
  return given.filter((name) => ![...options, ...ALWAYS].includes(name)).map((name) => `${verb} --${name}`)
}

const resolve = (from: string, target: string): string => {
  const parts = from.split('/').slice(0, -1)
  for (const step of target.split('/')) {
    if (step === '..') parts.pop()
    else if (step !== '.' && step !== '') parts.push(step)
  }
  return parts.join('/')
}
