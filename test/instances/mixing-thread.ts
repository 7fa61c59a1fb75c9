/**
 * One of several threads that put keys with the numbers that belong to them into a table much too small, and look others'
 * up: counts answers that belong to another key.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { SharedTable } from '../../src/instances/shared/shared-table.ts'

export interface Mixing {
  readonly memory: SharedArrayBuffer
  readonly capacity: number
  readonly number: number
  readonly rounds: number
}

const { memory, capacity, number, rounds } = workerData as Mixing
const table = new SharedTable(memory, capacity)
const KEYS = 64
const keys = Array.from({ length: KEYS }, (_, i) => new TextEncoder().encode(`a key with number ${i}`))

let wrong = 0
for (let round = 0; round < rounds; round += 1) {
  const put = (round * 7 + number * 13) % KEYS
  table.put(keys[put]!, put, 1_000 + (round % 100), 10)
  const asked = (round * 11 + number * 29) % KEYS
  const found = table.get(keys[asked]!, 10)
  if (found !== undefined && found !== asked) wrong += 1
}
parentPort?.postMessage(wrong)
