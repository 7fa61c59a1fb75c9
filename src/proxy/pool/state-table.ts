/**
 * State -> server: a conversation stays with the server that began it (RFC 2865 section 5.24, RFC 3579 section 2.6.1).
 *
 * Only the server that sent a State understands it when it comes back. The table is bounded: the oldest goes first, and nothing is
 * found beyond its lifetime. A State is known by its MD5, as in the table that instances share.
 */
import { ForgettingTable } from '../../queues/containers/forgetting-table.ts'
import { md5 } from '../../radius/md5.ts'
import { after, type Instant } from '../../units.ts'
import type { EngineOptions } from '../border/options.ts'
import type { States } from '../border/ports.ts'

const KEY_WORDS = 4
/** Entries that are forgotten in one step; with each that is learned two, so that the bound holds. */
const FORGOTTEN_AT_ONCE = 64
const FORGOTTEN_WITH_ONE = 2

export class StateTable implements States {
  /** No salt: servers choose what State is, and its MD5 spreads it. */
  readonly #servers = new ForgettingTable<string>({ keyWords: KEY_WORDS, valueWords: 0, salt: 0 })
  readonly #digest = new Uint8Array(16)
  readonly #key = new Int32Array(this.#digest.buffer)
  readonly #forget = (row: number): void => this.#servers.remove(row)
  #limits: EngineOptions['state']

  constructor(limits: EngineOptions['state']) {
    this.#limits = limits
  }

  get size(): number {
    return this.#servers.size
  }

  /** A State learned again is as young as a new one. */
  learn(state: Uint8Array, server: string, now: Instant): void {
    const known = this.#find(state)
    if (known !== -1) this.#servers.remove(known)
    this.#servers.add(this.#key, after(now, this.#limits.lifetime), server)
    this.#servers.forgetSome(FORGOTTEN_WITH_ONE, this.#limits.maxEntries, now, this.#forget)
  }

  serverOf(state: Uint8Array, now: Instant): string | undefined {
    const row = this.#find(state)
    return row === -1 || this.#servers.forgetAt(row) <= now ? undefined : this.#servers.object(row)
  }

  reconfigure(limits: EngineOptions['state']): void {
    this.#limits = limits
  }

  passTime(now: Instant): void {
    this.#servers.forgetSome(FORGOTTEN_AT_ONCE, this.#limits.maxEntries, now, this.#forget)
  }

  /** Its row, or -1; its key is at hand then. */
  #find(state: Uint8Array): number {
    md5.begin().add(state).finishInto(this.#digest, 0)
    return this.#servers.find(this.#key)
  }
}
