/**
 * The routes that change something: reload, drain, stop, servers held Down, max-rates, the log level.
 *
 * A route asks `operations.ts` whether that may be done, does it, and logs who asked.
 */

import { isAbsolute } from 'node:path'
import type { TrafficClass } from '../../classes.ts'
import type { Boundary } from '../../observe/boundary/boundary.io.ts'
import type { Forecast } from '../../observe/view/in-hand.ts'
import type { Attachment, Mark } from '../../observe/view/view.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import { perSecond } from '../../units.ts'
import { type EndingNews, type FollowedEnding, followEnding, type Resumed } from '../ending-stream.io.ts'
import { flag, optional, routeWith, text, trafficClass, whole, word } from '../fields.ts'
import {
  begun,
  DRAINING,
  done,
  holdText,
  lanesOf,
  maxRateText,
  type OperationResult,
  type Preview,
  type ReloadResult,
  readResult,
  resumeResult,
  stopRefusal,
} from '../operations.ts'
import type { Overridden, OverrideChange } from '../overrides.ts'
import { type AdminAnswer, jsonAnswer, LINES, type Route, refusal, type Stream } from '../route.ts'

/** As in the configuration. */
const logLevel = word(['error', 'warn', 'info', 'debug', 'trace'])
const HIGHEST_RATE = 1_000_000
/** PATH_MAX of Linux. */
const LONGEST_PATH = 4_096

/** How the daemon drains, resumes and stops. */
interface OperatedEnding extends FollowedEnding {
  readonly isDraining: boolean
  /** A stop is under way. */
  readonly isStopping: boolean
  drain(by: string): void
  resume(by: string): Promise<Resumed>
  stop(by: string, force: boolean): void
  /** What a stop now would lose. */
  forecast(): Promise<Forecast>
  /** The classes whose servers are all Down or held Down. */
  unserved(): Promise<readonly TrafficClass[]>
}

/** The daemon that is operated. */
export interface Operated {
  readonly ending: OperatedEnding
  attached(): readonly Attachment[]
  /** Those of the configuration, without overrides. */
  options(): EngineOptions
  override(change: OverrideChange): Promise<Overridden>
  reload(by: string, forgetLearned: boolean): Promise<ReloadResult>
  /** What a reload of that file would change now; nothing is changed by it. */
  preview(file: string): Preview
  log(by: string, what: string): void
}

export function changingRoutes(daemon: Operated, boundary: Boundary): readonly Route[] {
  const { ending } = daemon
  const post = { method: 'POST', access: 'control' } as const
  const hold = (path: string, isHeldDown: boolean): Route =>
    routeWith({
      ...post,
      path,
      fields: { class: optional(trafficClass) },
      answer: async (of, { params, who }) => {
        const server = params['name'] ?? ''
        const found = lanesOf(ending, daemon.options(), { server, ...of })
        if (!found.ok) return answerOf(found)
        const { held } = await daemon.override({ kind: 'hold', lanes: found.lanes, isHeldDown, mark: mark(who) })
        const classes = held.map((lane) => lane.class)
        if (held.length > 0) daemon.log(who, holdText(server, isHeldDown, classes))
        const unserved = await ending.unserved()
        return answerOf(done({ server, heldDown: isHeldDown, changed: classes, unserved }))
      },
    })
  const followed = (first: object, ends: readonly EndingNews['kind'][], begin: () => void): Stream => ({
    type: LINES,
    begin: (reader) => followEnding(reader, ending, { first: { kind: 'begun', ...first }, ends, begin, boundary }),
  })
  return [
    routeWith({
      ...post,
      path: '/reload',
      fields: { forget_learned: flag },
      answer: async ({ forget_learned }, { who }) => {
        if (ending.isDraining) return answerOf(DRAINING)
        const result = await daemon.reload(who, forget_learned)
        return answerOf(readResult(result, 'the configuration was not accepted, and the old one stays'))
      },
    }),
    routeWith({
      ...post,
      path: '/reload/preview',
      fields: { file: text(LONGEST_PATH) },
      answer: ({ file }, { isOverSocket }) => {
        // Problems quote the file. Who may use the socket can read what the daemon reads; who has a token may not.
        if (!isOverSocket)
          return refusal(403, 'a file can be compared over the admin socket only, since its problems are quoted')
        if (!isAbsolute(file))
          return refusal(400, 'file is not an absolute path; the daemon has a working directory of its own')
        return answerOf(readResult(daemon.preview(file), `the daemon would not accept ${file}`))
      },
    }),
    routeWith({
      ...post,
      path: '/drain',
      fields: { follow: flag },
      answer: async ({ follow }, { who }) => {
        const before = begun(await ending.forecast(), process.pid)
        const drain = (): void => ending.drain(who)
        if (follow) return followed(before, ['drained', 'resumed'], drain)
        drain()
        return jsonAnswer(202, before)
      },
    }),
    routeWith({
      ...post,
      path: '/resume',
      fields: {},
      answer: async (_, { who }) => {
        const wasDraining = ending.isDraining
        return answerOf(resumeResult(await ending.resume(who), wasDraining))
      },
    }),
    routeWith({
      ...post,
      path: '/stop',
      fields: { force: flag, follow: flag },
      answer: async ({ force, follow }, { who }) => {
        const forecast = await ending.forecast()
        const refused = stopRefusal(force, { ending, attached: daemon.attached(), forecast })
        if (refused !== undefined) return answerOf(refused)
        const before = begun(forecast, process.pid)
        const stop = (): void => ending.stop(who, force)
        if (follow) return followed(before, ['not-stopped'], stop)
        stop()
        return jsonAnswer(202, before)
      },
    }),
    hold('/servers/{name}/down', true),
    hold('/servers/{name}/up', false),
    routeWith({
      ...post,
      path: '/servers/{name}/max-rate',
      fields: { class: trafficClass, max_rate: whole({ least: 0, most: HIGHEST_RATE }) },
      answer: async (asked, { params, who }) => {
        const lane = { server: params['name'] ?? '', class: asked.class }
        const found = lanesOf(ending, daemon.options(), lane)
        if (!found.ok) return answerOf(found)
        const maxRate = perSecond(asked.max_rate)
        const { configured = maxRate } = await daemon.override({ kind: 'max-rate', lane, maxRate, mark: mark(who) })
        daemon.log(who, maxRateText(lane, maxRate, configured))
        return answerOf(done({ ...lane, maxRate, configured }))
      },
    }),
    routeWith({
      ...post,
      path: '/log-level',
      fields: { level: logLevel },
      answer: async ({ level }, { who }) => {
        // Logged before the change: the new level may leave the line out.
        daemon.log(who, `log level is ${level} from now on until the next reload`)
        await daemon.override({ kind: 'log-level', level, mark: mark(who) })
        return answerOf(done({ level }))
      },
    }),
  ]
}

const mark = (by: string): Mark => ({ by, sinceUnixSeconds: Date.now() / 1_000 })

const answerOf = (result: OperationResult): AdminAnswer =>
  result.ok ? jsonAnswer(200, result.value) : refusal(result.status, result.error, result.more)
