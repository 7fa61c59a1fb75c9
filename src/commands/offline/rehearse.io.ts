/**
 * Plays a scenario with radsluice and, if asked, without it: the same clients, seed and servers.
 *
 * It takes seconds of processor time, in one thread, and shows its progress. Nothing is written here.
 */
import { codedError } from '../../coded-error.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import { Rehearsal, type Rehearsed, type Run, settingsText } from '../../simulation/rehearsal/rehearsal.ts'
import type { Scenario } from '../../simulation/rehearsal/scenario.ts'
import { worldsOf } from '../../simulation/rehearsal/scenario-worlds.ts'
import type { WorldPlan } from '../../simulation/world/world.ts'
import { Progress } from '../terminal/progress.io.ts'

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
  const progress = new Progress(title)
  while (rehearsal.advance()) {
    const words = `${rehearsal.done} of ${rehearsal.seconds} s, ${rehearsal.sessionsUp.toLocaleString('en-US')} sessions up`
    progress.show(rehearsal.done, rehearsal.seconds, words)
  }
  progress.clear()
  return rehearsal.finish()
}
