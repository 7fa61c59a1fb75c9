/**
 * Numbers as people write them, for sentences: `20k`, `1.5M` and `20,000` are not taken, but what they mean is known, so that
 * the sentence can say what to write instead.
 */
const FACTOR_OF: Readonly<Record<string, number>> = { '': 1, k: 1_000, m: 1_000_000 }

/** The whole number that `text` means; undefined where it means none. */
export function meantNumber(text: string): number | undefined {
  const [, digits, factor = ''] = /^(\d+(?:\.\d+)?|\d{1,3}(?:[,_']\d{3})+)\s?([kKmM]?)$/.exec(text.trim()) ?? []
  if (digits === undefined) return undefined
  const value = Number(digits.replace(/[,_']/g, '')) * (FACTOR_OF[factor.toLowerCase()] ?? Number.NaN)
  const rounded = Math.round(value)
  return Number.isSafeInteger(rounded) && Math.abs(rounded - value) < 1e-6 ? rounded : undefined
}

/** `write 20000`, or else `advice`; what is not within the range is no advice. */
export function writeInstead(text: string, advice: string, within?: readonly [least: number, most: number]): string {
  const meant = meantNumber(text)
  const [least, most] = within ?? [0, Number.MAX_SAFE_INTEGER]
  return meant === undefined || String(meant) === text || meant < least || meant > most ? advice : `write ${meant}`
}
