/**
 * The laws of the property tests, checked at the network: slots, identifiers, max-outstanding and order. They see what leaves,
 * are told what was answered, and never ask the engine.
 */
import { expect } from 'vitest'
import { TRAFFIC_CLASSES, type TrafficClass } from '../../src/classes.ts'
import type { ServerOptions } from '../../src/proxy/border/options.ts'
import type { Sent, World } from './kit.ts'

const SECOND = 1_000_000

/** One packet on one identifier of one source port. */
interface Flight {
  readonly hex: string
  /** Before this moment nobody may take it for unanswered. */
  openUntil: number
  responded: boolean
}

export class NetworkLaws {
  readonly #world: World
  readonly #flights = new Map<string, Flight>()
  readonly #lastFrom = new Map<string, Flight>()
  readonly #slots = new Map<string, number>()
  readonly #seconds = new Map<string, number>()
  /** By lane, class and kind: the arrival number of the last first transmission. */
  readonly #order = new Map<string, number>()
  readonly #seen = new Set<number>()
  readonly #kindOf: (tag: string) => { readonly arrival: number; readonly kind: string }
  /** Whether requests keep their server, so that there is an order to hold. */
  readonly #judgesOrder: boolean

  constructor(
    world: World,
    o: { readonly judgesOrder: boolean; readonly kindOf: (tag: string) => { arrival: number; kind: string } },
  ) {
    this.#world = world
    this.#kindOf = o.kindOf
    this.#judgesOrder = o.judgesOrder
  }

  sees(sent: Sent): void {
    const limits = this.#limitsOf(sent.server, sent.class)
    this.#judgeSlot(sent, limits.maxRate)
    this.#judgeIdentifier(sent, limits.timeout)
    this.#judgeOutstanding(sent, limits.maxOutstanding)
    if (this.#judgesOrder) this.#judgeOrder(sent)
  }

  /** ECONNREFUSED: the last transmission from that port waits for another second at most. */
  refused({ lane, port }: Sent): void {
    const last = this.#lastFrom.get(`${lane} ${port}`)
    if (last !== undefined) last.openUntil = Math.min(last.openUntil, this.#world.now + SECOND)
  }

  /** A valid response to it was handed to the engine. */
  answered(sent: Sent): void {
    const flight = this.#flights.get(placeOf(sent))
    if (flight?.hex === hexOf(sent)) flight.responded = true
  }

  /** While something waits that could go, every slot is used up; and nothing is left in the instance queue. */
  judgesRest(): void {
    const snapshot = this.#world.snapshot()
    for (const each of TRAFFIC_CLASSES) expect(snapshot.classes[each].instanceQueued).toBe(0)
    for (const lane of snapshot.lanes) {
      const { slots, identifiers } = lane
      const hasQuota = slots.slotsPerSecond === 0 || slots.sent < slots.quota
      const hasIdentifier = lane.outstanding < lane.maxOutstanding && identifiers.free > 0
      expect(lane.queued > 0 && hasQuota && hasIdentifier, `${lane.server} could send what waits`).toBe(false)
      expect(lane.waitingRetries > 0 && hasQuota, `${lane.server} could retry`).toBe(false)
      expect(lane.outstanding).toBeLessThanOrEqual(lane.maxOutstanding)
    }
  }

  #limitsOf(name: string, trafficClass: TrafficClass): NonNullable<ServerOptions['lanes'][TrafficClass]> {
    return this.#world.options.servers.find((server) => server.name === name)!.lanes[trafficClass]!
  }

  /** The grid from its definition: slot k of a second begins at floor(k * 1 s / S). */
  #judgeSlot({ lane, at }: Sent, rate: number): void {
    if (rate === 0) return
    const count = Math.min(rate, Math.floor(SECOND / this.#world.options.slot))
    const second = Math.floor(at / SECOND)
    let k = count - 1
    while (Math.floor((k * SECOND) / count) > at - second * SECOND) k -= 1
    const quota = Math.floor(((k + 1) * rate) / count) - Math.floor((k * rate) / count)
    expect(increment(this.#slots, `${lane} ${second} ${k}`), `slot ${k} of ${rate}/s`).toBeLessThanOrEqual(quota)
    expect(increment(this.#seconds, `${lane} ${second}`)).toBeLessThanOrEqual(rate)
  }

  /** An identifier carries something else only after its response, or after the time-out and the quarantine. */
  #judgeIdentifier(sent: Sent, timeout: number): void {
    const before = this.#flights.get(placeOf(sent))
    const hex = hexOf(sent)
    if (before !== undefined && before.hex !== hex && !before.responded) {
      expect(sent.at).toBeGreaterThanOrEqual(before.openUntil + this.#world.options.identifierQuarantine)
    }
    const flight = before?.hex === hex ? before : { hex, openUntil: 0, responded: false }
    flight.openUntil = sent.at + 0.9 * timeout
    this.#flights.set(placeOf(sent), flight)
    this.#lastFrom.set(`${sent.lane} ${sent.port}`, flight)
  }

  #judgeOutstanding({ lane, at }: Sent, maxOutstanding: number): void {
    let unanswered = 0
    for (const [place, flight] of this.#flights) {
      if (place.startsWith(`${lane} `) && !flight.responded && at < flight.openUntil) unanswered += 1
    }
    expect(unanswered).toBeLessThanOrEqual(maxOutstanding)
  }

  #judgeOrder({ tag, lane }: Sent): void {
    const { arrival, kind } = this.#kindOf(tag)
    if (this.#seen.has(arrival)) return
    this.#seen.add(arrival)
    const key = `${lane} ${kind}`
    expect(arrival, `${tag} was overtaken`).toBeGreaterThan(this.#order.get(key) ?? -1)
    this.#order.set(key, arrival)
  }
}

const placeOf = ({ lane, port, identifier }: Sent): string => `${lane} ${port} ${identifier}`
const hexOf = ({ bytes }: Sent): string => Buffer.from(bytes).toString('hex')

const increment = (counts: Map<string, number>, key: string): number => {
  const count = (counts.get(key) ?? 0) + 1
  counts.set(key, count)
  return count
}
