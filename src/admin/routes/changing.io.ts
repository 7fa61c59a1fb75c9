/**
 * The rows that change something: reload, drain, stop, servers held Down, max-rates, the log level.
 */

import { isAbsolute } from 'node:path'
import type { TrafficClass } from '../../classes.ts'
import type { Boundary } from '../../observe/boundary/boundary.io.ts'
import { perSecond } from '../../units.ts'
import type { EndingNews } from '../ending-news.ts'
import { followEnding } from '../ending-stream.io.ts'
import { booleanOf, type Checked, classOf, stray, textOf, wholeOf, wordOf } from '../fields.ts'
import type { OperationResult, Operations } from '../operations.io.ts'
import { type Answer, type Asked, jsonAnswer, LINES, type Route, refusal, type Stream } from '../route.ts'

/** As in the configuration. */
const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const
const HIGHEST_RATE = 1_000_000
/** PATH_MAX of Linux. */
const LONGEST_PATH = 4_096

export function changingRoutes(operations: Operations, boundary: Boundary): readonly Route[] {
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
      return answerOf(await operations.hold({ server: params['name'] ?? '', class: of.value, isHeldDown }, who))
    })
  const followed = (first: object, ends: readonly EndingNews['kind'][], begin: () => void): Stream => ({
    type: LINES,
    begin: (reader) =>
      followEnding(reader, operations.ending, { first: { kind: 'begun', ...first }, ends, begin, boundary }),
  })
  return [
    post('/reload', ['forget_learned'], async ({ body, who }) => {
      const forget = booleanOf(body['forget_learned'] ?? false, 'forget_learned')
      return forget.ok ? answerOf(await operations.reload(who, forget.value)) : refusal(400, forget.sentence)
    }),
    post('/reload/preview', ['file'], async ({ body, isOverSocket }) => {
      // Problems quote the file. Who may use the socket can read what the daemon reads; who has a token may not.
      if (!isOverSocket)
        return refusal(403, 'a file can be compared over the admin socket only, since its problems are quoted')
      const file = textOf(body['file'], 'file', LONGEST_PATH)
      if (!file.ok) return refusal(400, file.sentence)
      if (!isAbsolute(file.value))
        return refusal(400, 'file is no absolute path; the daemon has a directory of its own')
      return answerOf(operations.preview(file.value))
    }),
    post('/drain', ['follow'], async ({ body, who }) => {
      const follow = booleanOf(body['follow'] ?? false, 'follow')
      if (!follow.ok) return refusal(400, follow.sentence)
      const before = await operations.beforeDrain()
      const drain = (): void => operations.drain(who)
      if (follow.value) return followed(before, ['drained', 'resumed'], drain)
      drain()
      return jsonAnswer(202, before)
    }),
    post('/resume', [], async ({ who }) => answerOf(await operations.resume(who))),
    post('/stop', ['force', 'follow'], async ({ body, who }) => {
      const force = booleanOf(body['force'] ?? false, 'force')
      const follow = booleanOf(body['follow'] ?? false, 'follow')
      if (!force.ok) return refusal(400, force.sentence)
      if (!follow.ok) return refusal(400, follow.sentence)
      const may = await operations.mayStop(force.value)
      if (!may.ok) return answerOf(may)
      const stop = (): void => operations.stop(force.value, who)
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
      const changed = { server: params['name'] ?? '', class: of.value, maxRate: perSecond(rate.value) }
      return answerOf(await operations.setMaxRate(changed, who))
    }),
    post('/log-level', ['level'], async ({ body, who }) => {
      const level = wordOf(body['level'], 'level', LOG_LEVELS)
      return level.ok ? answerOf(await operations.setLogLevel(level.value, who)) : refusal(400, level.sentence)
    }),
  ]
}

const answerOf = (outcome: OperationResult, status = 200): Answer =>
  outcome.ok ? jsonAnswer(status, outcome.value) : refusal(outcome.status, outcome.error, outcome.more)
