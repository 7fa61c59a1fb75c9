/**
 * What a simulated client is like: its sessions, how it retransmits, and what its accounting looks like.
 */
import type { Secret } from '../../radius/secret.ts'
import { type Duration, micros } from '../../units.ts'

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
  /** If given, they dial one after the other, so many a second on average, each independent of the others (Poisson). */
  readonly dialsPerSecond?: number
  /** So long after the start they begin to dial; 0 by default. */
  readonly dialFrom?: Duration
  readonly authentication: LoginRetransmission
  /** If given, each session is of one of these kinds instead, drawn by their shares, which add up to 1. */
  readonly kinds?: readonly SessionKind[]
  /** Devices behind this address that ask by themselves. They are no sessions. */
  readonly loops?: readonly LoopPlan[]
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

/** How a session sends its login again, and when it dials anew. */
export interface LoginRetransmission extends Retransmission {
  /** The pause between the last try and the next dial. */
  readonly redialAfter: Duration
  /** The share of itself by which that pause varies to either side, 0-1; 0 by default. */
  readonly redialSpread?: number
  /** Each gap is so many times as long as the one before it: 2 makes 3, 6, 12 s of 3 s. 1 by default. */
  readonly growth?: number
  /** The share of itself by which each gap varies to either side, 0-1; 0 by default. */
  readonly jitter?: number
}

export interface SessionKind {
  readonly share: number
  readonly authentication: LoginRetransmission
}

/** New Access-Requests again and again, whatever is answered. */
export interface LoopPlan {
  /** From the start on, `requests` of them each time so long after the last. */
  readonly every: Duration
  /** 1 by default. */
  readonly requests?: number
  /** Each is sent so many times, so far apart, or until it is answered. */
  readonly copies: number
  readonly apart: Duration
  /** Whether they carry Message-Authenticator; they do by default. */
  readonly isSigned?: boolean
}

/** The gap after the transmission with this number, counted from 1, without jitter. */
export const gapAfter = ({ timeout, growth = 1 }: LoginRetransmission, transmission: number): Duration =>
  growth === 1 ? timeout : micros(Math.round(timeout * growth ** (transmission - 1)))

/** The kind that a number from 0 to 1 points to. */
export const kindAt = (kinds: readonly SessionKind[], point: number): SessionKind | undefined => {
  let sum = 0
  return (
    kinds.find(({ share }) => {
      sum += share
      return point < sum
    }) ?? kinds.at(-1)
  )
}

/** Session numbers from here down are loops. */
export const FIRST_LOOP = -2

/** The User-Name of a client's session. */
export const userNameOf = ({ name, realms = [] }: NasPlan, session: number): string =>
  session <= FIRST_LOOP
    ? `${name}-loop${FIRST_LOOP - session + 1}`
    : realms.length === 0 || session < 0
      ? `${name}-${session}`
      : `${name}-${session}@${realms[session % realms.length]}`
