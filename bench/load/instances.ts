/**
 * One instance and two, in turn: what a second thread gains if generator, sink and radsluice share the machine.
 */
import { inTurn } from './compare.ts'
import { barsOf, comparedOf, latencyTable, rateTable } from './compare-report.ts'
import { startRadsluice } from './relays.ts'
import type { Bench, ScenarioReport } from './scenario.ts'
import type { Candidate } from './stand.ts'

const GUESS = 35_000

export async function instances(bench: Bench): Promise<ScenarioReport> {
  const candidates = [1, 2].map(
    (count): Candidate => ({
      label: count === 1 ? 'radsluice' : `radsluice, ${count} instances`,
      guess: GUESS,
      start: async (server) => await startRadsluice(bench.workshop, server, { instances: count }),
    }),
  )
  const rounds = await inTurn(bench, candidates)
  const compared = comparedOf(rounds)
  return {
    scenario: 'instances',
    about: `One instance beside two, medians of ${bench.pace.rounds} in turn; nothing is promised, this tells what is gained.`,
    tables: [rateTable(compared), latencyTable(compared)],
    bars: bench.kinds.flatMap((kind) => barsOf(compared, kind)),
    plots: [],
    verdicts: [],
    numbers: { compared, rounds },
  }
}
