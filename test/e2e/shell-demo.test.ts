/**
 * `radsluice demo`, as a newcomer runs it: it takes less than a minute, and the numbers show what they are there to show.
 */
import { expect, it } from 'vitest'
import { run } from './kit/child.ts'
import { RADSLUICE } from './kit/daemon.ts'

interface Side {
  readonly clients: { up: number; allUpAfter?: number; sent: number; answeredTooLate: number; seconds: number }
  readonly server: { received: number; answered: number; peakPerSecond: number; longestBacklog: number }
}
interface Measured {
  readonly storm: { readonly sessions: number }
  readonly capacity: number
  readonly maxRate: number
  readonly direct: Side
  readonly behind: Side
}

it('shows that the same storm which a server never survives is over in seconds behind the throttle', async () => {
  const began = performance.now()
  const { code, stdout, stderr } = await run(RADSLUICE, ['demo', '--json'], { limitMs: 90_000 })
  const { storm, capacity, maxRate, direct, behind } = JSON.parse(stdout) as Measured
  expect([code, stderr.includes('directly at the server')]).toEqual([0, true])
  expect(performance.now() - began).toBeLessThan(60_000)

  // Directly: the server works, and nearly all of its work comes too late.
  expect(direct.clients.up).toBeLessThan(storm.sessions / 2)
  expect(direct.clients.answeredTooLate).toBeGreaterThan(direct.clients.up)
  expect(direct.server.longestBacklog).toBeGreaterThan(capacity * 5)

  // Behind radsluice: everybody is up, and no second carried more than max_rate and the tolerance of one slot or two.
  expect(behind.clients.up).toBe(storm.sessions)
  expect(behind.clients.answeredTooLate).toBeLessThanOrEqual(storm.sessions / 20)
  expect(behind.server.peakPerSecond).toBeLessThanOrEqual(maxRate * 1.2)
  expect(behind.server.answered).toBeLessThanOrEqual(storm.sessions * 1.1)
})
