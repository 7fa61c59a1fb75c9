/**
 * Supervisors kill what takes too long to end: what deploy/ and docs/ tell them must leave room for `drain_limit` and for
 * closing.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loaded } from './fixture.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const drainLimitSeconds = loaded({}).drain_limit / 1_000_000
/** The last word, the log, the sockets. */
const CLOSING_SECONDS = 5

const secondsIn = (text: string, pattern: RegExp): number[] =>
  [...text.matchAll(pattern)].map(([, found]) => Number(found))

describe('the time that supervisors give a stop', () => {
  it('is longer than drain_limit in the unit for systemd, by what its comment says', () => {
    const unit = read('deploy/systemd/radsluice.service')
    const [timeout = 0] = secondsIn(unit, /^TimeoutStopSec=(\d+)$/gm)
    const [longest = 0] = secondsIn(unit, /drain_limit that goes with it: (\d+) s/g)
    expect(timeout).toBeGreaterThanOrEqual(longest + CLOSING_SECONDS)
    expect(longest).toBeGreaterThanOrEqual(drainLimitSeconds)
    expect(read('docs/operating.md')).toContain(`(${timeout} there, so \`drain_limit\` up to ${longest} s)`)
  })

  it.each(['docs/operating.md', 'Dockerfile'])(
    'is longer than the usual drain_limit in what %s gives Docker',
    (path) => {
      const given = secondsIn(read(path).replace(/\s+/g, ' '), /--stop-timeout (\d+)/g)
      expect(given.length).toBeGreaterThan(0)
      for (const seconds of given) expect(seconds).toBeGreaterThanOrEqual(drainLimitSeconds + CLOSING_SECONDS)
    },
  )
})
