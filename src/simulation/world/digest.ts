/**
 * What a world did as one number, which is the same if two runs were the same.
 *
 * It covers the time, the destination and the octets of everything that leaves the engine.
 */
import type { Peer } from '../../proxy/border/events.ts'
import type { Instant } from '../../units.ts'
import type { Observer } from './observer.ts'

/** 64 bits. */
export class Digest implements Observer {
  #a = 0x811c9dc5
  #b = 0x9e3779b9

  forwarded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    this.#add(lane * 64 + port, bytes, now)
  }

  probed(lane: number, bytes: Uint8Array, now: Instant): void {
    this.#add(-1 - lane, bytes, now)
  }

  replied(to: Peer, bytes: Uint8Array, now: Instant): void {
    this.#add(to.link * 65_536 + to.port, bytes, now)
  }

  get value(): string {
    return [this.#a, this.#b].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }

  #add(to: number, bytes: Uint8Array, now: Instant): void {
    this.#mix(to)
    this.#mix(now % 0x1_0000_0000)
    this.#mix(Math.floor(now / 0x1_0000_0000))
    for (let at = 0; at < bytes.length; at += 1) this.#mix(bytes[at]!)
  }

  /** FNV-1a, and a second one with another prime. */
  #mix(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193)
    this.#b = Math.imul(this.#b ^ value, 0x85ebca6b) + 1
    this.#b ^= this.#b >>> 15
  }
}
