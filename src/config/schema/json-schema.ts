/**
 * The settings as JSON Schema (draft 7, which YAML editors know): for completion and checks while typing (`radsluice schema`,
 * config.schema.json), for the reference page, and for our own questions about a setting: its keys, range and words.
 */
import { z } from 'zod'
import { isMapping, type SettingPath, valueAt } from '../source/source.ts'
import { SECRET_KEYS } from './peer-settings.ts'
import { settings } from './schema.ts'

/** What we use of JSON Schema. */
export interface SchemaNode {
  readonly description?: string
  readonly type?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly enum?: readonly string[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly 'x-kind'?: string
  readonly 'x-range'?: string
  readonly 'x-default'?: string
  readonly 'x-restart'?: boolean
}

/** A fresh JSON Schema of the configuration file. */
export function jsonSchema(): SchemaNode {
  const { $schema, ...rest } = z.toJSONSchema(settings, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema: node }) => {
      // The defaults of its keys say more than "default: {}" of a mapping.
      if (isMapping(node.default) && Object.keys(node.default).length === 0) delete node.default
      // Exactly one way to give a secret. The loader has its own messages for that.
      if (node.properties?.['secret_file'] !== undefined)
        node.oneOf = SECRET_KEYS.map((key) => ({ type: 'object', properties: { [key]: {} }, required: [key] }))
    },
  })
  return { $schema, title: 'radsluice configuration', ...rest } as SchemaNode
}

let known: SchemaNode | undefined

/** The schema, made once; not to be changed. */
export function settingsSchema(): SchemaNode {
  known ??= jsonSchema()
  return known
}

/** The schema of one setting. If it may be a mapping or something else: of the mapping. */
export function nodeAt(root: SchemaNode | undefined, path: SettingPath): SchemaNode | undefined {
  let node = root
  for (const step of path) {
    node = typeof step === 'number' ? node?.items : (valueAt(node?.properties, [step]) as SchemaNode | undefined)
    node = node?.anyOf?.find(({ properties }) => properties !== undefined) ?? node
  }
  return node
}
