/**
 * How a daemon comes to its end, and back: draining (no new messages, what is in hand may finish), taking traffic again,
 * and stopping, which drains within a limit and then ends.
 *
 * A stop without force loses nothing that was accepted: where something is left at the limit, the daemon stays and drains
 * on. A stop with force (and SIGTERM, whose sender waits for no answer) ends then, whatever is left; a second one ends at
 * once. Whoever follows hears the last word before the connections close. What has to be closed is the daemon's.
 */
import type { EndingNews, Follower, Resumed } from '../admin/ending-news.ts'
import type { TrafficClass } from '../classes.ts'
import type { Instances } from '../instances/instances.io.ts'
import { type Scope, sumOf } from '../instances/shared/sum.ts'
import type { Log } from '../observe/log/log.io.ts'
import { type Forecast, forecastOf, type InHand, inHandOf, totalOf, unservedBy } from '../observe/view/in-hand.ts'
import { isNothing, leftText, notStoppedText } from '../observe/view/in-hand-text.ts'
import type { EngineSnapshot } from '../proxy/border/snapshot.ts'
import { type Duration, MICROS_PER_SECOND } from '../units.ts'

/** How long the last word may take to reach those who follow. */
const LAST_WORD_MS = 1_000

export interface EndingOf {
  readonly instances: Pick<Instances, 'drain' | 'idle' | 'view'>
  readonly log: Pick<Log, 'write'>
  readonly scope: Scope
  readonly drainLimit: () => Duration
  /** Closes everything; called once. True: something was left in hand. */
  readonly over: (isUnfinished: boolean) => Promise<void>
}

interface Stopping {
  readonly force: boolean
  deadline: NodeJS.Timeout | undefined
}

export class Ending {
  readonly #of: EndingOf
  readonly #followers = new Set<Follower>()
  #isDraining = false
  /** Rises with each change of mind: what was waited for before it is of no interest. */
  #turn = 0
  #stopping: Stopping | undefined
  /** On its way: who asks for the same meanwhile gets the same answer. */
  #resuming: { readonly turn: number; readonly resumed: Promise<Resumed> } | undefined
  #isEnding = false

  constructor(of: EndingOf) {
    this.#of = of
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** A stop is under way. */
  get isStopping(): boolean {
    return this.#stopping !== undefined || this.#isEnding
  }

  /** Takes nothing new from now on, and stays. */
  drain(by: string): void {
    if (this.isStopping) return
    void this.#drained({ by, limit: 'no limit', force: false }, () => this.#tell({ kind: 'drained' }))
  }

  /** Takes traffic again. */
  async resume(by: string): Promise<Resumed> {
    if (this.isStopping) return 'stopping'
    if (!this.#isDraining) return 'takes-traffic'
    if (this.#resuming?.turn === this.#turn) return this.#resuming.resumed
    this.#turn += 1
    this.#resuming = { turn: this.#turn, resumed: this.#resume(by, this.#turn) }
    return this.#resuming.resumed
  }

  async #resume(by: string, turn: number): Promise<Resumed> {
    await this.#of.instances.drain('no')
    if (turn !== this.#turn) return this.isStopping ? 'stopping' : 'drains-again'
    this.#isDraining = false
    this.#of.log.write('resumed', { by })
    this.#tell({ kind: 'resumed' })
    return 'takes-traffic'
  }

  /**
   * Drains, and ends when nothing is in hand. When the limit is over it ends with force, and stays without. A second stop
   * with force ends at once; one without force joins the one that is under way.
   */
  stop(by: string, force: boolean): void {
    const before = this.#stopping
    if (before?.force === true && force) void this.#end(`${by} again`)
    if (this.#isEnding || before?.force === true || (before !== undefined && !force)) return
    clearTimeout(before?.deadline)
    const limit = this.#of.drainLimit()
    const stopping: Stopping = { force, deadline: undefined }
    stopping.deadline = setTimeout(() => void this.#limitIsOver(stopping), limit / 1_000)
    this.#stopping = stopping
    void this.#drained({ by, limit: `${limit / MICROS_PER_SECOND} s`, force }, () => this.#end(''))
  }

  /** Tells of what becomes of a drain or a stop from now on; the answer ends that. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  /** What waits and what is outstanding, in all instances. */
  async inHand(): Promise<InHand> {
    return inHandOf(await this.#engine())
  }

  /** What a stop now would lose. */
  async forecast(): Promise<Forecast> {
    return forecastOf(await this.#engine(), this.#of.drainLimit() / MICROS_PER_SECOND)
  }

  /** The classes whose servers are all Down or held Down. */
  async unserved(): Promise<TrafficClass[]> {
    return unservedBy(await this.#engine())
  }

  async #drained(
    { by, limit, force }: { readonly by: string; readonly limit: string; readonly force: boolean },
    then: () => unknown,
  ): Promise<void> {
    this.#turn += 1
    const turn = this.#turn
    this.#isDraining = true
    const told = this.#of.instances.drain(force ? 'end' : 'keep')
    this.#of.log.write('draining', { signal: by, ...totalOf(await this.inHand()), limit })
    await told
    await this.#of.instances.idle()
    if (turn === this.#turn) await then()
  }

  async #limitIsOver(stopping: Stopping): Promise<void> {
    const left = stopping.force ? undefined : await this.inHand()
    // Meanwhile the last one may have finished, and the end begun: then the last word is that one's.
    if (this.#stopping !== stopping || this.#isEnding) return
    if (left === undefined || isNothing(left)) {
      await this.#end('drain_limit is over')
      return
    }
    this.#stopping = undefined
    // It is a drain from now on.
    this.#turn += 1
    const error = notStoppedText(left)
    this.#of.log.write('not-stopped', { ...totalOf(left), why: error })
    this.#tell({ kind: 'not-stopped', left, error })
    void this.#tellWhenIdle(this.#turn)
  }

  async #tellWhenIdle(turn: number): Promise<void> {
    await this.#of.instances.idle()
    if (turn === this.#turn) this.#tell({ kind: 'drained' })
  }

  async #end(why: string): Promise<void> {
    if (this.#isEnding) return
    this.#isEnding = true
    clearTimeout(this.#stopping?.deadline)
    const left = await this.inHand()
    const isUnfinished = !isNothing(left)
    if (isUnfinished) this.#of.log.write('drain-unfinished', { ...totalOf(left), left: leftText(left), why })
    const followers = [...this.#followers]
    this.#tell({ kind: 'stopped', left })
    await withinMs(LAST_WORD_MS, Promise.all(followers.map(({ hasRead }) => hasRead)))
    await this.#of.over(isUnfinished)
  }

  #tell(news: EndingNews): void {
    for (const one of [...this.#followers]) one.tell(news)
  }

  /** All instances together. */
  async #engine(): Promise<EngineSnapshot> {
    const views = await this.#of.instances.view()
    return sumOf(
      views.map(({ engine }) => engine),
      this.#of.scope,
    )
  }
}

/** Resolves with the promise, or after so long. */
async function withinMs(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([promise, late])
  clearTimeout(timer)
}
