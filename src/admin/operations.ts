/**
 * What operators may do to a running daemon, and the text of each result.
 *
 * An operation that is refused changes nothing and says why. During a drain, servers may still be changed, since the drain
 * waits for them. During a stop they may not: the daemon ends before the change has an effect.
 */
import { TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import { thereAre } from '../did-you-mean.ts'
import { type Forecast, totalOf } from '../observe/view/in-hand.ts'
import { refusalText } from '../observe/view/in-hand-text.ts'
import type { Attachment, LaneName, ReloadChanges } from '../observe/view/view.ts'
import type { EngineOptions } from '../proxy/border/options.ts'
import type { PerSecond } from '../units.ts'
import type { Resumed } from './ending-stream.io.ts'

export type ReloadResult =
  | ({
      readonly ok: true
      readonly file: string
      readonly digest: string
      readonly warnings: readonly string[]
      readonly waitingForRestart: readonly string[]
      /** Whether `auto` forgot which peers sign. */
      readonly forgotLearned: boolean
    } & ReloadChanges)
  | { readonly ok: false; readonly problems: readonly string[] }

/** What a reload of another file would change, or what is wrong with that file. */
export type Preview =
  | ({
      readonly ok: true
      readonly file: string
      /** The file that a reload reads. */
      readonly runsWith: string
      readonly warnings: readonly string[]
    } & ReloadChanges)
  | { readonly ok: false; readonly problems: readonly string[] }

export interface Refused {
  readonly ok: false
  readonly status: 404 | 409 | 422
  readonly error: string
  readonly more?: object | undefined
}
export type OperationResult = { readonly ok: true; readonly value: object } | Refused

export const done = (value: object): OperationResult => ({ ok: true, value })
const refused = (status: Refused['status'], error: string, more?: object): Refused => ({
  ok: false,
  status,
  error,
  more,
})

export const DRAINING = refused(
  409,
  'it drains, and reads no configuration meanwhile; "radsluice resume" ends the drain',
)
const STOPPING = refused(409, 'a stop is under way, and the daemon ends within drain_limit; start it again after that')

/** The result of a reload or of its preview. `refusal` is what is said before the problems. */
export function readResult({ ok, ...result }: ReloadResult | Preview, refusal: string): OperationResult {
  if (ok || !('problems' in result)) return done(result)
  return refused(422, `${refusal}: ${result.problems.join('; ')}`, result)
}

export function resumeResult(resumed: Resumed, wasDraining: boolean): OperationResult {
  if (resumed === 'takes-traffic') return done({ resumed: wasDraining })
  if (resumed === 'stopping') return STOPPING
  return refused(409, 'a drain was asked for meanwhile, so the daemon drains; "radsluice resume" ends the drain')
}

/** The first line of a drain or a stop: what is in hand, and what a stop now would lose. */
export const begun = (forecast: Forecast, pid: number): object => ({
  pid,
  ...totalOf(forecast.classes),
  limitSeconds: forecast.limitSeconds,
  forecast,
})

/** A stop without force is refused if somebody follows the daemon or if it would lose something. A stop under way is joined. */
export function stopRefusal(
  force: boolean,
  daemon: {
    readonly ending: { readonly isStopping: boolean }
    readonly attached: readonly Attachment[]
    readonly forecast: Forecast
  },
): Refused | undefined {
  const { ending, attached, forecast } = daemon
  if (force || ending.isStopping) return undefined
  const who = attached.map((one) => `${one.kind} by ${one.by}`).join(', ')
  const somebody = `somebody is attached: ${who}; ask them to quit, or run "radsluice stop --force"`
  const why = [...(attached.length === 0 ? [] : [somebody]), ...(forecast.isSafe ? [] : [refusalText(forecast)])]
  return why.length === 0 ? undefined : refused(409, why.join('; '), { attached, forecast })
}

/** The lanes of a server, of one class or of all that it takes. */
export function lanesOf(
  ending: { readonly isStopping: boolean },
  { servers }: EngineOptions,
  { server, class: name }: { readonly server: string; readonly class?: TrafficClass },
): { readonly ok: true; readonly lanes: readonly LaneName[] } | Refused {
  if (ending.isStopping) return STOPPING
  const found = servers.find((one) => one.name === server)
  if (found === undefined) {
    const names = servers.map((one) => one.name)
    return refused(404, `no server is called "${server}"; ${thereAre(server, names)}`)
  }
  const classes = TRAFFIC_CLASSES.filter((each) => found.lanes[each] !== undefined && (name ?? each) === each)
  if (classes.length === 0) return refused(404, `server ${server} takes no ${name ?? 'messages'}`)
  return { ok: true, lanes: classes.map((each) => ({ server, class: each })) }
}

/** For the log. */
export const holdText = (server: string, isHeldDown: boolean, classes: readonly TrafficClass[]): string =>
  `server ${server} is ${isHeldDown ? 'held Down' : 'let go'} for ${classes.join(' and ')}`

export const maxRateText = ({ server, class: name }: LaneName, maxRate: PerSecond, configured: PerSecond): string =>
  `max_rate of ${server} for ${name} is ${maxRate}/s until the next reload (${configured}/s in the file)`
