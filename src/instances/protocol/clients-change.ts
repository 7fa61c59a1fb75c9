/**
 * The clients of new settings, as changes of the list that a thread has. With ten thousand clients, a change of one of them,
 * or of a server's rate, then costs the thread a few octets for each client that stays, and no work with its secret.
 *
 * The main thread compares. Both sides have the same list in the same order: the thread was started with one, and is told of
 * each change.
 */
import type { ClientOptions } from '../../proxy/border/options.ts'
import { clientFrom, type PlainClient, type PlainOptions } from '../shared/plain-options.ts'

export interface ClientsChange {
  /** For each client of the new list, its index in the former list; -1 is the next one of `others`. */
  readonly places: Int32Array
  readonly others: readonly PlainClient[]
}

/** How `next` is made from `former`. Clients are compared by name, and stay if nothing of them changed. */
export function clientsChange(former: readonly PlainClient[], next: readonly PlainClient[]): ClientsChange {
  const placeOf = new Map(former.map(({ name }, place) => [name, place]))
  const others: PlainClient[] = []
  const places = Int32Array.from(next, (client) => {
    const place = placeOf.get(client.name)
    if (place !== undefined && isSame(former[place], client)) return place
    others.push(client)
    return -1
  })
  return { places, others }
}

/** The settings without their clients, but with the change of the list that a thread has. */
export const changedSettings = <Settings extends { readonly options: PlainOptions }>(
  settings: Settings,
  former: readonly PlainClient[],
): Settings & { readonly clients: ClientsChange } => ({
  ...settings,
  options: { ...settings.options, clients: [] },
  clients: clientsChange(former, settings.options.clients),
})

/** The new list; clients that stay are the same objects as before. */
export function changedClients(former: readonly ClientOptions[], { places, others }: ClientsChange): ClientOptions[] {
  let nextOther = 0
  return Array.from(places, (place) => {
    const stays = former[place]
    if (stays !== undefined) return stays
    const other = others[nextOther]
    nextOther += 1
    if (other === undefined) throw new Error('a change of clients names a client that the thread does not have')
    return clientFrom(other)
  })
}

/** Same keys, same values, to any depth; octets are compared one by one. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) =>
    isSame((a as Readonly<Record<string, unknown>>)[key], (b as Readonly<Record<string, unknown>>)[key]),
  )
}
