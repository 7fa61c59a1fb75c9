/**
 * `radsluice demo`, as a newcomer runs it: the numbers show what they are there to show.
 */
import { expect, it } from 'vitest'
import { run } from './kit/child.ts'
import { RADSLUICE } from './kit/daemon.ts'

interface Side {
  readonly other: { begun: number; up: number; givenUp: number; medianWait?: number; longestWait?: number }
  readonly clients: { up: number; allUpAfter?: number; sent: number; answeredTooLate: number; seconds: number }
  readonly server: { received: number; answered: number; peakPerSecond: number; longestBacklog: number }
}
interface Measured {
  readonly storm: { readonly sessions: number }
  readonly capacity: number
  readonly direct: Side
  readonly behind: Side
}

it('shows that the same storm which a server never survives is over in seconds behind the throttle', async () => {
  const { code, stdout, stderr } = await run(RADSLUICE, ['demo', '--json'], { limitMs: 90_000 })
  expect(code, stderr).toBe(0)
  expect(stderr).toContain('directly at the server')
  const { storm, capacity, direct, behind } = JSON.parse(stdout) as Measured

  // Directly: the server works, and nearly all of its work comes too late.
  expect(direct.clients.up).toBeLessThan(storm.sessions / 2)
  expect(direct.clients.answeredTooLate).toBeGreaterThan(direct.clients.up)
  expect(direct.server.longestBacklog).toBeGreaterThan(capacity * 5)

  // Behind radsluice: everybody is up. The peak is what the demo server saw when it came to read its socket, which a busy
  // machine blurs; slot by slot it is judged on the wire (throttle.test.ts).
  expect(behind.clients.up).toBe(storm.sessions)
  expect(behind.clients.answeredTooLate).toBeLessThanOrEqual(storm.sessions / 20)
  expect(behind.server.peakPerSecond).toBeLessThan(direct.server.peakPerSecond / 4)
  expect(behind.server.answered).toBeLessThanOrEqual(storm.sessions * 1.1 + behind.other.begun)

  // The other BNG: directly it is in the same queue; behind radsluice each of its logins has its turn.
  expect(direct.other.begun).toBeGreaterThan(20)
  expect(direct.other.up).toBeLessThan(direct.other.begun / 2)
  expect(direct.other.medianWait).toBeUndefined()
  expect(behind.other).toMatchObject({ up: behind.other.begun, givenUp: 0 })
  expect(behind.other.begun).toBeGreaterThan(20)
})
