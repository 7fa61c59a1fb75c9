/**
 * Asking a child process of this bench over the channel between the two, and ending it.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 30_000

/** @throws an Error where the child ends, or does not answer within 30 s. */
export async function ask<Answer>(child: ChildProcess, question: object, who: string): Promise<Answer> {
  const over = new AbortController()
  const { signal } = over
  const failed = (why: string) => (): never => {
    throw new Error(`bench: the ${who} ${why}`)
  }
  const answer = once(child, 'message', { signal }).then(([message]) => message as Answer)
  const ended = once(child, 'exit', { signal }).then(failed('ended'))
  const silent = sleep(PATIENCE_MS, undefined, { signal }).then(failed('does not answer'))
  child.send(question)
  try {
    return await Promise.race([answer, ended, silent])
  } finally {
    over.abort()
    await Promise.allSettled([answer, ended, silent])
  }
}

/** Closes the channel, on which such a child ends. Resolves when it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  if (child.connected) child.disconnect()
  await gone
}
