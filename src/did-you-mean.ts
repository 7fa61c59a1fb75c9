/**
 * "Did you mean": the known words that are similar to a wrong one.
 */

/** The words within a third of the wrong word's length in edits, best first, at most three. */
export function similarWords(wrong: string, known: readonly string[]): string[] {
  const word = wrong.toLowerCase()
  const most = Math.max(1, Math.floor(word.length / 3))
  return known
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** `; did you mean "a" or "b"?`, or nothing if no word is similar. */
export function didYouMean(similar: readonly string[]): string {
  return similar.length === 0 ? '' : `; did you mean ${similar.map((word) => `"${word}"`).join(' or ')}?`
}

/** More names would fill a screen. */
const MOST_NAMES = 10

/** `there are "a", "b"`: names that exist, similar ones first, ten at most. */
export function thereAre(wrong: string, known: readonly string[]): string {
  if (known.length === 0) return 'there are none'
  const similar = similarWords(wrong, known)
  const named = [...similar, ...known.filter((name) => !similar.includes(name))].slice(0, MOST_NAMES)
  const more = known.length - named.length
  return `there are ${named.map((name) => `"${name}"`).join(', ')}${more === 0 ? '' : ` and ${more} more`}`
}

/** Insertions, deletions, substitutions and swaps of neighbours that make one word the other. */
export function editDistance(a: string, b: string): number {
  // Longer than any key, so similar to none. This also bounds the work.
  if (a.length > 64 || b.length > 64) return Math.max(a.length, b.length)
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1)
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
