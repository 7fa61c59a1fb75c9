/**
 * From YAML text to a document. It stops when no later text can repair it: a log or a capture given by mistake has a fault in each
 * line. One of them is shown, and a daemon that reads its file again must not spend time on the others.
 *
 * Two more things differ from the parser's usual way. Nesting has a limit, because its functions call themselves at each level.
 * Repeated keys are left to the caller, because the parser compares each key with all others of its mapping.
 */
import { Composer, type CST, type Document, Lexer, Parser } from 'yaml'

export interface YamlFault {
  readonly offset: number
  /** As the parser names it, or `TOO_DEEP`. */
  readonly code: string
}

/** Each level opens up to two, and a configuration has less than ten levels. */
const MOST_OPEN = 200
/** The first is shown. It may be one of the composer's, which finds some faults later. */
const MOST_ERRORS = 20

/** The first document of the text and its faults: in no order, and not all if there are many. */
export function parseYaml(text: string): { readonly document: Document; readonly faults: readonly YamlFault[] } {
  const composer = new Composer({ prettyErrors: false, merge: true, logLevel: 'error', uniqueKeys: false })
  const more: YamlFault[] = []
  let document: Document | undefined
  for (const one of composer.compose(tokensOf(text, more), true, text.length)) {
    if (document !== undefined) {
      more.push({ offset: one.range[0], code: 'MULTIPLE_DOCS' })
      break
    }
    document = one as unknown as Document
  }
  if (document === undefined) throw new Error('the parser gave no document')
  const found = [...document.errors, ...document.warnings].map(({ code, pos }) => ({ offset: pos[0], code }))
  return { document, faults: [...more, ...found] }
}

function* tokensOf(text: string, faults: YamlFault[]): Generator<CST.Token> {
  const parser = new Parser()
  let errors = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      yield token
      if (token.type === 'error') errors += 1
    }
    const isTooDeep = parser.stack.length > MOST_OPEN
    if (isTooDeep) faults.push({ offset: parser.offset, code: 'TOO_DEEP' })
    if (isTooDeep || errors >= MOST_ERRORS) break
  }
  yield* parser.end()
}
