/**
 * Metrics of each client, and of all clients together: how they are read, and those of how a client is served.
 *
 * Which clients have series is a setting (`metrics.per_client`), since there may be thousands. What all of them did together
 * always has a series of its own, unless the ledger of the classes has that figure already.
 */
import { type PerClass, perClass } from '../../classes.ts'
import type { ClientSnapshot, ClientWaiting, EngineSnapshot, ServedCounts } from '../../proxy/border/snapshot.ts'
import { listedClients } from '../view/client-activity.ts'
import { counter, gauge, type Metric, type Sample, type SampleReader } from './metric.ts'
import { inSeconds } from './metric-readers.ts'

export interface PerClientFigures {
  /** Beside `client` and `instance`. */
  readonly label?: string
  /** Calls `tell` for each figure of a client, with the value of `label`. */
  figures(client: ClientSnapshot, tell: (value: number, of?: string) => void, engine: EngineSnapshot): void
}

/** One figure for each name. */
export const figuresBy = (
  label: string,
  read: (client: ClientSnapshot) => Readonly<Record<string, number>>,
): PerClientFigures => ({
  label,
  figures: (client, tell) => {
    for (const [name, value] of Object.entries(read(client))) tell(value, name)
  },
})

const ofShownClients = ({ label, figures }: PerClientFigures): SampleReader => ({
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

/** The series of each shown client. */
export const perClient = (name: string, help: string, counted: PerClientFigures): Metric =>
  counter(name, help, ofShownClients(counted))

/** The same of what goes up and down. */
const perClientGauge = (name: string, help: string, measured: PerClientFigures): Metric =>
  gauge(name, help, ofShownClients(measured))

/** One series for all clients together, shown or not, and those that reloads removed: it never falls. */
export const allClients = (name: string, help: string, { label, figures }: PerClientFigures): Metric =>
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
export const perClientAndAll = (name: string, help: string, counted: PerClientFigures): readonly Metric[] => [
  perClient(name, help, counted),
  allClients(`all_clients_${name.replace(/^client_/, '')}`, `${help} All clients together.`, counted),
]

const served = (read: (counts: ServedCounts) => number): PerClientFigures =>
  figuresBy('class', ({ served: of }) => eachOf(of, read))

const waiting = (read: (waiting: ClientWaiting) => number): PerClientFigures =>
  figuresBy('class', ({ waiting: of }) => eachOf(of, read))

const eachOf = <Of>(classes: PerClass<Of>, read: (of: Of) => number): PerClass<number> =>
  perClass((each) => read(classes[each]))

/** What waits of a client, and what became of its requests. The ledger has those shed and expired of all clients. */
export const SHARE_METRICS: readonly Metric[] = [
  perClientGauge(
    'client_requests_queued',
    'Requests of a client that wait: in the instance queue, in server queues, parked or set aside.',
    waiting(({ queued }) => queued),
  ),
  perClientGauge(
    'client_oldest_age_seconds',
    'Age of the oldest request of a client that waits; 0 with `throttle.fairness: none`.',
    waiting(({ oldestAge }) => inSeconds(oldestAge)),
  ),
  ...perClientAndAll(
    'client_requests_sent',
    'Requests of a client that were sent to a server, retries and copies not counted.',
    served(({ sent }) => sent),
  ),
  perClient(
    'client_requests_shed',
    'Queued requests of a client that were removed by an overflow policy, or beyond its max_share.',
    served(({ shed }) => shed),
  ),
  perClient(
    'client_requests_expired',
    'Requests of a client that waited longer than max_age.',
    served(({ expired }) => expired),
  ),
  gauge('client_weight', 'How many messages a client may send in each of its turns (`clients[].weight`).', {
    labels: ['client'],
    read: ({ engine, listedClients: listed }) =>
      listedClients(engine.clients, listed).map(({ name, weight }) => ({ labels: { client: name }, value: weight })),
  }),
]
