/**
 * The thread of an instance: calls of the main thread in, answers and log lines out.
 *
 * It is started as a file of its own (`thread-handle.io.ts`). An error that nobody caught ends the thread, never the
 * daemon: the main thread hears of it, counts what was lost by the books left behind, and starts another.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { DgramTransport } from '../../transport/dgram/transport.io.ts'
import {
  type FromInstance,
  type MainThread,
  plainError,
  type ThreadStart,
  type ToInstance,
} from '../protocol/protocol.ts'
import { Instance } from './instance.io.ts'

if (parentPort === null) throw new Error('this file is started as a thread, not by itself')
const main = parentPort

const say = (message: FromInstance): void => main.postMessage(message)

const toMain: MainThread = {
  line: (line) => say({ kind: 'line', line }),
  sessionsEnded: (lines) => say({ kind: 'sessions-ended', lines }),
  traced: (told) => say({ kind: 'traced', ...told }),
}
const instance = new Instance(workerData as ThreadStart, toMain, new DgramTransport())

main.on('message', ({ id, name, argument }: ToInstance) => {
  const answer = instance[name] as (argument: unknown) => Promise<unknown>
  answer.call(instance, argument).then(
    (value) => say({ kind: 'answer', id, value }),
    (error: unknown) => say({ kind: 'failure', id, error: plainError(error) }),
  )
})
