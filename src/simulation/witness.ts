/**
 * Who watches a world: what the checkers and the recorders are told, step by step.
 *
 * A witness changes nothing. A checker that finds a law broken throws `BrokenLaw` with the law's name and what it saw; the
 * run ends there, and the seed brings it back.
 */
import type { EngineEvent, EngineOptions, Peer } from '../proxy/ports.ts'
import type { Instant, TrafficClass } from '../units.ts'
import type { World } from './world.ts'

export class BrokenLaw extends Error {
  readonly law: string

  constructor(law: string, saw: string, now: Instant) {
    super(`${law}: ${saw} (at ${now} us)`)
    this.law = law
  }
}

/** Everything that can be told; each method does nothing unless a witness cares. */
export class Witness {
  begins(_world: World): void {}
  /** A client's datagram is about to be handed to the engine, and was. */
  arrives(_class: TrafficClass, _bytes: Uint8Array, _now: Instant): void {}
  received(_class: TrafficClass, _bytes: Uint8Array, _now: Instant): void {}
  /** The engine sends to a server. */
  forwarded(_lane: number, _port: number, _bytes: Uint8Array, _now: Instant): void {}
  /** A server's datagram was handed to the engine. */
  responded(_lane: number, _port: number, _bytes: Uint8Array, _now: Instant): void {}
  /** The engine answers a client. */
  replied(_to: Peer, _bytes: Uint8Array, _now: Instant): void {}
  noted(_event: EngineEvent, _now: Instant): void {}
  reconfigured(_options: EngineOptions, _now: Instant): void {}
  /** Something happened, and the engine has served all that can go. */
  stepped(_now: Instant): void {}
  wrongAnswer(_client: string, _why: string, _now: Instant): void {}
}

/** Several witnesses of one world. */
export class Witnesses extends Witness {
  readonly #all: readonly Witness[]

  constructor(all: readonly Witness[]) {
    super()
    this.#all = all
  }

  override begins(world: World): void {
    for (const each of this.#all) each.begins(world)
  }
  override arrives(trafficClass: TrafficClass, bytes: Uint8Array, now: Instant): void {
    for (const each of this.#all) each.arrives(trafficClass, bytes, now)
  }
  override received(trafficClass: TrafficClass, bytes: Uint8Array, now: Instant): void {
    for (const each of this.#all) each.received(trafficClass, bytes, now)
  }
  override forwarded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    for (const each of this.#all) each.forwarded(lane, port, bytes, now)
  }
  override responded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    for (const each of this.#all) each.responded(lane, port, bytes, now)
  }
  override replied(to: Peer, bytes: Uint8Array, now: Instant): void {
    for (const each of this.#all) each.replied(to, bytes, now)
  }
  override noted(event: EngineEvent, now: Instant): void {
    for (const each of this.#all) each.noted(event, now)
  }
  override reconfigured(options: EngineOptions, now: Instant): void {
    for (const each of this.#all) each.reconfigured(options, now)
  }
  override stepped(now: Instant): void {
    for (const each of this.#all) each.stepped(now)
  }
  override wrongAnswer(client: string, why: string, now: Instant): void {
    for (const each of this.#all) each.wrongAnswer(client, why, now)
  }
}
