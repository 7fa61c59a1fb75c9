import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OctetStore } from '../../../src/queues/containers/octet-store.ts'

const CHUNK = 65_536

const octets = (length: number, first: number): Uint8Array => Uint8Array.from({ length }, (_, at) => first + at)

describe('the octet store', () => {
  it('gives back what was kept, whatever was kept and freed beside it', () => {
    const step = fc.record({ length: fc.integer({ min: 1, max: 4_096 }), frees: fc.boolean(), which: fc.nat() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const store = new OctetStore()
        const kept: { place: number; bytes: Uint8Array }[] = []
        for (const { length, frees, which } of steps) {
          if (frees && kept.length > 0) {
            const [gone] = kept.splice(which % kept.length, 1)
            store.free(gone!.place)
          } else {
            const bytes = octets(length, which)
            kept.push({ place: store.keep(bytes), bytes })
          }
        }
        for (const { place, bytes } of kept) expect(store.at(place, bytes.length)).toEqual(bytes)
      }),
      { numRuns: 100 },
    )
  })

  it('keeps every length that a packet can have, and refuses any other', () => {
    const store = new OctetStore()
    const places = Array.from({ length: 4_096 }, (_, at) => store.keep(octets(at + 1, at)))
    for (const [at, place] of places.entries()) expect(store.at(place, at + 1)).toEqual(octets(at + 1, at))
    expect(() => store.keep(new Uint8Array(0))).toThrow(RangeError)
    expect(() => store.keep(new Uint8Array(4_097))).toThrow(RangeError)
  })

  it('takes at most 8 octets more than what it keeps, and a chunk of each size', () => {
    const store = new OctetStore()
    for (let i = 0; i < 10_000; i += 1) store.keep(octets(300, i))
    expect(store.reserved).toBeLessThanOrEqual(Math.ceil((10_000 * 304) / CHUNK + 1) * CHUNK)
  })

  it('uses freed cells again before it takes another chunk', () => {
    const store = new OctetStore()
    const places = Array.from({ length: 1_000 }, (_, at) => store.keep(octets(300, at)))
    const { reserved } = store
    for (const place of places.filter((_, at) => at % 3 === 0)) store.free(place)
    for (const [at] of places.entries()) if (at % 3 === 0) store.keep(octets(300, at))
    expect(store.reserved).toBe(reserved)
  })

  it('gives a chunk back once all in it is freed: what was kept in one size is no burden on another', () => {
    const store = new OctetStore()
    const places = Array.from({ length: 5_000 }, (_, at) => store.keep(octets(300, at)))
    const { reserved } = store
    for (const place of places) store.free(place)
    expect(store.reserved).toBe(0)
    for (let i = 0; i < 4_000; i += 1) store.keep(octets(360, i))
    expect(store.reserved).toBeLessThanOrEqual(reserved)
  })
})
