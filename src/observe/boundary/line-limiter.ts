/**
 * One line a second (or another period) for each kind of trouble, with the count: a flood of bad packets must not become
 * a flood of lines.
 *
 * The first event of a kind passes at once. Those of the following period are only counted, and come out as one line
 * when it is over, be it with the next event or with `due()`: no event is left out of the counts. The kinds are
 * bounded, since their names come from the configuration and from closed lists; beyond the bound events share one line.
 */
import { type Instant, MICROS_PER_SECOND } from '../../units.ts'

const MOST_KINDS = 10_000
const ALL_OTHERS = 'others'

/** A line to write: the latest event of its kind, and how many events it stands for. */
export interface Line<Event> {
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

  /** The line to write for this event now; undefined where it is only counted. */
  admit(kindName: string, event: Event, now: Instant): Line<Event> | undefined {
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

  /** The lines whose period is over; kinds that were quiet for it are forgotten. */
  due(now: Instant): Line<Event>[] {
    const lines: Line<Event>[] = []
    for (const [name, kind] of this.#kinds) {
      if (now - kind.lastLine < this.#period) continue
      if (kind.held > 0) lines.push(this.#release(kind, now))
      else this.#kinds.delete(name)
    }
    return lines
  }

  /** Every line still held, at the end. */
  rest(): Line<Event>[] {
    const held = [...this.#kinds.values()].filter((kind) => kind.held > 0)
    this.#kinds.clear()
    return held.map(({ latest, held: count }) => ({ event: latest, count }))
  }

  #release(kind: Kind<Event>, now: Instant): Line<Event> {
    const line = { event: kind.latest, count: kind.held }
    kind.lastLine = now
    kind.held = 0
    return line
  }
}
