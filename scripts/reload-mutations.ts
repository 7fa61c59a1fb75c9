/**
 * Faults in what a reload does: which settings hold where, lane numbers, and limits that count on over another lane.
 */
import { inFile, type Mutation } from './mutation.ts'

const rollout = inFile('src/instances/rollout.ts')
const lanes = inFile('src/proxy/work/lanes.ts')
const identifiers = inFile('src/throttle/identifiers.ts')
const slots = inFile('src/throttle/own-slots.ts')
const memory = inFile('src/instances/shared/shared-memory.ts')
const pool = inFile('src/proxy/pool/pool.ts')

export const RELOAD_MUTATIONS: readonly Mutation[] = [
  rollout(
    'a change is in force before all have prepared it',
    'if (!this.#all(({ prepared }) => prepared === change)) break',
    'if (![...this.#threads.values()].some(({ prepared }) => prepared === change)) break',
  ),
  rollout(
    'a thread that starts is not asked',
    'if (!this.#all(({ prepared }) => prepared === change)) break',
    'if (!this.#all(({ prepared, serves }) => !serves || prepared === change)) break',
  ),
  rollout(
    'a change is over before all have taken it',
    'if (!this.#all(({ has }) => has === change)) break',
    'if (![...this.#threads.values()].some(({ has }) => has === change)) break',
  ),
  rollout(
    'a dead thread is waited for',
    'this.#threads.delete(thread)\n    return this.#goOn()',
    'return this.#goOn()',
  ),
  rollout('a thread is told the next before it has done the last', 'if (thread.asked !== undefined) continue', ''),
  rollout('what was refused is not forgotten', "? { name: 'forget' }", '? undefined'),
  rollout('the next one is prepared beside what was refused', ' || thread.prepared !== undefined', ''),
  rollout(
    'what was opened in part is not forgotten',
    '    thread.prepared = settings\n    if (settings',
    '    if (settings',
  ),
  rollout(
    'a refused change takes the next one with it',
    "    this.#pending.shift()\n    return [{ do: 'over', settings, refused: error }]",
    "    this.#pending.splice(0, 2)\n    return [{ do: 'over', settings, refused: error }]",
  ),
  rollout('a thread takes what is refused elsewhere meanwhile', 'if (settings !== this.#pending[0]) return []', ''),
  rollout(
    'a thread serves before it is told of a drain',
    "if (thread.drains !== this.#drains) return { name: 'drain', how: this.#drains }",
    "if (thread.serves && thread.drains !== this.#drains) return { name: 'drain', how: this.#drains }",
  ),
  rollout(
    'all are told before one that opens its listeners is',
    "const maySoonServe = thread.serves || thread.asked?.name === 'listen'",
    'const maySoonServe = thread.serves',
  ),

  lanes(
    'a refused plan gives its numbers back',
    '    this.#promised = new Map()\n    // Put',
    '    this.#next -= [...this.#promised.values()].filter((number) => !this.#all.has(number)).length\n    this.#promised = new Map()\n    // Put',
  ),
  lanes(
    'a lane from another source begins new slots',
    'const used = left?.second === secondOf(now) ? left.lane.limits.budget : undefined',
    'const used = undefined',
  ),
  lanes('a lane from another source begins a new max-outstanding', 'follows: left?.lane,', 'follows: undefined,'),
  lanes(
    'a lane that is put back waits for its rate',
    'const isUsed = left === undefined || left.second === secondOf(now)',
    'const isUsed = true',
  ),
  lanes(
    'what is outstanding is forgotten with the second',
    'identifiers.places.taken === 0 && identifiers',
    'identifiers',
  ),
  lanes(
    'identifiers that rest are forgotten with the second',
    'identifiers.places.taken === 0 && identifiers.nextWakeAt() === undefined',
    'identifiers.places.taken === 0',
  ),
  lanes(
    'what a second used is forgotten where nothing is outstanding',
    'return second !== secondOf(now) && identifiers',
    'return identifiers',
  ),
  lanes(
    'a lane that came to rest is planned with its former ports (once a bug)',
    'lane === undefined || rested.has(lane) ?',
    'lane === undefined ?',
  ),
  lanes('a lane under another name is another lane', 'const others = [...live.values(), ...', 'const others = [...'),
  lanes(
    'a lane that comes to rest takes another of its number with it',
    'if (this.#all.get(lane.number) === lane) this.#all.delete(lane.number)',
    'this.#all.delete(lane.number)',
  ),
  lanes('a lane that is put back stays forgotten', '      this.#all.set(lane.number, lane)\n', ''),
  identifiers(
    'places are not given back',
    '    this.places.taken -= 1\n',
    '    this.places.taken -= this.places.taken > 3 ? 1 : 0\n',
  ),
  slots(
    'slots that a crashed instance may have used are used again',
    'if (running.beganAt < this.#usedUpUntil) running.quota = 0\n',
    '',
  ),
  memory('another source begins new shared slots', "of ['path', 'server'] as const", "of ['path'] as const"),
  memory(
    'a refused reload changes the tables',
    'const tables = this.#sharesTables ? tablesFor(options, this.#tables) : undefined',
    'const tables = this.#sharesTables ? tablesFor(options, this.#tables) : undefined\n    this.#tables = tables',
  ),
  pool(
    'a conversation is not known by the former name',
    'if (formerName !== undefined && !this.#byName.has(formerName)) this.#byName.set(formerName, lane)',
    '',
  ),
]
