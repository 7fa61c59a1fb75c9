/**
 * Faults that somebody could make in the throttle and on the packet path, and all others (`accounting-mutations.ts`,
 * `shared-mutations.ts`).
 *
 * Each must be killed: some unit or simulation test has to fail with it in place (scripts/mutants.ts). Those marked "once a
 * bug" bring back what a seed once showed (test/sim/regressions.test.ts).
 */
import { ACCOUNTING_MUTATIONS } from './accounting-mutations.ts'
import { LANE_MUTATIONS } from './lane-mutations.ts'
import { inFile, type Mutation } from './mutation.ts'
import { SHARED_MUTATIONS } from './shared-mutations.ts'

const slots = inFile('src/throttle/slots.ts')
const identifiers = inFile('src/throttle/identifiers.ts')
const health = inFile('src/throttle/health.ts')
const wheel = inFile('src/throttle/timing-wheel.ts')
const lineOf = inFile('src/queues/waiting-line.ts')
const list = inFile('src/queues/arrival-list.ts')
const backlog = inFile('src/queues/backlog.ts')
const serverQueue = inFile('src/queues/server-queue.ts')
const instanceQueue = inFile('src/queues/instance-queue.ts')
const engine = inFile('src/proxy/engine.ts')
const sending = inFile('src/proxy/sending.ts')
const failover = inFile('src/proxy/failover.ts')
const trials = inFile('src/proxy/trials.ts')
const register = inFile('src/proxy/register.ts')
const duplicates = inFile('src/proxy/duplicates.ts')
const repetition = inFile('src/proxy/repetition.ts')
const answering = inFile('src/proxy/answering.ts')
const ledger = inFile('src/proxy/ledger.ts')
const lane = inFile('src/proxy/lane.ts')
const lanes = inFile('src/proxy/lanes.ts')
const wayBack = inFile('src/proxy/way-back.ts')
const assigning = inFile('src/proxy/assigning.ts')
const sessions = inFile('src/proxy/waiting-sessions.ts')

export const MUTATIONS: readonly Mutation[] = [
  // How many, and when.
  slots('one message more than the quota', 'this.#sent >= this.#quota', 'this.#sent > this.#quota'),
  slots(
    'one message less than the quota',
    'this.#slots !== 0 && this.#sent >= this.#quota',
    'this.#slots !== 0 && this.#sent >= this.#quota - (this.#quota > 1 ? 1 : 0)',
  ),
  slots('unused quota is carried over', 'this.#sent = 0\n', 'this.#sent = Math.min(0, this.#sent - this.#quota)\n'),
  slots(
    'the remainder is rounded up in every slot',
    'Math.floor(((k + 1) * maxRate) / slots) - Math.floor((k * maxRate) / slots)',
    'Math.ceil(maxRate / slots)',
  ),
  slots(
    'a low rate gets slots without quota',
    'Math.min(maxRate, Math.floor(MICROS_PER_SECOND / slot))',
    'maxRate === 0 ? 0 : Math.floor(MICROS_PER_SECOND / slot)',
  ),
  slots(
    'a new rate holds at once',
    'Math.floor(now / MICROS_PER_SECOND) + 1 }',
    'Math.floor(now / MICROS_PER_SECOND) }',
  ),
  slots(
    'a slot ends a slot late',
    'this.#endsAt = start + slotBegins(slot + 1, slots)',
    'this.#endsAt = start + slotBegins(slot + 2, slots)',
  ),

  // Identifiers and max-outstanding.
  identifiers(
    'max-outstanding is off by one',
    'return this.#outstanding < this.#maxOutstanding && this.#free > 0',
    'return this.#outstanding <= this.#maxOutstanding && this.#free > 0',
  ),
  identifiers(
    'an identifier is free at once after a time-out',
    'identifier.quarantinedUntil = after(now, this.#quarantineTime)\n    this.#quarantine.push(identifier)',
    'this.#makeFree(identifier)\n    void now',
  ),
  identifiers('a quarantine ends early', 'if ((identifier.quarantinedUntil as Instant) > now) break', ''),
  identifiers(
    'an identifier is given back twice',
    'this.#endUse(identifier)\n    this.#makeFree(identifier)\n  }',
    'this.#endUse(identifier)\n    this.#makeFree(identifier)\n    this.#makeFree(identifier)\n  }',
  ),
  identifiers(
    'an identifier never comes back from its quarantine',
    'this.#makeFree(identifier)\n      this.#quarantineHead += 1',
    'this.#quarantineHead += 1',
  ),
  identifiers(
    'most recently used first',
    'this.#ring[(this.#head + this.free) % IDENTIFIERS_PER_PORT] = identifier\n    this.free += 1',
    'this.#head = (this.#head + IDENTIFIERS_PER_PORT - 1) % IDENTIFIERS_PER_PORT\n    this.#ring[this.#head] = identifier\n    this.free += 1',
  ),
  identifiers('what an identifier carried before is forgotten', 'identifier.last = identifier.held\n', ''),

  // Deadlines.
  wheel('a deadline comes a step early', 'Math.ceil(deadline / WHEEL_STEP)', 'Math.floor(deadline / WHEEL_STEP) - 1'),
  wheel(
    'a deadline beyond one turn comes a turn early',
    'if (stepOf(item.deadline) <= upTo) {',
    'if (stepOf(item.deadline) <= upTo + 1024) {',
  ),
  sending('a time-out has no jitter', 'lane.options.timeout * (1 + JITTER * this.jitter())', 'lane.options.timeout'),
  sending('a refusal ends a transmission at once', 'const deadline = after(now, REFUSED_WAIT)', 'const deadline = now'),

  // Health.
  health(
    'Down one failure late',
    'if (this.#failures < consecutiveFailures || this.#firstFailureAt === undefined) return false',
    'if (this.#failures <= consecutiveFailures || this.#firstFailureAt === undefined) return false',
  ),
  health(
    'an answer does not reset the failures',
    'responded(now: Instant): HealthChange | undefined {\n    this.#forgetFailures()',
    'responded(now: Instant): HealthChange | undefined {',
  ),
  health(
    'the dead time is ignored',
    'if (now < after(this.#since, this.#options.deadTime)) return undefined\n',
    'if (this.#state === this.#state) return undefined\n',
  ),
  health(
    'the response time-out is ignored',
    'return now >= after(this.#firstFailureAt, responseTimeout)',
    'return responseTimeout >= 0',
  ),
  health(
    'probes come twice as often',
    'this.#nextProbeAt = after(now, micros(interval + spread))',
    'this.#nextProbeAt = after(now, micros((interval + spread) / 2))',
  ),

  // Who waits where, and who goes first.
  lineOf(
    'precedence is dropped',
    "if (this.#order === 'authentication_first') {",
    "if (this.#order === ('none' as string)) {",
  ),
  lineOf(
    'a conversation does not overtake',
    'return again ?? this.#fresh[0]?.first() ?? this.#fresh[1]?.first() ?? this.#fresh[2]?.first()',
    'return again ?? this.#fresh[1]?.first() ?? this.#fresh[0]?.first() ?? this.#fresh[2]?.first()',
  ),
  lineOf(
    'retries wait behind first transmissions',
    "(item.stage === 'fresh' ? item.preference : -1)",
    "(item.stage === 'fresh' ? item.preference : 9)",
  ),
  lineOf(
    'a retry waits for an identifier that it has',
    'if (!identifierFree) return retry',
    'if (!identifierFree) return undefined',
  ),
  lineOf('octets of what leaves stay counted', '    this.#octets -= item.size\n', ''),
  list(
    'what comes back goes to the tail',
    'if (this.#last === undefined || this.#last.arrival < item.arrival) {',
    'if (this.#last === undefined || this.#last.arrival !== item.arrival) {',
  ),
  serverQueue('nothing is promoted', 'while (this.#promisedQuota < room.quota) {', 'while (this.#promisedQuota < 0) {'),
  serverQueue('more is promoted than the slot has', 'this.#promisedQuota += 1\n', ''),
  serverQueue('a promise is not settled', 'this.#promisedQuota -= 1\n', 'this.#promisedQuota -= 0\n'),
  instanceQueue('what is served does not settle its promise', 'item.promotedBy?.settle(item)\n', ''),
  backlog(
    'one message more than the bound',
    'this.#byAge.length > this.#limits.maxMessages',
    'this.#byAge.length > this.#limits.maxMessages + 1',
  ),
  backlog(
    'the bound in octets is forgotten',
    "return this.#octets > this.#limits.maxBytes ? 'queue-bytes' : undefined",
    'return undefined',
  ),
  backlog(
    'max-age is ignored',
    'return oldest !== undefined && now > after(oldest.receivedAt, this.#limits.maxAge) ? oldest : undefined',
    'return oldest !== undefined && now < 0 ? oldest : undefined',
  ),
  backlog(
    'drop_newest drops the oldest',
    "case 'drop_newest':\n        return this.#byAge.last()",
    "case 'drop_newest':\n        return this.#byAge.first()",
  ),
  backlog(
    'interims are not shed first',
    'return this.#outdated.first() ?? this.#interims.first() ?? this.#byAge.last()',
    'return this.#byAge.last()',
  ),

  // The main path.
  lanes(
    'the server queues are not asked',
    'if (!lane.queue.line.isEmpty()) lane.counters.promotions += ',
    'if (lane.number < 0) lane.counters.promotions += ',
  ),
  wayBack(
    'the parked never return',
    'if (farm.hasLive()) {\n      farm.parked.promote',
    'if (farm.hasLive() && farm.parked.line.queued < 0) {\n      farm.parked.promote',
  ),
  engine(
    'a wake for a slot is forgotten',
    'next = earliest(next, this.#lanes.nextWakeAt(now))',
    'this.#lanes.nextWakeAt(now)',
  ),
  engine(
    'a late retry leaves its slot unused (once a bug)',
    "if (request.stage === 'retry' && this.#failover.retryIsTooLate(request, now)) return false",
    "if (request.stage === 'retry' && this.#failover.retryIsTooLate(request, now)) return true",
  ),
  engine(
    'a message behind an older one leaves its slot unused (once a bug)',
    'return lane.nextPromotionAt(now) !== now',
    'return true',
  ),
  assigning('State is not bound to its server', 'packet.stateAt === 0 ? undefined', 'packet.stateAt >= 0 ? undefined'),
  lane(
    'a lane wakes for a slot though no identifier is free',
    'if (!this.identifiers.hasRoom()) return this.identifiers.nextWakeAt()',
    '',
  ),
  sending(
    'a newcomer overtakes those that wait',
    'identifier === undefined || lane.queue.line.hasPrecedenceOver(request, true)',
    'identifier === undefined',
  ),
  sending(
    'a retry needs no quota',
    "if (request.stage === 'retry') {\n      if (!lane.budget.tryTake(now)) return false",
    "if (request.stage === 'retry') {\n      lane.budget.tryTake(now)",
  ),
  sending(
    'an abandoned identifier is free at once',
    'else attempt.lane.identifiers.abandon(attempt.identifier)',
    'else attempt.lane.identifiers.release(attempt.identifier)',
  ),
  sending(
    'silence frees the identifier like an answer',
    "if (how === 'responded') attempt.lane",
    'if (how !== undefined) attempt.lane',
  ),
  sending(
    'outstanding is not counted down',
    'this.#register.outstanding[request.class] -= 1',
    'this.#register.outstanding[request.class] -= 0',
  ),
  failover(
    'one retry too many',
    'attempt.tries <= lane.options.maxRetries',
    'attempt.tries <= lane.options.maxRetries + 1',
  ),
  failover('one retry too few', 'attempt.tries <= lane.options.maxRetries', 'attempt.tries < lane.options.maxRetries'),
  failover(
    'max-transmissions is forgotten',
    'if (maxTransmissions > 0 && request.transmissions >= maxTransmissions) return false',
    '',
  ),
  failover(
    'an old Access-Request is sent again',
    'return since(request.receivedAt, now) <= this.#register.backlogs.authentication.limits.maxAge',
    'return now > 0',
  ),
  failover('a failed server is tried again', 'request.addTried(from.number)\n', ''),
  failover(
    'the queue of a Down server stays',
    "if (change.to === 'down') this.emptyQueueOf(lane, now)",
    "if (change.to === 'active') this.emptyQueueOf(lane, now)",
  ),
  failover(
    'what is shed while a queue moves comes back to life (once a bug)',
    'for (let moved = 0; moved < MOVED_AT_ONCE; moved += 1) {\n      const next = line.takeOldest()\n      if (next === undefined) return\n      this.moveAway(next, lane, now)\n    }',
    'const all: Request[] = []\n    for (let next = line.takeOldest(); next !== undefined && all.length < MOVED_AT_ONCE; next = line.takeOldest()) all.push(next)\n    for (const next of all) this.moveAway(next, lane, now)',
  ),
  failover(
    'a copy past max-age waits again (once a bug)',
    'if (since(request.receivedAt, now) > this.#register.backlogs[request.class].limits.maxAge) {',
    'if (now < 0) {',
  ),
  trials(
    'a live request tries a Down server without end',
    'this.#nextAt = after(now, interval)\n    return lane',
    'return lane',
  ),
  register('what is shed is not counted', 'this.ledgers[victim.class].countShed(reason)\n', ''),
  register(
    'what expires is counted as given up, too',
    'this.ledgers[request.class].expired += 1',
    'this.ledgers[request.class].expired += 1\n    this.ledgers[request.class].givenUp += 1',
  ),
  register('what ends stays in the line', 'if (request.line !== undefined) this.leaveLine(request)\n', ''),
  register(
    'an ended request is remembered as under way',
    'this.duplicates.forget(exchange)\n    }\n    this.duplicates.forgetRecord(request)',
    '}\n    this.duplicates.forgetRecord(request)',
  ),
  ledger('an ending is left out of the sum', 'this.deliveredUnanswered +\n', ''),
  duplicates(
    'answers are forgotten at once',
    'const forgetAt = after(now, this.#limits.answerCache)',
    'const forgetAt = now',
  ),
  duplicates(
    'answers are never forgotten',
    'if (this.#staysUntil(this.#answered, row, maxAnswers, now)) break\n      this.#forgetAnswer(row)',
    'break',
  ),
  duplicates(
    'a record is known only by its octets',
    'if (hasEventTimestamp(again)) return true\n',
    'if (again.length > 0) return false\n',
  ),
  duplicates(
    'any delay makes the same record',
    'return Math.abs(since(first.at, againAt) - grown) <= DELAY_TOLERANCE',
    'return grown >= 0 || DELAY_TOLERANCE > 0',
  ),
  repetition(
    'a retransmission is not absorbed',
    'if (before !== undefined && isSamePacket(before.packet, packet)) {',
    'if (before !== undefined && now < 0) {',
  ),
  repetition('a retransmission gets no cached answer', 'this.#outbox.reply(from, answer)\n', ''),
  repetition('a superseded request lives on', 'this.#register.supersede(request, now)\n', 'request.detach(exchange)\n'),
  repetition(
    'an accounting record ends like an Access-Request',
    "if (request === undefined || request.class === 'accounting') {",
    'if (request === undefined) {',
  ),
  answering(
    'an answer goes to one of those who wait for it',
    'const waiting = request.exchanges',
    'const waiting = [...request.exchanges].slice(0, 1)',
  ),
  answering(
    'a late response is taken for the present request',
    'if (attempt === undefined || fault !== undefined) {',
    'if (attempt === undefined) {',
  ),

  // The order within a session.
  assigning(
    'a record does not follow those of its session',
    'if (itsSessions?.isLive() === true) request.lane = itsSessions\n',
    '',
  ),
  assigning('nobody knows where the first of a session went', 'sessions.setLaneOf(request, request.lane)\n', ''),
  failover(
    'records of one session do not move together',
    'itsSessions !== from && itsSessions?.isLive() === true ? itsSessions : farm.choose(request)',
    'farm.choose(request)',
  ),
  wayBack(
    'a trial goes before an older one that was given back',
    'if (oldest !== undefined && this.#register.instanceQueue.hasOlderThan(oldest)) return\n',
    '',
  ),
  sessions('what waits already is not looked at', 'for (const request of this.#backlog) this.enter(request)\n', ''),
  sessions('a session is forgotten with its first record', 'if (records > 0) return\n', ''),

  ...ACCOUNTING_MUTATIONS,
  ...LANE_MUTATIONS,
  ...SHARED_MUTATIONS,
]
