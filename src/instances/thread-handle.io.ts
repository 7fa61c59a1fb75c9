/**
 * An instance's thread, as the main thread has it: calls with answers, lines for the log, and the event that it ended.
 *
 * If the thread ends before it has answered a call, or has ended already, the call fails, so nobody waits for ever.
 */
import { closeSync, writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import {
  type AnswerOf,
  type Argument,
  errorFrom,
  type FromInstance,
  type MainThread,
  type MethodName,
  type ThreadData,
  type ThreadStart,
  type ToInstance,
} from './protocol/protocol.ts'
import { DescriptorTable } from './shared/descriptor-table.ts'

/** Beside this file: TypeScript in a checkout, JavaScript in the build. */
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './thread/thread.io.ts' : './thread/thread.io.js',
  import.meta.url,
)

/**
 * The young generation is the memory between two collections of garbage, three times 8 MiB here. With half of it, garbage
 * collection costs 0.6 us more per record. More would only take memory, since what packets leave there is dead by then; V8's
 * own limit is 192 MiB.
 */
const LIMITS = { maxYoungGenerationSizeMb: 24 } as const

export interface ThreadEvents extends MainThread {
  /** Called once, with the error that ended the thread, if there was one. */
  ended(error: unknown): void
}

/** What an eventfd is written to wake who waits for it: 8 octets, a number above 0 (man 2 eventfd). */
const WAKING = new Uint8Array(new BigUint64Array([1n]).buffer)

export class ThreadHandle {
  readonly #worker: Worker
  readonly #descriptors: DescriptorTable
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #calls = 0
  #error: unknown = undefined
  /** Why calls fail, once the thread has ended. */
  #ended: Error | undefined

  constructor(start: ThreadStart, events: ThreadEvents, file: URL = THREAD) {
    const name = `instance ${start.number}`
    const descriptors = DescriptorTable.memory()
    this.#descriptors = new DescriptorTable(descriptors)
    const workerData: ThreadData = { ...start, descriptors }
    this.#worker = new Worker(file, { workerData, name, resourceLimits: LIMITS })
    this.#worker.on('message', (message: FromInstance) => this.#heard(message, events))
    this.#worker.on('error', (error) => {
      this.#error = error
    })
    this.#worker.on('exit', () => {
      this.#closeWhatIsLeft()
      const why = this.#error instanceof Error ? this.#error : new Error('the instance ended before it answered')
      this.#ended = why
      for (const { reject } of this.#waiting.values()) reject(why)
      this.#waiting.clear()
      events.ended(this.#error)
    })
  }

  /** @throws what the call threw in the thread (a coded error stays one), and if the thread ends before it answers or has ended. */
  call<Name extends MethodName>(name: Name, argument: Argument<Name>): Promise<AnswerOf<Name>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    this.#calls += 1
    const id = this.#calls
    const answer = Promise.withResolvers<unknown>()
    this.#waiting.set(id, answer)
    this.#worker.postMessage({ id, name, argument } satisfies ToInstance)
    const { waking } = this.#descriptors
    if (waking !== undefined) writeSync(waking, WAKING)
    return answer.promise as Promise<AnswerOf<Name>>
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  /** Of a thread that closed its sockets itself, only what it waited with. */
  #closeWhatIsLeft(): void {
    for (const one of this.#descriptors.left()) closeSync(one)
  }

  #heard(message: FromInstance, events: ThreadEvents): void {
    if (message.kind === 'line') events.line(message.line)
    else if (message.kind === 'sessions-ended') events.sessionsEnded(message.lines)
    else if (message.kind === 'traced') events.traced(message)
    else {
      const waiting = this.#waiting.get(message.id)
      this.#waiting.delete(message.id)
      if (message.kind === 'answer') waiting?.resolve(message.value)
      else waiting?.reject(errorFrom(message.error))
    }
  }
}
