/**
 * Faults in how messages wait: the queues, their order and bounds, what is known of the sessions in them, and what a step
 * costs where many wait.
 */
import { inFile, type Mutation } from './mutation.ts'

const classes = inFile('src/classes.ts')
const queue = inFile('src/queues/priority-queue.ts')
const list = inFile('src/queues/arrival-list.ts')
const tree = inFile('src/queues/arrival-tree.ts')
const backlog = inFile('src/queues/backlog.ts')
const serverQueue = inFile('src/queues/server-queue.ts')
const sessions = inFile('src/proxy/register/waiting-sessions.ts')
const forgetting = inFile('src/queues/containers/forgetting-table.ts')
const states = inFile('src/proxy/pool/state-table.ts')
const register = inFile('src/proxy/register/register.ts')
const engine = inFile('src/proxy/engine.ts')
const identifiers = inFile('src/throttle/identifiers.ts')

export const WAITING_MUTATIONS: readonly Mutation[] = [
  // Who waits where, and who goes first.
  queue('precedence is dropped', "this.#order === 'fifo' ? older", "this.#order !== ('none' as string) ? older"),
  classes(
    'a conversation does not overtake',
    'preference: { plain: 1, withState: 0 }',
    'preference: { plain: 0, withState: 1 }',
  ),
  queue(
    'retries wait behind first transmissions',
    "this.#order !== 'fifo' ? this.#fields.preference(item) : -1",
    "this.#order !== 'fifo' ? this.#fields.preference(item) : 9",
  ),
  queue(
    'a retry waits for an identifier that it has',
    'if (!identifierFree) return retry',
    'if (!identifierFree) return undefined',
  ),
  queue(
    'octets of what leaves stay counted',
    'this.#octets += by * this.#fields.size(item)',
    'if (by > 0) this.#octets += this.#fields.size(item)',
  ),
  list(
    'what comes back goes to the tail',
    'last === undefined || last.arrival < item.arrival) {',
    'last === undefined || last.arrival !== item.arrival) {',
  ),
  list(
    'what comes back looks for its place from the head on (once the code)',
    'steps < NEAR && next !== undefined',
    'steps < Infinity && next !== undefined',
  ),
  list(
    'the newest is the last of the list, though a newer one came back',
    '(other !== undefined && other.arrival > last.arrival)',
    '(other !== undefined && other.arrival < 0)',
  ),
  tree('the tree has the shape of what comes', 'const rank = rankOf(item)', 'const rank = -1'),
  tree(
    'what hangs below who leaves is lost',
    'this.#hang(parent, item, left ?? right)',
    'this.#hang(parent, item, left)',
  ),
  serverQueue('nothing is promoted', 'while (this.#promisedQuota < room.quota) {', 'while (this.#promisedQuota < 0) {'),
  serverQueue('more is promoted than the slot has', 'this.promise(next)\n', ''),
  serverQueue('a promise is not settled', 'this.#promise(item, -1)\n', ''),
  queue('what is served does not settle its promise', '    promoter.settle(item)\n', ''),
  backlog(
    'one message more than the bound',
    'if (this.messages > this.#limits.maxMessages)',
    'if (this.messages > this.#limits.maxMessages + 1)',
  ),
  backlog(
    'the bound in octets is forgotten',
    "return this.#octets > this.#limits.maxBytes ? this.#victim('queue-bytes') : undefined",
    'return undefined',
  ),
  backlog(
    'max-age is ignored',
    'return this.has(item) && now >= this.#overdueAt(item)',
    'return now < (0 as Instant) && this.#overdueAt(item) > 0',
  ),
  backlog(
    'drop_newest drops the oldest',
    "case 'drop_newest':\n        return this.holdings.newest(by)",
    "case 'drop_newest':\n        return this.holdings.oldest(by)",
  ),
  backlog(
    'interims are not shed first',
    'return this.holdings.interim() ?? this.holdings.newest(by)',
    'return this.holdings.newest(by)',
  ),

  register('all that waited too long expires in one step', 'expired < EXPIRED_AT_ONCE', 'expired < Infinity'),
  register(
    'all that is beyond new bounds is shed in one step',
    'const excess = backlog.excess()\n      if (excess === undefined) return\n',
    'const excess = backlog.excess()\n      if (excess === undefined) return\n      shed = 0\n',
  ),
  engine(
    'what is overdue is sent where its turn to expire has not come',
    'places.backlogs[request.class].isOverdue(request, now)) {',
    'places.backlogs[request.class].isOverdue(request, 0 as Instant)) {',
  ),

  // Identifiers by port.
  identifiers(
    'a port that has one free again is passed over',
    '(this.#portsWithFree[port >> 5] ?? 0) | (1 << (port & 31))',
    'this.#portsWithFree[port >> 5] ?? 1 << (port & 31)',
  ),
  identifiers('the last port is filled first', 'Math.clz32(bits & -bits)', 'Math.clz32(bits)'),

  // What is remembered.
  forgetting('one row more than the bound', 'this.size <= most &&', 'this.size <= most + 1 &&'),
  forgetting('what is over its time stays', '(this.size <= most && this.forgetAt(oldest) > now)', 'this.size <= most'),
  states(
    'a State that is learned again is as old as before',
    'if (known !== -1) this.#servers.remove(known)\n',
    'if (known !== -1) return\n',
  ),
  forgetting('all that is over is forgotten in one step', 'forgotten < atMost', 'forgotten < Infinity'),

  // The sessions that wait.
  sessions(
    'what waits already is not looked at',
    'this.#next = this.#isOn ? this.#backlog.nextInOrder() : undefined\n',
    'this.#next = undefined\n',
  ),
  sessions(
    'all that wait are looked at in one step (once the code)',
    'looked < atMost && this.#next !== undefined',
    'looked < Infinity && this.#next !== undefined',
  ),
  sessions(
    'the watch ends with the last session and begins anew (once the code)',
    'if (this.#rows.size === 0) this.#lanes.clear()\n',
    'if (this.#rows.size === 0) this.end()\n',
  ),
  sessions(
    'who leaves takes the rest of the watch with it',
    'if (this.#next === request) this.#next = this.#backlog.nextInOrder(request)\n',
    'if (this.#next === request) this.#next = undefined\n',
  ),
  sessions(
    'a record that comes is looked at before those that wait',
    'if (this.#isComplete) this.enter(request)\n',
    'if (this.#isOn) this.enter(request)\n',
  ),
  sessions(
    'with a second server a record does not follow what waits for the first',
    'return this.#next !== undefined && sessionRow.get(this.#next) === NOWHERE ? this.#next.lane : undefined\n',
    'return undefined\n',
  ),
  sessions('a session is forgotten with its first record', 'if (records > 0) return\n', ''),
]
