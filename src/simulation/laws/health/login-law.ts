/**
 * No login is lost if its client sends at least three times while some server can answer it.
 *
 * A server can answer it if, while the client tries, it is in no trouble and not Down for the engine, and at most one other
 * is in trouble. Every server may leave the same login unanswered, if its realm is dead or its client sends what they drop;
 * and a conversation stays with its server. This is a law only for worlds with enough capacity.
 */

import type { TrafficClass } from '../../../classes.ts'
import type { EngineEvent } from '../../../proxy/border/events.ts'
import type { Instant } from '../../../units.ts'
import type { NasPlan } from '../../peers/nas-plan.ts'
import { serialOf, wellFormed } from '../../peers/packets.ts'
import { isSilentFor, type Spell, touches } from '../../peers/trouble.ts'
import { BrokenLaw, type ObservedWorld, type Observer } from '../../world/observer.ts'
import { START } from '../../world/world.ts'

/** Fewer transmissions leave no time for a second server. */
const ENOUGH_TRIES = 3

export class LoginLaw implements Observer {
  readonly #clients: readonly NasPlan[]
  readonly #spells: readonly Spell[]
  /** Logins that a client still tries, by serial. */
  readonly #logins = new Map<number, Uint8Array>()
  /** By server: when its authentication was last Down; infinity if it is. */
  readonly #lastDown = new Map<string, number>()
  #names: readonly string[] = []

  constructor(clients: readonly NasPlan[], spells: readonly Spell[]) {
    this.#clients = clients
    this.#spells = spells
  }

  begins(world: ObservedWorld): void {
    this.#names = world.servers.map(({ plan }) => plan.name)
  }

  received(trafficClass: TrafficClass, bytes: Uint8Array): void {
    const serial = trafficClass === 'authentication' ? serialOf(wellFormed(bytes)) : undefined
    if (serial !== undefined) this.#logins.set(serial, bytes)
  }

  replied(_to: unknown, bytes: Uint8Array): void {
    this.#logins.delete(serialOf(wellFormed(bytes)) ?? -1)
  }

  noted(event: EngineEvent, now: Instant): void {
    if (event.kind !== 'server-state' || event.class !== 'authentication') return
    if (event.to === 'down') this.#lastDown.set(event.server, Number.POSITIVE_INFINITY)
    else if (event.from === 'down') this.#lastDown.set(event.server, now)
  }

  gaveUp(client: string, trafficClass: TrafficClass, serial: number, now: Instant): void {
    const bytes = trafficClass === 'authentication' ? this.#logins.get(serial) : undefined
    const plan = this.#clients.find(({ name }) => name === client)
    this.#logins.delete(serial)
    if (bytes === undefined || plan === undefined || plan.authentication.tries < ENOUGH_TRIES) return
    const packet = wellFormed(bytes)
    if (packet.stateAt !== 0) return
    const from = now - plan.authentication.tries * plan.authentication.timeout
    const felt = this.#spells.filter((spell) => touches(spell, from - START, now - START))
    const isItsOwn = ({ trouble: { silentFor } }: Spell): boolean =>
      silentFor === undefined || isSilentFor(silentFor, packet)
    if (felt.some((spell) => spell.trouble.silentFor !== undefined && isItsOwn(spell))) return
    const inTrouble = new Set(felt.filter(isItsOwn).map(({ server }) => server))
    const able = this.#names.filter(
      (name, index) => !inTrouble.has(index) && (this.#lastDown.get(name) ?? Number.NEGATIVE_INFINITY) < from,
    )
    if (inTrouble.size > 1 || able.length === 0) return
    throw new BrokenLaw('login', `${client} lost login ${serial} though ${able.join(' and ')} could answer it`, now)
  }
}
