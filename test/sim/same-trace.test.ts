/**
 * The same seed gives the same world, octet for octet; another seed gives another.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cutLink, randomWorld } from '../../src/simulation/seeds/random-world.ts'
import { runPlan, runSeed } from '../../src/simulation/seeds/run.ts'
import { Digest } from '../../src/simulation/world/digest.ts'
import type { ScriptEntry } from '../../src/simulation/world/world.ts'
import { instant, seconds } from '../../src/units.ts'

/** Small worlds with deaths, retries, probes and reloads. */
/** Digests of seeds, made by the commit before turns. `hasTurns: false` draws those worlds. */
const TRACES = '../fixtures/traces.json'
const SEEDS = [46, 76, 98]

describe('a world', () => {
  it('is the same each time for the same seed, down to the octets and microseconds', () => {
    for (const seed of SEEDS) expect(runSeed(seed)).toEqual(runSeed(seed))
  })

  it('is another one for another seed', () => {
    expect(new Set(SEEDS.map((seed) => runSeed(seed).digest)).size).toBe(SEEDS.length)
  })

  it('is found out where something that is not in the seed has a say', () => {
    const { plan, end } = randomWorld(98)
    let runs = 0
    const hidden: ScriptEntry = {
      at: seconds(1),
      run: (world, now) => {
        runs += 1
        cutLink(world, 'serverToProxy', now + runs * 100_000)
      },
    }
    const sabotaged = { ...plan, script: [...(plan.script ?? []), hidden] }
    expect(runPlan(sabotaged, end).digest).not.toBe(runPlan(sabotaged, end).digest)
  })

  it('has a digest that no octet, no moment and no way can change without being seen', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4)
    const digestOf = (lane: number, at: number, octets: Uint8Array): string => {
      const digest = new Digest()
      digest.forwarded(lane, 0, octets, instant(at))
      digest.forwarded(1, 0, bytes, instant(77))
      return digest.value
    }
    const seen = [digestOf(1, 5, bytes), digestOf(2, 5, bytes), digestOf(1, 6, bytes), digestOf(1, 5 + 2 ** 32, bytes)]
    for (let at = 0; at < 4; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = bytes.slice()
        changed[at] = changed[at]! ^ (1 << bit)
        seen.push(digestOf(1, 5, changed))
      }
    }
    expect(new Set(seen).size).toBe(seen.length)
  })
})

describe('a world in which clients have no turns, and max_age is a number', () => {
  it('is octet for octet and microsecond for microsecond what it was before they could have them', () => {
    const before: Readonly<Record<string, string>> = JSON.parse(readFileSync(new URL(TRACES, import.meta.url), 'utf8'))
    const now = Object.keys(before).map((seed) => [seed, runSeed(Number(seed), { hasTurns: false }).digest])
    expect(Object.fromEntries(now)).toEqual(before)
  })
})
