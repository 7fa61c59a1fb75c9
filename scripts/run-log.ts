/**
 * What a simulated world did, a line for each event, for `npm run sim -- --seed N --trace`.
 *
 * A line has the seconds since the start, what happened, which packet, and which request of the world.
 */
import type { TrafficClass } from '../src/classes.ts'
import type { EngineEvent, Peer } from '../src/proxy/border/events.ts'
import type { EngineOptions } from '../src/proxy/border/options.ts'
import { serialOf, wellFormed } from '../src/simulation/peers/packets.ts'
import type { Observer } from '../src/simulation/world/observer.ts'
import { START } from '../src/simulation/world/world.ts'
import { type Instant, MICROS_PER_SECOND } from '../src/units.ts'

const CODES: Readonly<Record<number, string>> = {
  ...{ 1: 'Access-Request', 2: 'Access-Accept', 3: 'Access-Reject', 11: 'Access-Challenge' },
  ...{ 4: 'Accounting-Request', 5: 'Accounting-Response', 12: 'Status-Server' },
}

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
