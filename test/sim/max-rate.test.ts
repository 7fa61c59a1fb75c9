/**
 * The example that explains the throttle: max-rate 5, max-outstanding 256. Five messages leave in a second; once 256 are
 * unanswered nothing leaves until one is answered or times out, whatever the rate allows (docs/throttling.md).
 */
import { describe, expect, it } from 'vitest'
import { deadServerOptions } from '../../src/simulation/world/basic-options.ts'
import { seconds } from '../../src/units.ts'
import { bng, homeServer, options, Rig } from './rig.ts'

const MESSAGES = 300
const TIMEOUT = 100
/** A tenth of jitter to either side. */
const FIRST_TIMEOUT = TIMEOUT * 0.9

/** 300 sessions dial at once, and the server takes it all in silence. */
const silence = (): Rig => {
  const clients = [bng({ sessions: MESSAGES })]
  const servers = [homeServer('silent')]
  const limits = { rate: 5, maxOutstanding: 256, timeout: seconds(TIMEOUT), maxRetries: 0 }
  const deadServer = deadServerOptions({ consecutiveFailures: 1_000 })
  const rig = new Rig({ engine: options(clients, servers, { limits, deadServer }), servers, clients })
  for (const server of rig.world.servers) server.die()
  return rig
}

describe('max-rate 5 with max-outstanding 256', () => {
  it('lets five leave in every second, one in each 200 ms, until 256 are unanswered', () => {
    const rig = silence().until(FIRST_TIMEOUT)
    // The first leaves as it comes, 200 us after it was sent; the others with the slots that follow.
    const times = Array.from({ length: 256 }, (_, index) => (index === 0 ? 0.0002 : index / 5))
    expect(rig.sent.map(({ at }) => at)).toEqual(times)
    expect(rig.sent.map(({ serial }) => serial)).toEqual(times.map((_, index) => index + 1))
    expect(rig.snapshot.classes.authentication).toMatchObject({ outstanding: 256, queued: MESSAGES - 256 })
  })

  it('lets one leave for an answer, at once where its slot is unused', () => {
    const rig = silence().until(60.05)
    expect(rig.sent).toHaveLength(256)
    rig.answer(rig.sent[100]!)
    rig.until(FIRST_TIMEOUT)
    expect(rig.sent.slice(256).map(({ at, serial }) => ({ at, serial }))).toEqual([{ at: 60.0502, serial: 257 }])
    expect(rig.snapshot.lanes[0]).toMatchObject({ outstanding: 256, queued: MESSAGES - 257 })
  })

  it('lets three leave for three answers, but one in a slot', () => {
    const rig = silence().until(61)
    for (const sent of rig.sent.slice(10, 13)) rig.answer(sent)
    rig.until(FIRST_TIMEOUT)
    expect(rig.sent.slice(256).map(({ at, serial }) => ({ at, serial }))).toEqual([
      { at: 61.0002, serial: 257 },
      { at: 61.2, serial: 258 },
      { at: 61.4, serial: 259 },
    ])
  })

  it('lets one leave for each time-out, and none before', () => {
    const rig = silence().until(FIRST_TIMEOUT)
    const waiting = MESSAGES - 256
    let freed = 0
    for (let time = FIRST_TIMEOUT; freed < waiting && time < 200; time += 0.2) {
      rig.until(time)
      freed = rig.snapshot.lanes[0]!.counters.timeouts
      const left = rig.sent.length - 256
      expect(left).toBeLessThanOrEqual(freed)
      expect(rig.snapshot.lanes[0]!.outstanding).toBe(256 + left - freed)
    }
    rig.until(200)
    expect(rig.sent.map(({ serial }) => serial)).toEqual(Array.from({ length: MESSAGES }, (_, index) => index + 1))
    expect(rig.sent[256]!.at).toBeGreaterThanOrEqual(FIRST_TIMEOUT)
  })
})
