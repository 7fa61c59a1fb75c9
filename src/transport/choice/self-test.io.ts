/**
 * The self-test of batched packet I/O: a program of its own, which prints one line of JSON (`SelfTestLine`).
 *
 * It loads the native code and uses it as an instance does: in a thread, which is ended while it holds sockets. If the code does
 * not fit the machine, only this process ends.
 */
import { once } from 'node:events'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { codeOf, systemCodeOf } from '../../coded-error.ts'
import { micros } from '../../units.ts'
import type { SelfTestLine } from './self-test-result.ts'
import { StepFailed, testTransport } from './self-test-steps.io.ts'

if (isMainThread) process.stdout.write(`${JSON.stringify(await inThread())}\n`)
else parentPort?.postMessage(await test())

async function inThread(): Promise<SelfTestLine> {
  const worker = new Worker(new URL(import.meta.url))
  const ended = once(worker, 'exit')
  const noAnswer = ended.then((): [SelfTestLine] => [
    { ok: false, step: 'the thread', error: 'it ended without a result' },
  ])
  try {
    const [line] = (await Promise.race([once(worker, 'message'), noAnswer])) as [SelfTestLine]
    await worker.terminate()
    return line
  } catch (error) {
    return lineOf(error, 'the thread')
  }
}

async function test(): Promise<SelfTestLine> {
  let step = 'loading'
  try {
    const { loadLibc } = await import('../batched/libc.io.ts')
    const { BatchedTransport } = await import('../batched/transport.io.ts')
    const libc = await loadLibc()
    step = 'opening'
    // The process ends soon, and with it what is open.
    const descriptors = { opened: () => true, closed: () => undefined, wakes: () => undefined }
    const options = { batchTick: micros(0), steering: { by: 'port', instances: 1 }, descriptors } as const
    await testTransport(new BatchedTransport(libc, options))
    return { ok: true }
  } catch (error) {
    return lineOf(error, step)
  }
}

function lineOf(error: unknown, step: string): SelfTestLine {
  if (error instanceof StepFailed) {
    return { ok: false, step: error.step, error: error.message, systemCode: error.systemCode }
  }
  if (!(error instanceof Error)) return { ok: false, step, error: String(error) }
  const systemCode = codeOf(error) === undefined ? systemCodeOf(error) : systemCodeOf(error.cause)
  return { ok: false, step, error: error.message, systemCode }
}
