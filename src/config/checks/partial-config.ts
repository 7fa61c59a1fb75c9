/**
 * A configuration as far as it can be read: what the cross-checks look at when some values are wrong.
 *
 * A wrong value is taken away and the rest is read again, so that a bad time-out of one server does not hide a second
 * server at the same address. What was taken away falls back to its default; a server that lacks something it must
 * have is undefined.
 */
import { z } from 'zod'
import { type ServerSettings, type Settings, settings } from '../schema/schema.ts'
import { objectionsOf } from '../schema/sentences.ts'
import { type SettingPath, valueAt } from '../source/source.ts'

/** Everything but the two lists: servers are read one by one, and clients need no more than their own text. */
export type Outline = Omit<Settings, 'clients' | 'farm'> & { readonly farm: Omit<Settings['farm'], 'servers'> }

export interface PartialConfig {
  /** The file's own values, for what the normal form no longer shows. */
  readonly root: unknown
  readonly outline: Outline | undefined
  readonly servers: readonly (ServerSettings | undefined)[]
}

const outlineSettings = settings.extend({
  clients: z.unknown(),
  farm: settings.shape.farm.extend({ servers: z.unknown() }).prefault({ servers: undefined }),
})

/** A wrong value can hide another one inside of what stands around it, hardly a third. */
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

/** The entries of a list as they stand in the file; none where it is no list. */
export function entriesOf(root: unknown, path: SettingPath): readonly unknown[] {
  const list = valueAt(root, path)
  return Array.isArray(list) ? list : []
}

/** Copied for nothing, and there may be many. */
const withoutClients = (root: unknown): unknown =>
  typeof root === 'object' && root !== null && Object.hasOwn(root, 'clients') ? { ...root, clients: null } : root

function salvage<T>(schema: z.ZodType<T>, raw: unknown): T | undefined {
  const copy: unknown = structuredClone(raw)
  for (let round = 0; round < ROUNDS; round += 1) {
    const parsed = schema.safeParse(copy)
    if (parsed.success) return parsed.data
    // From the back, so that taking one item out of a list does not move those that are still to go.
    for (const { path } of objectionsOf(parsed.error.issues, copy).reverse()) takeAway(copy, path)
  }
  return undefined
}

function takeAway(root: unknown, path: SettingPath): void {
  const last = path.at(-1)
  const around = valueAt(root, path.slice(0, -1))
  if (last === undefined || typeof around !== 'object' || around === null) return
  if (Array.isArray(around)) around.splice(Number(last), 1)
  else delete (around as Record<string, unknown>)[last]
}
