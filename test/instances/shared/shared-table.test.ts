/**
 * The shared table: what was put is found until its time is over, it never grows, and threads that write into one bucket
 * at once leave nothing half written.
 */
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { SharedTable } from '../../../src/instances/shared/shared-table.ts'
import type { Mixing } from '../mixing-thread.ts'

/** `until` of what never ends. */
const FOR_EVER = 0x7fff_ffff

const octets = (text: string): Uint8Array => new TextEncoder().encode(text)
const tableOf = (capacity: number): SharedTable => new SharedTable(SharedTable.memory(capacity), capacity)

describe('a shared table', () => {
  it('answers through one view what was put through another', () => {
    const memory = SharedTable.memory(100)
    const [one, other] = [new SharedTable(memory, 100), new SharedTable(memory, 100)]
    one.put(octets('a'), 7, 50, 10)
    one.put(octets(''), 0, 50, 10)
    expect(other.get(octets('a'), 49)).toBe(7)
    expect(other.get(octets(''), 49)).toBe(0)
    expect(other.get(octets('b'), 49)).toBeUndefined()
    expect(other.size).toBe(2)
  })

  it('forgets when the time is over', () => {
    const table = tableOf(10)
    table.put(octets('a'), 1, 50, 10)
    expect(table.get(octets('a'), 50)).toBeUndefined()
    table.put(octets('for ever'), 2, FOR_EVER, 10)
    expect(table.get(octets('for ever'), FOR_EVER - 1)).toBe(2)
  })

  it('keeps one entry for a key that is put again', () => {
    const table = tableOf(10)
    for (let value = 0; value < 100; value += 1) table.put(octets('a'), value, 50, 10)
    expect(table.get(octets('a'), 10)).toBe(99)
    expect(table.size).toBe(1)
  })

  it('keeps nearly all of what it was made for, and never more', () => {
    const table = tableOf(1_000)
    for (let i = 0; i < 1_000; i += 1) table.put(octets(`key ${i}`), i, 100 + i, 10)
    const kept = Array.from({ length: 1_000 }, (_, i) => table.get(octets(`key ${i}`), 10) === i).filter(Boolean)
    expect(kept.length).toBeGreaterThan(950)
    for (let i = 1_000; i < 5_000; i += 1) table.put(octets(`key ${i}`), i, 100 + i, 10)
    // A bucket that is empty takes its first entry also where the table is full.
    expect(table.size).toBeLessThan(1_050)
    expect(table.get(octets('key 4999'), 10)).toBe(4_999)
  })

  it('makes room where it is full by what ends first', () => {
    const table = tableOf(4)
    const ends = [102, 100, 103, 101]
    for (const until of ends) table.put(octets(`until ${until}`), until, until, 10)
    table.put(octets('one more'), 1, 200, 10)
    const kept = ends.filter((until) => table.get(octets(`until ${until}`), 10) === until)
    expect([kept, table.get(octets('one more'), 10), table.size]).toEqual([[102, 103, 101], 1, 4])
  })

  it('gives the places of what is over to others, and counts them no more', () => {
    const table = tableOf(4)
    for (let i = 0; i < 50; i += 1) table.put(octets(`key ${i}`), i, 10 + i, 9 + i)
    expect(table.size).toBe(1)
  })
})

describe('threads that write at once', () => {
  it('never make a key answer with the number of another', async () => {
    const memory = SharedTable.memory(8)
    const threads = [0, 1, 2].map(
      (number) =>
        new Promise<number>((resolve, reject) => {
          const workerData: Mixing = { memory, capacity: 8, number, rounds: 20_000 }
          const worker = new Worker(new URL('../mixing-thread.ts', import.meta.url), { workerData })
          worker.once('message', resolve)
          worker.once('error', reject)
        }),
    )
    const wrong = await Promise.all(threads)
    expect(wrong).toEqual([0, 0, 0])
  })
})
