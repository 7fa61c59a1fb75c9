/**
 * Putting a capture on the daemon's own grid of slots: its two clocks, the moment from which a rate holds, and what the
 * machine can do to keep other work out of a measurement.
 */
import type { Captured } from './capture.ts'
import { run } from './child.ts'
import type { Daemon } from './daemon.ts'

/**
 * How far the wall clock is ahead of the daemon's monotonic clock, microseconds. The daemon reads one after the other,
 * and may be interrupted in between: the median of several readings is one that was not.
 */
export const clockOffset = async (daemon: Daemon): Promise<number> => {
  const readings: number[] = []
  for (let n = 0; n < 7; n += 1) {
    const { clock } = await daemon.status()
    readings.push(clock.wall_us - clock.monotonic_us)
  }
  return readings.sort((a, b) => a - b)[3]!
}

/** What is measured is the timing of the daemon and its threads, not other work; without the right to ask, as it comes. */
export const preferred = async (daemon: Daemon): Promise<void> => {
  const asked = await run('chrt', ['--fifo', '--all-tasks', '--pid', '10', String(daemon.child.pid)]).catch(
    (error: Error) => error,
  )
  if (asked instanceof Error || asked.code !== 0) console.log('measuring at normal priority')
}

/** Monotonic microseconds at which the new rate of a reload began to hold: the whole second between two looks. */
export const rateHoldsFrom = async (daemon: Daemon, maxRate: number): Promise<number> => {
  let began = 0
  await daemon.reaches(({ clock, lanes }) => {
    began = Math.floor(clock.monotonic_us / 1_000_000) * 1_000_000
    return lanes[0]?.slots.maxRate === maxRate && lanes[0].slots.pendingMaxRate === undefined
  }, `a rate of ${maxRate}`)
  return began
}

/** The moments of captured packets on the daemon's monotonic clock, in order. */
export const onTheGrid = (packets: readonly Captured[], offset: number): number[] =>
  packets.map(({ wallMicros }) => wallMicros - offset).sort((a, b) => a - b)
