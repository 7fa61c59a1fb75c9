/**
 * Walks through all orders in which a few events and the steps that follow them can happen, with a law that is checked
 * after each of them.
 *
 * An event comes from outside, and a test says how many there may be. A step happens by itself, as an answer that arrives or a
 * timer that is due. Where no step is left, the world is at rest. From states with the same key the walk goes on once.
 */

export interface Interleaved {
  /** The events that can happen now, by name. */
  events(): readonly string[]
  /** The steps that can happen now, by name. */
  steps(): readonly string[]
  happen(choice: string): void
  /** Throws if the law does not hold now. */
  check(): void
  /** Throws if the law of a world at rest does not hold. */
  checkRest(): void
  /** The same text for states in which the same can happen and the same must hold. */
  key(): string
}

/** Visits all states that up to so many events lead to; answers how many there are, and how many at rest. */
export const walkAll = (
  begin: () => Interleaved,
  events: number,
): { readonly states: number; readonly rests: number } => {
  const seen = new Set<string>()
  const todo: { readonly choices: readonly string[]; readonly left: number }[] = [{ choices: [], left: events }]
  let rests = 0
  for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
    const { choices, left } = one
    const world = begin()
    // The states on the way here were checked when they were the last one. This one is, before its key is looked up: two
    // ways into one state may differ in what the law finds.
    try {
      for (const choice of choices) world.happen(choice)
      world.check()
      if (world.steps().length === 0) world.checkRest()
    } catch (error) {
      throw new Error(`after ${choices.join(', ')}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      })
    }
    const key = `${left} ${world.key()}`
    if (seen.has(key)) continue
    seen.add(key)
    const steps = world.steps()
    if (steps.length === 0) rests += 1
    for (const step of steps) todo.push({ choices: [...choices, step], left })
    for (const event of left === 0 ? [] : world.events()) todo.push({ choices: [...choices, event], left: left - 1 })
  }
  return { states: seen.size, rests }
}
