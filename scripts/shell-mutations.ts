/**
 * Faults that somebody could make in what the shell does around the engine: when a thread is started again and what is
 * counted over all threads.
 */
import { inFile, type Mutation } from './mutation.ts'

const supervisor = inFile('src/instances/supervisor.ts')

export const SHELL_MUTATIONS: readonly Mutation[] = [
  supervisor('a thread that starts and ends is a crash', '!this.#isRunning || life', 'life'),
  supervisor(
    'an old thread that ends late is a crash of the new one',
    ' || life !== this.#life) return undefined',
    ') return',
  ),
  supervisor(
    'an instance that was closed gets another thread',
    'if (this.#isClosed || !this.#isRunning',
    'if (!this.#isRunning',
  ),
  supervisor(
    'a start that failed is tried again after the end',
    'return this.#isClosed ? undefined : this.#restartAfterMs(now)',
    'return this.#restartAfterMs(now)',
  ),
  supervisor(
    'what a thread served before it failed is forgotten',
    'if (this.#former !== undefined) this.#keep',
    'if (this.#life < 0 && this.#former !== undefined) this.#keep',
  ),
  supervisor('ends count for ever', '.filter((at) => now - at < ENDS_COUNT_FOR)', ''),
  supervisor(
    'the second thread comes as late as the third',
    'RESTART_AFTER_MS.length) - 1]',
    'RESTART_AFTER_MS.length - 1)]',
  ),
  supervisor(
    'the counters of the first thread are forgotten with the second',
    'this.#former === undefined ? left',
    'this.#former !== undefined ? left',
  ),
  supervisor(
    'what was counted before is not shown',
    'isRunning && this.#former !== undefined ? with',
    'isRunning && this.#former === view.engine ? with',
  ),
  supervisor(
    'an instance that does not run counts twice',
    'const engine = isRunning && this.#former',
    'const engine = this.#former',
  ),
  supervisor(
    'a view that comes late hides what was counted since',
    'if (this.#isRunning && life === this.#life) this',
    'if (this.#isRunning) this',
  ),
  supervisor(
    'a view of a thread that ended is shown',
    'if (this.#isRunning && life === this.#life) this',
    'if (life === this.#life) this',
  ),
  supervisor(
    'slots of the second of the crash are used again',
    '(Math.floor(at / MICROS_PER_SECOND) + 1)',
    'Math.floor(at / MICROS_PER_SECOND)',
  ),
  supervisor(
    'a thread is not told the addresses that the thread before it was told',
    'this.#told?.life === this.#life && ',
    '',
  ),
  supervisor('sockets of a thread that ended are shown', 'engine: former, upstreams: []', 'engine: former'),
]
