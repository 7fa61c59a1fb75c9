/**
 * Which clients had traffic in the last hour: known by their counters, which are read at each look anyway, so that no
 * packet pays for it.
 *
 * A client counts as active from the look that saw its counters move. Polls are seconds apart, so that is exact enough.
 */
import { type Duration, type Instant, seconds, since } from '../../units.ts'

export const ACTIVE_FOR: Duration = seconds(3_600)

/** Which clients are to be seen, and those that are active. */
export interface ShownClients {
  readonly which: 'all' | 'active' | 'off'
  readonly active: ReadonlySet<string>
}

/** Those of `clients` that are to be seen. */
export const clientsShown = <Client extends { readonly name: string }>(
  clients: readonly Client[],
  { which, active }: ShownClients,
): readonly Client[] =>
  which === 'all' ? clients : which === 'off' ? [] : clients.filter(({ name }) => active.has(name))

interface Counted {
  readonly name: string
  readonly received: Readonly<Record<string, number>>
  readonly dropped: number
}

interface Seen {
  datagrams: number
  lastTraffic: Instant | undefined
}

export class ClientActivity {
  /** As many as there are clients in the configuration. */
  #seen = new Map<string, Seen>()

  /** Takes the counters of all clients now; answers the names of those that are active. */
  look(clients: readonly Counted[], now: Instant): ReadonlySet<string> {
    const active = new Set<string>()
    const still = new Map<string, Seen>()
    for (const { name, received, dropped } of clients) {
      const datagrams = Object.values(received).reduce((sum, count) => sum + count, dropped)
      const seen = this.#seen.get(name) ?? { datagrams: 0, lastTraffic: undefined }
      if (datagrams !== seen.datagrams) seen.lastTraffic = now
      seen.datagrams = datagrams
      still.set(name, seen)
      if (seen.lastTraffic !== undefined && since(seen.lastTraffic, now) < ACTIVE_FOR) active.add(name)
    }
    this.#seen = still
    return active
  }
}
