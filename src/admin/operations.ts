/**
 * What operators can do to a running daemon: each act is checked against what there is, and its result is data.
 *
 * An act that is refused changes nothing and says why. A drain waits for servers, so what makes them serve again may be done
 * meanwhile; a stop ends before anybody would see it.
 */
import { TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import { thereAre } from '../did-you-mean.ts'
import { type Forecast, totalOf } from '../observe/view/in-hand.ts'
import { refusalText } from '../observe/view/in-hand-text.ts'
import type { Attachment, LaneName, ReloadChanges } from '../observe/view/view.ts'
import type { EngineOptions } from '../proxy/border/options.ts'
import type { PerSecond } from '../units.ts'
import type { Resumed } from './ending-news.ts'

export type ReloadResult =
  | ({
      readonly ok: true
      readonly file: string
      readonly digest: string
      readonly warnings: readonly string[]
      readonly waitingForRestart: readonly string[]
      /** Whether what `auto` learned of who signs was forgotten. */
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
  readonly more?: object
}
export type OperationResult = { readonly ok: true; readonly value: object } | Refused

export const done = (value: object): OperationResult => ({ ok: true, value })
const refused = (status: Refused['status'], error: string, more?: object): Refused => ({
  ok: false,
  status,
  error,
  ...(more === undefined ? {} : { more }),
})

export const DRAINING = refused(
  409,
  'it drains, and no configuration is read meanwhile; "radsluice resume" takes traffic again',
)
const STOPPING = refused(409, 'a stop is under way, and it ends within drain_limit; start it again after that')

/** Of a reload or its preview; `refusal` says what is not done with the problems that follow. */
export function readResult({ ok, ...result }: ReloadResult | Preview, refusal: string): OperationResult {
  if (ok || !('problems' in result)) return done(result)
  return refused(422, `${refusal}: ${result.problems.join('; ')}`, result)
}

export function resumeResult(resumed: Resumed, wasDraining: boolean): OperationResult {
  if (resumed === 'takes-traffic') return done({ resumed: wasDraining })
  if (resumed === 'stopping') return STOPPING
  return refused(409, 'a drain was asked for meanwhile, and it holds; "radsluice resume" takes traffic again')
}

/** What is said when a drain or a stop begins: what is in hand, and what a stop now would lose. */
export const begun = (forecast: Forecast, pid: number): object => ({
  pid,
  ...totalOf(forecast.classes),
  limitSeconds: forecast.limitSeconds,
  forecast,
})

/** Without force it is not stopped while somebody follows the daemon, nor if something would be lost; unless a stop is under way. */
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

/** For the log, as the next one. */
export const holdText = (server: string, isHeldDown: boolean, classes: readonly TrafficClass[]): string =>
  `server ${server} is ${isHeldDown ? 'held Down' : 'let go'} for ${classes.join(' and ')}`

export const maxRateText = ({ server, class: name }: LaneName, maxRate: PerSecond, configured: PerSecond): string =>
  `max_rate of ${server} for ${name} is ${maxRate}/s until the next reload (${configured}/s in the file)`
