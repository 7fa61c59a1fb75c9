/**
 * What the choice of a server needs to know of each of them.
 */
export type Rank = 0 | 1

/** What can be chosen. `nameHash` is a fixed number of its name, for rendezvous hashing. */
export interface Candidate {
  readonly number: number
  readonly nameHash: number
  /** Whether it may be chosen now, and how gladly. */
  readonly rank: Rank | undefined
}
