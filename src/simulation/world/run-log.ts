/**
 * What a world did, as a line for each event, and as one number that is the same if two runs were the same.
 */
import type { TrafficClass } from '../../classes.ts'
import type { EngineEvent, Peer } from '../../proxy/border/events.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import { type Instant, MICROS_PER_SECOND } from '../../units.ts'
import { serialOf, wellFormed } from '../peers/packets.ts'
import type { Observer } from './observer.ts'
import { START } from './world.ts'

const CODES: Readonly<Record<number, string>> = {
  ...{ 1: 'Access-Request', 2: 'Access-Accept', 3: 'Access-Reject', 11: 'Access-Challenge' },
  ...{ 4: 'Accounting-Request', 5: 'Accounting-Response', 12: 'Status-Server' },
}

/** A line: seconds since the start, what happened, which packet, which request of the world. */
export class RunLog implements Observer {
  readonly #write: (line: string) => void

  constructor(write: (line: string) => void) {
    this.#write = write
  }

  received(trafficClass: TrafficClass, bytes: Uint8Array, now: Instant, from: Peer): void {
    this.#packet(now, `client ${from.address}:${from.port} -> ${trafficClass}`, bytes)
  }

  forwarded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    this.#packet(now, `lane ${lane} port ${port} ->`, bytes)
  }

  probed(lane: number, bytes: Uint8Array, now: Instant): void {
    this.#packet(now, `lane ${lane} probe ->`, bytes)
  }

  responded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    this.#packet(now, `lane ${lane} port ${port} <-`, bytes)
  }

  replied(to: Peer, bytes: Uint8Array, now: Instant): void {
    this.#packet(now, `client ${to.address}:${to.port} <-`, bytes)
  }

  noted(event: EngineEvent, now: Instant): void {
    const words = Object.entries(event).filter(([name, value]) => name !== 'kind' && typeof value !== 'object')
    this.#write(`${at(now)}  ${event.kind} ${words.map(([name, value]) => `${name}=${value}`).join(' ')}`)
  }

  reconfigured(options: EngineOptions, now: Instant): void {
    this.#write(`${at(now)}  reload servers=${options.servers.map(({ name }) => name).join(',')}`)
  }

  #packet(now: Instant, what: string, bytes: Uint8Array): void {
    const packet = wellFormed(bytes)
    const serial = serialOf(packet)
    const name = CODES[packet.code] ?? `code ${packet.code}`
    this.#write(
      `${at(now)}  ${what} ${name} id ${packet.identifier}${serial === undefined ? '' : ` request ${serial}`}`,
    )
  }
}

const at = (now: Instant): string => ((now - START) / MICROS_PER_SECOND).toFixed(6).padStart(11)

/** 64 bits over the time, the destination and the octets of everything that leaves the engine. */
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
