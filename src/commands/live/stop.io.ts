/**
 * `radsluice stop`, `radsluice drain` and `radsluice resume`. A stop or a drain accepts no new message and finishes what is in
 * hand. A stop then ends the daemon. After a drain it stays, and `resume` accepts traffic again.
 *
 * A stop is refused while somebody is attached, and if something that was accepted would be lost, unless it is forced. Both follow
 * the daemon to its last message and say what was left, by class and kind. Exit 0 if nothing was left (and, for a stop, the
 * daemon is gone); 1 if something was, or if the connection broke before the daemon said so.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '../../coded-error.ts'
import { type AdminTarget, askFor, fetchStatus, follow } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS } from '../input/admin-options.ts'
import { type ExitCode, flag, numberOption, verb } from '../input/verb.ts'
import { say, writeJson, writeResult } from '../terminal/output.io.ts'
import {
  begun,
  drainResult,
  hasGone,
  hear,
  type Result,
  resumedText,
  type StopProgress,
  stopResult,
} from '../text/stop-text.ts'

const ASK_EVERY_MS = 100

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
  run: async ({ force, json, ...target }) => {
    const heard = await followed(target, { path: '/stop', body: { force } }, json)
    const isGone = heard.last?.kind === 'stopped' && (await waitUntilGone(target, heard.pid))
    return written(json, stopResult(heard, isGone))
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
  run: async ({ seconds, json, ...target }) => {
    const asking = { path: '/drain', body: {} }
    const heard =
      seconds > 0
        ? await followed(target, asking, json, seconds)
        : said(json, begun(await askFor<Parameters<typeof begun>[0]>(target, { method: 'POST', ...asking })))
    return written(json, drainResult(heard, seconds))
  },
})

export const resume = verb({
  examples: [
    ['resume', '/readyz is 200 again; refused while a stop is under way'],
    ['resume --json', 'the same for a program'],
  ],
  options: LIVE_OPTIONS,
  run: async ({ json, ...target }) => {
    const answer = await askFor<{ resumed: boolean }>(target, { method: 'POST', path: '/resume' })
    return written(json, { value: answer, line: resumedText(answer), code: 0 })
  },
})

function written(json: boolean, { value, line, code }: Result): ExitCode {
  writeResult(json, value, () => [line])
  return code
}

function said(json: boolean, heard: StopProgress): StopProgress {
  if (!json) for (const line of heard.says) say(line)
  return heard
}

/** Begins a drain or a stop and follows it to its end, for at most `seconds`. Says what is in hand. */
async function followed(
  target: AdminTarget,
  { path, body }: { readonly path: string; readonly body: object },
  json: boolean,
  seconds?: number,
): Promise<StopProgress> {
  const over = new AbortController()
  const timer = seconds === undefined ? undefined : setTimeout(() => over.abort(), seconds * 1_000)
  let heard: StopProgress = { says: [] }
  try {
    const request = { method: 'POST', path, body: { ...body, follow: true } } as const
    for await (const text of follow(target, request, over.signal)) {
      heard = said(json, hear(heard, text))
      if (heard.last !== undefined) break
    }
    return heard
  } catch (error) {
    if (json && error instanceof Error && 'body' in error) writeJson({ stopped: false, ...(error.body as object) })
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Whether that process ends within the time: nobody listens there any more, or another process does. */
async function waitUntilGone(target: AdminTarget, pid: number | undefined): Promise<boolean> {
  const began = performance.now()
  for (;;) {
    const seen = await fetchStatus(target).then((status) => status.pid, codeOf)
    const isGone = hasGone(pid, seen, performance.now() - began)
    if (isGone !== undefined) return isGone
    await sleep(ASK_EVERY_MS)
  }
}
