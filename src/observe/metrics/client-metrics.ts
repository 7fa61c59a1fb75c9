/**
 * Metrics of each client, and of all clients together.
 *
 * Which clients have series is a setting (`metrics.per_client`), since there may be thousands. What all of them did together
 * always has a series of its own, unless the ledger of the classes has that figure already.
 */
import type { ClientSnapshot, EngineSnapshot } from '../../proxy/border/snapshot.ts'
import { listedClients } from '../view/client-activity.ts'
import { counter, type Metric, type Sample } from './metric.ts'

export interface PerClientCounter {
  /** Beside `client` and `instance`. */
  readonly labels?: readonly string[]
  /** Calls `tell` for each figure of a client, with the values of `labels`. */
  figures(
    client: ClientSnapshot,
    tell: (value: number, ...labels: readonly string[]) => void,
    engine: EngineSnapshot,
  ): void
}

/** The series of each shown client. */
export const perClient = (name: string, help: string, { labels = [], figures }: PerClientCounter): Metric =>
  counter(name, help, {
    labels: ['client', ...labels, 'instance'],
    read: (view) =>
      view.instances.flatMap(({ number, engine }) => {
        const samples: Sample[] = []
        for (const client of listedClients(engine.clients, view.listedClients)) {
          const put = (value: number, ...of: string[]): void => {
            const own = { client: client.name, ...named(labels, of), instance: String(number) }
            samples.push({ labels: own, value })
          }
          figures(client, put, engine)
        }
        return samples
      }),
  })

/** One series for all clients together, shown or not, and those that reloads removed: it never falls. */
export const allClients = (name: string, help: string, { labels = [], figures }: PerClientCounter): Metric =>
  counter(name, help, {
    labels: [...labels, 'instance'],
    read: ({ instances }) =>
      instances.flatMap(({ number, engine }) => {
        const sums = new Map<string, { value: number; readonly of: readonly string[] }>()
        for (const client of engine.clients.concat(engine.formerClients ?? [])) {
          figures(
            client,
            (value, ...of) => {
              const key = of.join(' ')
              const sum = sums.get(key)
              if (sum === undefined) sums.set(key, { value, of })
              else sum.value += value
            },
            engine,
          )
        }
        return [...sums.values()].map(({ value, of }) => ({
          labels: { ...named(labels, of), instance: String(number) },
          value,
        }))
      }),
  })

/** Both: `radsluice_NAME_total` of each client, `radsluice_all_clients_NAME_total` of all together. */
export const perClientAndAll = (name: string, help: string, counted: PerClientCounter): readonly Metric[] => [
  perClient(name, help, counted),
  allClients(`all_clients_${name.replace(/^client_/, '')}`, `${help} All clients together.`, counted),
]

/** The labels of these names. */
const named = (names: readonly string[], values: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']))
