/**
 * What an engine knows of who signs, clients and servers together, for whoever asks from outside: operators, metrics.
 */
import type { Instant } from '../units.ts'
import type { Intake, LearnedAddress } from './admission/intake.ts'
import type { MixedSigning } from './border/events.ts'
import type { EngineSnapshot } from './border/snapshot.ts'
import type { LearnedServer, ServerSigners } from './serving/server-signers.ts'
import type { Lanes } from './work/lanes.ts'

/** Who is known to sign, and where it is mixed. */
export interface FoundLearned {
  readonly addresses: readonly LearnedAddress[]
  /** Learned, whether they are listed or not. */
  readonly total: number
  readonly servers: readonly LearnedServer[]
  readonly mixed: readonly MixedSigning[]
  /** When it was looked at. */
  readonly at: Instant
}

export class Signing {
  readonly #intake: Intake
  readonly #servers: ServerSigners
  readonly #lanes: Lanes

  constructor(intake: Intake, servers: ServerSigners, lanes: Lanes) {
    this.#intake = intake
    this.#servers = servers
    this.#lanes = lanes
  }

  /** Addresses of which `auto` has learned that they sign, in `count` places from `from` on; undefined behind the end. */
  addresses(from: number, count: number, now: Instant): LearnedAddress[] | undefined {
    return this.#intake.learned(from, count, now)
  }

  /** Servers of which it has learned that. */
  servers(now: Instant): LearnedServer[] {
    return this.#servers.learned(
      [...this.#lanes].filter(({ isRetiring }) => !isRetiring),
      now,
    )
  }

  snapshot(now: Instant): Pick<EngineSnapshot, 'messageAuthenticatorLearned' | 'signing'> {
    const all = [this.#intake.signers.troubles(now), this.#servers.signers.troubles(now)]
    return {
      messageAuthenticatorLearned: { clients: this.#intake.signers.size, servers: this.servers(now).length },
      signing: {
        mixed: all.flatMap(({ mixed }) => mixed),
        dropped: all.flatMap(({ dropped }) => dropped),
      },
    }
  }

  /** Forgets of whom `auto` has learned it. */
  forget(): void {
    this.#intake.signers.forget()
    this.#servers.signers.forget()
  }

  /** There are other lanes now, or they have other settings. */
  reconfigure(): void {
    this.#servers.reconfigure([...this.#lanes])
  }
}
