/**
 * Accounting records that a living server left unanswered: they wait behind all others and are tried again later.
 *
 * A server that answers other records will most likely not answer this one at once either. So it waits 10 s, then twice as long
 * each time, up to 5 min. It is never given up while the bounds of the queue allow it to wait: it is still a record. It counts as
 * queued and is the last in any queue. All of them together use at most an eighth of a server's identifiers, so that one bad
 * client does not stop everybody's accounting.
 */
import { Hanger, TimingWheel } from '../../throttle/timing-wheel.ts'
import { after, type Instant, micros } from '../../units.ts'
import { Request, startCourse } from '../work/request.ts'

const FIRST_WAIT = 10_000_000
const LONGEST_WAIT = 300_000_000
/** It may not be sent yet, because others of its kind use their share: it comes again after so long at least. */
const SHORT_WAIT = 1_000_000
/** Where many wait for that, each comes less often: so many in a second, once a minute at least. */
const RETRIES_PER_SECOND = 64
const LONGEST_PUT_OFF = 60_000_000
/** What they may hold of a lane's identifiers: an eighth, at least 1. */
const SHARE = 8
const NONE: readonly never[] = []

export const shareOf = (maxOutstanding: number): number => Math.max(1, Math.floor(maxOutstanding / SHARE))

export class SetAside {
  readonly #wheel = new TimingWheel<Hanger<Request>>()
  #octets = 0

  get size(): number {
    return this.#wheel.size
  }

  get octets(): number {
    return this.#octets
  }

  /** A living server left it unanswered: it waits, longer each time. It must stand in no queue. */
  put(request: Request, now: Instant): void {
    const course = startCourse(request)
    course.asideTimer ??= new Hanger(request)
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** course.timesAside)
    course.timesAside += 1
    this.#hang(course.asideTimer, after(now, micros(wait)))
  }

  /** Its time has come, but others of its kind hold all that they may: it waits for a moment more. */
  putOff(request: Request, now: Instant): void {
    const wait = Math.min(LONGEST_PUT_OFF, SHORT_WAIT * Math.max(1, Math.round(this.size / RETRIES_PER_SECOND)))
    this.#hang(timerOf(request), after(now, micros(wait)))
  }

  remove(request: Request): void {
    if (request.queue !== this) throw new Error('set aside: the message waits elsewhere')
    this.#wheel.remove(timerOf(request))
    this.#leave(request)
  }

  /** Those whose time has come, no longer in here. */
  removeDue(now: Instant): readonly Request[] {
    const due = this.#wheel.removeDue(now)
    return due.length === 0 ? NONE : this.#taken(due)
  }

  /** All of them, whenever their time comes: there will be no other. */
  removeAll(): readonly Request[] {
    return this.#taken(this.#wheel.removeAll())
  }

  nextWakeAt(): Instant | undefined {
    return this.#wheel.nextWakeAt()
  }

  #hang(timer: Hanger<Request>, until: Instant): void {
    this.#wheel.put(timer, until)
    timer.of.queue = this
    this.#octets += Request.fields.size(timer.of)
  }

  /** Those were taken off the wheel. */
  #taken(timers: readonly Hanger<Request>[]): Request[] {
    const requests = timers.map(({ of }) => of)
    for (const request of requests) this.#leave(request)
    return requests
  }

  #leave(request: Request): void {
    request.queue = undefined
    this.#octets -= Request.fields.size(request)
  }
}

/** Of a request that was set aside before. */
const timerOf = ({ course }: Request): Hanger<Request> => course?.asideTimer as Hanger<Request>
