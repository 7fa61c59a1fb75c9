/**
 * A fault that somebody could make, as a replacement of text in one file.
 *
 * The text must be there exactly once: a mutation that the source has outgrown is an error and not a silent pass
 * (scripts/mutants.ts, test/mutations.test.ts).
 */
export interface Mutation {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}

/** Mutations of one file are made by what this answers. */
export const inFile =
  (file: string) =>
  (name: string, from: string, to: string): Mutation => ({ name, file, from, to })

/** What is wrong with a mutation beside the text of its file; nothing where it can be planted. */
export const misfit = ({ name, file, from, to }: Mutation, text: string): string[] => {
  const found = text.split(from).length - 1
  if (found !== 1) return [`"${name}" finds its text ${found} times in ${file}: the mutation must follow the source`]
  return from === to ? [`"${name}" changes nothing in ${file}: its two texts are the same`] : []
}
