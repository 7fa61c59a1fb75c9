/**
 * One request at one server: the octets as sent, the identifier they hold, the tries so far and the deadline.
 *
 * A retry sends the same octets from the same port (RFC 2865 section 2.5: identifier and authenticator stay), so the
 * attempt keeps them. It outlives its request where the client gave that up: the identifier stays in use until the
 * response or the time-out. After its end it is what a late response is verified against.
 */

import type { Secret } from '../../radius/secret.ts'
import type { Identifier } from '../../throttle/identifiers.ts'
import type { Timed } from '../../throttle/timing-wheel.ts'
import { type Instant, instant } from '../../units.ts'
import type { Lane } from './lane.ts'
import type { Request } from './request.ts'

export class Attempt implements Timed {
  readonly lane: Lane
  readonly identifier: Identifier<Attempt>
  /** The server's secret when it was sent: a reload does not change what is in hand. */
  readonly secret: Secret
  bytes: Uint8Array
  /** Undefined once the request ended or the client gave it up. */
  request: Request | undefined
  tries = 0
  /** How many signs of life its lane had given: when it was first sent, when that timed out, and when it was last sent. */
  signsAtFirst = 0
  signsAtTimeout = 0
  signsBefore = 0
  /** The health has counted it as unanswered in time. */
  isOverdue = false
  /** Its record was left unanswered by a living server before. */
  isAside = false
  /** Its tries are used up, and the health knows. */
  isSpent = false
  /** Its server gave signs of life when they were. */
  wasLeftByLiving = false
  /** Its last transmission has timed out, and it waits for its answer all the same. */
  isWaitingOn = false
  /** Where it ended in silence: whom a late response may still be of use to. */
  formerly: Request | undefined = undefined
  /** A valid response came: another one, or the same one again, says nothing new. */
  isAnswered = false
  /** It came after a retry, so that it may be late, or something was lost; a second one tells. */
  isUnclear = false
  /** First and last transmission. */
  heldSince: Instant = instant(0)
  sentAt: Instant = instant(0)

  deadline: Instant = instant(0)
  step = -1
  next: Timed | undefined = undefined
  previous: Timed | undefined = undefined

  constructor(o: {
    readonly lane: Lane
    readonly identifier: Identifier<Attempt>
    readonly bytes: Uint8Array
    readonly secret: Secret
    readonly request: Request
  }) {
    this.lane = o.lane
    this.identifier = o.identifier
    this.bytes = o.bytes
    this.secret = o.secret
    this.request = o.request
  }

  get code(): number {
    return this.bytes[0]!
  }

  /** Request Authenticator as sent. */
  get authenticator(): Uint8Array {
    return this.bytes.subarray(4, 20)
  }
}
