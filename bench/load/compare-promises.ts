/**
 * What is promised of radsluice beside its peers and the bare relay, and what was measured: processor time of a request, the
 * highest rate, latencies, at once and with the default tick. Each promise has a goal beyond it.
 *
 * "The peers'" is the better peer's value of each figure: the cheaper one, the faster one. If a measurement on one side of a
 * promise has a fault, the verdict is VOID, also if a peer loses too much to be compared. If radsluice does, it is a miss.
 */
import type { Compared } from './compared.ts'
import type { Kind } from './generator.ts'
import type { Verdict } from './scenario.ts'

const PEERS: readonly string[] = ['radsecproxy', 'freeradius']
const BARE_RELAY = 'bare relay'
const CEILING = 'nothing'
const AT_ONCE = 'radsluice batched at once'
/** With the default tick; if it is not measured by this name, radsluice with its defaults stands for it. */
const TICKED = ['radsluice batched', 'radsluice'] as const

/** Times the cheaper peer's processor time of a request at 10,000/s. */
export const CPU_TARGETS = { atOnce: { most: 0.6, goal: 0.45 }, ticked: { most: 0.5, goal: 0.35 } } as const
/** Times the bare relay's at 30,000/s. */
export const BUSY_TARGET = { most: 2, goal: 1.5 } as const
/** Times the faster peer's highest rate. */
export const RATE_TARGET = { least: 1.6 } as const
/** Microseconds more than the peers'. */
export const LATENCY_TARGETS = { atOnce: { p50: 0, p99: 300 }, ticked: { p50: 500, p99: 1_000 } } as const
/** Microseconds of user time of a request at 10,000/s, all threads of the daemon. */
export const USER_MICROS_AT_MOST = 10
/** The ceiling is found in steps, too: so near is reached. */
const CEILING_SHARE = 0.95

/** The verdicts for one kind of request, as far as the relays that they need are there. */
export function promisesOf(all: readonly Compared[], kind: Kind): Verdict[] {
  const here = all.filter((one) => one.kind === kind)
  const byName = (name: string): Compared | undefined => here.find(({ relay }) => relay === name)
  const peers = here.filter(({ relay }) => PEERS.includes(relay))
  const atOnce = byName(AT_ONCE)
  const ticked = byName(TICKED[0]) ?? byName(TICKED[1])
  const bare = byName(BARE_RELAY)
  const one = (make: (ours: Compared) => Verdict, ours: Compared | undefined): Verdict[] =>
    ours === undefined ? [] : [make(ours)]
  const beside = (make: (ours: Compared) => Verdict, ours: Compared | undefined): Verdict[] =>
    peers.length === 0 ? [] : one(make, ours)
  return [
    ...beside((ours) => cpuVerdict(ours, peers, 'at once', CPU_TARGETS.atOnce), atOnce),
    ...beside((ours) => cpuVerdict(ours, peers, 'default tick', CPU_TARGETS.ticked), ticked),
    ...(bare === undefined ? [] : one((ours) => busyVerdict(ours, bare), ticked)),
    ...one(userVerdict, ticked),
    ...beside((ours) => rateVerdict(ours, peers, byName(CEILING)), ticked),
    ...beside((ours) => latencyVerdict(ours, peers, 'at once', LATENCY_TARGETS.atOnce), atOnce),
    ...beside((ours) => latencyVerdict(ours, peers, 'default tick', LATENCY_TARGETS.ticked), ticked),
  ]
}

interface Judged {
  readonly kind: Kind
  readonly promise: string
  readonly measured: string
  readonly holds: boolean
  readonly goal?: Verdict['goal']
  /** Ours first. */
  readonly sides: readonly [Compared, ...Compared[]]
}

function judged({ kind, promise, measured, holds, goal, sides }: Judged): Verdict {
  const [ours, ...others] = sides
  const fault = [...sides.map((one) => one.fault), ...others.map((one) => one.overload)].find(
    (one) => one !== undefined,
  )
  const why = fault ?? ours.overload
  const peers = sides.filter(({ relay }) => PEERS.includes(relay))
  const alone = peers.length === 1 ? ` (only ${peers[0]!.relay} is here)` : ''
  return {
    promise: `${kind}: ${promise}`,
    measured: `${measured}${alone}${why === undefined ? '' : `; but ${why}`}`,
    outcome: fault === undefined ? (holds && ours.overload === undefined ? 'PASS' : 'FAIL') : 'VOID',
    ...(goal === undefined ? {} : { goal }),
  }
}

function cpuVerdict(
  ours: Compared,
  peers: readonly Compared[],
  name: string,
  target: { readonly most: number; readonly goal: number },
): Verdict {
  const cheapest = least(peers.map(({ cpuMicros }) => cpuMicros?.median))
  const times = (ours.cpuMicros?.median ?? Number.NaN) / cheapest
  return judged({
    kind: ours.kind,
    promise: `CPU per request at 10,000/s, ${name}: at most ${target.most} x the cheaper peer's`,
    measured: `${fixed(ours.cpuMicros?.median)} us to ${fixed(cheapest)} us, ${timesOf(times)}`,
    holds: times <= target.most,
    goal: { promise: `${target.goal} x`, isMet: times <= target.goal },
    sides: [ours, ...peers],
  })
}

function busyVerdict(ours: Compared, bare: Compared): Verdict {
  const [mine, least] = [ours.busyCpuMicros?.median, bare.busyCpuMicros?.median]
  const times = (mine ?? Number.NaN) / (least ?? Number.NaN)
  // The cheapest of a few rounds says nothing of the others.
  const borne = Math.min(ours.busyRounds, bare.busyRounds)
  const isBorne = borne > ours.rounds / 2
  const seldom = isBorne ? '' : `; but only ${borne} of ${ours.rounds} rounds bore 30,000/s`
  return judged({
    kind: ours.kind,
    promise: `CPU per request at 30,000/s, default tick: at most ${BUSY_TARGET.most} x the bare relay's`,
    measured:
      mine === undefined || least === undefined
        ? 'one of them does not bear 30,000/s'
        : `${fixed(mine)} us to ${fixed(least)} us, ${timesOf(times)}${seldom}`,
    holds: isBorne && times <= BUSY_TARGET.most,
    goal: { promise: `${BUSY_TARGET.goal} x`, isMet: isBorne && times <= BUSY_TARGET.goal },
    sides: [ours, bare],
  })
}

const userVerdict = (ours: Compared): Verdict =>
  judged({
    kind: ours.kind,
    promise: `user time per request at 10,000/s, default tick: at most ${USER_MICROS_AT_MOST} us, all threads`,
    measured: `${fixed(ours.userMicros)} us${ours.threads.length === 0 ? '' : ` (${threadWords(ours)})`}`,
    holds: (ours.userMicros ?? Number.NaN) <= USER_MICROS_AT_MOST,
    sides: [ours],
  })

const threadWords = ({ threads }: Compared): string =>
  threads
    .slice(0, 3)
    .map(({ name, user }) => `${name} ${user.toFixed(1)}`)
    .join(', ')

function rateVerdict(ours: Compared, peers: readonly Compared[], ceiling: Compared | undefined): Verdict {
  const mine = ours.highest.median
  const fastest = Math.max(...peers.map(({ highest }) => highest.median))
  const times = mine / fastest
  const most = ceiling?.highest.median
  return judged({
    kind: ours.kind,
    promise: `highest rate, one instance: at least ${RATE_TARGET.least} x the better peer's`,
    measured: `${shown(mine)}/s to ${shown(fastest)}/s, ${timesOf(times)}${most === undefined ? '' : `; without any proxy ${shown(most)}/s`}`,
    holds: times >= RATE_TARGET.least,
    ...(most === undefined
      ? {}
      : { goal: { promise: `the harness's own ceiling, ${shown(most)}/s`, isMet: mine >= most * CEILING_SHARE } }),
    sides: [ours, ...peers],
  })
}

function latencyVerdict(
  ours: Compared,
  peers: readonly Compared[],
  name: string,
  more: { readonly p50: number; readonly p99: number },
): Verdict {
  const p50 = least(peers.map(({ fixed }) => fixed.p50))
  const p99 = least(peers.map(({ fixed }) => fixed.p99))
  const { fixed: mine } = ours
  const words = (quantile: string, micros: number): string =>
    micros === 0 ? `${quantile} at most the peers'` : `${quantile} at most the peers' + ${micros / 1_000} ms`
  return judged({
    kind: ours.kind,
    promise: `latency at 10,000/s, ${name}: ${words('p50', more.p50)}, ${words('p99', more.p99)}`,
    measured: `p50 ${shown(mine.p50)} us to ${shown(p50)} us, p99 ${shown(mine.p99)} us to ${shown(p99)} us`,
    holds: mine.p50 <= p50 + more.p50 && mine.p99 <= p99 + more.p99,
    ...(name === 'at once' ? { goal: { promise: 'both lower', isMet: mine.p50 < p50 && mine.p99 < p99 } } : {}),
    sides: [ours, ...peers],
  })
}

/** The least of those that are known; NaN where none is, which keeps no promise. */
function least(values: readonly (number | undefined)[]): number {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? Number.NaN : Math.min(...known)
}

/** A dash where one of the two is not known. */
export const timesOf = (times: number): string => (Number.isNaN(times) ? '-' : `${times.toFixed(2)} x`)
const fixed = (micros: number | undefined): string =>
  micros === undefined || Number.isNaN(micros) ? '-' : micros.toFixed(1)
const shown = (value: number): string => value.toLocaleString('en-US')
