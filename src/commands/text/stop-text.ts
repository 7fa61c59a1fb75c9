/**
 * What `radsluice stop`, `drain` and `resume` heard of the daemon, and the result: as a value for programs, as a line for
 * people, and as an exit code. The code is 0 only if the daemon did what was asked and nothing was left in hand; a drain that
 * nobody wanted to wait for is done when it has begun.
 */
import type { EndingNews } from '../../admin/ending-stream.io.ts'
import type { Forecast, InHand } from '../../observe/view/in-hand.ts'
import { fateText, hindranceText, inHandText, isNothing, leftText } from '../../observe/view/in-hand-text.ts'

/** From the last message to the end of the process. */
const GONE_WITHIN_MS = 10_000
const CUT =
  'the connection broke before the daemon said what was left; its log has it ("drain-unfinished", "stopped" or "fatal")'

/** What the daemon says, a line each. */
type Message =
  | { readonly kind: 'begun'; readonly pid: number; readonly forecast: Forecast }
  | { readonly kind: 'in-hand'; readonly inHand: InHand }
  | EndingNews

export interface StopProgress {
  /** The last message if it says the result; undefined until then, also if the time was over or the connection broke. */
  readonly last?: EndingNews
  /** What was in hand, as last reported. */
  readonly inHand?: InHand
  /** Of the daemon. */
  readonly pid?: number
  /** What is new, for people. */
  readonly says: readonly string[]
}

export interface Result {
  readonly value: object
  readonly line: string
  readonly code: 0 | 1
}

export function hear(before: StopProgress, text: string): StopProgress {
  const message = JSON.parse(text) as Message
  if (message.kind !== 'begun' && message.kind !== 'in-hand') return { ...before, last: message, says: [] }
  const heard = message.kind === 'begun' ? begun(message) : { ...before, inHand: message.inHand, says: [] }
  const words = inHandText(heard.inHand)
  const isSaid = isNothing(heard.inHand) || (before.inHand !== undefined && words === inHandText(before.inHand))
  return isSaid ? heard : { ...heard, says: [...heard.says, `${words} in hand`] }
}

/** What may keep it from finishing is said at its beginning, when something can still be done. */
export function begun({ pid, forecast }: { readonly pid: number; readonly forecast: Forecast }) {
  const hindrance = hindranceText(forecast)
  return { pid, inHand: forecast.classes, says: hindrance === undefined ? [] : [hindrance] }
}

/**
 * Whether the daemon has ended; undefined if it must be asked again. `seen` is the pid of the process that answers at its
 * address now, or the code of the error.
 */
export function hasGone(
  pid: number | undefined,
  seen: number | string | undefined,
  waitedMs: number,
): boolean | undefined {
  // Other errors say nothing: while it closes it may accept a connection and not answer.
  if (seen === 'NOT_RUNNING' || (typeof seen === 'number' && pid !== undefined && seen !== pid)) return true
  return waitedMs < GONE_WITHIN_MS ? undefined : false
}

export function stopResult({ last, inHand }: StopProgress, isGone: boolean): Result {
  if (last?.kind === 'stopped') {
    const isClean = isNothing(last.left)
    const gone = isGone ? 'stopped' : 'it said its last word and still runs; look at its log'
    const left = isClean ? '' : `; left in hand: ${leftText(last.left)}`
    return { value: { stopped: isGone, left: last.left }, line: `${gone}${left}`, code: isClean && isGone ? 0 : 1 }
  }
  if (last?.kind === 'not-stopped') {
    return { value: { stopped: false, error: last.error, left: last.left }, line: last.error, code: 1 }
  }
  const seen = inHand === undefined ? '' : `; last seen in hand: ${leftText(inHand)}`
  return { value: { stopped: undefined, error: CUT, lastSeen: inHand }, line: `${CUT}${seen}`, code: 1 }
}

export function drainResult({ last, inHand }: StopProgress, seconds: number): Result {
  if (last?.kind === 'resumed') {
    const line = 'somebody has it take traffic again ("radsluice resume")'
    return { value: { drained: false, resumed: true }, line, code: 1 }
  }
  if (last?.kind === 'stopped' || (last === undefined && inHand === undefined)) {
    const line = last === undefined ? CUT : `it has ended; left in hand: ${leftText(last.left)}`
    const value = { drained: false, error: 'it has ended', left: last?.left }
    return { value, line, code: last !== undefined && isNothing(last.left) ? 0 : 1 }
  }
  if (last?.kind === 'drained' || inHand === undefined || isNothing(inHand)) {
    const line = 'drained: nothing is in hand; "radsluice stop" ends it, "radsluice resume" takes traffic again'
    return { value: { drained: true }, line, code: 0 }
  }
  const line = `${inHandText(inHand)} left in hand; with a stop now: ${fateText(inHand)}`
  return { value: { drained: false, left: inHand }, line, code: seconds === 0 ? 0 : 1 }
}

export const resumedText = ({ resumed }: { readonly resumed: boolean }): string =>
  resumed ? 'it takes traffic again' : 'it was not draining: it takes traffic as before'
