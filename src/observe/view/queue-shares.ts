/**
 * How near the queues of a class are to their bounds: 0 is empty, 1 is at the bound.
 *
 * The bounds are those of each instance, so the instance that is nearest to them speaks for all: one that is full sheds,
 * however empty the others are.
 */
import type { TrafficClass } from '../../classes.ts'
import type { DaemonView } from './view.ts'

export function queueShares(
  { instances, limits }: Pick<DaemonView, 'instances' | 'limits'>,
  name: TrafficClass,
): { readonly fill: number; readonly age: number } {
  const { messages, bytes, age } = limits[name]
  const classes = instances.map(({ engine }) => engine.classes[name])
  return {
    fill: Math.max(0, ...classes.map((of) => Math.max(of.queued / messages, of.queuedBytes / bytes))),
    age: Math.max(0, ...classes.map((of) => of.oldestAge / age)),
  }
}
