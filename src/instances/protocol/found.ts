/**
 * What somebody seeks in the instances, and what several of them found as one answer.
 */
import type { SessionReport } from '../../accounting/sessions/session-report.ts'
import type { Sought } from '../../accounting/sessions/session-rows.ts'
import type { FoundLearned } from '../../proxy/inspection.ts'
import { latestOf } from '../shared/sum.ts'

/** What tracked sessions must be; what is not given may be anything. */
export interface SoughtSessions extends Sought {
  /** No more than so many. */
  readonly limit: number
}

export interface FoundSessions {
  readonly sessions: readonly SessionReport[]
  /** Whether there are more than these. */
  readonly more: boolean
  /** Tracked and not ended, whatever was sought. */
  readonly tracked: number
}

/** Undefined if nobody tracks sessions. */
export function allSessions(found: readonly FoundSessions[], limit: number): FoundSessions | undefined {
  if (found.length === 0) return undefined
  const sessions = found.flatMap((one) => one.sessions)
  return {
    sessions: sessions.slice(0, limit),
    more: sessions.length > limit || found.some(({ more }) => more),
    tracked: found.reduce((sum, one) => sum + one.tracked, 0),
  }
}

/** All instances know what one has learned, but each has seen its own part of mixed signing. Undefined if none runs. */
export function allLearned(found: readonly FoundLearned[]): FoundLearned | undefined {
  const [first] = found
  return first && { ...first, mixed: found.map(({ mixed }) => mixed).reduce((a, b) => latestOf(a, b)) }
}
