/**
 * zod's issues as messages of ours: each says what is wrong and what to write instead.
 *
 * A message quotes the value that was found. It never quotes a secret, nor text in the place of a mapping, which may be one.
 */
import type { z } from 'zod'
import { didYouMean, similarWords } from '../../did-you-mean.ts'
import { kindOf, quoted, writeInstead } from '../source/problem.ts'
import { type SettingPath, valueAt } from '../source/source.ts'
import { nodeAt, type SchemaNode, settingsSchema } from './json-schema.ts'

/** One objection: `at` tells whether the key or the value is meant. */
export interface Objection {
  readonly path: SettingPath
  readonly at: 'key' | 'value'
  readonly message: string
}

type Issue = z.core.$ZodIssue

/**
 * All objections to `root`. `above` is the path of the parsed value in it. `schema` is that of
 * the configuration, unless another file is meant.
 */
export function objectionsOf(
  issues: readonly Issue[],
  root: unknown,
  above: SettingPath = [],
  schema: SchemaNode = settingsSchema(),
): Objection[] {
  return issues.flatMap((issue) => {
    const path: SettingPath = [...above, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))]
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, schema))
    const found = valueAt(root, path)
    if (found === undefined) return [{ path, at: 'value' as const, message: missing(path, schema) }]
    if (found === null) return [{ path, at: 'key' as const, message: 'has no value; write one, or remove the key' }]
    if (issue.code === 'invalid_union') return ofUnion(issue, root, path, schema)
    return [{ path, at: 'value' as const, message: sentence(issue, found, path, schema) }]
  })
}

/**
 * A setting with two forms. For a number or a word, its kind says both. For a server's lane or a listener, the faults of the
 * mapping count if it is one, else those of the text.
 */
function ofUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  root: unknown,
  path: SettingPath,
  schema: SchemaNode,
): Objection[] {
  const kind = nodeAt(schema, path)?.['x-kind']
  if (kind !== undefined) {
    return [{ path, at: 'value', message: notPossible(quotedAt(valueAt(root, path), path), kind) }]
  }
  const ofMapping = issue.errors.at(-1) ?? []
  if (kindOf(valueAt(root, path)) === 'a mapping') return objectionsOf(ofMapping, root, path, schema)
  const ofText = issue.errors.find((one) => one.some((fault) => isOurs(fault)))
  if (ofText !== undefined) return objectionsOf(ofText, root, path, schema)
  return [{ path, at: 'value', message: 'write a mapping of settings, or false to switch it off' }]
}

function unknownKey(above: SettingPath, key: string, schema: SchemaNode): Objection {
  const path = [...above, key]
  const known = nodeAt(schema, above)?.properties ?? {}
  const names = Object.keys(known)
  const similar = similarWords(key, names)
  const deeper = names
    .filter((name) => nodeAt(schema, [...above, name, key]) !== undefined)
    .map((name) => `${name}.${key}`)
  const hint = didYouMean(similar.length > 0 ? similar : deeper) || `; known here: ${names.join(', ')}`
  return { path, at: 'key', message: `unknown key${hint}` }
}

/** A word of several parts may be written as one of them, or with more: `station` or `Calling-Station-Id` for `calling_station`. */
function meantBy(found: string, words: readonly string[]): readonly string[] {
  const similar = similarWords(found, words)
  if (similar.length > 0) return similar
  const written = found.toLowerCase().split(/[-_ ]/)
  return words.filter((word) => {
    const parts = word.split('_')
    return parts.includes(found.toLowerCase()) || parts.every((part) => written.includes(part))
  })
}

function missing(path: SettingPath, schema: SchemaNode): string {
  const meaning = nodeAt(schema, path)?.description?.split(/(?<=\.) /)[0]
  return meaning === undefined ? 'is missing; add it' : `is missing; add it: ${meaning}`
}

function sentence(issue: Issue, found: unknown, path: SettingPath, schema: SchemaNode): string {
  const text = quotedAt(found, path)
  switch (issue.code) {
    case 'invalid_value': {
      const words = issue.values.map(String)
      return `${text} is not one of ${words.join(', ')}${didYouMean(meantBy(String(found), words))}`
    }
    case 'invalid_type':
      return isOurs(issue) ? issue.message : wrongType(issue.expected, found, text)
    case 'too_small':
    case 'too_big': {
      if (isOurs(issue)) return issue.message
      if (issue.origin === 'array') return 'is empty; add at least one'
      if (issue.origin === 'string') return 'is empty; write a value, or remove the key'
      const { minimum, maximum, 'x-kind': kind } = nodeAt(schema, path) ?? {}
      return minimum === undefined && kind !== undefined
        ? notPossible(text, kind)
        : `${text} is out of range; write ${minimum} to ${maximum}`
    }
    default:
      return issue.message
  }
}

function wrongType(expected: string, found: unknown, text: string): string {
  switch (expected) {
    case 'object':
      return `${kindOf(found)} stands where a mapping belongs; write its keys on lines of their own below`
    case 'array':
      return `${kindOf(found)} stands where a list belongs; write it in brackets or with dashes`
    case 'boolean':
      return `${text} is not true or false; write one of the two`
    case 'string':
      return `${kindOf(found)} stands where text belongs; put it in quotes`
    default:
      return `${text} is no whole number; ${writeInstead(String(found), 'write digits alone')}`
  }
}

const notPossible = (text: string, kind: string): string =>
  `${text} is not possible; write a ${kind.replaceAll('`', '')}`

/** zod's own messages all begin with one of a few words. Ours never do. */
const isOurs = (issue: Issue): boolean => !/^(Invalid|Too|Unrecognized)\b/.test(issue.message)

const isSecret = (path: SettingPath): boolean => path.at(-1) === 'secret'

const quotedAt = (value: unknown, path: SettingPath): string => (isSecret(path) ? kindOf(value) : quoted(value))
