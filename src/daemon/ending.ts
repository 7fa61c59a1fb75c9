/**
 * How a daemon comes to its end, and back, as a state machine: draining (no new requests, what is in hand may finish), taking
 * traffic again, and stopping, which drains within a limit and then ends.
 *
 * A stop without force loses nothing that was accepted: if something is left at the limit, the daemon stays and goes on
 * draining. A stop with force (and SIGTERM, whose sender waits for no answer) ends at its limit, whatever is left. A second
 * one ends at once.
 *
 * Pure: events in, acts out. The shell (`ending.io.ts`) does the acts in their order.
 */
import type { EndingNews, Resumed } from '../admin/ending-news.ts'
import type { InHand } from '../observe/view/in-hand.ts'
import { isNothing, notStoppedText } from '../observe/view/in-hand-text.ts'
import type { Duration } from '../units.ts'

export type Act<Asker> =
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
  /** Look what is in hand; `leftAtLimit` follows. */
  | { readonly do: 'look'; readonly stop: number }
  | { readonly do: 'log-resumed'; readonly by: string }
  | { readonly do: 'log-not-stopped'; readonly left: InHand; readonly why: string }
  | { readonly do: 'tell'; readonly news: EndingNews }
  /** To those who asked for `resume`. */
  | { readonly do: 'answer'; readonly askers: readonly Asker[]; readonly resumed: Resumed }
  /** The last act: say what is in hand, and close everything. */
  | { readonly do: 'end'; readonly why: string }

interface Resuming<Asker> {
  readonly by: string
  readonly askers: Asker[]
}

/** Whoever asks for `resume` is an `Asker`, who gets an answer. */
export class EndingState<Asker> {
  #isDraining = false
  #isEnding = false
  /** Rises with each change of mind: what was waited for before is of no interest then. */
  #turn = 0
  #stops = 0
  #stopping: { readonly number: number; readonly force: boolean } | undefined
  /** By turn: all instances are being told to take traffic. */
  readonly #resuming = new Map<number, Resuming<Asker>>()

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** A stop is under way. */
  get isStopping(): boolean {
    return this.#stopping !== undefined || this.#isEnding
  }

  /** Accept nothing new, and stay. */
  drain(by: string): Act<Asker>[] {
    return this.isStopping ? [] : this.#drain('keep', by, undefined)
  }

  /**
   * Drain, and end when nothing is in hand. At the limit it ends with force, and stays without. A second stop with force
   * ends at once; one without force joins the one that is under way.
   */
  stop(by: string, force: boolean, limit: Duration): Act<Asker>[] {
    const before = this.#stopping
    if (this.#isEnding || (before !== undefined && !force)) return []
    if (before?.force === true) return this.#end(`${by} again`)
    this.#stops += 1
    this.#stopping = { number: this.#stops, force }
    return [{ do: 'set-limit', limit }, ...this.#drain(force ? 'end' : 'keep', by, limit)]
  }

  /** Take traffic again; who asks while that is under way gets the same answer. */
  resume(by: string, asker: Asker): Act<Asker>[] {
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
  told(turn: number): Act<Asker>[] {
    const resuming = this.#resuming.get(turn)
    if (resuming === undefined) return [{ do: 'await-idle', turn }]
    this.#resuming.delete(turn)
    const { by, askers } = resuming
    if (turn !== this.#turn) {
      return [{ do: 'answer', askers, resumed: this.isStopping ? 'stopping' : 'drains-again' }]
    }
    this.#isDraining = false
    return [
      { do: 'log-resumed', by },
      { do: 'tell', news: { kind: 'resumed' } },
      { do: 'answer', askers, resumed: 'takes-traffic' },
    ]
  }

  /** Nothing is in hand. */
  idle(turn: number): Act<Asker>[] {
    if (turn !== this.#turn) return []
    return this.isStopping ? this.#end('') : [{ do: 'tell', news: { kind: 'drained' } }]
  }

  limitIsOver(): Act<Asker>[] {
    if (this.#stopping === undefined) return []
    const { force, number } = this.#stopping
    return force ? this.#end('drain_limit is over') : [{ do: 'look', stop: number }]
  }

  /** What was in hand at the limit of that stop. */
  leftAtLimit(stop: number, left: InHand): Act<Asker>[] {
    // Meanwhile the last one may have finished, and the end begun: then that one says the last word.
    if (this.#stopping?.number !== stop || this.#isEnding) return []
    if (isNothing(left)) return this.#end('drain_limit is over')
    this.#stopping = undefined
    // It is a drain from now on.
    this.#turn += 1
    const why = notStoppedText(left)
    return [
      { do: 'log-not-stopped', left, why },
      { do: 'tell', news: { kind: 'not-stopped', left, error: why } },
      { do: 'await-idle', turn: this.#turn },
    ]
  }

  #drain(how: 'keep' | 'end', by: string, limit: Duration | undefined): Act<Asker>[] {
    this.#turn += 1
    this.#isDraining = true
    return [{ do: 'drain', turn: this.#turn, how, by, limit }]
  }

  #end(why: string): Act<Asker>[] {
    if (this.#isEnding) return []
    this.#isEnding = true
    return [{ do: 'clear-limit' }, { do: 'end', why }]
  }
}
