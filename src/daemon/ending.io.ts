/**
 * Drains, resumes and stops the daemon: does what `EndingState` answers, and tells it the result.
 *
 * Followers hear the last word before their connections close.
 */
import type { EndingNews, Follower, Resumed } from '../admin/ending-stream.io.ts'
import type { TrafficClass } from '../classes.ts'
import type { Instances } from '../instances/instances.io.ts'
import { type Scope, sumOf } from '../instances/shared/sum.ts'
import type { Log } from '../observe/log/log.io.ts'
import { type Forecast, forecastOf, type InHand, inHandOf, totalOf, unservedBy } from '../observe/view/in-hand.ts'
import { leftText } from '../observe/view/in-hand-text.ts'
import type { Phase } from '../observe/view/view.ts'
import type { EngineSnapshot } from '../proxy/border/snapshot.ts'
import { type Duration, MICROS_PER_SECOND } from '../units.ts'
import { within } from '../within.io.ts'
import { type EndingAct, EndingState, exitCodeOf } from './ending.ts'

/** How long the last word may take to reach those who follow. */
const LAST_WORD_MS = 1_000

export interface EndingOf {
  readonly instances: Pick<Instances, 'drain' | 'idle' | 'view'>
  readonly log: Pick<Log, 'write'>
  readonly scope: Scope
  readonly drainLimit: () => Duration
  /** Closes everything and ends with that exit code; called once. */
  readonly over: (code: 0 | 1) => Promise<void>
}

type Asker = (resumed: Resumed) => void

export class Ending {
  readonly #of: EndingOf
  readonly #state = new EndingState<Asker>()
  readonly #followers = new Set<Follower>()
  #limit: NodeJS.Timeout | undefined

  constructor(of: EndingOf) {
    this.#of = of
  }

  get isDraining(): boolean {
    return this.#state.isDraining
  }

  get isStopping(): boolean {
    return this.#state.isStopping
  }

  get phase(): Phase {
    return this.#state.phase
  }

  opened(): void {
    this.#state.opened()
  }

  drain(by: string): void {
    this.#do(this.#state.drain(by))
  }

  resume(by: string): Promise<Resumed> {
    return new Promise((resolve) => this.#do(this.#state.resume(by, resolve)))
  }

  stop(by: string, force: boolean): void {
    this.#do(this.#state.stop(by, force, this.#of.drainLimit()))
  }

  /** Tells the follower of every drain and stop from now on. Returns a function that ends this. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  /** What waits and what is outstanding, in all instances. */
  async inHand(): Promise<InHand> {
    return inHandOf(await this.#view())
  }

  /** What a stop now would lose. */
  async forecast(): Promise<Forecast> {
    return forecastOf(await this.#view(), this.#of.drainLimit() / MICROS_PER_SECOND)
  }

  /** The classes whose servers are all Down or held Down. */
  async unserved(): Promise<TrafficClass[]> {
    return unservedBy(await this.#view())
  }

  #do(acts: readonly EndingAct<Asker>[]): void {
    for (const act of acts) void this.#doOne(act)
  }

  async #doOne(act: EndingAct<Asker>): Promise<void> {
    const { instances, log } = this.#of
    switch (act.do) {
      case 'drain': {
        const told = instances.drain(act.how)
        const limit = act.limit === undefined ? 'no limit' : `${act.limit / MICROS_PER_SECOND} s`
        log.write('draining', { signal: act.by, ...totalOf(await this.inHand()), limit })
        await told
        return this.#do(this.#state.told(act.turn))
      }
      case 'take-traffic':
        await instances.drain('no')
        return this.#do(this.#state.told(act.turn))
      case 'await-idle':
        await instances.idle()
        return this.#do(this.#state.idle(act.turn))
      case 'set-limit':
        clearTimeout(this.#limit)
        this.#limit = setTimeout(() => this.#do(this.#state.limitIsOver()), act.limit / 1_000)
        return
      case 'clear-limit':
        return clearTimeout(this.#limit)
      case 'count-in-hand':
        return this.#do(this.#state.leftAtLimit(act.turn, await this.inHand()))
      case 'drained':
        return this.#tell({ kind: 'drained' })
      case 'resumed':
        log.write('resumed', { by: act.by })
        this.#tell({ kind: 'resumed' })
        for (const answer of act.askers) answer('takes-traffic')
        return
      case 'not-stopped':
        log.write('not-stopped', { ...totalOf(act.left), why: act.why })
        return this.#tell({ kind: 'not-stopped', left: act.left, error: act.why })
      case 'answer':
        for (const answer of act.askers) answer(act.resumed)
        return
      case 'end':
        return this.#end(act.why)
    }
  }

  async #end(why: string): Promise<void> {
    const left = await this.inHand()
    const code = exitCodeOf(left)
    if (code !== 0) this.#of.log.write('drain-unfinished', { ...totalOf(left), left: leftText(left), why })
    const followers = [...this.#followers]
    this.#tell({ kind: 'stopped', left })
    await within(LAST_WORD_MS, Promise.all(followers.map(({ hasRead }) => hasRead)))
    await this.#of.over(code)
  }

  #tell(news: EndingNews): void {
    for (const one of [...this.#followers]) one.tell(news)
  }

  async #view(): Promise<EngineSnapshot> {
    const instances = await this.#of.instances.view()
    const engines = instances.map(({ engine }) => engine)
    return sumOf(engines, this.#of.scope)
  }
}
