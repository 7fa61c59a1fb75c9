/**
 * What each entry into the engine costs while many messages wait: a thousand or a million, of ten clients or 20,000, for one
 * server or fifty (`engine-cost.ts --crowds`).
 *
 * The entries are those whose steps a test counts (test/sim/crowd-entries.ts). Here each call is timed, and the median of all
 * calls of a kind is printed, in microseconds. The longest call includes a garbage collection, or the growth of a table.
 */
import { performance } from 'node:perf_hooks'
import { writeData } from '../src/commands/terminal/output.io.ts'
import type { CrowdSize } from '../test/sim/crowd.ts'
import { type Costs, costsOf } from '../test/sim/crowd-entries.ts'

const CROWDS: readonly CrowdSize[] = [
  { waiting: 1_000, clients: 10, servers: 1 },
  { waiting: 1_000, clients: 20_000, servers: 50 },
  { waiting: 1_000_000, clients: 10, servers: 1 },
  { waiting: 1_000_000, clients: 20_000, servers: 50 },
]

const timeOf = (act: () => void): number => {
  const began = performance.now()
  act()
  return (performance.now() - began) * 1_000
}

export function showCrowds(): void {
  // The first crowd once for nothing, so that the code is compiled.
  const [first] = CROWDS
  if (first !== undefined) costsOf(first, timeOf)
  const all = CROWDS.map((size) => costsOf(size, timeOf))
  const sizes = CROWDS.map(({ waiting, clients, servers }) => `${waiting} wait, ${clients} clients, ${servers} servers`)
  writeData(`| entry | ${sizes.join(' | ')} |`)
  writeData(`|---|${CROWDS.map(() => '--:|').join('')}`)
  for (const entry of all[0]?.keys() ?? []) {
    writeData(`| ${entry} | ${all.map((costs) => medianOf(costs, entry)).join(' | ')} |`)
  }
}

/** Median and longest, in microseconds. */
const medianOf = (costs: Costs, entry: string): string => {
  const sorted = [...(costs.get(entry) ?? [])].sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]
  const longest = sorted.at(-1)
  return median === undefined || longest === undefined ? '-' : `${median.toFixed(1)} (${longest.toFixed(0)})`
}
