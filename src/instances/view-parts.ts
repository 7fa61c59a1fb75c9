/**
 * A view of an instance in parts, so that no look holds its thread for long, however many servers and clients there are.
 *
 * What is seen is seen at one moment; that is cheap. Carrying it over to the main thread costs ten times as much, and that
 * is done in parts of some dozens of microseconds, between which the thread goes on with its packets.
 */
import type { InstanceView } from './calls.ts'

const LANES_PER_PART = 8
const CLIENTS_PER_PART = 20
const UPSTREAMS_PER_PART = 60

/** A part of the long lists of a view. */
export interface ViewPart {
  readonly lanes: InstanceView['engine']['lanes']
  readonly clients: InstanceView['engine']['clients']
  readonly upstreams: InstanceView['upstreams']
}

/** The view without its long lists, and these in parts. */
export function inParts(view: InstanceView): { readonly first: InstanceView; readonly parts: readonly ViewPart[] } {
  const { lanes, clients } = view.engine
  const count = Math.ceil(
    Math.max(
      lanes.length / LANES_PER_PART,
      clients.length / CLIENTS_PER_PART,
      view.upstreams.length / UPSTREAMS_PER_PART,
    ),
  )
  const of = <T>(list: readonly T[], size: number, part: number): T[] => list.slice(part * size, (part + 1) * size)
  return {
    first: { ...view, engine: { ...view.engine, lanes: [], clients: [] }, upstreams: [] },
    parts: Array.from({ length: count }, (_, part) => ({
      lanes: of(lanes, LANES_PER_PART, part),
      clients: of(clients, CLIENTS_PER_PART, part),
      upstreams: of(view.upstreams, UPSTREAMS_PER_PART, part),
    })),
  }
}

/** What `inParts` took apart. */
export const whole = (first: InstanceView, parts: readonly ViewPart[]): InstanceView => ({
  ...first,
  engine: {
    ...first.engine,
    lanes: parts.flatMap(({ lanes }) => lanes),
    clients: parts.flatMap(({ clients }) => clients),
  },
  upstreams: parts.flatMap(({ upstreams }) => upstreams),
})
