/**
 * What a simulated client is like: its sessions, how it retransmits, and what its accounting looks like.
 */
import type { Secret } from '../../radius/secret.ts'
import type { Duration } from '../../units.ts'

export interface NasPlan {
  readonly name: string
  readonly address: string
  readonly secret: Secret
  readonly sessions: number
  /** Its sessions' users are of these realms in turn; of none where it is absent. */
  readonly realms?: readonly string[]
  /** Sessions dial for the first time within this, from the start on. */
  readonly dialWithin: Duration
  /** Where it is given they dial one after the other, so far apart, and not at random. */
  readonly dialEvery?: Duration
  readonly authentication: Retransmission & {
    /** After the last try was in vain, the session dials again. */
    readonly redialAfter: Duration
    /** By how much of itself that pause varies to either side, 0-1; 0 where absent: all in step. */
    readonly redialSpread?: number
  }
  readonly accounting: Retransmission & {
    readonly isOn: boolean
    /** Retransmissions carry the time passed and a new identifier. */
    readonly newDelayTime: boolean
    /** 0 is none. */
    readonly interimPeriod: Duration
    /** Records carry Acct-Session-Time, and a newer interim update may be sent in the place of an older one. */
    readonly tellsTime?: boolean
    /** Records with their time carry 32-bit counters that grow so fast, and no Gigawords. */
    readonly octetsPerSecond?: number
  }
  /** Which share of its Access-Requests carries Message-Authenticator, 0-1; all where it is absent. */
  readonly signs?: number
  /** How long a session stays up, drawn between half and one and a half; 0 is for ever. */
  readonly sessionTime: Duration
  /** All sessions are up already at the start, and the first interim update of each comes within this. */
  readonly upAtStart?: { readonly interimWithin: Duration }
}

export interface Retransmission {
  readonly timeout: Duration
  /** Transmissions in all, at least 1. */
  readonly tries: number
}

/** The User-Name of a client's session. */
export const userNameOf = ({ name, realms = [] }: NasPlan, session: number): string =>
  realms.length === 0 || session < 0 ? `${name}-${session}` : `${name}-${session}@${realms[session % realms.length]}`
