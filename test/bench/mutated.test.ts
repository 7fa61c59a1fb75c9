/**
 * The short form of bench/mutated.ts: 20,000 mutated requests and their answers through an engine, and the judge's own eyes.
 */
import { describe, expect, it } from 'vitest'
import { runEngine } from '../../bench/mutated/engine-run.ts'
import {
  changed,
  isProvenRequest,
  isProvenResponse,
  type Parsed,
  parse,
  salted,
  sign,
} from '../../bench/mutated/judge.ts'
import { Dice, mutated } from '../../bench/mutated/mutator.ts'
import { originalRequest, originalResponse } from '../../bench/mutated/originals.ts'

const SECRET = 'a secret'
const parsed = (bytes: Buffer): Parsed => parse(bytes)!
const requests = (count: number): Buffer[] => {
  const dice = new Dice(7)
  return Array.from({ length: count }, (_, serial) => originalRequest({ dice, secret: SECRET, identifier: 1, serial }))
}

describe('20,000 mutated requests with right and wrong proof, and mutated answers', () => {
  it('crash nothing, and nobody gets a wrong answer', () => {
    const run = runEngine({ count: 20_000, seed: 2_026 })
    expect([...run.wrong]).toEqual([])
    expect(run.internalErrors).toBe(0)
    // Else nothing was tried.
    expect(run.mutatedRequests).toBeGreaterThan(10_000)
    expect(run.mutatedResponses).toBeGreaterThan(5_000)
    expect(run.forwarded).toBeGreaterThan(5_000)
    expect(run.answered).toBeGreaterThan(5_000)
  }, 60_000)

  it('are the same from the same seed', () => {
    expect(runEngine({ count: 500, seed: 3 })).toEqual(runEngine({ count: 500, seed: 3 }))
    expect(runEngine({ count: 500, seed: 4 })).not.toEqual(runEngine({ count: 500, seed: 3 }))
  })
})

describe('the judge of the mutated packets', () => {
  it('takes what was signed, and nothing of which an octet was changed', () => {
    for (const bytes of requests(100)) {
      expect(isProvenRequest(parsed(bytes), SECRET, 'maybe unsigned')).toBe(true)
      expect(parsed(bytes).code === 1 || !isProvenRequest(parsed(bytes), 'another', 'maybe unsigned')).toBe(true)
      const isSigned = isProvenRequest(parsed(bytes), SECRET, 'signed')
      if (!isSigned) continue
      const spoilt = Buffer.from(bytes)
      spoilt[bytes.length - 1]! ^= 1
      const packet = parse(spoilt)
      expect(packet === undefined || !isProvenRequest(packet, SECRET, 'signed')).toBe(true)
    }
  })

  it('takes a response for its own request only', () => {
    const dice = new Dice(8)
    for (const bytes of requests(50)) {
      const request = parsed(bytes)
      const answer = parsed(originalResponse({ dice, secret: SECRET, request }))
      expect(isProvenResponse(answer, request, SECRET)).toBe(true)
      expect(isProvenResponse(answer, { ...request, authenticator: Buffer.alloc(16) }, SECRET)).toBe(false)
      expect(isProvenResponse(answer, { ...request, code: 5 - request.code }, SECRET)).toBe(false)
      expect(isProvenResponse(answer, request, 'another')).toBe(false)
    }
  })

  it('sees an attribute that is gone, new, elsewhere or another', () => {
    const [bytes] = requests(1)
    const came = parsed(bytes!)
    const { attributes } = came
    const now = (after: Parsed['attributes']): string | undefined => changed(came, { ...came, attributes: after }, true)
    expect(now(attributes)).toBeUndefined()
    expect(now([...attributes, [4, Buffer.alloc(4)]])).toBeUndefined()
    expect(changed(came, { ...came, attributes: [...attributes, [4, Buffer.alloc(4)]] }, false)).toMatch(/added/)
    expect(now([...attributes, [25, Buffer.alloc(4)]])).toMatch(/added/)
    expect(now(attributes.slice(1))).toMatch(/became/)
    expect(
      now(attributes.map(([type, value], place) => (place === 0 ? [type, Buffer.from([...value, 0])] : [type, value]))),
    ).toMatch(/changed/)
    expect(changed(came, { ...came, code: 12 }, true)).toMatch(/code/)
  })

  it('signs what a mutation left so that it verifies', () => {
    const dice = new Dice(9)
    let verified = 0
    for (const bytes of requests(400)) {
      const spoilt = mutated(bytes, dice)
      sign(spoilt, SECRET, spoilt[0] === 4 ? Buffer.alloc(16) : undefined)
      const packet = parse(spoilt)
      if (packet !== undefined && isProvenRequest(packet, SECRET, 'maybe unsigned')) verified += 1
    }
    expect(verified).toBeGreaterThan(100)
  })

  it('hides values in salt and blocks of sixteen', () => {
    const value = salted('a secret of 20 octets', {
      salt: Buffer.of(128, 1),
      authenticator: Buffer.alloc(16),
      secret: SECRET,
    })
    expect([value.length, value.subarray(0, 2)]).toEqual([34, Buffer.of(128, 1)])
  })
})
