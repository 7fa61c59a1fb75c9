/**
 * The comparison of radsluice with its peers, in several rounds of one run.
 *
 * In each round every relay is started anew and alone, warmed up, measured at 10,000 and 30,000 requests a second, driven to
 * its highest rate, and measured at half of that. "nothing" is the harness's own ceiling. The results are medians over the rounds. Each round has all relays, so a machine that becomes
 * slower is slower for all.
 */
import { compareReport } from './compare-report.ts'
import { comparedOf, type RoundOf } from './compared.ts'
import type { Kind } from './generator.ts'
import { type RelayName, startRelay, whyMissing } from './relays.ts'
import type { Bench, ScenarioReport } from './scenario.ts'
import { type Candidate, roundsOf, toldShort } from './stand.ts'

const GUESSES: Readonly<Record<RelayName, number>> = {
  nothing: 100_000,
  'bare relay': 100_000,
  radsluice: 35_000,
  'radsluice dgram': 35_000,
  'radsluice batched at once': 50_000,
  'radsluice batched': 50_000,
  radsecproxy: 15_000,
  freeradius: 15_000,
}

export async function compare(bench: Bench): Promise<ScenarioReport> {
  const { here, missing } = presentRelays(bench)
  const rounds = await inTurn(
    bench,
    here.map((name) => relayCandidate(bench, name)),
  )
  return compareReport({ rounds, missing, pace: bench.pace })
}

/** The relays that can take part, and why others can't. */
export function presentRelays(bench: Bench): { readonly here: readonly RelayName[]; readonly missing: string[] } {
  const missing = bench.relays.map((name) => whyMissing(bench.workshop, name)).filter((why) => why !== undefined)
  for (const why of missing) bench.say(`left out: ${why}`)
  return { here: bench.relays.filter((name) => whyMissing(bench.workshop, name) === undefined), missing }
}

export const relayCandidate = (bench: Bench, name: RelayName): Candidate => ({
  label: name,
  guess: GUESSES[name],
  start: async (server) => await startRelay(bench.workshop, name, server),
})

/** All rounds of all candidates. */
export async function inTurn(bench: Bench, candidates: readonly Candidate[]): Promise<RoundOf[]> {
  const rounds: RoundOf[] = []
  for (let round = 1; round <= bench.pace.rounds; round += 1) {
    for (const candidate of candidates) {
      const earlier = comparedOf(rounds).filter(({ relay }) => relay === candidate.label)
      const guessOf = (kind: Kind): number =>
        earlier.find((one) => one.kind === kind)?.highest.median ?? candidate.guess
      for (const one of await roundsOf(bench, candidate, guessOf)) {
        rounds.push(one)
        bench.say(`round ${round}, ${candidate.label}, ${one.kind}: ${toldShort(one)}`)
      }
    }
  }
  return rounds
}
