/**
 * A configuration as far as it can be read. The cross-checks use it when some values are wrong.
 *
 * A wrong value is removed, and the rest is read again. So a bad time-out of one server does not hide a second server at the
 * same address. A removed value gets its default. A server without a value that it must have is undefined.
 */
import { z } from 'zod'
import { type ServerSettings, type Settings, settings } from '../schema/schema.ts'
import { objectionsOf } from '../schema/sentences.ts'
import { type SettingPath, valueAt } from '../source/source.ts'

/** Everything but the two lists. Servers are read one by one, and for clients the written text is enough. */
export type Outline = Omit<Settings, 'clients' | 'farm'> & { readonly farm: Omit<Settings['farm'], 'servers'> }

export interface PartialConfig {
  /** The values as written, for what the normal form no longer shows. */
  readonly root: unknown
  readonly outline: Outline | undefined
  readonly servers: readonly (ServerSettings | undefined)[]
}

const outlineSettings = settings.extend({
  clients: z.unknown(),
  farm: settings.shape.farm.extend({ servers: z.unknown() }).prefault({ servers: undefined }),
})

/** Nested errors can hide each other. Four rounds are enough. */
const ROUNDS = 4

export function partialConfigOf(root: unknown): PartialConfig {
  return {
    root,
    outline: salvage(outlineSettings, withoutClients(root)),
    servers: entriesOf(root, ['farm', 'servers']).map((entry) =>
      salvage(settings.shape.farm.shape.servers.element, entry),
    ),
  }
}

/** The entries of a list as written; none if it is no list. */
export function entriesOf(root: unknown, path: SettingPath): readonly unknown[] {
  const list = valueAt(root, path)
  return Array.isArray(list) ? list : []
}

/** There may be many, and copying them would be for nothing. */
const withoutClients = (root: unknown): unknown =>
  typeof root === 'object' && root !== null && Object.hasOwn(root, 'clients') ? { ...root, clients: null } : root

function salvage<T>(schema: z.ZodType<T>, raw: unknown): T | undefined {
  const copy: unknown = structuredClone(raw)
  for (let round = 0; round < ROUNDS; round += 1) {
    const parsed = schema.safeParse(copy)
    if (parsed.success) return parsed.data
    // From the back, so that removing an item of a list does not move those that are removed next.
    for (const { path } of objectionsOf(parsed.error.issues, copy).reverse()) remove(copy, path)
  }
  return undefined
}

function remove(root: unknown, path: SettingPath): void {
  const last = path.at(-1)
  const around = valueAt(root, path.slice(0, -1))
  if (last === undefined || typeof around !== 'object' || around === null) return
  if (Array.isArray(around)) around.splice(Number(last), 1)
  else delete (around as Record<string, unknown>)[last]
}
