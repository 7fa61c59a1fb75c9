/**
 * What the ledger's law leaves over, of a snapshot.
 */
import type { EngineSnapshot } from './snapshot.ts'

/** What the ledger's law leaves over (docs/metrics.md); anything but 0 is a bug. */
export function imbalance({ ledger, queued, outstanding }: EngineSnapshot['classes']['accounting']): number {
  const sum = (reasons: Readonly<Record<string, number>>): number => Object.values(reasons).reduce((a, b) => a + b, 0)
  const ended =
    ledger.answered +
    ledger.deliveredUnanswered +
    ledger.duplicate +
    sum(ledger.dropped) +
    sum(ledger.shed) +
    ledger.expired +
    ledger.superseded +
    ledger.coalesced +
    ledger.givenUp +
    ledger.lost
  return ledger.received - ended - queued - outstanding
}
