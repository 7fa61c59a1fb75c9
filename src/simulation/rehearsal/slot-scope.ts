/**
 * A run in close-up: the first seconds in which something has to wait, in steps of 50 ms, and the fullest slot and grid
 * second of each lane over the whole run.
 *
 * Memory is constant. The steps lie on the grid (docs/throttling.md), so each slot of 50 ms is one step.
 */
import type { TrafficClass } from '../../classes.ts'
import type { EngineSnapshot } from '../../proxy/border/snapshot.ts'
import { type Instant, instant, MICROS_PER_SECOND } from '../../units.ts'
import type { ObservedWorld, Observer } from '../world/observer.ts'
import { START } from '../world/world.ts'

export const STEPS_PER_SECOND = 20
const STEP = MICROS_PER_SECOND / STEPS_PER_SECOND
const SECONDS_KEPT = 4

interface Steps {
  readonly arrived: number[]
  readonly sent: number[]
}

/** What one lane sent at most. `slot` and `second` are those being filled. */
type Peak = Record<'slotsPerSecond' | 'slot' | 'inSlot' | 'mostInSlot' | 'second' | 'inSecond' | 'mostInSecond', number>

export class SlotScope implements Observer {
  /** Where the steps begin, in seconds from the start; undefined while nothing had to wait. */
  beginsAt: number | undefined
  readonly #kept: Steps[] = []
  #second = 0
  #steps: Steps = noSteps()
  readonly peaks = new Map<number, Peak>()

  begins(world: ObservedWorld): void {
    const lanes = world.engine?.inspection.snapshot(START).lanes ?? []
    for (const { lane, slots } of lanes) this.peaks.set(lane, { ...NO_PEAK, slotsPerSecond: slots.slotsPerSecond })
  }

  /** The kept steps one after the other. */
  get steps(): Steps {
    const kept = this.#kept
    return { arrived: kept.flatMap(({ arrived }) => arrived), sent: kept.flatMap(({ sent }) => sent) }
  }

  received(_class: TrafficClass, _bytes: Uint8Array, now: Instant): void {
    this.#enter(now)
    count(this.#steps.arrived, now)
  }

  forwarded(lane: number, _port: number, _bytes: Uint8Array, now: Instant): void {
    this.#enter(now)
    count(this.#steps.sent, now)
    const peak = this.peaks.get(lane)
    if (peak !== undefined) raise(peak, now)
  }

  /** Steps are kept from the second on in which the first queue is seen. */
  sample(snapshot: EngineSnapshot): void {
    if (this.beginsAt !== undefined || !snapshot.lanes.some(({ queued }) => queued > 0)) return
    this.#enter(snapshot.at)
    this.beginsAt = this.#second
    this.#kept.push(this.#steps)
  }

  #enter(now: Instant): void {
    const second = Math.floor((now - START) / MICROS_PER_SECOND)
    if (second === this.#second) return
    for (let empty = this.#second + 1; empty < second && this.#isKeeping(); empty += 1) this.#kept.push(noSteps())
    this.#second = second
    this.#steps = noSteps()
    if (this.#isKeeping()) this.#kept.push(this.#steps)
  }

  #isKeeping(): boolean {
    return this.beginsAt !== undefined && this.#kept.length < SECONDS_KEPT
  }
}

const noSteps = (): Steps => ({
  arrived: new Array<number>(STEPS_PER_SECOND).fill(0),
  sent: new Array<number>(STEPS_PER_SECOND).fill(0),
})

const count = (steps: number[], now: Instant): void => {
  const at = Math.floor((instant(now - START) % MICROS_PER_SECOND) / STEP)
  steps[at] = (steps[at] ?? 0) + 1
}

const NO_PEAK = { slot: -1, inSlot: 0, mostInSlot: 0, second: -1, inSecond: 0, mostInSecond: 0 } as const

const raise = (peak: Peak, now: Instant): void => {
  const second = Math.floor(now / MICROS_PER_SECOND)
  if (second !== peak.second) Object.assign(peak, { second, inSecond: 0 })
  peak.inSecond += 1
  peak.mostInSecond = Math.max(peak.mostInSecond, peak.inSecond)
  if (peak.slotsPerSecond === 0) return
  const slot = slotAt(now, second, peak.slotsPerSecond)
  if (slot !== peak.slot) Object.assign(peak, { slot, inSlot: 0 })
  peak.inSlot += 1
  peak.mostInSlot = Math.max(peak.mostInSlot, peak.inSlot)
}

/** Slot k of a second begins at floor(k x 1,000,000 / S). Slots are numbered through all seconds. */
const slotAt = (now: Instant, second: number, slotsPerSecond: number): number => {
  const within = now - second * MICROS_PER_SECOND
  const k = Math.floor(((within + 1) * slotsPerSecond - 1) / MICROS_PER_SECOND)
  return second * slotsPerSecond + k
}
