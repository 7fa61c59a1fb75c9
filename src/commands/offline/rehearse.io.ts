/**
 * Plays a scenario with radsluice and, if asked, without it: the same clients, seed and servers.
 *
 * It takes seconds of processor time, in one thread. A person at a terminal sees a progress bar. Nothing else is written here.
 */
import { codedError } from '../../coded-error.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import { Rehearsal, type Rehearsed, type Run, settingsText } from '../../simulation/rehearsal/rehearsal.ts'
import type { Scenario } from '../../simulation/rehearsal/scenario.ts'
import { worldsOf } from '../../simulation/rehearsal/scenario-worlds.ts'
import type { WorldPlan } from '../../simulation/world/world.ts'

const BAR_WIDTH = 30
const LEAST_MS_BETWEEN = 100

/** `from` says where the options come from. @throws a coded error if these options leave no room for the scenario. */
export function rehearse(
  scenario: Scenario,
  o: { readonly options: EngineOptions; readonly from: string; readonly withoutToo: boolean },
): Rehearsed {
  const worlds = worldsOf(scenario, o.options)
  if ('problem' in worlds) throw codedError('BAD_CONFIGURATION', worlds.problem)
  return {
    scenario,
    options: o.options,
    settings: settingsText(o.options, o.from),
    withRadsluice: played(scenario, worlds.withRadsluice, 'with radsluice   '),
    withoutRadsluice: o.withoutToo ? played(scenario, worlds.withoutRadsluice, 'without radsluice') : undefined,
  }
}

function played(scenario: Scenario, plan: WorldPlan, title: string): Run {
  const rehearsal = new Rehearsal(scenario, plan)
  const isWatched = process.stderr.isTTY === true
  let shownAt = 0
  while (rehearsal.advance()) {
    if (!isWatched || performance.now() - shownAt < LEAST_MS_BETWEEN) continue
    shownAt = performance.now()
    process.stderr.write(`\r\u001b[K${title} ${progressText(rehearsal)}`)
  }
  if (isWatched) process.stderr.write('\r\u001b[K')
  return rehearsal.finish()
}

/** A bar, and the same in words. */
function progressText({ done, seconds, sessionsUp }: Rehearsal): string {
  const bar = '#'.repeat(Math.round((done / seconds) * BAR_WIDTH)).padEnd(BAR_WIDTH, '.')
  return `[${bar}] ${done} of ${seconds} s, ${sessionsUp.toLocaleString('en-US')} sessions up`
}
