/**
 * Gives back what reading a large configuration took: V8 keeps the garbage of a quiet program for hours, since nothing asks
 * for its room. On the main thread alone, where no packet waits; it takes some dozens of milliseconds.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** So much garbage is worth a collection, bytes. */
const WORTH = 16 * 1024 * 1024

/** Left over by the last collection; at first what a daemon with a few clients needs. */
let inUse = 32 * 1024 * 1024
let collect: (() => void) | undefined

/** Collects garbage, if there can be enough of it. */
export function giveMemoryBack(): void {
  if (getHeapStatistics().used_heap_size - inUse < WORTH) return
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
    setFlagsFromString('--no-expose-gc')
  }
  collect()
  inUse = getHeapStatistics().used_heap_size
}
