/**
 * The clients of new settings, told to a thread by what it has already: with ten thousand clients, a change of one of them, or of
 * a server's rate, is then a few octets for each client that stays and no work with its secret.
 *
 * Comparing is the main thread's work. Both ends hold the same list in the same order: the thread was born with one, and is
 * told of each list after it.
 */
import type { ClientOptions } from '../../proxy/border/options.ts'
import { clientFrom, type PlainClient } from '../shared/plain-options.ts'

export interface ClientsChange {
  /** For each place of the new list, the client's place in the list of before; -1 is the next one of `others`. */
  readonly places: Int32Array
  readonly others: readonly PlainClient[]
}

/** How `next` comes out of `former`; a client is known again by its name, and stays where nothing of it changed. */
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

/** The list of after; clients that stay are the very objects of before. */
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
