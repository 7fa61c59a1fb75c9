/**
 * Faults in how lanes are looked at only when something is due there, in the choice among servers, and in how the queue of a
 * server that went Down returns.
 */
import { inFile, type Mutation } from './mutation.ts'

const schedule = inFile('src/proxy/work/lane-schedule.ts')
const engine = inFile('src/proxy/engine.ts')
const requeue = inFile('src/proxy/serving/requeue.ts')
const serverChoice = inFile('src/proxy/pool/server-choice.ts')
const turns = inFile('src/proxy/pool/turns.ts')
const hashChoice = inFile('src/proxy/pool/hash-choice.ts')
const outage = inFile('src/proxy/pool/outage.ts')
const momentHeap = inFile('src/queues/containers/moment-heap.ts')
const places = inFile('src/proxy/register/places.ts')
const healthChanges = inFile('src/proxy/serving/health-changes.ts')

export const LANE_MUTATIONS: readonly Mutation[] = [
  // Who is looked at, and when.
  schedule('a quarantine ends and nobody notices', 'while (this.#byQuarantine.firstAt <= now)', 'while (now < 0)'),
  schedule(
    'a lane that was looked at has no next moment',
    'else this.#byWake.put(lane, wakeAt)',
    'else this.#byWake.remove(lane)',
  ),
  schedule(
    'an identifier that comes back marks nobody',
    'if (!this.#lane.queue.waiting.isEmpty() || !this.#lane.isLive()) this.markChanged()',
    'if (!this.#lane.isLive()) this.markChanged()',
  ),
  engine('a promised place that was served marks nobody', '      lane?.schedule.markChanged()\n', ''),
  places('a promised place that was left marks nobody', '    request.lane?.schedule.markChanged()\n', ''),
  momentHeap(
    'one that becomes later stays where it is',
    'else this.#sink(place, item, moment)',
    'else this.#moments[0]',
  ),

  // The choice.
  serverChoice('a server that is back is not chosen again', '    this.#byRank[rank].add(place)\n', ''),
  serverChoice('a server that went Down is still chosen', 'this.#byRank[before].remove(place)', 'this.#known.size'),
  turns('a server that is Down leaves its turn to its neighbour', 'else this.#last = place', 'else this.#last += 1'),
  turns('copies take the turns of others', 'isCopy ? this.#lastOfCopies : this.#last, tried', 'this.#last, tried'),
  hashChoice(
    'a key never returns to its server',
    'if (this.#isMember[place] !== true || place === owner || place === second) return',
    'if (place >= 0 || owner === second) return',
  ),
  hashChoice(
    'a server that went keeps its keys',
    'if (place === this.#owners[bucket] || place === this.#seconds[bucket]) return true',
    'if (place === this.#seconds[bucket]) return true',
  ),
  hashChoice(
    'more changes are caught up with than are known',
    'this.#changes - seen > CHANGES_KEPT ||',
    'this.#changes - seen > 4 * CHANGES_KEPT ||',
  ),

  // The queue of a server that went Down, and trials.
  healthChanges(
    'of a long queue the rest stays with the server',
    '    }\n    this.#parts.requeue.addQueueOf(lane)\n',
    '    }\n    lane.schedule.markChanged()\n',
  ),
  requeue('a queue gives back once and never again', '    queue.tellOfSettled(this.#ready)\n', ''),
  requeue(
    'a queue that has given back all is never forgotten',
    'if (queue.waiting.isEmpty()) this.#queues.delete(queue)',
    'if (queue.waiting.isEmpty()) this.#ready.delete(queue)',
  ),
  outage('one that is held Down is tried', '!lane.health.isHeldDown && ', ''),
  outage(
    'the same server is tried again and again',
    'Math.max(this.#triedAt.get(lane) ?? 0, lane.health.since)',
    'lane.health.since',
  ),
  outage('one that had no room is never tried again', 'this.#full.firstAt <= now', 'this.#full.firstAt < 0'),
  outage(
    'the one that was sent most often is tried again',
    'this.#sentBefore.put(request, courseOf(request).transmissions)\n    if',
    'this.#sentBefore.put(request, -courseOf(request).transmissions)\n    if',
  ),
]
