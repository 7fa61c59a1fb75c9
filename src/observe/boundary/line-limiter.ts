/**
 * One line a second (or another period) for each kind of event, with the count: a flood of bad packets must not become a
 * flood of lines.
 *
 * The first event of a kind passes at once. Those of the next period are counted, and become one line when the period is
 * over, with the next event or by `due()`: every event is counted. The number of kinds is bounded; the others share one.
 */
import { type Instant, MICROS_PER_SECOND } from '../../units.ts'

const MOST_KINDS = 10_000
const ALL_OTHERS = 'others'

/** A line to write: the latest event of its kind, and how many events it stands for. */
export interface LimitedLine<Event> {
  readonly event: Event
  readonly count: number
}

interface Kind<Event> {
  lastLine: Instant
  latest: Event
  held: number
}

export class LineLimiter<Event> {
  readonly #period: number
  readonly #kinds = new Map<string, Kind<Event>>()

  /** `period`: microseconds between two lines of a kind. */
  constructor(period: number = MICROS_PER_SECOND) {
    this.#period = period
  }

  /** The line to write now; undefined if the event is only counted. */
  admit(kindName: string, event: Event, now: Instant): LimitedLine<Event> | undefined {
    const name = this.#kinds.has(kindName) || this.#kinds.size < MOST_KINDS ? kindName : ALL_OTHERS
    const kind = this.#kinds.get(name)
    if (!kind) {
      this.#kinds.set(name, { lastLine: now, latest: event, held: 0 })
      return { event, count: 1 }
    }
    kind.latest = event
    kind.held += 1
    return now - kind.lastLine >= this.#period ? this.#release(kind, now) : undefined
  }

  /** The lines whose period is over; kinds without an event in it are forgotten. */
  due(now: Instant): LimitedLine<Event>[] {
    const lines: LimitedLine<Event>[] = []
    for (const [name, kind] of this.#kinds) {
      if (now - kind.lastLine < this.#period) continue
      if (kind.held > 0) lines.push(this.#release(kind, now))
      else this.#kinds.delete(name)
    }
    return lines
  }

  /** Every line that is still held. */
  takeHeld(): LimitedLine<Event>[] {
    const held = [...this.#kinds.values()].filter((kind) => kind.held > 0)
    this.#kinds.clear()
    return held.map(({ latest, held: count }) => ({ event: latest, count }))
  }

  #release(kind: Kind<Event>, now: Instant): LimitedLine<Event> {
    const line = { event: kind.latest, count: kind.held }
    kind.lastLine = now
    kind.held = 0
    return line
  }
}
