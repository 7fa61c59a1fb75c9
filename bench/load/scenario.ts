/**
 * What a scenario of the bench gets, and what it returns: tables and bars for people, numbers for programs, verdicts on
 * promises. Others print, store and draw it.
 */
import type { Cell } from '../../src/commands/text/table.ts'
import type { Plot } from '../../src/pages/plot.ts'
import type { Kind } from './generator.ts'
import type { RelayName, Workshop } from './relays.ts'

/** How thorough a run is. Rates are requests a second. */
export interface Pace {
  readonly name: 'quick' | 'full'
  readonly rounds: number
  /** Highest rates are found to this share: 0.05 is 5 %. */
  readonly resolution: number
  /** Of one try in a search, of the one that confirms its result, and of a measurement at a fixed rate. */
  readonly trySeconds: number
  readonly holdSeconds: number
  readonly fixedSeconds: number
  /** Of a measurement of the long tail, of an idle time, and of a soak. */
  readonly tailSeconds: number
  readonly idleSeconds: number
  readonly soakSeconds: number
}

export interface Bench {
  readonly workshop: Workshop
  readonly pace: Pace
  readonly kinds: readonly Kind[]
  readonly relays: readonly RelayName[]
  /** The highest rate that is known already, requests a second; the soak measures it where this is undefined. */
  readonly knownRate: number | undefined
  /** A line about how far it is. */
  say(line: string): void
}

export interface Verdict {
  readonly promise: string
  readonly measured: string
  /** VOID: it could not be measured rightly, so it proves nothing. */
  readonly outcome: 'PASS' | 'FAIL' | 'VOID'
  /** What is hoped for beyond the promise. */
  readonly goal?: { readonly promise: string; readonly isMet: boolean }
}

export interface BenchTable {
  readonly title: string
  readonly heading: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** Values side by side, each with its own name. */
export interface Bars {
  readonly title: string
  readonly unit: string
  /** True where a small value is the good one. */
  readonly isLessBetter: boolean
  readonly bars: readonly { readonly label: string; readonly value: number; readonly isOurs: boolean }[]
}

export interface ScenarioReport {
  readonly scenario: string
  /** One sentence: what was done. */
  readonly about: string
  readonly tables: readonly BenchTable[]
  readonly bars: readonly Bars[]
  readonly plots: readonly Plot[]
  readonly verdicts: readonly Verdict[]
  /** Everything measured, as JSON. */
  readonly numbers: unknown
}

export type Scenario = (bench: Bench) => Promise<ScenarioReport>
