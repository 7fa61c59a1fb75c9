/**
 * The text of a configuration file: its plain value, the faults of its YAML, and the line and column of every setting.
 *
 * YAML 1.2 (so `no` is a word, not false), one document; anchors, aliases and merge keys are allowed. The parser's own messages
 * are not passed on: they quote the text, which may contain a secret.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
} from 'yaml'
import { wrongIndentation } from './indentation.ts'
import type { Fault, Position } from './problem.ts'
import { parseYaml } from './yaml-text.ts'

export type SettingPath = readonly (string | number)[]

/** Enough for every honest use of anchors. Stops a "billion laughs". */
const MAX_ALIASES = 1000

const REPEATED = 'this key stands twice in one mapping; keep one of the two'

const SENTENCES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab indents this line; YAML wants spaces',
  BAD_INDENT:
    'the indentation does not fit the lines above; indent the keys of one mapping alike, and close brackets and braces',
  MISSING_CHAR: 'a character is missing here: a colon, a comma, a closing bracket or a closing quote',
  BAD_DQ_ESCAPE: 'this is no escape in double quotes; use single quotes, or write \\\\ for a backslash',
  BAD_SCALAR_START: 'a plain value cannot begin with this character; put the value in quotes',
  BAD_ALIAS: 'an alias needs a name; if the value shall begin with *, put it in quotes',
  MULTIPLE_DOCS: 'the file holds a second document (---); keep one',
  TAG_RESOLVE_FAILED: 'a value that begins with ! is a tag to YAML; put the value in quotes',
  TOO_DEEP: 'more is nested here than in any configuration; close the brackets and braces above, or correct the path',
  UNEXPECTED_TOKEN: 'YAML cannot read this here; check quotes, brackets and indentation near it',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line; a closing quote or a colon may be missing above',
  BLOCK_AS_IMPLICIT_KEY:
    'a mapping cannot begin on this line; check indentation and colons, or put the value in quotes',
  BLOCK_IN_FLOW: 'inside of braces and brackets, only braces and brackets may follow',
}

export class Source {
  readonly #document: Document
  readonly #lines = new LineCounter()
  /** The faults of the YAML itself. */
  readonly faults: Fault[] = []
  /** Maps, lists and scalars; undefined if the YAML cannot be read. Repeated keys do not prevent reading. */
  readonly value: unknown
  readonly #noted = new Set<string>()
  readonly #meant = new Map<Alias, Node | undefined>()
  readonly #pairs = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>()

  constructor(text: string) {
    // Counted here: a parser that counts loses lines after some faults.
    this.#lines.addNewLine(0)
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) this.#lines.addNewLine(end + 1)
    const { document, faults } = parseYaml(text)
    this.#document = document
    for (const { code, offset } of faults) this.#note(offset, SENTENCES[code] ?? 'this is not valid YAML')
    const isBroken = faults.length > 0
    let readable = !isBroken
    // In the order of the text, so that the anchors above are known. `resolve` would search all of it each time.
    const anchors = new Map<string, Node>()
    visit(this.#document, {
      Value: (_, node) => {
        if (isMap(node)) this.#noteRepeated(node)
        if (node.anchor !== undefined) anchors.set(node.anchor, node)
      },
      Alias: (_, alias) => {
        this.#meant.set(alias, anchors.get(alias.source))
        if (anchors.has(alias.source)) return
        const message = 'this alias has no anchor above it; if the value shall begin with *, put it in quotes'
        this.#note(alias.range?.[0] ?? 0, message)
        readable = false
      },
    })
    this.value = readable ? this.#toValue() : undefined
    this.faults.sort((a, b) => a.line - b.line || a.column - b.column)
    const [first] = this.faults
    // What the parser reports after its first fault mostly follows from that one: one slip is one problem.
    if (isBroken && first) this.faults.splice(0, Number.POSITIVE_INFINITY, wrongIndentation(text) ?? first)
  }

  /** The position of a setting's value or key. For a setting that is missing: of what contains it. */
  locate(path: SettingPath, at: 'value' | 'key' = 'value'): Position {
    let node: unknown = this.#document.contents
    let offset = startOf(node) ?? 0
    for (const [depth, step] of path.entries()) {
      if (isAlias(node)) node = this.#meant.get(node as Alias)
      if (isSeq(node)) {
        node = node.items[Number(step)]
        offset = startOf(node) ?? offset
        continue
      }
      const pair = isMap(node) ? this.#pairsOf(node).get(String(step)) : undefined
      if (pair === undefined) break
      const keyOffset = startOf(pair.key) ?? offset
      node = pair.value
      const wantsKey = at === 'key' && depth === path.length - 1
      offset = wantsKey || isEmpty(node) ? keyOffset : (startOf(node) ?? keyOffset)
    }
    return this.#positionOf(offset)
  }

  /** The pairs of a mapping by their keys; of a repeated key the first. */
  #pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
    const known = this.#pairs.get(map)
    if (known !== undefined) return known
    const pairs = new Map<string, Pair>()
    for (const pair of map.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : undefined
      if (name !== undefined && !pairs.has(name)) pairs.set(name, pair)
    }
    this.#pairs.set(map, pairs)
    return pairs
  }

  #noteRepeated(map: YAMLMap): void {
    const seen = new Set<unknown>()
    for (const { key } of map.items) {
      if (!isScalar(key)) continue
      if (seen.has(key.value)) this.#note(key.range?.[0] ?? 0, REPEATED)
      seen.add(key.value)
    }
  }

  #toValue(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: MAX_ALIASES })
    } catch {
      const message = 'the aliases of this file cannot be resolved: one contains itself, or there are too many'
      this.#note(0, message)
      return undefined
    }
  }

  /** Once, even if the parser reports it twice. */
  #note(offset: number, message: string): void {
    const position = this.#positionOf(offset)
    const name = `${position.line}:${position.column} ${message}`
    if (this.#noted.has(name)) return
    this.#noted.add(name)
    this.faults.push({ ...position, message })
  }

  #positionOf(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset)
    return { line, column: col }
  }
}

export const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value at a path, through maps and lists; undefined if there is none. */
export function valueAt(root: unknown, path: SettingPath): unknown {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string | number, unknown>)[step]
  }
  return value
}

/** `farm.servers[0].address`. */
export function pathText(path: SettingPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? step : `${text}.${step}`
  }, '')
}

const startOf = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0]

/** `key:` with nothing behind it has a value without text. Then the key is the better position. */
const isEmpty = (node: unknown): boolean => node === null || (isScalar(node) && node.range?.[0] === node.range?.[1])
