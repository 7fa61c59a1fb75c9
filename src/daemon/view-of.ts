/**
 * The view of the whole daemon, from what its parts say at one moment.
 *
 * Every scrape, status request and poll of the alarms is computed from such a view. The main thread gathers the parts
 * (`wiring.io.ts`); the instances send theirs piece by piece, so no packet waits for it.
 */
import { type Endpoint, endpointText } from '../addresses.ts'
import { perClass } from '../classes.ts'
import { ageLimitOf, type Config, mostAgeOf } from '../config/schema/config.ts'
import { perClientOf } from '../config/schema/watch-settings.ts'
import type { InstanceView } from '../instances/protocol/instance-view.ts'
import { sumOfErrors } from '../observe/boundary/watch-errors.ts'
import type { DaemonView } from '../observe/view/view.ts'
import { type Instant, MICROS_PER_SECOND } from '../units.ts'

type Computed =
  | 'uptimeSeconds'
  | 'listeners'
  | 'upstreamKernelDrops'
  | 'config'
  | 'limits'
  | 'sendFailures'
  | 'internalErrors'
  | 'listedClients'

export interface Said extends Omit<DaemonView, Computed> {
  readonly now: Instant
  readonly startedAt: Instant
  readonly reloads: DaemonView['config']
  readonly config: Config
  /** Clients that had traffic in the last hour. */
  readonly activeClients: ReadonlySet<string>
  /** Of `socketsOf`, in its order; undefined where the system doesn't say. */
  readonly kernelDrops: readonly (number | undefined)[]
}

/** `watchErrors` that are given are those of the main thread. */
export function viewOf({ now, startedAt, reloads, config, activeClients, kernelDrops, ...said }: Said): DaemonView {
  const { instances } = said
  const listeners = listenersOf(instances)
  const upstreamDrops = kernelDrops.slice(listeners.length).filter((count) => count !== undefined)
  const total = (count: (one: InstanceView) => number): number => instances.reduce((sum, one) => sum + count(one), 0)
  return {
    ...said,
    uptimeSeconds: (now - startedAt) / MICROS_PER_SECOND,
    listeners: listeners.map((listener, index) => ({
      class: listener.class,
      address: endpointText(listener),
      presence: listener.presence,
      isOptional: listener.isOptional,
      receiveBufferBytes: listener.receiveBuffer,
      sendBufferBytes: listener.sendBuffer,
      kernelDrops: dropsTold(instances, listener) ?? kernelDrops[index],
    })),
    upstreamKernelDrops: upstreamDrops.length === 0 ? undefined : upstreamDrops.reduce((a, b) => a + b, 0),
    config: reloads,
    limits: perClass((each) => {
      const { max_messages: messages, max_bytes: bytes } = config.queues[each]
      const [most, limit] = [mostAgeOf(config.queues[each]), ageLimitOf(config.queues[each])]
      return { messages, bytes, ...(most === undefined ? { age: limit } : { age: most, ageIfOnce: limit }) }
    }),
    sendFailures: total(({ sendFailures }) => sendFailures),
    internalErrors: total(({ internalErrors }) => internalErrors),
    listedClients: { which: perClientOf(config.metrics.per_client, config.clients.length), active: activeClients },
    watchErrors: sumOfErrors([said.watchErrors, ...instances.map(({ watchErrors }) => watchErrors)]),
  }
}

/** What the kernel told the transports of all instances themselves; undefined if it told none. */
function dropsTold(instances: readonly InstanceView[], at: InstanceView['listeners'][number]): number | undefined {
  const told = instances
    .flatMap(({ listeners }) => listeners)
    .filter((one) => one.class === at.class && endpointText(one) === endpointText(at))
    .flatMap(({ kernelDrops }) => kernelDrops ?? [])
  return told.length === 0 ? undefined : told.reduce((a, b) => a + b, 0)
}

/** The local ends of all sockets: listeners, then those towards the servers. */
export const socketsOf = (instances: readonly InstanceView[]): Endpoint[] => [
  ...listenersOf(instances),
  ...instances.flatMap(({ upstreams }) => upstreams),
]

/** The listeners of all instances, those of one address and port once: absent if an instance lacks it. */
export function listenersOf(instances: readonly InstanceView[]): InstanceView['listeners'] {
  const found = new Map<string, InstanceView['listeners'][number]>()
  for (const one of instances.flatMap(({ listeners }) => listeners)) {
    const key = `${one.class} ${endpointText(one)}`
    if (found.get(key)?.presence !== 'absent') found.set(key, one)
  }
  return [...found.values()]
}

/** `192.0.2.7:1812 (absent)`: where it listens, in the words of the log. */
export const listenersText = (instances: readonly InstanceView[]): string =>
  listenersOf(instances)
    .map((one) => (one.presence === 'absent' ? `${endpointText(one)} (absent)` : endpointText(one)))
    .join(', ')
