/**
 * What operators can do to a running daemon, each act checked against what there is, done, and logged with who did it.
 *
 * An act that is refused changes nothing and says why. What operators change is a layer of its own (`Overrides`); the
 * daemon puts it in force in all instances, one act after the other.
 */

import { TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import { thereAre } from '../did-you-mean.ts'
import { type Forecast, totalOf } from '../observe/view/in-hand.ts'
import { refusalText } from '../observe/view/in-hand-text.ts'
import type { LaneName, Mark, Overrides } from '../observe/view/view.ts'
import type { EngineOptions } from '../proxy/border/options.ts'
import type { PerSecond } from '../units.ts'
import type { Attached } from './attached.ts'
import type { Resumed } from './ending-news.ts'
import type { FollowedEnding } from './ending-stream.io.ts'
import { isHeld, withHeld, withLogLevel, withMaxRate, withoutHeld } from './overrides.ts'

export type ReloadResult =
  | ({
      readonly ok: true
      readonly file: string
      readonly digest: string
      readonly warnings: readonly string[]
      readonly waitingForRestart: readonly string[]
      /** Whether what `auto` learned of who signs was forgotten. */
      readonly forgotLearned: boolean
    } & Changes)
  | { readonly ok: false; readonly problems: readonly string[] }

/** What a reload changes. */
export interface Changes {
  /** Setting by setting; one that waits for a restart says so. */
  readonly changes: readonly Change[]
  /** What operators had changed and does not hold any more, in words. */
  readonly endedOverrides: readonly string[]
}

/** As the configuration's comparison makes it. */
export interface Change {
  readonly path: string
  readonly kind: 'changed' | 'added' | 'removed' | 'order' | 'secret'
  readonly was?: string
  readonly is?: string
  readonly needsRestart: boolean
}

/** What a reload of another file would change, or what is wrong with that file. */
export type Preview =
  | ({
      readonly ok: true
      readonly file: string
      /** The file that a reload reads. */
      readonly runsWith: string
      readonly warnings: readonly string[]
    } & Changes)
  | { readonly ok: false; readonly problems: readonly string[] }

/** The daemon as operations need it. */
export interface Operated extends FollowedEnding {
  readonly overrides: Overrides
  readonly isDraining: boolean
  /** A stop is under way. */
  readonly isStopping: boolean
  /** By the configuration alone. */
  configured(): EngineOptions
  override(how: (overrides: Overrides, configured: EngineOptions) => Overrides): Promise<void>
  reload(by: string, forgetLearned: boolean): Promise<ReloadResult>
  /** What a reload of that file would change now; nothing is changed by it. */
  preview(file: string): Preview
  drain(by: string): void
  resume(by: string): Promise<Resumed>
  stop(by: string, force: boolean): void
  /** What a stop now would lose. */
  forecast(): Promise<Forecast>
  /** The classes whose servers are all Down or held Down. */
  unserved(): Promise<readonly TrafficClass[]>
  log(by: string, what: string): void
}

export type OperationResult =
  | { readonly ok: true; readonly value: object }
  | { readonly ok: false; readonly status: 404 | 409 | 422; readonly error: string; readonly more?: object }

const begun = (forecast: Forecast): object => ({
  pid: process.pid,
  ...totalOf(forecast.classes),
  limitSeconds: forecast.limitSeconds,
  forecast,
})

const done = (value: object): OperationResult => ({ ok: true, value })

export class Operations {
  readonly #daemon: Operated
  readonly #attached: Attached
  readonly #unixSeconds: () => number

  constructor(daemon: Operated, attached: Attached, unixSeconds: () => number = () => Date.now() / 1_000) {
    this.#daemon = daemon
    this.#attached = attached
    this.#unixSeconds = unixSeconds
  }

  async reload(by: string, forgetLearned = false): Promise<OperationResult> {
    if (this.#daemon.isDraining) return DRAINING
    const outcome = await this.#daemon.reload(by, forgetLearned)
    if (outcome.ok) {
      const { ok: _, ...taken } = outcome
      return done(taken)
    }
    const { problems } = outcome
    const error = `the configuration was not taken, the old one stays: ${problems.join('; ')}`
    return { ok: false, status: 422, error, more: { problems } }
  }

  /** What a reload of that file would change. */
  preview(file: string): OperationResult {
    const preview = this.#daemon.preview(file)
    if (preview.ok) {
      const { ok: _, ...found } = preview
      return done(found)
    }
    const { problems } = preview
    return {
      ok: false,
      status: 422,
      error: `the daemon would not take ${file}: ${problems.join('; ')}`,
      more: { problems },
    }
  }

  /** The daemon, for those who follow its end. */
  get ending(): FollowedEnding {
    return this.#daemon
  }

  /** What is in hand, and what a stop now would lose. */
  async beforeDrain(): Promise<object> {
    return begun(await this.#daemon.forecast())
  }

  /** Takes nothing new from now on, and stays to be looked at. */
  drain(by: string): void {
    this.#daemon.drain(by)
  }

  /** Takes traffic again after a drain; one that does not drain is left as it is. */
  async resume(by: string): Promise<OperationResult> {
    const wasDraining = this.#daemon.isDraining
    const resumed = await this.#daemon.resume(by)
    if (resumed === 'takes-traffic') return done({ resumed: wasDraining })
    if (resumed === 'stopping') return STOPPING
    const error = 'a drain was asked for meanwhile, and it holds; "radsluice resume" takes traffic again'
    return { ok: false, status: 409, error }
  }

  /** Whether it may be stopped, or is already: without force not while somebody follows the daemon, nor where something would be lost. */
  async mayStop(force: boolean): Promise<OperationResult> {
    const forecast = await this.#daemon.forecast()
    const { all } = this.#attached
    if (force || this.#daemon.isStopping || (all.length === 0 && forecast.isSafe)) return done(begun(forecast))
    const who = all.map((one) => `${one.kind} by ${one.by}`).join(', ')
    const error = [
      ...(all.length === 0 ? [] : [`somebody is attached: ${who}; ask them to quit, or run "radsluice stop --force"`]),
      ...(forecast.isSafe ? [] : [refusalText(forecast)]),
    ].join('; ')
    return { ok: false, status: 409, error, more: { attached: all, forecast } }
  }

  /** Drains and ends. Without force it stays where something is left when the time is over. */
  stop(force: boolean, by: string): void {
    this.#daemon.stop(by, force)
  }

  /** Holds a server Down, or lets it go: both its classes, or one. */
  async hold(
    o: { server: string; class: TrafficClass | undefined; isHeldDown: boolean },
    by: string,
  ): Promise<OperationResult> {
    const found = this.#lanesOf(o.server, o.class)
    if (!found.ok) return found.why
    const { lanes } = found
    const mark = this.#mark(by)
    let changing: readonly LaneName[] = []
    // What others asked for before may be on its way still: it is looked at when its turn comes.
    await this.#daemon.override((before) => {
      changing = lanes.filter((lane) => isHeld(before, lane) !== o.isHeldDown)
      return o.isHeldDown ? withHeld(before, changing, mark) : withoutHeld(before, changing)
    })
    if (changing.length > 0) {
      const classes = changing.map((lane) => lane.class).join(' and ')
      this.#daemon.log(by, `server ${o.server} is ${o.isHeldDown ? 'held Down' : 'let go'} for ${classes}`)
    }
    const unserved = await this.#daemon.unserved()
    return done({ server: o.server, heldDown: o.isHeldDown, changed: changing.map((lane) => lane.class), unserved })
  }

  /** Another rate from the next grid second on, until the next reload. */
  async setMaxRate(
    o: { server: string; class: TrafficClass; maxRate: PerSecond },
    by: string,
  ): Promise<OperationResult> {
    const found = this.#lanesOf(o.server, o.class)
    if (!found.ok) return found.why
    const { server, class: name, maxRate } = o
    let configured = maxRate
    await this.#daemon.override((before, options) => {
      configured = options.servers.find((one) => one.name === server)?.lanes[name]?.maxRate ?? maxRate
      return withMaxRate(before, { server, class: name, maxRate, configured, ...this.#mark(by) })
    })
    this.#daemon.log(
      by,
      `max_rate of ${server} for ${name} is ${maxRate}/s until the next reload (${configured}/s in the file)`,
    )
    return done({ server, class: name, maxRate, configured })
  }

  async setLogLevel(level: string, by: string): Promise<OperationResult> {
    // Before and after: one of the two levels may leave the line out.
    this.#daemon.log(by, `log level is ${level} from now on until the next reload`)
    await this.#daemon.override((before) => withLogLevel(before, level, this.#mark(by)))
    return done({ level })
  }

  #lanesOf(
    server: string,
    name: TrafficClass | undefined,
  ):
    | { readonly ok: true; readonly lanes: readonly LaneName[] }
    | { readonly ok: false; readonly why: OperationResult } {
    // A drain waits for servers: what makes them serve again is done meanwhile. A stop ends before anybody would see it.
    if (this.#daemon.isStopping) return { ok: false, why: STOPPING }
    const { servers } = this.#daemon.configured()
    const found = servers.find((one) => one.name === server)
    if (found === undefined) {
      const names = servers.map((one) => one.name)
      const error = `no server is called "${server}"; ${thereAre(server, names)}`
      return { ok: false, why: { ok: false, status: 404, error } }
    }
    const lanes = TRAFFIC_CLASSES.filter((each) => found.lanes[each] !== undefined && (name ?? each) === each)
    if (lanes.length === 0) {
      return { ok: false, why: { ok: false, status: 404, error: `server ${server} takes no ${name ?? 'messages'}` } }
    }
    return { ok: true, lanes: lanes.map((each) => ({ server, class: each })) }
  }

  #mark(by: string): Mark {
    return { by, sinceUnixSeconds: this.#unixSeconds() }
  }
}

const DRAINING: OperationResult = {
  ok: false,
  status: 409,
  error: 'it drains, and no configuration is read meanwhile; "radsluice resume" takes traffic again',
}
const STOPPING: OperationResult = {
  ok: false,
  status: 409,
  error: 'a stop is under way, and it ends within drain_limit; start it again after that',
}
