/**
 * State -> server: a conversation stays with the server that began it (RFC 2865 section 5.24, RFC 3579 section 2.6.1).
 *
 * A server that sends State in an Access-Challenge (or Access-Accept) is the only one that understands it when it comes
 * back. The table is bounded: what is oldest goes first, and nothing stays beyond its lifetime.
 */
import { after, type Duration, type Instant } from '../units.ts'
import type { States } from './ports.ts'

interface Entry {
  readonly server: string
  readonly until: Instant
}

export class StateTable implements States {
  /** In the order of learning, so the oldest is first; a State learned again moves to the end. */
  readonly #servers = new Map<string, Entry>()
  #lifetime: Duration
  #maxEntries: number

  constructor({ lifetime, maxEntries }: { lifetime: Duration; maxEntries: number }) {
    this.#lifetime = lifetime
    this.#maxEntries = maxEntries
  }

  get size(): number {
    return this.#servers.size
  }

  learn(state: Uint8Array, server: string, now: Instant): void {
    const key = keyOf(state)
    this.#servers.delete(key)
    this.#servers.set(key, { server, until: after(now, this.#lifetime) })
    this.passTime(now)
  }

  serverOf(state: Uint8Array, now: Instant): string | undefined {
    const entry = this.#servers.get(keyOf(state))
    return entry === undefined || entry.until <= now ? undefined : entry.server
  }

  change({ lifetime, maxEntries }: { lifetime: Duration; maxEntries: number }): void {
    this.#lifetime = lifetime
    this.#maxEntries = maxEntries
  }

  /** Forgets what is over its lifetime or beyond the bound. */
  passTime(now: Instant): void {
    for (const [key, { until }] of this.#servers) {
      if (until > now && this.#servers.size <= this.#maxEntries) return
      this.#servers.delete(key)
    }
  }
}

const keyOf = (state: Uint8Array): string => {
  let key = ''
  for (let i = 0; i < state.length; i += 1) key += String.fromCharCode(state[i]!)
  return key
}
