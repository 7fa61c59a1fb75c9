/**
 * `radsluice stop`, `radsluice drain` and `radsluice resume`: no new message is taken, and what is in hand finishes. A stop
 * then ends the daemon, a drain leaves it there, and `resume` takes traffic again.
 *
 * A stop is refused while somebody is attached, and where something that was accepted would be lost, unless forced. Both
 * follow the daemon to its last word and say what was left, by class and kind. Exit 0 when nothing was left (and, for a
 * stop, the daemon is gone), 1 when something was, or when the connection broke before the daemon said so.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '../../coded-error.ts'
import type { Forecast, InHand } from '../../observe/view/in-hand.ts'
import { fateText, hindranceText, inHandText, isNothing, leftText } from '../../observe/view/in-hand-text.ts'
import { type AdminTarget, askFor, fetchStatus, follow } from '../input/admin-client.io.ts'
import { ADMIN_OPTIONS } from '../input/admin-options.ts'
import { type ExitCode, JSON_OPTION, verb } from '../input/verb.ts'
import { say, writeData, writeJson } from '../terminal/output.io.ts'

const LOOK_EVERY_MS = 100
/** From the last word to the end of the process. */
const GONE_WITHIN_MS = 10_000

/** A line of the daemon's. */
type Line =
  | { readonly kind: 'begun'; readonly pid: number; readonly limitSeconds: number; readonly forecast: Forecast }
  | { readonly kind: 'in-hand'; readonly inHand: InHand }
  | { readonly kind: 'drained' }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'not-stopped'; readonly left: InHand; readonly error: string }
  | { readonly kind: 'stopped'; readonly left: InHand }

const CUT =
  'the connection broke before the daemon said what was left; its log has it ("drain-unfinished", "stopped" or "fatal")'

export const stop = verb({
  examples: [
    [
      'stop',
      'takes nothing new, finishes what is in hand within drain_limit, ends; refused where something would be lost',
    ],
    ['stop --force', 'ends after drain_limit whatever is left, also while somebody has top or trace open'],
  ],
  options: {
    force: {
      type: 'boolean',
      default: false,
      describe: 'Also where something is lost with it, or somebody is attached.',
    },
    ...ADMIN_OPTIONS,
    json: JSON_OPTION,
  },
  run: async ({ force, json, ...place }): Promise<ExitCode> => {
    const { last, inHand, pid } = await followed(place, { path: '/stop', body: { force } }, json)
    if (last?.kind === 'stopped') {
      const isGone = await waitUntilGone(place, pid)
      const isClean = isNothing(last.left) && isGone
      const gone = isGone ? 'stopped' : 'it said its last word and still runs; look at its log'
      if (json) writeJson({ stopped: isGone, left: last.left })
      else writeData(isNothing(last.left) ? gone : `${gone}; left in hand: ${leftText(last.left)}`)
      return isClean ? 0 : 1
    }
    if (last?.kind === 'not-stopped') {
      if (json) writeJson({ stopped: false, error: last.error, left: last.left })
      else writeData(last.error)
      return 1
    }
    if (json) writeJson({ stopped: undefined, error: CUT, lastSeen: inHand })
    else writeData(inHand === undefined ? CUT : `${CUT}; last seen in hand: ${leftText(inHand)}`)
    return 1
  },
})

export const drain = verb({
  examples: [
    ['drain', '/readyz turns 503; wait until nothing is in hand'],
    ['drain --seconds 0', 'the same without waiting'],
  ],
  options: {
    seconds: {
      type: 'number',
      within: [0, 86_400],
      fraction: true,
      default: 60,
      requiresArg: true,
      describe: 'How long to wait until nothing is in hand.',
    },
    ...ADMIN_OPTIONS,
    json: JSON_OPTION,
  },
  run: async ({ seconds, json, ...place }): Promise<ExitCode> => {
    const begun = seconds > 0 ? undefined : ((await askFor(place, drainOf({}))) as { forecast: Forecast })
    if (begun !== undefined) sayHindrance(begun.forecast, json)
    const { last, inHand } =
      begun === undefined
        ? await followed(place, { path: '/drain', body: {} }, json, seconds)
        : { last: undefined, inHand: begun.forecast.classes }
    if (last?.kind === 'resumed') {
      if (json) writeJson({ drained: false, resumed: true })
      else writeData('somebody has it take traffic again ("radsluice resume")')
      return 1
    }
    if (last?.kind === 'stopped' || (last === undefined && inHand === undefined)) {
      if (json) writeJson({ drained: false, error: 'it has ended', left: last?.left })
      else writeData(last === undefined ? CUT : `it has ended; left in hand: ${leftText(last.left)}`)
      return last !== undefined && isNothing(last.left) ? 0 : 1
    }
    const isDone = last?.kind === 'drained' || inHand === undefined || isNothing(inHand)
    if (json) writeJson({ drained: isDone, left: isDone ? undefined : inHand })
    else if (isDone)
      writeData('drained: nothing is in hand; "radsluice stop" ends it, "radsluice resume" takes traffic again')
    else writeData(`${inHandText(inHand)} left in hand; with a stop now: ${fateText(inHand)}`)
    return isDone || seconds === 0 ? 0 : 1
  },
})

export const resume = verb({
  examples: [
    ['resume', '/readyz is 200 again; refused while a stop is under way'],
    ['resume --json', 'the same for a program'],
  ],
  options: { ...ADMIN_OPTIONS, json: JSON_OPTION },
  run: async ({ json, ...place }): Promise<ExitCode> => {
    const told = (await askFor(place, { method: 'POST', path: '/resume', access: 'control' })) as { resumed: boolean }
    if (json) writeJson(told)
    else writeData(told.resumed ? 'it takes traffic again' : 'it was not draining: it takes traffic as before')
    return 0
  },
})

const drainOf = (body: object) => ({ method: 'POST', path: '/drain', body, access: 'control' }) as const

interface Followed {
  /** The last line, where it says what has become of it; undefined where the time was over or the connection broke. */
  readonly last: Exclude<Line, { kind: 'begun' | 'in-hand' }> | undefined
  /** What was in hand when that was last told. */
  readonly inHand: InHand | undefined
  /** Of the daemon. */
  readonly pid?: number | undefined
}

/** Begins a drain or a stop, and follows it to its last word, for so many seconds at most; says what is in hand. */
async function followed(
  place: AdminTarget,
  { path, body }: { readonly path: string; readonly body: object },
  json: boolean,
  seconds?: number,
): Promise<Followed> {
  const over = new AbortController()
  const timer = seconds === undefined ? undefined : setTimeout(() => over.abort(), seconds * 1_000)
  const asking = { method: 'POST', path, body: { ...body, follow: true }, access: 'control' } as const
  let inHand: InHand | undefined
  let pid: number | undefined
  let said = ''
  try {
    for await (const text of follow(place, asking, over.signal)) {
      const line = JSON.parse(text) as Line
      if (line.kind !== 'begun' && line.kind !== 'in-hand') return { last: line, inHand, pid }
      if (line.kind === 'begun') {
        pid = line.pid
        sayHindrance(line.forecast, json)
      }
      inHand = line.kind === 'begun' ? line.forecast.classes : line.inHand
      const words = inHandText(inHand)
      if (!json && words !== said && !isNothing(inHand)) say(`${words} in hand`)
      said = words
    }
  } catch (error) {
    if (json && error instanceof Error && 'body' in error) writeJson({ stopped: false, ...(error.body as object) })
    throw error
  } finally {
    clearTimeout(timer)
  }
  return { last: undefined, inHand, pid }
}

/** Why it may not come to its end, and what helps: said when it begins, since that is when something can be done. */
function sayHindrance(forecast: Forecast, json: boolean): void {
  const words = hindranceText(forecast)
  if (!json && words !== undefined) say(words)
}

/** Whether that process has gone, within a while: nobody listens there any more, or another process does. */
async function waitUntilGone(
  { admin, 'token-file': tokenFile }: AdminTarget,
  pid: number | undefined,
): Promise<boolean> {
  const until = performance.now() + GONE_WITHIN_MS
  while (performance.now() < until) {
    try {
      const status = await fetchStatus(admin, tokenFile)
      if (pid !== undefined && status.pid !== pid) return true
    } catch (error) {
      // While it closes it may take a connection and not answer.
      if (codeOf(error) === 'NOT_RUNNING') return true
    }
    await sleep(LOOK_EVERY_MS)
  }
  return false
}
