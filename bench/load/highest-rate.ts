/**
 * Finds the highest rate that a relay bears: steps up or down from a guess, halves the interval, then confirms.
 *
 * A rate that fails is tried once more, since another process may have had the processor, and the result is tried once more
 * at the end. This is a generator of questions. Its caller runs the load and answers yes or no.
 */
export interface Search {
  /** Rates are multiples of it. */
  readonly step: number
  /** No rate above is tried. */
  readonly most: number
  /** Where to begin; the nearest multiple within the bounds is taken. */
  readonly guess: number
}

/** Yields rates to try; returns the highest that was borne, 0 where not even one step was. */
export function* searchHighest({ step, most, guess }: Search): Generator<number, number, boolean> {
  const last = Math.floor(most / step)
  let place = Math.min(last, Math.max(1, Math.round(guess / step)))
  let good = 0
  let bad = last + 1
  for (let stride = 1; good < place && place < bad; stride *= 2) {
    if (yield* isBorne(place * step)) good = place
    else bad = place
    // Outwards while only one side is known.
    if (bad > last) place = Math.min(last, place + stride)
    else if (good === 0) place = Math.max(1, place - stride)
  }
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (yield* isBorne(middle * step)) good = middle
    else bad = middle
  }
  while (good > 0 && !(yield* isBorne(good * step))) good -= 1
  return good * step
}

function* isBorne(rate: number): Generator<number, boolean, boolean> {
  return (yield rate) || (yield rate)
}
