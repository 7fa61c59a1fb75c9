/**
 * What ICMP errors quote in a simulated world: all of the datagram, only the begin of it, or something that was never sent.
 *
 * A host that refuses a datagram sends an error. An attacker sends errors too, for datagrams that were not refused at all: one who
 * saw the datagram can quote it, any other can guess the identifier but not the authenticator.
 */
import { AUTHENTICATOR_AT, HEADER_LENGTH } from '../../codes.ts'
import type { Random } from './random.ts'

const QUOTES = ['none', 'complete', 'short', 'forged'] as const

/** What the errors about one server's port are like. */
export interface Refusing {
  /** Kinds of quotes, drawn for each error. */
  readonly quotes: readonly (typeof QUOTES)[number][]
  /** Probability that an error comes back for a datagram that was taken, 0-1. */
  readonly lies: number
}

export const refusingOf = (random: Random): Refusing => ({
  quotes: random.pick([['complete'], ['complete', 'short'], QUOTES]),
  lies: random.pick([0, 0.02, 0.3]),
})

/** Undefined if the error quotes nothing, or its transport can't say. */
export const quoteOf = (bytes: Uint8Array, { quotes }: Refusing, random: Random): Uint8Array | undefined => {
  const kind = random.pick(quotes)
  switch (kind) {
    case 'none':
      return undefined
    case 'complete':
      return bytes.slice(0, random.between(HEADER_LENGTH, bytes.length))
    case 'short':
      return bytes.slice(0, random.between(0, HEADER_LENGTH - 1))
    case 'forged': {
      const forged = bytes.slice()
      forged[random.between(AUTHENTICATOR_AT, HEADER_LENGTH - 1)]! ^= random.between(1, 255)
      return forged
    }
  }
}
