/**
 * Finds the line with the wrong indentation when YAML cannot be read. The parser reports a fault where it noticed it, often a dozen
 * lines later, and one slip makes many faults.
 *
 * It reads only the block structure, line by line, and compares with the columns that are open above. It runs only after the
 * parser found a fault. So what it does not know (texts over several lines, say) makes a sentence less exact, and no good file
 * fails.
 */
import type { Fault } from './problem.ts'

/** A mapping or a list that is open: the column of its keys or dashes, counted from 0. */
interface Open {
  readonly column: number
  readonly isList: boolean
  /** The line that opened it, and the latest one in it. */
  line: number
  /** Whether its last key or dash has nothing behind it yet: then a deeper line may follow. */
  expects: boolean
}

/** On a longer line the patterns below cost too much, and indentation is not what went wrong. */
const LONGEST_LINE = 2_000

const KEY = /^(?:"[^"]*"|'[^']*'|[^\s#&*!|>'"{}[\],:][^:#]*):(?=\s|$)\s*/
const DASH = /^-(?:\s+|$)/
const TEXT_BLOCK = /^[|>][-+0-9]*\s*(?:#.*)?$/

/** The first line whose indentation cannot be right; undefined if none is found. */
export function wrongIndentation(text: string): Fault | undefined {
  const open: Open[] = []
  let brackets = 0
  let textBelow = -1
  for (const [index, full] of text.split('\n').entries()) {
    if (full.length > LONGEST_LINE) return undefined
    const line = full.trimEnd()
    const content = line.trimStart()
    if (content === '' || content.startsWith('#')) continue
    const column = line.length - content.length
    const number = index + 1
    if (textBelow >= 0 && column > textBelow) continue
    textBelow = -1
    if (brackets === 0) {
      if (line.slice(0, column).includes('\t')) return fault(number, 0, 'a tab indents this line; YAML wants spaces')
      const wrong = enter(open, column, content, number)
      if (wrong !== undefined) return fault(number, column, wrong)
      if (TEXT_BLOCK.test(behindKeys(content))) textBelow = open.at(-1)?.column ?? 0
    }
    brackets = Math.max(0, brackets + bracketsOf(content))
  }
  return undefined
}

/** Adds a line to the structure. Returns what is wrong with its column, if anything. */
function enter(open: Open[], column: number, content: string, line: number): string | undefined {
  let popped: Open | undefined
  while ((open.at(-1)?.column ?? -1) > column) popped = open.pop()
  const isList = DASH.test(content)
  if (!isList && !KEY.test(content)) return undefined
  const top = open.at(-1)
  if (top === undefined || top.column < column) {
    if (popped !== undefined)
      return `${columns(column)}, and none of the lines that are open above it is; ${like(popped, top)}`
    if (top?.expects === false)
      return `${columns(column)}, deeper than line ${top.line}, which has a value already; ${like(top)}`
    push(open, column, content, line)
    return undefined
  }
  if (isList && !top.isList) {
    // A list may begin in the column of its own key.
    if (!top.expects)
      return `is an item of a list, and stands in the column of the keys from line ${top.line}; indent it as its list`
    push(open, column, content, line)
    return undefined
  }
  if (!isList && top.isList) {
    open.pop()
    const below = open.at(-1)
    if (below === undefined || below.column !== column)
      return `is a key, and stands in the column of the items of line ${top.line}; indent it as the keys that it belongs to`
  }
  open.pop()
  push(open, column, content, line)
  return undefined
}

/** Opens what a line opens: `- - a: 1` opens two lists and a mapping. */
function push(open: Open[], column: number, content: string, line: number): void {
  const dash = DASH.exec(content)?.[0]
  if (dash === undefined) {
    const expects = isOpen(content.replace(KEY, ''))
    open.push({ column, isList: false, line, expects })
    return
  }
  const rest = content.slice(dash.length)
  open.push({ column, isList: true, line, expects: isOpen(rest) })
  if (DASH.test(rest) || KEY.test(rest)) push(open, column + dash.length, rest, line)
}

/** There is nothing but an anchor or a comment. */
const isOpen = (value: string): boolean => /^(?:[&!]\S*\s*)?(?:#.*)?$/.test(value)

const behindKeys = (content: string): string => {
  let rest = content
  while (DASH.test(rest)) rest = rest.replace(DASH, '')
  return rest.replace(KEY, '')
}

/** How many brackets stay open at the end of a line, quotes and comments left out. */
function bracketsOf(content: string): number {
  const bare = content.replace(/"(?:\\.|[^"\\])*"|'[^']*'/g, '').replace(/(?:^|\s)#.*$/, '')
  return [...bare].reduce((sum, sign) => sum + ('[{'.includes(sign) ? 1 : ']}'.includes(sign) ? -1 : 0), 0)
}

const columns = (count: number): string => `is indented by ${count} ${count === 1 ? 'column' : 'columns'}`

const like = (...of: readonly (Open | undefined)[]): string => {
  const known = of.filter((one) => one !== undefined)
  return `write ${known.map(({ column, line }) => `${column} as in line ${line}`).join(', or ')}`
}

const fault = (line: number, column: number, message: string): Fault => ({ line, column: column + 1, message })
