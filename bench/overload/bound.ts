/**
 * A bound that no policy can beat: service plus the time in which nobody can be calling.
 *
 * A session's calls cannot begin at any time, whatever the line does. The first begins within 2 s. Each later one begins after
 * the patience of the one before and a pause of 8 to 12 s. So the k-th calls of all sessions lie in a window, from the earliest
 * begin to the latest end. At first there are gaps between these windows; later they overlap. Outside of all windows the
 * server has nothing useful to do. The bound is the moment by which the windows were open for as long as the server needs for
 * all sessions. Sessions that are up call no more, so the true windows are narrower, and the bound stays a bound.
 */
import { gapAfter, type LoginRetransmission } from '../../src/simulation/peers/nas-plan.ts'
import { MICROS_PER_SECOND } from '../../src/units.ts'
import { CAPACITY, DIAL_WITHIN, type Storm } from './storm.ts'

interface Window {
  readonly from: number
  readonly to: number
}

/** Seconds from the start of the storm. */
export function boundOf({ sessions, kinds, restart, until }: Storm): number {
  const down = restart === undefined ? [] : [{ from: restart.at, to: restart.at + restart.downFor }]
  const windows = kinds.flatMap(({ authentication }) => windowsOf(authentication, until))
  let missing = (sessions / CAPACITY) * MICROS_PER_SECOND
  for (const { from, to } of without(united(windows), down)) {
    if (to - from >= missing) return (from + missing) / MICROS_PER_SECOND
    missing -= to - from
  }
  return until / MICROS_PER_SECOND
}

/** When the first, second, third ... calls of such sessions can be. */
function windowsOf(login: LoginRetransmission, until: number): Window[] {
  const { tries, jitter = 0, redialAfter, redialSpread = 0 } = login
  const patience = Array.from({ length: tries }, (_, copy) => gapAfter(login, copy + 1)).reduce<number>(
    (a, b) => a + b,
    0,
  )
  const windows: Window[] = []
  let earliest = 0
  let latest: number = DIAL_WITHIN
  while (earliest < until) {
    windows.push({ from: earliest, to: latest + patience * (1 + jitter) })
    earliest += patience * (1 - jitter) + redialAfter * (1 - redialSpread)
    latest += patience * (1 + jitter) + redialAfter * (1 + redialSpread)
  }
  return windows
}

/** Those that overlap or touch, as one. */
function united(windows: readonly Window[]): Window[] {
  const apart: Window[] = []
  for (const { from, to } of windows.toSorted((a, b) => a.from - b.from)) {
    const last = apart.at(-1)
    if (last !== undefined && from <= last.to) apart[apart.length - 1] = { from: last.from, to: Math.max(last.to, to) }
    else apart.push({ from, to })
  }
  return apart
}

const without = (windows: readonly Window[], holes: readonly Window[]): Window[] =>
  holes.reduce<Window[]>(
    (left, hole) =>
      left.flatMap(({ from, to }) =>
        [
          { from, to: Math.min(to, hole.from) },
          { from: Math.max(from, hole.to), to },
        ].filter((part) => part.from < part.to),
      ),
    [...windows],
  )
