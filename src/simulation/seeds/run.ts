/**
 * One seed, one world, all laws: what the tests, `npm run sim` and the mutation check are made of.
 *
 * The answer says whether a law was broken, and has a digest of everything that left: the same seed gives the same
 * digest. An exception of the engine is a broken law too: on this path nothing may throw.
 */
import { type Duration, micros } from '../../units.ts'
import { allLaws, checkLiveness } from '../laws/checkers.ts'
import { LoginLaw } from '../laws/health/login-law.ts'
import { BrokenLaw, type Observer } from '../world/observer.ts'
import { Digest } from '../world/run-log.ts'
import { World, type WorldPlan } from '../world/world.ts'
import { type RandomWorldSettings, randomWorld } from './random-world.ts'
import { troubledWorld } from './troubled-world.ts'

export interface RunResult {
  readonly seed: string | number
  /** What was broken, or undefined. */
  readonly broken: { readonly law: string; readonly message: string } | undefined
  readonly digest: string
  /** Things that happened in it. */
  readonly steps: number
}

/** A world of this seed with all laws; `watch` sees everything before the laws do. */
export const runSeed = (
  seed: string | number,
  o: Partial<RandomWorldSettings> & { readonly watch?: readonly Observer[] } = {},
): RunResult => {
  const { plan, end } = randomWorld(seed, o)
  return runPlan(plan, end, o.watch)
}

/** The world of this seed in which servers are in trouble; no login may be lost there, beside all laws. */
export const runTroubledSeed = (seed: string | number, o: { readonly watch?: readonly Observer[] } = {}): RunResult => {
  const { plan, spells, end } = troubledWorld(seed)
  return runPlan(plan, end, [...(o.watch ?? []), new LoginLaw(plan.clients, spells)])
}

/** The world of a plan until `end`, all laws watching; it must have settled by then. */
export const runPlan = (plan: WorldPlan, end: Duration, watch: readonly Observer[] = []): RunResult => {
  const digest = new Digest()
  const laws = plan.engine === undefined ? [] : allLaws(plan.engine)
  let world: World | undefined
  let broken: RunResult['broken']
  try {
    world = new World(plan, [digest, ...watch, ...laws])
    world.run(end)
    // A server that was too slow to the last is Down now, and rightly: it must be back when its dead time is over.
    const isDown = world.engine?.inspection.snapshot(world.now).lanes.some(({ state }) => state === 'down') ?? false
    if (isDown && plan.engine !== undefined) world.run(micros(end + plan.engine.deadServer.deadTime))
    checkLiveness(world)
  } catch (error) {
    broken = { law: error instanceof BrokenLaw ? error.law : 'exception', message: wordsOf(error) }
  }
  return { seed: plan.seed, broken, digest: digest.value, steps: world?.steps ?? 0 }
}

const wordsOf = (error: unknown): string => {
  if (error instanceof BrokenLaw) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
