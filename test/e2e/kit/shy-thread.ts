/**
 * The thread of an instance that ends when it is looked at for the second time; the thread after it bears being looked at.
 */
import { workerData } from 'node:worker_threads'
import type { ThreadStart } from '../../../src/instances/protocol/protocol.ts'
import { Instance } from '../../../src/instances/thread/instance.io.ts'
import '../../../src/instances/thread/thread.io.ts'

/** Time for others to ask meanwhile. */
const ENDS_AFTER_MS = 300
const isFirst = (workerData as ThreadStart).usedUpUntil === 0
const { view } = Instance.prototype
let looks = 0

Instance.prototype.view = function () {
  looks += 1
  if (!isFirst || looks !== 2) return view.call(this)
  setTimeout(() => {
    throw new Error('a fault on being looked at')
  }, ENDS_AFTER_MS)
  return new Promise(() => undefined)
}
