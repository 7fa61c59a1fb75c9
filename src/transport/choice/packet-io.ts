/**
 * Which packet I/O a daemon uses: `batched` or `dgram`, and why.
 *
 * Batched packet I/O calls native code, and a binary that does not fit ends the process: nothing in the process can catch that.
 * So a child process tests it first, and the result is kept for the next start. With `auto` no start waits for the test: the
 * daemon serves over dgram at once, tests while it serves, and uses batched packet I/O from the next start on. With `batched` the
 * start waits for the test. If it fails, the daemon serves over dgram all the same, with a warning.
 *
 * If starts over batched packet I/O ended early again and again (`start-marks.ts`), a start takes dgram, whatever was wanted.
 *
 * Pure: what is known goes in, the choice comes out. `chooser.io.ts` finds out, tests and keeps.
 */
import type { Duration } from '../../units.ts'
import type { SelfTestResult } from './self-test-result.ts'
import { MOST_EARLY_ENDS, SERVED_MS } from './start-marks.ts'

export type PacketIo = 'batched' | 'dgram'

/** As the setting `packet_io` says it. */
export type WantedPacketIo = PacketIo | 'auto'

/** Why it is this one: a label of a metric. docs/operating.md says what to do about each. */
export type PacketIoReason =
  | 'setting'
  | 'self-test-passed'
  | 'self-test-failed'
  | 'not-tested'
  | 'restart-needed'
  | 'ended-early'
  | 'koffi-missing'
  | 'platform'

export interface PacketIoChoice {
  readonly wanted: WantedPacketIo
  readonly use: PacketIo
  readonly because: PacketIoReason
  /** The same for people, and what to do. */
  readonly why: string
}

/** What the choice depends on. */
export interface PacketIoFacts {
  readonly wanted: WantedPacketIo
  /** As in `linux x64`: what `process` says of both. */
  readonly platform: string
  /** The version that is installed; undefined if none is. */
  readonly koffi: string | undefined
  /** Whether there is a folder for the result that nobody else can write to. */
  readonly canKeep: boolean
  /** Of a test with this koffi, Node.js, kernel and architecture; undefined if there was none. */
  readonly result: SelfTestResult | undefined
  /** How often this daemon ended early over batched packet I/O. */
  readonly earlyEnds: number
  /** The files that say so. */
  readonly marks: string
  /** What the daemon serves with since its start; undefined until then. */
  readonly serves: PacketIo | undefined
}

/** What an instance's thread must know. It holds until the daemon ends. */
export interface ThreadPacketIo {
  readonly use: PacketIo
  readonly batchTick: Duration
  readonly steersBy: 'port' | 'address'
}

/** `now`: the start waits for it. `beside`: the daemon serves meanwhile, and the result is for its next start. */
export type SelfTestTime = 'now' | 'beside' | 'never'

/** A failed test is repeated by each start: what was wrong may be mended. */
export function selfTestTime({ wanted, platform, koffi, result, earlyEnds }: PacketIoFacts): SelfTestTime {
  if (wanted === 'dgram' || !isFit(platform) || koffi === undefined || result?.ok === true) return 'never'
  if (earlyEnds >= MOST_EARLY_ENDS) return 'never'
  return wanted === 'batched' ? 'now' : 'beside'
}

export function choosePacketIo(facts: PacketIoFacts): PacketIoChoice {
  const { wanted, platform, koffi, result, serves } = facts
  const dgram = (because: PacketIoReason, why: string): PacketIoChoice => ({ wanted, use: 'dgram', because, why })
  if (wanted === 'dgram') return dgram('setting', 'packet_io is dgram')
  if (!isFit(platform))
    return dgram('platform', `batched packet I/O needs Linux on x64 or arm64, and this is ${platform}`)
  if (koffi === undefined) return dgram('koffi-missing', KOFFI_MISSING)
  if (facts.earlyEnds >= MOST_EARLY_ENDS) return dgram('ended-early', endedEarly(facts))
  if (result === undefined) return dgram('not-tested', untested(facts))
  if (!result.ok) return dgram('self-test-failed', `the self-test of batched packet I/O failed: ${result.why}`)
  const why = `batched packet I/O has passed its self-test here, with koffi ${koffi}`
  if (serves === 'dgram') return dgram('restart-needed', `${why}; radsluice uses it after a restart`)
  return { wanted, use: 'batched', because: 'self-test-passed', why }
}

/** Whether its structures and system calls are known here. */
export const isFit = (platform: string): boolean => ['linux x64', 'linux arm64'].includes(platform)

/** Whether the operator asked for what can't be had. */
export const isUnmet = ({ wanted, use }: PacketIoChoice): boolean => wanted === 'batched' && use === 'dgram'

const KOFFI_MISSING =
  'batched packet I/O needs the optional package koffi, which is not installed; install radsluice without --omit=optional'

const endedEarly = ({ earlyEnds, marks }: PacketIoFacts): string =>
  `radsluice ended within ${SERVED_MS / 1_000} s of a start over batched packet I/O, ${earlyEnds} times in a row and without a word, so koffi may not fit this machine; if something else ended it, delete ${marks} and restart radsluice`

/** Where nothing can be kept, each start is the first. */
function untested({ wanted, canKeep }: PacketIoFacts): string {
  const sentence = 'batched packet I/O was not tested here so far'
  if (wanted === 'batched') return `${sentence}; a start tests it and waits for the result`
  if (canKeep) return `${sentence}; it is tested while radsluice serves, and used after a restart if it passes`
  return `${sentence}, and there is no folder to keep a result in that only this user can write to; set CACHE_DIRECTORY (CacheDirectory= of the unit), or write packet_io: batched, which tests at each start`
}
