/**
 * One of several threads that take from the same slots: goes through every slot of some seconds in step with the others,
 * and takes all it can get of each.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { SharedSlots } from '../../src/throttle/shared-slots.ts'
import { instant, MICROS_PER_SECOND } from '../../src/units.ts'

export interface Taking {
  readonly memory: SharedArrayBuffer
  /** Two words: how many threads have arrived, and the round. */
  readonly gate: SharedArrayBuffer
  readonly threads: number
  readonly fromSecond: number
  readonly seconds: number
  readonly slots: number
  /** This thread's own takes at most in one slot; the last thread has no limit. */
  readonly atMost: number
}

const { memory, gate, threads, fromSecond, seconds, slots: perSecond, atMost } = workerData as Taking
const words = new Int32Array(gate)
const slots = new SharedSlots(memory)

/** Nobody goes on before all have come. */
const meet = (): void => {
  const round = Atomics.load(words, 1)
  if (Atomics.add(words, 0, 1) === threads - 1) {
    Atomics.store(words, 0, 0)
    Atomics.add(words, 1, 1)
    Atomics.notify(words, 1)
  } else while (Atomics.load(words, 1) === round) Atomics.wait(words, 1, round, 1_000)
}

const taken: number[] = []
for (let slot = 0; slot < seconds * perSecond; slot += 1) {
  const now = instant(fromSecond * MICROS_PER_SECOND + Math.ceil((slot * MICROS_PER_SECOND) / perSecond))
  let count = 0
  meet()
  while (count < atMost && slots.tryTake(now)) count += 1
  meet()
  taken.push(count)
}
parentPort?.postMessage(taken)
