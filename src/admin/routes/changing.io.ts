/**
 * The routes that change something: reload, drain, stop, servers held Down, max-rates, the log level.
 *
 * A route checks what it was sent, asks `operations.ts` whether that may be done, does it, and logs who asked.
 */

import { isAbsolute } from 'node:path'
import type { TrafficClass } from '../../classes.ts'
import type { Boundary } from '../../observe/boundary/boundary.io.ts'
import type { Forecast } from '../../observe/view/in-hand.ts'
import type { Attachment, Mark } from '../../observe/view/view.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import { perSecond } from '../../units.ts'
import type { EndingNews, Resumed } from '../ending-news.ts'
import { type FollowedEnding, followEnding } from '../ending-stream.io.ts'
import { booleanOf, type Checked, classOf, stray, textOf, wholeOf, wordOf } from '../fields.ts'
import {
  begun,
  DRAINING,
  done,
  holdText,
  lanesOf,
  maxRateText,
  mayStop,
  type OperationResult,
  type Preview,
  type ReloadResult,
  readResult,
  resumeResult,
} from '../operations.ts'
import type { Overridden, OverrideChange } from '../overrides.ts'
import { type Answer, type Asked, jsonAnswer, LINES, type Route, refusal, type Stream } from '../route.ts'

/** As in the configuration. */
const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const
const HIGHEST_RATE = 1_000_000
/** PATH_MAX of Linux. */
const LONGEST_PATH = 4_096

/** The daemon that is operated. */
export interface Operated extends FollowedEnding {
  readonly isDraining: boolean
  /** A stop is under way. */
  readonly isStopping: boolean
  readonly attached: readonly Attachment[]
  /** By the configuration alone. */
  readonly options: EngineOptions
  override(change: OverrideChange): Promise<Overridden>
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

export function changingRoutes(daemon: Operated, boundary: Boundary): readonly Route[] {
  const post = (path: string, known: readonly string[], act: (asked: Asked) => Promise<Answer | Stream>): Route => ({
    method: 'POST',
    path,
    access: 'control',
    answer: (asked) => {
      const unknown = stray(Object.keys(asked.body), known, 'field') ?? stray(asked.query.keys(), [], 'parameter')
      return unknown === undefined ? act(asked) : refusal(400, unknown)
    },
  })
  const hold = (path: string, isHeldDown: boolean): Route =>
    post(path, ['class'], async ({ params, body, who }) => {
      const of: Checked<TrafficClass | undefined> =
        body['class'] === undefined ? { ok: true, value: undefined } : classOf(body['class'])
      if (!of.ok) return refusal(400, of.sentence)
      const server = params['name'] ?? ''
      const found = lanesOf(daemon, server, of.value)
      if (!found.ok) return answerOf(found)
      const { held } = await daemon.override({ kind: 'hold', lanes: found.lanes, isHeldDown, mark: mark(who) })
      const classes = held.map((lane) => lane.class)
      if (held.length > 0) daemon.log(who, holdText(server, isHeldDown, classes))
      const unserved = await daemon.unserved()
      return answerOf(done({ server, heldDown: isHeldDown, changed: classes, unserved }))
    })
  const followed = (first: object, ends: readonly EndingNews['kind'][], begin: () => void): Stream => ({
    type: LINES,
    begin: (reader) => followEnding(reader, daemon, { first: { kind: 'begun', ...first }, ends, begin, boundary }),
  })
  return [
    post('/reload', ['forget_learned'], async ({ body, who }) => {
      const forget = booleanOf(body['forget_learned'] ?? false, 'forget_learned')
      if (!forget.ok) return refusal(400, forget.sentence)
      if (daemon.isDraining) return answerOf(DRAINING)
      const result = await daemon.reload(who, forget.value)
      return answerOf(readResult(result, 'the configuration was not taken, the old one stays'))
    }),
    post('/reload/preview', ['file'], async ({ body, isOverSocket }) => {
      // Problems quote the file. Who may use the socket can read what the daemon reads; who has a token may not.
      if (!isOverSocket)
        return refusal(403, 'a file can be compared over the admin socket only, since its problems are quoted')
      const file = textOf(body['file'], 'file', LONGEST_PATH)
      if (!file.ok) return refusal(400, file.sentence)
      if (!isAbsolute(file.value))
        return refusal(400, 'file is no absolute path; the daemon has a directory of its own')
      return answerOf(readResult(daemon.preview(file.value), `the daemon would not take ${file.value}`))
    }),
    post('/drain', ['follow'], async ({ body, who }) => {
      const follow = booleanOf(body['follow'] ?? false, 'follow')
      if (!follow.ok) return refusal(400, follow.sentence)
      const before = begun(await daemon.forecast(), process.pid)
      const drain = (): void => daemon.drain(who)
      if (follow.value) return followed(before, ['drained', 'resumed'], drain)
      drain()
      return jsonAnswer(202, before)
    }),
    post('/resume', [], async ({ who }) => {
      const wasDraining = daemon.isDraining
      return answerOf(resumeResult(await daemon.resume(who), wasDraining))
    }),
    post('/stop', ['force', 'follow'], async ({ body, who }) => {
      const force = booleanOf(body['force'] ?? false, 'force')
      const follow = booleanOf(body['follow'] ?? false, 'follow')
      if (!force.ok) return refusal(400, force.sentence)
      if (!follow.ok) return refusal(400, follow.sentence)
      const may = mayStop(daemon, await daemon.forecast(), { force: force.value, pid: process.pid })
      if (!may.ok) return answerOf(may)
      const stop = (): void => daemon.stop(who, force.value)
      if (follow.value) return followed(may.value, ['not-stopped'], stop)
      stop()
      return answerOf(may, 202)
    }),
    hold('/servers/{name}/down', true),
    hold('/servers/{name}/up', false),
    post('/servers/{name}/max-rate', ['class', 'max_rate'], async ({ params, body, who }) => {
      const of = classOf(body['class'])
      if (!of.ok) return refusal(400, of.sentence)
      const rate = wholeOf(body['max_rate'], { name: 'max_rate', least: 0, most: HIGHEST_RATE })
      if (!rate.ok) return refusal(400, rate.sentence)
      const lane = { server: params['name'] ?? '', class: of.value }
      const found = lanesOf(daemon, lane.server, lane.class)
      if (!found.ok) return answerOf(found)
      const maxRate = perSecond(rate.value)
      const { configured = maxRate } = await daemon.override({ kind: 'max-rate', lane, maxRate, mark: mark(who) })
      daemon.log(who, maxRateText(lane, maxRate, configured))
      return answerOf(done({ ...lane, maxRate, configured }))
    }),
    post('/log-level', ['level'], async ({ body, who }) => {
      const level = wordOf(body['level'], 'level', LOG_LEVELS)
      if (!level.ok) return refusal(400, level.sentence)
      // Before and after: one of the two levels may leave the line out.
      daemon.log(who, `log level is ${level.value} from now on until the next reload`)
      await daemon.override({ kind: 'log-level', level: level.value, mark: mark(who) })
      return answerOf(done({ level: level.value }))
    }),
  ]
}

const mark = (by: string): Mark => ({ by, sinceUnixSeconds: Date.now() / 1_000 })

const answerOf = (result: OperationResult, status = 200): Answer =>
  result.ok ? jsonAnswer(status, result.value) : refusal(result.status, result.error, result.more)
