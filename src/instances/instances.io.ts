/**
 * All instances of this daemon, each on a thread of its own. They are started all or none, and reloaded all or none.
 *
 * The kernel spreads clients' datagrams over them by source address and port, or by the address alone (SO_REUSEPORT). With that option a second
 * program of the same user could bind the port unnoticed. So the ports are opened once without it before the start.
 */

import { TRAFFIC_CLASSES } from '../classes.ts'
import { codeOf } from '../coded-error.ts'
import type { Followed } from '../proxy/border/events.ts'
import type { Draining } from '../proxy/border/ports.ts'
import type { FoundLearned } from '../proxy/inspection.ts'
import type { ThreadPacketIo } from '../transport/choice/packet-io.ts'
import { tryOpening } from '../transport/dgram/socket.io.ts'
import { AddressWatch } from './address-watch.io.ts'
import { allLearned, allSessions, type FoundSessions, type SoughtSessions } from './protocol/found.ts'
import type { InstanceView } from './protocol/instance-view.ts'
import type { AnswerOf, Argument, InstanceSettings } from './protocol/protocol.ts'
import { type Listen, RolloutRunner } from './rollout.io.ts'
import { Supervisor, type SupervisorEvents } from './supervisor.io.ts'

export class Instances {
  readonly #supervisors: readonly Supervisor[]
  readonly #listen: Listen
  readonly #rollout: RolloutRunner
  readonly #addresses: AddressWatch

  /** `file` is the thread to start, by default that of this program. */
  constructor(o: {
    readonly count: number
    readonly listen: Listen
    readonly settings: InstanceSettings
    readonly packetIo: ThreadPacketIo
    readonly events: SupervisorEvents
    readonly file?: URL
  }) {
    this.#listen = o.listen
    this.#rollout = new RolloutRunner(o.listen, o.settings)
    const { count: of, packetIo, events, file } = o
    this.#supervisors = Array.from(
      { length: of },
      (_, number) => new Supervisor({ number, of, packetIo, rollout: this.#rollout, events, file }),
    )
    this.#addresses = new AddressWatch((local) => {
      for (const supervisor of this.#supervisors) supervisor.tellAddresses(local)
    })
  }

  /** @throws a coded error if an address can't be opened; close() then ends what was started. */
  async open(): Promise<void> {
    if (this.#supervisors.length > 1) await portsAreFree(this.#listen)
    // The first one alone: if it can't open an address, no other can, and its error is the one to report. The others load
    // and open side by side.
    const [first, ...others] = this.#supervisors
    await first?.open()
    const opened = await Promise.allSettled(others.map((supervisor) => supervisor.open()))
    const failed = opened.find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    this.#addresses.start()
  }

  /**
   * Changes the settings in all instances or in none. `committed` is called when all have opened what they need, before one
   * of them uses the new settings.
   * @throws a coded error if one of them can't open it.
   */
  reconfigure(settings: InstanceSettings, committed: () => void): Promise<void> {
    return this.#rollout.reconfigure(settings, committed)
  }

  /** From now on all follow these requests; also an instance that is started again. */
  follow(followed: readonly Followed[]): Promise<void> {
    return this.#rollout.follow(followed)
  }

  /** From now on none accepts new requests, or all accept traffic again; also an instance that is started again. */
  drain(how: Draining): Promise<void> {
    return this.#rollout.drain(how)
  }

  /** Resolves when none has anything in hand, or none drains any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#supervisors.map((supervisor) => supervisor.idle()))
  }

  /** Tracked sessions of all; undefined if none are tracked. */
  async sessions(sought: SoughtSessions): Promise<FoundSessions | undefined> {
    return allSessions(await this.#ask('sessions', sought), sought.limit)
  }

  /** Who was learned to sign; undefined if no instance runs. */
  async learned(limit: number): Promise<FoundLearned | undefined> {
    return allLearned(await this.#ask('learned', limit))
  }

  /** In the order of their numbers. */
  view(): Promise<InstanceView[]> {
    return Promise.all(this.#supervisors.map((supervisor) => supervisor.view()))
  }

  /** The answers of those that run and have one. */
  async #ask<Name extends 'sessions' | 'learned'>(
    name: Name,
    argument: Argument<Name>,
  ): Promise<NonNullable<AnswerOf<Name>>[]> {
    const answers = await Promise.all(this.#supervisors.map((supervisor) => supervisor.ask(name, argument)))
    return answers.filter((one) => one !== undefined && one !== null)
  }

  async close(): Promise<void> {
    this.#addresses.stop()
    await Promise.all(this.#supervisors.map((supervisor) => supervisor.close()))
  }
}

async function portsAreFree(listen: Listen): Promise<void> {
  for (const name of TRAFFIC_CLASSES) {
    for (const local of listen[name]) {
      try {
        await tryOpening({ purpose: `listen.${name}`, local })
      } catch (error) {
        // If the machine lacks an address, the first instance decides.
        if (codeOf(error) !== 'ADDRESS_NOT_LOCAL') throw error
      }
    }
  }
}
