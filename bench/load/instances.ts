/**
 * One instance and two, in turn: what a second thread gains if generator, sink and radsluice share the machine.
 *
 * Many source addresses send, so that steering by address (`instances_by: address`) has something to spread. Two instances
 * are measured with each way of steering.
 */
import { inTurn } from './compare.ts'
import { barsOf, costTable, latencyTable, rateTable } from './compare-report.ts'
import { comparedOf } from './compared.ts'
import type { Settings } from './relay-settings.ts'
import { startRadsluice } from './relays.ts'
import type { Bench, ScenarioReport } from './scenario.ts'
import type { Candidate } from './stand.ts'

const GUESS = 35_000
const ADDRESSES = 64
const VARIANTS: Readonly<Record<string, Settings>> = {
  radsluice: { instances: 1 },
  'radsluice, 2 instances by port': { instances: 2, instances_by: 'port' },
  'radsluice, 2 instances by address': { instances: 2, instances_by: 'address' },
}

export async function instances(bench: Bench): Promise<ScenarioReport> {
  const candidates = Object.entries(VARIANTS).map(
    ([label, settings]): Candidate => ({
      label,
      guess: GUESS,
      addresses: ADDRESSES,
      start: async (server) => await startRadsluice(bench.workshop, server, settings),
    }),
  )
  const rounds = await inTurn(bench, candidates)
  const compared = comparedOf(rounds)
  return {
    scenario: 'instances',
    about: `One instance beside two, ${ADDRESSES} source addresses, medians of ${bench.pace.rounds} in turn; nothing is promised, this tells what is gained.`,
    tables: [rateTable(compared), costTable(compared), latencyTable(compared)],
    bars: bench.kinds.flatMap((kind) => barsOf(compared, kind)),
    plots: [],
    verdicts: [],
    numbers: { compared, rounds },
  }
}
