/**
 * How long the sessions of each client waited for service, in steps of one per cent: as exact as anybody reads it, and bounded,
 * however often sessions come and go.
 */
import type { Duration } from '../../units.ts'
import { micros } from '../../units.ts'
import type { Observer } from '../world/observer.ts'

const STEP = Math.log(1.01)

export class Waits implements Observer {
  /** By client and step, how many came up. */
  readonly #counts = new Map<string, Map<number, number>>()

  cameUp(client: string, waited: Duration): void {
    let counts = this.#counts.get(client)
    if (counts === undefined) {
      counts = new Map()
      this.#counts.set(client, counts)
    }
    const step = waited <= 1 ? 0 : Math.ceil(Math.log(waited) / STEP)
    counts.set(step, (counts.get(step) ?? 0) + 1)
  }

  /**
   * This part of a client's sessions (0-1) waited no longer; `trying` still wait, so each of them waits longer than all
   * others. Undefined if that part reaches to those who still wait, or if there are no sessions at all.
   */
  quantileOf(client: string, part: number, trying: number): Duration | undefined {
    const counts = [...(this.#counts.get(client) ?? [])].toSorted(([a], [b]) => a - b)
    const all = counts.reduce((sum, [, count]) => sum + count, trying)
    const wanted = Math.max(1, Math.ceil(all * part))
    let seen = 0
    for (const [step, count] of counts) {
      seen += count
      if (seen >= wanted) return micros(Math.round(Math.exp(step * STEP)))
    }
    return undefined
  }
}
