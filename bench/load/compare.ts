/**
 * The comparison of radsluice with its peers, in several rounds of one run.
 *
 * In each round every relay is started anew, warmed up, measured at 10,000 requests a second, driven to its highest rate, and
 * measured at half of that. The results are medians over the rounds. Each round has all relays, so a machine that becomes
 * slower is slower for all.
 */
import { comparedOf, compareReport, type RoundOf } from './compare-report.ts'
import { type RelayName, startRelay, whyMissing } from './relays.ts'
import type { Bench, ScenarioReport } from './scenario.ts'
import { type Candidate, roundOf, toldShort } from './stand.ts'

const GUESSES: Readonly<Record<RelayName, number>> = {
  nothing: 100_000,
  'bare relay': 100_000,
  radsluice: 35_000,
  radsecproxy: 15_000,
  freeradius: 15_000,
}

export async function compare(bench: Bench): Promise<ScenarioReport> {
  const missing = bench.relays.map((name) => whyMissing(name)).filter((why) => why !== undefined)
  for (const why of missing) bench.say(`left out: ${why}`)
  const candidates = bench.relays
    .filter((name) => whyMissing(name) === undefined)
    .map((name) => ({
      label: name,
      guess: GUESSES[name],
      start: async (server: Parameters<Candidate['start']>[0]) => await startRelay(bench.workshop, name, server),
    }))
  return compareReport({ rounds: await inTurn(bench, candidates), missing, pace: bench.pace })
}

/** All rounds of all candidates. */
export async function inTurn(bench: Bench, candidates: readonly Candidate[]): Promise<RoundOf[]> {
  const rounds: RoundOf[] = []
  for (let round = 1; round <= bench.pace.rounds; round += 1) {
    for (const candidate of candidates) {
      for (const kind of bench.kinds) {
        const before = comparedOf(rounds).find((one) => one.relay === candidate.label && one.kind === kind)
        const one = await roundOf(bench, candidate, kind, before?.highest.median ?? candidate.guess)
        rounds.push(one)
        bench.say(`round ${round}, ${candidate.label}, ${kind}: ${toldShort(one)}`)
      }
    }
  }
  return rounds
}
