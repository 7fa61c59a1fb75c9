/**
 * `radsluice stop`, `radsluice drain` and `radsluice resume`. A stop or a drain accepts no new message and finishes what is in
 * hand. A stop then ends the daemon. After a drain it stays, and `resume` accepts traffic again.
 *
 * A stop is refused while somebody is attached, and if something that was accepted would be lost, unless it is forced. Both follow
 * the daemon to its last message and say what was left, by class and kind. Exit 0 if nothing was left (and, for a stop, the
 * daemon is gone); 1 if something was, or if the connection broke before the daemon said so.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { EndingNews } from '../../admin/ending-stream.io.ts'
import { codeOf } from '../../coded-error.ts'
import type { Forecast, InHand } from '../../observe/view/in-hand.ts'
import { fateText, hindranceText, inHandText, isNothing, leftText } from '../../observe/view/in-hand-text.ts'
import { type AdminTarget, askFor, fetchStatus, follow } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS } from '../input/admin-options.ts'
import { type ExitCode, flag, numberOption, verb } from '../input/verb.ts'
import { say, writeJson, writeResult } from '../terminal/output.io.ts'

const ASK_EVERY_MS = 100
/** From the last message to the end of the process. */
const GONE_WITHIN_MS = 10_000

/** What the daemon says, a line each. */
type Message =
  | { readonly kind: 'begun'; readonly pid: number; readonly limitSeconds: number; readonly forecast: Forecast }
  | { readonly kind: 'in-hand'; readonly inHand: InHand }
  | EndingNews

const CUT =
  'the connection broke before the daemon said what was left; its log has it ("drain-unfinished", "stopped" or "fatal")'

export const stop = verb({
  examples: [
    [
      'stop',
      'accepts nothing new, finishes what is in hand within drain_limit, ends; refused if something would be lost',
    ],
    ['stop --force', 'ends after drain_limit whatever is left, even while somebody has top or trace open'],
  ],
  options: {
    force: flag('Even if something is lost, or somebody is attached.'),
    ...LIVE_OPTIONS,
  },
  run: async ({ force, json, ...target }): Promise<ExitCode> => {
    const { last, inHand, pid } = await followed(target, { path: '/stop', body: { force } }, json)
    if (last?.kind === 'stopped') {
      const isGone = await waitUntilGone(target, pid)
      const isClean = isNothing(last.left) && isGone
      const gone = isGone ? 'stopped' : 'it said its last word and still runs; look at its log'
      const left = isNothing(last.left) ? '' : `; left in hand: ${leftText(last.left)}`
      writeResult(json, { stopped: isGone, left: last.left }, () => [`${gone}${left}`])
      return isClean ? 0 : 1
    }
    if (last?.kind === 'not-stopped') {
      writeResult(json, { stopped: false, error: last.error, left: last.left }, () => [last.error])
      return 1
    }
    const seen = inHand === undefined ? '' : `; last seen in hand: ${leftText(inHand)}`
    writeResult(json, { stopped: undefined, error: CUT, lastSeen: inHand }, () => [`${CUT}${seen}`])
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
      ...numberOption('How long to wait until nothing is in hand.'),
      within: [0, 86_400],
      fraction: true,
      default: 60,
    },
    ...LIVE_OPTIONS,
  },
  run: async ({ seconds, json, ...target }): Promise<ExitCode> => {
    const begun = seconds > 0 ? undefined : ((await askFor(target, drainOf({}))) as { forecast: Forecast })
    if (begun !== undefined) sayHindrance(begun.forecast, json)
    const { last, inHand } =
      begun === undefined
        ? await followed(target, { path: '/drain', body: {} }, json, seconds)
        : { last: undefined, inHand: begun.forecast.classes }
    if (last?.kind === 'resumed') {
      const words = 'somebody has it take traffic again ("radsluice resume")'
      writeResult(json, { drained: false, resumed: true }, () => [words])
      return 1
    }
    if (last?.kind === 'stopped' || (last === undefined && inHand === undefined)) {
      const words = last === undefined ? CUT : `it has ended; left in hand: ${leftText(last.left)}`
      writeResult(json, { drained: false, error: 'it has ended', left: last?.left }, () => [words])
      return last !== undefined && isNothing(last.left) ? 0 : 1
    }
    const isDone = last?.kind === 'drained' || inHand === undefined || isNothing(inHand)
    writeResult(json, { drained: isDone, left: isDone ? undefined : inHand }, () => [
      isDone
        ? 'drained: nothing is in hand; "radsluice stop" ends it, "radsluice resume" takes traffic again'
        : `${inHandText(inHand)} left in hand; with a stop now: ${fateText(inHand)}`,
    ])
    return isDone || seconds === 0 ? 0 : 1
  },
})

export const resume = verb({
  examples: [
    ['resume', '/readyz is 200 again; refused while a stop is under way'],
    ['resume --json', 'the same for a program'],
  ],
  options: LIVE_OPTIONS,
  run: async ({ json, ...target }): Promise<ExitCode> => {
    const answer = (await askFor(target, { method: 'POST', path: '/resume', access: 'control' })) as {
      resumed: boolean
    }
    const words = answer.resumed ? 'it takes traffic again' : 'it was not draining: it takes traffic as before'
    writeResult(json, answer, () => [words])
    return 0
  },
})

const drainOf = (body: object) => ({ method: 'POST', path: '/drain', body, access: 'control' }) as const

interface Followed {
  /** The last message if it says the result; undefined if the time was over or the connection broke. */
  readonly last: EndingNews | undefined
  /** What was in hand, as last reported. */
  readonly inHand: InHand | undefined
  /** Of the daemon. */
  readonly pid?: number | undefined
}

/** Begins a drain or a stop and follows it to its end, for at most `seconds`. Says what is in hand. */
async function followed(
  target: AdminTarget,
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
    for await (const text of follow(target, asking, over.signal)) {
      const line = JSON.parse(text) as Message
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

/** Says what may keep it from finishing, and what helps: at its beginning, when something can still be done. */
function sayHindrance(forecast: Forecast, json: boolean): void {
  const words = hindranceText(forecast)
  if (!json && words !== undefined) say(words)
}

/** Whether that process ends within the time: nobody listens there any more, or another process does. */
async function waitUntilGone(target: AdminTarget, pid: number | undefined): Promise<boolean> {
  const until = performance.now() + GONE_WITHIN_MS
  while (performance.now() < until) {
    try {
      const status = await fetchStatus(target)
      if (pid !== undefined && status.pid !== pid) return true
    } catch (error) {
      // While it closes it may accept a connection and not answer.
      if (codeOf(error) === 'NOT_RUNNING') return true
    }
    await sleep(ASK_EVERY_MS)
  }
  return false
}
