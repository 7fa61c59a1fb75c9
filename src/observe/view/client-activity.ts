/**
 * Which clients had traffic in the last hour: those whose counters have changed between two views. Views are seconds apart,
 * which is exact enough, and no packet costs more.
 */
import type { ClientSnapshot } from '../../proxy/border/snapshot.ts'
import { type Duration, type Instant, seconds, since } from '../../units.ts'

export const ACTIVE_FOR: Duration = seconds(3_600)

/** Which clients get a row of their own, and those that are active. */
export interface ListedClients {
  readonly which: 'all' | 'active' | 'off'
  readonly active: ReadonlySet<string>
}

/** Those of `clients` that get a row. */
export const listedClients = <Client extends { readonly name: string }>(
  clients: readonly Client[],
  { which, active }: ListedClients,
): readonly Client[] =>
  which === 'all' ? clients : which === 'off' ? [] : clients.filter(({ name }) => active.has(name))

interface LastSeen {
  datagrams: number
  lastTraffic: Instant | undefined
}

export class ClientActivity {
  #lastSeen = new Map<string, LastSeen>()

  /** Reads the counters of all clients now; returns the names of those that are active. */
  update(clients: readonly Pick<ClientSnapshot, 'name' | 'received' | 'dropped'>[], now: Instant): ReadonlySet<string> {
    const active = new Set<string>()
    const still = new Map<string, LastSeen>()
    for (const { name, received, dropped } of clients) {
      const datagrams = Object.values(received).reduce((sum, count) => sum + count, dropped)
      const seen = this.#lastSeen.get(name) ?? { datagrams: 0, lastTraffic: undefined }
      if (datagrams !== seen.datagrams) seen.lastTraffic = now
      seen.datagrams = datagrams
      still.set(name, seen)
      if (seen.lastTraffic !== undefined && since(seen.lastTraffic, now) < ACTIVE_FOR) active.add(name)
    }
    this.#lastSeen = still
    return active
  }
}
