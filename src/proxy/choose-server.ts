/**
 * Which server gets a request: the class's algorithm over the servers that live.
 *
 * Chosen once. A missing identifier or a used-up slot never changes the server, only health does: else the second
 * server would get the overflow of the first, and a limit would be no limit.
 */
import type { Algorithm } from './ports.ts'

/** What can be chosen. `nameHash` is a fixed number of its name, for rendezvous hashing. */
export interface Candidate {
  readonly number: number
  readonly nameHash: number
}

/**
 * The chosen one, or undefined where no candidate is able that was not tried. `turn` counts up by one for each choice
 * (round robin); `key` is what `hash` keeps together. Candidates stand in the order of the configuration.
 */
export const chooseServer = <T extends Candidate>(o: {
  readonly algorithm: Algorithm
  readonly candidates: readonly T[]
  readonly isAble: (candidate: T) => boolean
  readonly tried: readonly number[]
  readonly turn: number
  readonly key: () => Uint8Array
}): T | undefined => {
  const able = (candidate: T): boolean => o.isAble(candidate) && !o.tried.includes(candidate.number)
  switch (o.algorithm) {
    case 'first_server':
      return o.candidates.find(able)
    case 'round_robin': {
      const count = o.candidates.length
      for (let step = 0; step < count; step += 1) {
        const candidate = o.candidates[(o.turn + step) % count] as T
        if (able(candidate)) return candidate
      }
      return undefined
    }
    case 'hash':
      return highest(o.candidates.filter(able), hashOf(o.key()))
  }
}

/** Rendezvous hashing: a server that goes or comes moves only its own keys. */
const highest = <T extends Candidate>(candidates: readonly T[], key: number): T | undefined => {
  let best: T | undefined
  let bestScore = -1
  for (const candidate of candidates) {
    const score = mix(key ^ candidate.nameHash)
    if (score > bestScore) {
      best = candidate
      bestScore = score
    }
  }
  return best
}

/** FNV-1a, 32 bits: quick, and even enough once mixed. */
export const hashOf = (octets: Uint8Array): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < octets.length; i += 1) hash = Math.imul(hash ^ octets[i]!, 0x01000193)
  return hash >>> 0
}

/** The finalizer of MurmurHash3: every bit of the input moves every bit of the output. */
const mix = (value: number): number => {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
