/**
 * What several instances found, as one answer.
 */
import { describe, expect, it } from 'vitest'
import { allLearned, allSessions, type FoundSessions } from '../../../src/instances/protocol/found.ts'
import type { FoundLearned } from '../../../src/proxy/inspection.ts'

const found = (ids: readonly string[], changes: Partial<FoundSessions> = {}): FoundSessions => ({
  sessions: ids.map((session) => ({ session })) as unknown as FoundSessions['sessions'],
  ...{ more: false, tracked: 10 },
  ...changes,
})
const ids = (all: FoundSessions | undefined): unknown => all?.sessions.map(({ session }) => session)

describe('sessions of several instances', () => {
  it('are those of all, no more than were wanted, and what is left out is said', () => {
    const all = allSessions([found(['a', 'b']), found(['c'])], 3)
    expect([ids(all), all?.more, all?.tracked]).toEqual([['a', 'b', 'c'], false, 20])
    const some = allSessions([found(['a', 'b']), found(['c'])], 2)
    expect([ids(some), some?.more, some?.tracked]).toEqual([['a', 'b'], true, 20])
    expect(allSessions([found(['a'], { more: true }), found([])], 3)?.more).toBe(true)
  })

  it('are none where nobody tracks them', () => {
    expect(allSessions([], 3)).toBeUndefined()
  })
})

describe('what several instances have learned', () => {
  const learned = (name: string, at: number): FoundLearned =>
    ({ total: 4, mixed: [{ name, at, signedAt: at, unsignedAt: at }] }) as unknown as FoundLearned

  it('is what one of them knows, with what each has seen of mixed signing', () => {
    const all = allLearned([learned('bng', 1), learned('wlc', 2)])
    expect([all?.total, all?.mixed.length]).toEqual([4, 2])
    expect(allLearned([])).toBeUndefined()
  })
})
