/**
 * Runs the world of a seed with all laws, for the tests, `npm run sim` and the mutation check.
 *
 * The result says whether a law was broken, and has a digest of everything that left: the same seed gives the same digest.
 * An exception of the engine is a broken law too.
 */
import { type Duration, micros } from '../../units.ts'
import { allLaws, checkLiveness } from '../laws/all-laws.ts'
import { LoginLaw } from '../laws/health/login-law.ts'
import { Digest } from '../world/digest.ts'
import { BrokenLaw, type Observer } from '../world/observer.ts'
import { World, type WorldPlan } from '../world/world.ts'
import { randomWorld, type WorldChoice } from './random-world.ts'
import { troubledWorld } from './troubled-world.ts'

export interface RunResult {
  readonly seed: string | number
  readonly broken: { readonly law: string; readonly message: string } | undefined
  readonly digest: string
  /** Appointments that were kept. */
  readonly steps: number
}

interface Watch {
  /** These are told of everything before the laws are. */
  readonly watch?: readonly Observer[]
}

export const runSeed = (seed: string | number, o: Watch & WorldChoice = {}): RunResult => {
  const { plan, end } = randomWorld(seed, o)
  return runPlan(plan, end, o.watch)
}

/** The world of this seed in which servers are in trouble. No login may be lost there. */
export const runTroubledSeed = (
  seed: string | number,
  { watch = [], ...choice }: Watch & Pick<WorldChoice, 'hasTurns'> = {},
): RunResult => {
  const { plan, spells, end } = troubledWorld(seed, choice)
  return runPlan(plan, end, [...watch, new LoginLaw(plan.clients, spells)])
}

/** The world of a plan until `end`. It must have settled by then. */
export const runPlan = (plan: WorldPlan, end: Duration, watch: readonly Observer[] = []): RunResult => {
  const digest = new Digest()
  const laws = plan.engine === undefined ? [] : allLaws(plan.engine)
  let world: World | undefined
  let broken: RunResult['broken']
  try {
    world = new World(plan, [digest, ...watch, ...laws])
    world.run(end)
    // A server that was too slow until the end is Down, and rightly. It must be back when its dead time is over.
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
