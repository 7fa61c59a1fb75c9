/**
 * Finds the highest rate that a relay bears: steps up or down from a guess, bisection of the interval, then confirmation.
 *
 * Each rate is `resolution` above the one before, so a slow relay and a fast one are told apart equally well. A rate that fails
 * is tried once more, since another process may have had the processor. The result must also hold: what is borne for a second
 * may only be stored, so the last question asks for a longer try, and for the next rate below where that fails. This is a
 * generator of questions. Its caller runs the load and answers yes or no.
 */
export interface Search {
  /** How far neighbouring rates are apart: 0.05 is 5 %. */
  readonly resolution: number
  /** No rate below or above these is tried. */
  readonly least: number
  readonly most: number
  /** Where to begin; the nearest rate within the bounds is taken. */
  readonly guess: number
}

/** Is this rate borne? */
export interface Question {
  /** Requests a second. */
  readonly rate: number
  /** True where it is about to be the result, so that it has to be borne for longer. */
  readonly mustHold: boolean
}

/** Rates are multiples of this: a plan with odd rates can't be read. */
const ROUND = 10

/** Yields rates to try; returns the highest that was borne, 0 where not even the least was. */
export function* searchHighest({ resolution, least, most, guess }: Search): Generator<Question, number, boolean> {
  const placeOf = (rate: number): number => Math.log(rate / least) / Math.log(1 + resolution) + 1
  const rateAt = (place: number): number =>
    place === 0 ? 0 : Math.round((least * (1 + resolution) ** (place - 1)) / ROUND) * ROUND
  const last = Math.floor(placeOf(most) + 1e-9)
  let place = Math.min(last, Math.max(1, Math.round(placeOf(Math.max(guess, least)))))
  let good = 0
  let bad = last + 1
  for (let stride = 1; good < place && place < bad; stride *= 2) {
    if (yield* isBorne(rateAt(place), false)) good = place
    else bad = place
    // Outwards while only one side is known.
    if (bad > last) place = Math.min(last, place + stride)
    else if (good === 0) place = Math.max(1, place - stride)
  }
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (yield* isBorne(rateAt(middle), false)) good = middle
    else bad = middle
  }
  while (good > 0 && !(yield* isBorne(rateAt(good), true))) good -= 1
  return rateAt(good)
}

function* isBorne(rate: number, mustHold: boolean): Generator<Question, boolean, boolean> {
  return (yield { rate, mustHold }) || (yield { rate, mustHold })
}
