/**
 * The thread of an instance: calls of the main thread in, answers and log lines out.
 *
 * It is started as a file of its own (`thread-handle.io.ts`). An error that nobody caught ends the thread, never the
 * daemon: the main thread hears of it, counts what was lost by the books left behind, and starts another.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Transport } from '../../transport/ports.ts'
import {
  type FromInstance,
  type MainThread,
  plainError,
  type ThreadData,
  type ToInstance,
} from '../protocol/protocol.ts'
import { DescriptorTable } from '../shared/descriptor-table.ts'
import { Instance } from './instance.io.ts'
import { openTransport } from './open-transport.io.ts'

if (parentPort === null) throw new Error('this file is started as a thread, not by itself')
const main = parentPort

const say = (message: FromInstance): void => main.postMessage(message)

const toMain: MainThread = {
  line: (line) => say({ kind: 'line', line }),
  sessionsEnded: (lines) => say({ kind: 'sessions-ended', lines }),
  traced: (told) => say({ kind: 'traced', ...told }),
}
/** Its code is loaded only if it was chosen. */
async function openBatched(): Promise<Transport> {
  const { loadLibc } = await import('../../transport/batched/libc.io.ts')
  const { BatchedTransport } = await import('../../transport/batched/transport.io.ts')
  const { packetIo, of, descriptors } = start
  return new BatchedTransport(await loadLibc(), {
    batchTick: packetIo.batchTick,
    steering: { by: packetIo.steersBy, instances: of },
    descriptors: new DescriptorTable(descriptors),
  })
}

const start = workerData as ThreadData
// What the main thread says meanwhile waits in the port.
const opened = await openTransport(start.packetIo.use, openBatched)
const instance = new Instance(start, toMain, opened)

main.on('message', ({ id, name, argument }: ToInstance) => {
  const answer = instance[name] as (argument: unknown) => Promise<unknown>
  answer.call(instance, argument).then(
    (value) => say({ kind: 'answer', id, value }),
    (error: unknown) => say({ kind: 'failure', id, error: plainError(error) }),
  )
})
