/**
 * What became of the messages of a run: how many a server worked off, and of each record, whether one did and whether its client
 * gave it up. One bit each.
 */
import { classOfRequest, perClass, type TrafficClass } from '../../classes.ts'
import type { Packet } from '../../radius/packet.ts'
import { serialOf } from '../peers/packets.ts'
import type { Observer } from '../world/observer.ts'

export class Deliveries implements Observer {
  /** Messages that each server worked off, probes too. */
  readonly byServer = new Map<string, number>()
  /** How often any server worked a message off. */
  readonly workedOff = perClass(() => 0)
  /** Accounting records, by serial: what was worked off at least once, and what its client gave up. */
  readonly delivered = new BitSet()
  readonly #givenUp = new BitSet()

  worked(server: string, packet: Packet): void {
    this.byServer.set(server, (this.byServer.get(server) ?? 0) + 1)
    const trafficClass = classOfRequest(packet.code)
    const serial = serialOf(packet)
    if (trafficClass === undefined || serial === undefined) return
    this.workedOff[trafficClass] += 1
    if (trafficClass === 'accounting') this.delivered.add(serial)
  }

  gaveUp(_client: string, trafficClass: TrafficClass, serial: number): void {
    if (trafficClass === 'accounting') this.#givenUp.add(serial)
  }

  /** Records given up by their client, worked off by no server, and not among those that wait at one. */
  lost(waiting: readonly Packet[]): number {
    const safe = this.delivered.copy()
    for (const packet of waiting) safe.add(serialOf(packet) ?? 0)
    return this.#givenUp.countWithout(safe)
  }
}

/** Small non-negative integers, one bit for each up to the largest. */
export class BitSet {
  #words = new Uint32Array(1024)

  add(member: number): void {
    const at = member >>> 5
    if (at >= this.#words.length) {
      const longer = new Uint32Array(Math.max(at + 1, this.#words.length * 2))
      longer.set(this.#words)
      this.#words = longer
    }
    this.#words[at] = (this.#words[at] ?? 0) | (1 << (member & 31))
  }

  copy(): BitSet {
    const other = new BitSet()
    other.#words = this.#words.slice()
    return other
  }

  get size(): number {
    return this.#words.reduce((count, word) => count + ones(word), 0)
  }

  /** How many are members here and not there. */
  countWithout(other: BitSet): number {
    return this.#words.reduce((count, word, at) => count + ones(word & ~(other.#words[at] ?? 0)), 0)
  }
}

/** Set bits of 32: pairs, fours, eights, then the sum of the octets by one multiplication. */
const ones = (word: number): number => {
  let left = word - ((word >>> 1) & 0x5555_5555)
  left = (left & 0x3333_3333) + ((left >>> 2) & 0x3333_3333)
  return Math.imul((left + (left >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}
