/**
 * The shell of a simulated engine. Like `src/transport/loop.io.ts` it serves the engine after all that happens to it, and keeps
 * its one timer. Service may take time here, and the timer may be late.
 *
 * The law `progress`: an engine is not woken or served again and again without any effect.
 */
import type { Engine } from '../../proxy/engine.ts'
import { type Instant, instant } from '../../units.ts'
import type { Actor, Agenda } from '../peers/agenda.ts'
import type { Random } from '../peers/random.ts'
import { BrokenLaw } from './observer.ts'

/** Calls of `serve` at one moment, or wakes without a datagram between them: more have no effect. */
const FRUITLESS = 20_000
const SERVE_AT_ONCE = 32

type Topic = { readonly kind: 'wake'; readonly at: number } | { readonly kind: 'serve' }

interface ShellPorts {
  readonly engine: Engine
  readonly agenda: Agenda
  readonly random: Random
  /** How long the service of each message takes. */
  readonly cost: number
  readonly lateness: number
  /** Called when the engine has sent all that may go. */
  readonly stepped: (now: Instant) => void
}

export class SimulatedShell implements Actor<Topic> {
  readonly #ports: ShellPorts
  /** When the timer rings, and for which moment, since it may be late. */
  #wakeAt = Number.POSITIVE_INFINITY
  #wanted = Number.POSITIVE_INFINITY
  #busyUntil: Instant
  #serveIsDue = false
  /** Something has happened to the engine since it was served. */
  #isTouched = false
  #fruitlessWakes = 0

  constructor(ports: ShellPorts) {
    this.#ports = ports
    this.#busyUntil = ports.agenda.now
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

  /** The engine is gone: its timer rings no more. */
  end(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY
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
    if (this.#ports.cost === 0) this.#serveAll(now)
    else if (now < this.#busyUntil) this.#serveLater()
    else {
      const more = this.#ports.engine.serve(now, 1)
      this.#busyUntil = instant(now + this.#ports.cost)
      if (more) this.#serveLater()
    }
    if (!this.#serveIsDue) this.#ports.stepped(now)
    this.#aim(now)
  }

  /** The timer is set anew only if it must ring earlier. */
  #aim(now: Instant): void {
    const wanted = this.#ports.engine.nextWakeAt(now)
    if (wanted === undefined || this.#serveIsDue) return
    if (wanted >= this.#wanted && this.#wakeAt > now && this.#wakeAt !== Number.POSITIVE_INFINITY) return
    this.#wanted = wanted
    this.#wakeAt =
      Math.max(wanted, now + 1) + (this.#ports.lateness === 0 ? 0 : this.#ports.random.between(0, this.#ports.lateness))
    this.#ports.agenda.at(this.#wakeAt, this, { kind: 'wake', at: this.#wakeAt })
  }

  #wake(now: Instant): void {
    this.#wakeAt = Number.POSITIVE_INFINITY
    this.#fruitlessWakes += 1
    if (this.#fruitlessWakes > FRUITLESS) throw new BrokenLaw('progress', 'it wakes again and again for nothing', now)
    this.#ports.engine.wake(now)
  }

  #serveAll(now: Instant): void {
    for (let calls = 0; this.#ports.engine.serve(now, SERVE_AT_ONCE); calls += 1) {
      if (calls > FRUITLESS) throw new BrokenLaw('progress', 'service comes to no end', now)
    }
  }

  #serveLater(): void {
    if (this.#serveIsDue) return
    this.#serveIsDue = true
    this.#ports.agenda.at(this.#busyUntil, this, { kind: 'serve' })
  }
}
