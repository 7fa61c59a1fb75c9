/**
 * How long a client waits for an answer, judged by the copies of one request ("proof of life").
 *
 * While the latest copy is younger than the gap to the next one, the client is certainly there. So a waiting request is forgotten just
 * before its client's next copy is due, and that copy enters the line anew, at the tail. Only the gaps between copies of one and
 * the same request count (source address, port, identifier and authenticator), so nobody else can change them.
 */
import { after, type Duration, type Instant, instant, micros, since } from '../units.ts'

/** A copy that comes sooner is a duplicate of the network: the client is there, and it says nothing of the next copy. */
const LEAST_GAP = micros(50_000)
/** Gaps that grow are expected to grow on by their ratio, if that is in this range; by no more than the last number. */
const LEAST_RATIO = 1.5
const MOST_RATIO = 3
const MOST_GROWTH = 2.2
/** Between the moment when the next copy is due, and when something is done about it: a twentieth of the gap and 20 ms. */
const MARGIN_OF_GAP = 0.05
const MARGIN = 20_000
const LEAST_LIMIT = 20_000

export class Patience {
  /** Copies that came, the first included, without duplicates of the network. */
  copies: number
  latestAt: Instant
  /** Between the last two copies, and between the two before; 0 if there were none. */
  gap: Duration
  gapBefore: Duration

  constructor(
    latestAt: Instant,
    o: { readonly copies: number; readonly gap: Duration; readonly gapBefore: Duration } = FIRST,
  ) {
    this.latestAt = latestAt
    this.copies = o.copies
    this.gap = o.gap
    this.gapBefore = o.gapBefore
  }

  /** Another copy came. */
  heard(at: Instant): void {
    if (at <= this.latestAt) return
    const gap = since(this.latestAt, at)
    this.latestAt = at
    if (gap < LEAST_GAP) return
    this.copies += 1
    this.gapBefore = this.gap
    this.gap = gap
  }

  /** Whether two copies came that were sent one after the other: the gap to the next one can be judged. */
  get isKnown(): boolean {
    return this.gap > 0
  }

  /** How long the next copy is expected to be away from the latest one; 0 if it is not known. */
  get gapToCome(): Duration {
    const { gap, gapBefore } = this
    const ratio = gapBefore === 0 ? 1 : gap / gapBefore
    const growth = ratio >= LEAST_RATIO && ratio <= MOST_RATIO ? Math.min(MOST_GROWTH, ratio) : 1
    return micros(Math.round(gap * growth))
  }

  /** When the next copy is overdue, if that is known: until then the client may be there. */
  get justAfterDue(): Instant {
    return instant(this.latestAt + Math.round((1 + MARGIN_OF_GAP) * this.gapToCome + MARGIN))
  }

  /** Just before that: what is forgotten then comes again at once. */
  get justBeforeDue(): Instant {
    const limit = Math.max(LEAST_LIMIT, (1 - MARGIN_OF_GAP) * this.gapToCome - MARGIN)
    return instant(this.latestAt + Math.round(limit))
  }
}

/** `max_age` as a number: `maxAgeMost` is given with `max_age: auto`. */
interface AgeLimits {
  readonly maxAge: Duration
  readonly maxAgeMost?: Duration
}

/**
 * Until when a request is worth sending. That is the end of `maxAge`, counted from `agesFrom`. With `max_age: auto` and a client whose
 * next copy can be expected, it is until that has not come; and in any case no later than `maxAgeMost` after the request came. What
 * was never sent is forgotten just before the copy is due: it comes back with the copy, and nothing is lost.
 */
export const worthUntil = (
  of: {
    readonly wasSent: boolean
    readonly patience: Patience | undefined
    readonly agesFrom: Instant
    readonly receivedAt: Instant
  },
  { maxAge, maxAgeMost }: AgeLimits,
): Instant => {
  const { wasSent, patience } = of
  const unknown = after(of.agesFrom, maxAge)
  if (maxAgeMost === undefined) return unknown
  const due = patience?.isKnown !== true ? unknown : wasSent ? patience.justAfterDue : patience.justBeforeDue
  return instant(Math.min(due, of.receivedAt + maxAgeMost))
}

const FIRST = { copies: 1, gap: micros(0), gapBefore: micros(0) } as const
