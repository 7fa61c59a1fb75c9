/**
 * The keys of a scenario file as rows of a table, from the schema: docs/simulating.md has to have each of them as it is.
 */

import { scenarioJsonSchema } from '../../src/config/scenario/scenario-schema.ts'
import type { SchemaNode } from '../../src/config/schema/json-schema.ts'

export const scenarioRows = (): string[] => rowsOf(scenarioJsonSchema(), '')

const rowsOf = (node: SchemaNode, prefix: string): string[] =>
  Object.entries(node.properties ?? {}).flatMap(([key, below]) => {
    const mapping = below.anyOf?.find(({ properties }) => properties !== undefined) ?? below
    const inner = mapping.items ?? mapping
    const path = `${prefix}${key}`
    const step = mapping.items === undefined ? '.' : '[].'
    const own = below.description === undefined ? [] : [row(path, below)]
    return inner.properties === undefined ? [row(path, below)] : [...own, ...rowsOf(inner, `${path}${step}`)]
  })

const row = (path: string, { description = '', default: value, enum: words, ...of }: SchemaNode): string => {
  const range = of['x-range'] ?? (of.minimum === undefined ? words?.join(', ') : `${of.minimum} to ${of.maximum}`)
  const isPlain = value !== undefined && typeof value !== 'object'
  const cells = [`\`${path}\``, range ?? '', isPlain ? `\`${value}\`` : (of['x-default'] ?? ''), description]
  return `| ${cells.join(' | ')} |`
}
