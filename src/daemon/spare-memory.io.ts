/**
 * Frees the memory that reading a large configuration took: V8 keeps the garbage of an idle program for hours. Only on the
 * main thread, where no packet waits; it takes some dozens of milliseconds.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** If there can be so much garbage, it is collected; bytes. */
const WORTH = 16 * 1024 * 1024

/** After the last collection; at first what a daemon with a few clients needs. */
let inUse = 32 * 1024 * 1024
let collect: (() => void) | undefined

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
