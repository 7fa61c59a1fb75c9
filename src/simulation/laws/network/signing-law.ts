/**
 * Who must sign its Access-Requests under `auto` (docs/throttling.md), by what came and what was dropped.
 *
 * - If an address was learned, an unsigned request from there is dropped; else it is not.
 * - No address is learned within an hour after an unsigned request from there was accepted.
 * - An unsigned request that is accepted under `no` ends what was learned of its address, and counts for the hour.
 *
 * The requests of the simulation have no EAP and no Proxy-State, all of them verify, and no world lasts 30 days.
 */
import type { TrafficClass } from '../../../classes.ts'
import { ACCESS_REQUEST } from '../../../codes.ts'
import type { EngineEvent, Peer } from '../../../proxy/border/events.ts'
import type { EngineOptions, RequireMessageAuthenticator } from '../../../proxy/border/options.ts'
import { UNSIGNED_COUNTS_FOR } from '../../../proxy/signing/signers.ts'
import { type Instant, MICROS_PER_SECOND } from '../../../units.ts'
import { wellFormed } from '../../peers/packets.ts'
import { BrokenLaw, type Observer } from '../../world/observer.ts'

interface Known {
  /** When an unsigned request was last accepted. */
  unsignedAt: number
  isLearned: boolean
}

export class SigningLaw implements Observer {
  readonly #byAddress = new Map<string, Known>()
  /** By address. */
  #settings: ReadonlyMap<string, RequireMessageAuthenticator>
  /** What the engine said since the last datagram was handed to it. */
  #wasDropped = false
  #learned: string | undefined

  constructor(options: EngineOptions) {
    this.#settings = settingsOf(options)
  }

  reconfigured(options: EngineOptions): void {
    this.#settings = settingsOf(options)
  }

  noted(event: EngineEvent, now: Instant): void {
    if (event.kind === 'dropped' && event.reason === 'missing-message-authenticator') {
      this.#wasDropped = true
    } else if (event.kind === 'signature-learned' && event.peer === 'client') {
      this.#learned = event.at
      const { unsignedAt } = this.#known(event.at)
      const passed = now - unsignedAt
      if (passed < UNSIGNED_COUNTS_FOR * MICROS_PER_SECOND) {
        throw new BrokenLaw('signing', `${event.at} was learned ${passed} us after an unsigned request was taken`, now)
      }
    }
  }

  received(trafficClass: TrafficClass, bytes: Uint8Array, now: Instant, from: Peer): void {
    const wasDropped = this.#wasDropped
    const learned = this.#learned
    this.#wasDropped = false
    this.#learned = undefined
    const packet = trafficClass === 'authentication' ? wellFormed(bytes) : undefined
    if (packet?.code !== ACCESS_REQUEST) return
    const known = this.#known(from.address)
    const setting = this.#settings.get(from.address)
    const isUnsigned = packet.messageAuthenticatorAt === 0
    if (setting === 'no' && isUnsigned) Object.assign(known, { isLearned: false, unsignedAt: now })
    if (setting !== 'auto') return
    if (learned !== undefined && (learned !== from.address || isUnsigned)) {
      throw new BrokenLaw('signing', `${learned} was learned from a packet of ${from.address}`, now)
    }
    if (learned !== undefined) known.isLearned = true
    if (!isUnsigned) return
    if (known.isLearned !== wasDropped) {
      const what = known.isLearned ? 'was learned, and was taken' : 'was not learned, and was dropped'
      throw new BrokenLaw('signing', `an unsigned request of ${from.address}, which ${what}`, now)
    }
    if (!wasDropped) known.unsignedAt = now
  }

  #known(address: string): Known {
    let known = this.#byAddress.get(address)
    if (known === undefined) {
      known = { unsignedAt: Number.NEGATIVE_INFINITY, isLearned: false }
      this.#byAddress.set(address, known)
    }
    return known
  }
}

const settingsOf = ({ clients }: EngineOptions): ReadonlyMap<string, RequireMessageAuthenticator> =>
  new Map(clients.map((one) => [one.network, one.requireMessageAuthenticator]))
