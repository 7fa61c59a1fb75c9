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
  /** Highest rates are found in steps of it. */
  readonly step: number
  /** Of one try in a search, and of a measurement at a fixed rate. */
  readonly trySeconds: number
  readonly fixedSeconds: number
}

export interface Bench {
  readonly workshop: Workshop
  readonly pace: Pace
  readonly kinds: readonly Kind[]
  readonly relays: readonly RelayName[]
  /** A line about how far it is. */
  say(line: string): void
}

export interface Verdict {
  readonly promise: string
  readonly measured: string
  /** VOID: it could not be measured rightly, so it proves nothing. */
  readonly outcome: 'PASS' | 'FAIL' | 'VOID'
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
