/**
 * The order within a session, seen at the network: first transmissions of one session's records leave in the order in which the
 * records took their places in the queues (docs/accounting.md).
 *
 * A record is known by a serial number in its Acct-Session-Time, which also grows as that of a session does. A record that took the
 * place of an older interim update is as old as that one, or no younger; it is left out.
 */
import type { Attribute } from '../radius/oracle.ts'
import { valueAt } from '../radius/oracle.ts'
import { number } from './datagrams.ts'

const ACCT_SESSION_TIME = 46

export const serialAttribute = (serial: number): Attribute => number(ACCT_SESSION_TIME, serial)

/** Undefined if it is no record. */
export const serialOf = (bytes: Uint8Array): number | undefined => {
  const at = valueAt(bytes, ACCT_SESSION_TIME)
  return at === -1 ? undefined : Buffer.from(bytes.subarray(at, at + 4)).readUInt32BE()
}

interface Waiting {
  readonly session: string
  readonly arrival: number
}

export class FirstTransmissions {
  /** Records that were not sent yet, by serial. */
  readonly #waiting = new Map<number, Waiting>()
  /** By session: the arrival of the record that left last. */
  readonly #latest = new Map<string, number>()

  /** It waits as the youngest of all, also if it came before and has ended. */
  enters(serial: number, session: string, arrival: number): void {
    this.#waiting.set(serial, { session, arrival })
  }

  /** It waits in the place of an older one, or a newer one is sent for it. */
  joins(serial: number): void {
    this.#waiting.delete(serial)
  }

  /** One transmission, the first or another one. */
  leaves(serial: number): void {
    const record = this.#waiting.get(serial)
    if (record === undefined) return
    this.#waiting.delete(serial)
    const latest = this.#latest.get(record.session) ?? 0
    if (record.arrival < latest) {
      throw new Error(`session ${record.session}: arrival ${record.arrival} leaves after arrival ${latest}`)
    }
    this.#latest.set(record.session, record.arrival)
  }
}
