/**
 * The shell of a simulated engine: it serves the engine after all that happened to it, and keeps its one timer, as
 * `src/transport/loop.io.ts` does. Service may take time here, and the timer may be late.
 *
 * An engine that is woken or served again and again and gets nowhere breaks the law `progress`.
 */
import type { Engine } from '../../proxy/engine.ts'
import { type Duration, type Instant, instant } from '../../units.ts'
import type { Actor, Agenda } from '../peers/agenda.ts'
import type { Random } from '../peers/random.ts'
import { BrokenLaw } from './observer.ts'

/** Calls of `serve` at one moment, and wakes without a datagram between them: more of either get nowhere. */
const FRUITLESS = 20_000
const SERVE_AT_ONCE = 32

type Topic = { readonly kind: 'wake'; readonly at: number } | { readonly kind: 'serve' }

export class SimulatedShell implements Actor<Topic> {
  readonly #engine: Engine
  readonly #agenda: Agenda
  readonly #random: Random
  readonly #cost: Duration | 0
  readonly #lateness: Duration | 0
  readonly #stepped: (now: Instant) => void
  /** When the one timer rings, and what for: it may be late. */
  #wakeAt = Number.POSITIVE_INFINITY
  #wanted = Number.POSITIVE_INFINITY
  #busyUntil: Instant
  #serveIsDue = false
  /** Something has happened to the engine since it was served; what goes on elsewhere does not wake the shell. */
  #isTouched = false
  #fruitlessWakes = 0

  /** `cost` is the time that each message takes; `stepped` is called where the engine has served all that can go. */
  constructor(
    engine: Engine,
    o: {
      readonly agenda: Agenda
      readonly random: Random
      readonly cost: Duration | undefined
      readonly lateness: Duration | undefined
      readonly stepped: (now: Instant) => void
    },
  ) {
    this.#engine = engine
    this.#agenda = o.agenda
    this.#random = o.random
    this.#cost = o.cost ?? 0
    this.#lateness = o.lateness ?? 0
    this.#stepped = o.stepped
    this.#busyUntil = o.agenda.now
  }

  /** Something happens to the engine. */
  touch(): void {
    this.#isTouched = true
    this.#fruitlessWakes = 0
  }

  /** The engine sent something to a server. */
  sent(): void {
    this.#fruitlessWakes = 0
  }

  act(topic: Topic, now: Instant): void {
    if (topic.kind === 'serve') this.#serveIsDue = false
    else if (topic.at === this.#wakeAt) this.#wake(now)
    else return
    this.#isTouched = true
  }

  /** After each step of the world. */
  serve(now: Instant): void {
    if (!this.#isTouched) return
    this.#isTouched = false
    if (this.#cost === 0) this.#serveAll(now)
    else if (now < this.#busyUntil) this.#serveLater()
    else {
      const more = this.#engine.serve(now, 1)
      this.#busyUntil = instant(now + this.#cost)
      if (more) this.#serveLater()
    }
    if (!this.#serveIsDue) this.#stepped(now)
    this.#aim(now)
  }

  /** The one timer is aimed anew only where it must ring earlier. */
  #aim(now: Instant): void {
    const wanted = this.#engine.nextWakeAt(now)
    if (wanted === undefined || this.#serveIsDue) return
    if (wanted >= this.#wanted && this.#wakeAt > now && this.#wakeAt !== Number.POSITIVE_INFINITY) return
    this.#wanted = wanted
    this.#wakeAt = Math.max(wanted, now + 1) + (this.#lateness === 0 ? 0 : this.#random.between(0, this.#lateness))
    this.#agenda.at(this.#wakeAt, this, { kind: 'wake', at: this.#wakeAt })
  }

  #wake(now: Instant): void {
    this.#wakeAt = Number.POSITIVE_INFINITY
    this.#fruitlessWakes += 1
    if (this.#fruitlessWakes > FRUITLESS) throw new BrokenLaw('progress', 'it wakes again and again for nothing', now)
    this.#engine.wake(now)
  }

  #serveAll(now: Instant): void {
    for (let calls = 0; this.#engine.serve(now, SERVE_AT_ONCE); calls += 1) {
      if (calls > FRUITLESS) throw new BrokenLaw('progress', 'service comes to no end', now)
    }
  }

  #serveLater(): void {
    if (this.#serveIsDue) return
    this.#serveIsDue = true
    this.#agenda.at(this.#busyUntil, this, { kind: 'serve' })
  }
}
