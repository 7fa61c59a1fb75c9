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
  /** The users of its sessions have these realms in turn. */
  readonly realms?: readonly string[]
  /** All sessions dial within this from the start, at random. */
  readonly dialWithin: Duration
  /** If given, they dial one after the other, so far apart. */
  readonly dialEvery?: Duration
  readonly authentication: Retransmission & {
    /** The pause between the last try and the next dial. */
    readonly redialAfter: Duration
    /** The share of itself by which that pause varies to either side, 0-1; 0 by default. */
    readonly redialSpread?: number
  }
  readonly accounting: Retransmission & {
    readonly isOn: boolean
    /** Retransmissions carry a new Acct-Delay-Time and a new identifier (RFC 2866 section 5.2). */
    readonly newDelayTime: boolean
    /** 0 is none. */
    readonly interimPeriod: Duration
    /** Records carry Acct-Session-Time, and a newer interim update may be sent in the place of an older one. */
    readonly tellsTime?: boolean
    /** Such records also carry 32-bit counters that grow so fast, and no Gigawords. */
    readonly octetsPerSecond?: number
  }
  /** The share of its Access-Requests that carries Message-Authenticator, 0-1; all by default. */
  readonly signs?: number
  /** How long a session stays up on average; 0 is for ever. */
  readonly sessionTime: Duration
  /** All sessions are up at the start, and the first interim update of each comes within this. */
  readonly upAtStart?: { readonly interimWithin: Duration }
}

/** After `timeout` without an answer a client sends again, and after `tries` transmissions it gives up. */
export interface Retransmission {
  readonly timeout: Duration
  /** At least 1. */
  readonly tries: number
}

/** The User-Name of a client's session. */
export const userNameOf = ({ name, realms = [] }: NasPlan, session: number): string =>
  realms.length === 0 || session < 0 ? `${name}-${session}` : `${name}-${session}@${realms[session % realms.length]}`
