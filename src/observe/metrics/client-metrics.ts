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
  readonly label?: string
  /** Calls `tell` for each figure of a client, with the value of `label`. */
  figures(client: ClientSnapshot, tell: (value: number, of?: string) => void, engine: EngineSnapshot): void
}

/** One figure for each name. */
export const figuresBy = (
  label: string,
  read: (client: ClientSnapshot) => Readonly<Record<string, number>>,
): PerClientCounter => ({
  label,
  figures: (client, tell) => {
    for (const [name, value] of Object.entries(read(client))) tell(value, name)
  },
})

/** The series of each shown client. */
export const perClient = (name: string, help: string, { label, figures }: PerClientCounter): Metric =>
  counter(name, help, {
    labels: ['client', ...(label === undefined ? [] : [label]), 'instance'],
    read: (view) =>
      view.instances.flatMap(({ number, engine }) => {
        const samples: Sample[] = []
        for (const client of listedClients(engine.clients, view.listedClients)) {
          const tell = (value: number, of = ''): void => {
            samples.push({ labels: { client: client.name, ...own(label, of), instance: String(number) }, value })
          }
          figures(client, tell, engine)
        }
        return samples
      }),
  })

/** One series for all clients together, shown or not, and those that reloads removed: it never falls. */
export const allClients = (name: string, help: string, { label, figures }: PerClientCounter): Metric =>
  counter(name, help, {
    labels: [...(label === undefined ? [] : [label]), 'instance'],
    read: ({ instances }) =>
      instances.flatMap(({ number, engine }) => {
        const sums = new Map<string, number>()
        const add = (value: number, of = ''): void => {
          sums.set(of, (sums.get(of) ?? 0) + value)
        }
        for (const client of engine.clients.concat(engine.formerClients ?? [])) figures(client, add, engine)
        return [...sums].map(([of, value]) => ({ labels: { ...own(label, of), instance: String(number) }, value }))
      }),
  })

const own = (label: string | undefined, value: string): Record<string, string> =>
  label === undefined ? {} : { [label]: value }

/** Both: `radsluice_NAME_total` of each client, `radsluice_all_clients_NAME_total` of all together. */
export const perClientAndAll = (name: string, help: string, counted: PerClientCounter): readonly Metric[] => [
  perClient(name, help, counted),
  allClients(`all_clients_${name.replace(/^client_/, '')}`, `${help} All clients together.`, counted),
]
