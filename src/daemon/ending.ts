/**
 * How a daemon comes to its end, and back, as a state machine: draining (no new requests, what is in hand may finish), accepting
 * traffic again, and stopping, which drains within a limit and then ends.
 *
 * A stop without force loses nothing that was accepted: if something is left at the limit, the daemon stays and goes on
 * draining. A stop with force (and SIGTERM, whose sender waits for no answer) ends at its limit, whatever is left. A second
 * one ends at once.
 *
 * Pure: events in, acts out. The shell (`ending.io.ts`) does the acts in their order.
 */
import type { Resumed } from '../admin/ending-stream.io.ts'
import type { InHand } from '../observe/view/in-hand.ts'
import { isNothing, notStoppedText } from '../observe/view/in-hand-text.ts'
import type { Phase } from '../observe/view/view.ts'
import type { Duration } from '../units.ts'

export type EndingAct<Asker> =
  /** Tell all instances, and log that it drains; `told` follows. */
  | {
      readonly do: 'drain'
      readonly turn: number
      readonly how: 'keep' | 'end'
      readonly by: string
      readonly limit: Duration | undefined
    }
  /** Tell all instances; `told` follows. */
  | { readonly do: 'take-traffic'; readonly turn: number }
  /** `idle` follows when nothing is in hand. */
  | { readonly do: 'await-idle'; readonly turn: number }
  /** `limitIsOver` follows after that time. A limit that was set before does not count any more. */
  | { readonly do: 'set-limit'; readonly limit: Duration }
  | { readonly do: 'clear-limit' }
  /** Count what is in hand; `leftAtLimit` follows. */
  | { readonly do: 'count-in-hand'; readonly turn: number }
  /** Say that nothing is in hand any more. */
  | { readonly do: 'drained' }
  /** Say that it accepts traffic again; to those who asked too. */
  | { readonly do: 'resumed'; readonly by: string; readonly askers: readonly Asker[] }
  /** Say that the limit is over, and that it stays. */
  | { readonly do: 'not-stopped'; readonly left: InHand; readonly why: string }
  /** To those who asked for `resume`, and did not get it or had it already. */
  | { readonly do: 'answer'; readonly askers: readonly Asker[]; readonly resumed: Resumed }
  /** The last act: say what is in hand, and close everything. */
  | { readonly do: 'end'; readonly why: string }

interface Resuming<Asker> {
  readonly by: string
  readonly askers: Asker[]
}

/** Whoever asks for `resume` is an `Asker`, who gets an answer. */
export class EndingState<Asker> {
  #isOpen = false
  #isDraining = false
  #isEnding = false
  /** Rises with each drain, resume and stop: what was awaited before is of no interest then. */
  #turn = 0
  #stopping: { readonly force: boolean } | undefined
  /** By turn: those who wait until all instances accept traffic. */
  readonly #resuming = new Map<number, Resuming<Asker>>()

  get isDraining(): boolean {
    return this.#isDraining
  }

  get phase(): Phase {
    if (!this.#isOpen) return 'starting'
    return this.#isDraining ? 'draining' : 'running'
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined || this.#isEnding
  }

  /** It serves from now on. */
  opened(): void {
    this.#isOpen = true
  }

  /** Accept nothing new, and stay. */
  drain(by: string): EndingAct<Asker>[] {
    return this.isStopping ? [] : this.#drain('keep', by, undefined)
  }

  /**
   * Drain, and end when nothing is in hand. At the limit it ends with force, and stays without. A second stop with force
   * ends at once; one without force joins the one that is under way.
   */
  stop(by: string, force: boolean, limit: Duration): EndingAct<Asker>[] {
    const before = this.#stopping
    if (this.#isEnding || (before !== undefined && !force)) return []
    if (before?.force === true) return this.#end(`${by} again`)
    this.#stopping = { force }
    return [{ do: 'set-limit', limit }, ...this.#drain(force ? 'end' : 'keep', by, limit)]
  }

  /** Accept traffic again. Whoever asks while that is under way gets the same answer. */
  resume(by: string, asker: Asker): EndingAct<Asker>[] {
    if (this.isStopping) return [{ do: 'answer', askers: [asker], resumed: 'stopping' }]
    if (!this.#isDraining) return [{ do: 'answer', askers: [asker], resumed: 'takes-traffic' }]
    const underWay = this.#resuming.get(this.#turn)
    underWay?.askers.push(asker)
    if (underWay !== undefined) return []
    this.#turn += 1
    this.#resuming.set(this.#turn, { by, askers: [asker] })
    return [{ do: 'take-traffic', turn: this.#turn }]
  }

  /** All instances were told. */
  told(turn: number): EndingAct<Asker>[] {
    const resuming = this.#resuming.get(turn)
    if (resuming === undefined) return [{ do: 'await-idle', turn }]
    this.#resuming.delete(turn)
    const { by, askers } = resuming
    if (turn !== this.#turn) {
      return [{ do: 'answer', askers, resumed: this.isStopping ? 'stopping' : 'drains-again' }]
    }
    this.#isDraining = false
    return [{ do: 'resumed', by, askers }]
  }

  /** Nothing is in hand. */
  idle(turn: number): EndingAct<Asker>[] {
    if (turn !== this.#turn) return []
    return this.isStopping ? this.#end('') : [{ do: 'drained' }]
  }

  limitIsOver(): EndingAct<Asker>[] {
    if (this.#stopping === undefined) return []
    return this.#stopping.force ? this.#end('drain_limit is over') : [{ do: 'count-in-hand', turn: this.#turn }]
  }

  /** What was in hand at the limit of the stop of that turn. */
  leftAtLimit(turn: number, left: InHand): EndingAct<Asker>[] {
    // Meanwhile the last request may have finished, and the end begun. It says what is left then.
    if (turn !== this.#turn || this.#isEnding) return []
    if (isNothing(left)) return this.#end('drain_limit is over')
    this.#stopping = undefined
    // It is a drain from now on.
    this.#turn += 1
    return [
      { do: 'not-stopped', left, why: notStoppedText(left) },
      { do: 'await-idle', turn: this.#turn },
    ]
  }

  #drain(how: 'keep' | 'end', by: string, limit: Duration | undefined): EndingAct<Asker>[] {
    this.#turn += 1
    this.#isDraining = true
    return [{ do: 'drain', turn: this.#turn, how, by, limit }]
  }

  #end(why: string): EndingAct<Asker>[] {
    if (this.#isEnding) return []
    this.#isEnding = true
    return [{ do: 'clear-limit' }, { do: 'end', why }]
  }
}

/** Of the process, by what was in hand at its end. */
export const exitCodeOf = (left: InHand): 0 | 1 => (isNothing(left) ? 0 : 1)
