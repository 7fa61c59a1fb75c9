/**
 * Faults in what the instances of a host share: slots, and the table of conversations and of what was learned.
 */
import { inFile, type Mutation } from './mutation.ts'

const budget = inFile('src/throttle/budget.ts')
const slots = inFile('src/throttle/shared-slots.ts')
const table = inFile('src/instances/shared/shared-table.ts')

export const SHARED_MUTATIONS: readonly Mutation[] = [
  slots(
    'one message more than the quota',
    'if (word >= this.#usedUp) return false',
    'if (word > this.#usedUp) return false',
  ),
  slots(
    'two takes at once count as one',
    'if (Atomics.compareExchange(this.#word, 0, word, taken) === word) return true',
    'Atomics.store(this.#word, 0, taken)\n      return true',
  ),
  slots(
    'a take of a slot that is over goes through',
    'if (word >= this.#usedUp) return false',
    'if (word >= this.#usedUp && word - this.#usedUp < 1_000n) return false',
  ),
  slots(
    'a new slot begins with what the last one used',
    'word < this.#untouched ? this.#untouched + 1n : word + 1n',
    'word + 1n',
  ),
  slots(
    'a rate is announced without notice',
    'Math.ceil((now + NOTICE) / MICROS_PER_SECOND)',
    'Math.ceil(now / MICROS_PER_SECOND)',
  ),
  slots('a rate reaches into a second that somebody sends in', 'from: Math.max(from, earliest)', 'from'),
  budget(
    'what was announced for the same second before stays',
    'terms.filter(({ from }) => from < first.from)',
    'terms.filter(({ from }) => from <= first.from)',
  ),
  slots('a slot without quota gives one message', 'running.quota === 0 ? 0n : ', ''),
  slots('a new rate is not looked for', '    this.#readNewTerms()\n    running.enter', '    running.enter'),
  slots(
    'a slot of which another takes is full to this one',
    'if (ahead < 0) return 0',
    'if (ahead < 0) return running.quota',
  ),
  slots(
    'a slot that is over has room',
    'return ahead > 0 ? running.quota : Math.min(',
    'return ahead > 0 ? 0 : Math.min(',
  ),

  table('what is over is still answered', ' || Atomics.load(ints, at + UNTIL) <= second ? undefined', ' ? undefined'),
  table(
    'half-written entries are answered',
    'if (version % 2 === 0 && Atomics.load(ints, bucket) === version) return value',
    'if (version >= 0) return value',
  ),
  table(
    'two write into one bucket',
    'if (version % 2 === 0 && Atomics.compareExchange(this.#ints, bucket, version, version + 1) === version)',
    'if (version >= 0)',
  ),
  table(
    'two find a bucket free at once, and both enter',
    'Atomics.compareExchange(this.#ints, bucket, version, version + 1) === version',
    'Atomics.store(this.#ints, bucket, version + 1) > 0',
  ),
  table(
    'a key that is put again gets a second entry',
    'this.#find(bucket) ?? this.#roomIn(bucket, second)',
    'this.#roomIn(bucket, second)',
  ),
  table(
    'half of a key is compared',
    'for (let i = 0; i < KEY_INTS && same; i += 1)',
    'for (let i = 0; i < 0 && same; i += 1)',
  ),
  table('what is over is counted for ever', 'Atomics.sub(ints, COUNT, 1)', 'Atomics.sub(ints, COUNT, 0)'),
  table(
    'the entry that ends last makes room',
    'until < Atomics.load(ints, first + UNTIL)',
    'until > Atomics.load(ints, first + UNTIL)',
  ),
  table(
    'the table grows beyond its bound',
    'const isFull = Atomics.load(ints, COUNT) >= this.#capacity',
    'const isFull = Atomics.load(ints, COUNT) < 0',
  ),
]
