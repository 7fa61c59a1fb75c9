/**
 * One test a seed: a whole world with every law watching. The name of a failed one is the command that replays it.
 *
 * Seeds that once failed are not among them: `regressions.test.ts` runs the same worlds under the name of what they showed.
 */
import { expect, it } from 'vitest'
import { runSeed } from '../../src/simulation/seeds/run.ts'

export const ONCE_FAILED: readonly (readonly [seed: number, what: string])[] = [
  [10, 'a retry given up when it was served left its slot unused'],
  [11, 'a client knew only the last call of an identifier, and took an older answer for a wrong one'],
  [33, 'a promoted message behind an older one that moved in left its slot unused for a step'],
  [39, 'max-outstanding lowered by a reload counted what was outstanding before as too much'],
  [46, 'a message that was shed while the queue of its Down server moved came back to life'],
  [57, 'max-outstanding lowered by a reload, with retries on the way'],
  [62, 'an answer to a call before the last one of its identifier'],
  [99, 'a failover copy older than max-age entered the queues again'],
  [375, 'what 33 showed, in a world of a later generator'],
  [461, 'what 33 showed, in a world of a later generator, with retries'],
  [135, 'a failover copy older than max-age entered the queues again, of the other class'],
  [536, 'a server slower than every time-out went Down by its response time-out when the traffic was over'],
  [231, 'an interim update that took the place of an older one, sent again, was delivered a second time'],
  [1243, 'an identifier was used more often than a client remembered while an answer was on its way'],
  [509, 'a late answer to what another server had left unanswered was one in time, and ended Failing'],
  [1752, 'an interim update left after a newer one that it gave way to, which another pair had met in between'],
  [1368, 'the law took an interim update to wait with one of two newer ones that had ended, and waited again'],
  [1984, 'the law took a record for outstanding that a late answer of another server had ended'],
  [510, 'the law took a late answer to a probe for one to a record'],
  [3255, 'an overloaded server went Down with the last requests, and its dead time lasted past the end'],
  [538, 'the law took a packet that was refused for the latest of its client'],
  [691, 'the law took a record that came again with the same octets for one try too many'],
  [697, 'the law took the late answer that woke the engine for one in time'],
  [952, 'the law took a request that came in a step for one that had waited in it'],
  [1194, 'the law took what a server answered before it died for a sign of life'],
  [1968, 'the law took what had to leave a Failing server for one that lost its place'],
  [2593, 'a reload gave a session with two stations two turns, and its records lost their order'],
  [3802, 'the law took a record that was refused and then shed for one that is outstanding'],
  [5136, 'clients that rested when their server failed were never moved, and service came to no end'],
]

const NAMED: ReadonlySet<number> = new Set(ONCE_FAILED.map(([seed]) => seed))

export const holdsInSeeds = (first: number, last: number): void => {
  for (let seed = first; seed <= last; seed += 1) {
    if (NAMED.has(seed)) continue
    it(`holds every law in the world of npm run sim -- --seed ${seed} --trace`, () => {
      expect(runSeed(seed).broken).toBeUndefined()
    })
  }
}
