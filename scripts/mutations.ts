/**
 * Faults that somebody could make in the throttle and on the packet path, and those of all other `*-mutations.ts`.
 *
 * Each must be killed: some unit or simulation test has to fail with it in place (scripts/mutants.ts). Those marked "once a
 * bug" bring back what a seed once showed (test/sim/regressions.test.ts).
 */
import { ACCOUNTING_MUTATIONS } from './accounting-mutations.ts'
import { ENDING_MUTATIONS } from './ending-mutations.ts'
import { FAIRNESS_MUTATIONS } from './fairness-mutations.ts'
import { HEALTH_MUTATIONS } from './health-mutations.ts'
import { LANE_MUTATIONS } from './lane-mutations.ts'
import { inFile, type Mutation } from './mutation.ts'
import { PACKET_IO_MUTATIONS } from './packet-io-mutations.ts'
import { RELOAD_MUTATIONS } from './reload-mutations.ts'
import { SHARED_MUTATIONS } from './shared-mutations.ts'
import { SHELL_MUTATIONS } from './shell-mutations.ts'
import { SIGNING_MUTATIONS } from './signing-mutations.ts'
import { TRANSPORT_MUTATIONS } from './transport-mutations.ts'
import { WAITING_MUTATIONS } from './waiting-mutations.ts'
import { WATCH_MUTATIONS } from './watch-mutations.ts'
import { WINDOW_MUTATIONS } from './window-mutations.ts'
import { WIRE_MUTATIONS } from './wire-mutations.ts'

const slots = inFile('src/throttle/own-slots.ts')
const budget = inFile('src/throttle/budget.ts')
const identifiers = inFile('src/throttle/identifiers.ts')
const wheel = inFile('src/throttle/timing-wheel.ts')
const engine = inFile('src/proxy/engine.ts')
const rewriting = inFile('src/proxy/serving/rewriting.ts')
const sending = inFile('src/proxy/serving/sending.ts')
const failover = inFile('src/proxy/serving/failover.ts')
const outage = inFile('src/proxy/pool/outage.ts')
const register = inFile('src/proxy/register/register.ts')
const records = inFile('src/proxy/register/records.ts')
const repetition = inFile('src/proxy/admission/repetition.ts')
const admission = inFile('src/proxy/admission/admission.ts')
const statusServer = inFile('src/proxy/admission/status-server.ts')
const intake = inFile('src/proxy/admission/intake.ts')
const answering = inFile('src/proxy/serving/answering.ts')
const endings = inFile('src/proxy/border/endings.ts')
const ledger = inFile('src/proxy/register/ledger.ts')
const limits = inFile('src/proxy/work/lane-limits.ts')
const lanes = inFile('src/proxy/work/lanes.ts')
const requeue = inFile('src/proxy/serving/requeue.ts')
const assigning = inFile('src/proxy/serving/assigning.ts')
const healthChanges = inFile('src/proxy/serving/health-changes.ts')
const places = inFile('src/proxy/register/places.ts')
const exchanges = inFile('src/proxy/register/exchanges.ts')

export const MUTATIONS: readonly Mutation[] = [
  // What is let in, and in which order that is found out.
  admission(
    'retransmissions are refused while it drains',
    "      proven('repetition', (arrival, now) => repetition.admit(arrival, now)),\n      step('draining', () => (this.isDraining ? 'draining' : 'goes-on')),\n",
    "      step('draining', () => (this.isDraining ? 'draining' : 'goes-on')),\n      proven('repetition', (arrival, now) => repetition.admit(arrival, now)),\n",
  ),
  admission('a drain takes new requests', "(this.isDraining ? 'draining' : 'goes-on')", "'goes-on'"),
  admission('what a step refuses is not counted', 'if (!arrival.isCounted) this.#count(arrival)', ''),
  admission('the time in the socket counts for nothing', 'Math.max(now - age, ', 'Math.max(now, '),
  admission(
    'what was read later may be older',
    'Math.max(now - age, this.#latest[trafficClass])',
    'Math.max(now - age, 0)',
  ),
  admission('a step that ends it lets it go on', "if (verdict === 'ends') return", ''),
  statusServer('a Status-Server request becomes a request', "return 'ends'", "return 'goes-on'"),
  // What every server refuses.
  intake('an attribute of type 0 goes on', "if (packet.hasTypeZero) return 'attribute-type-zero'", ''),
  intake('what must be added is not counted', ', attributesToAdd(packet))', ')'),
  rewriting(
    'an address is added where there is no room',
    'if (!hasTooManyAttributes(packet, maxAttributes, attributesToAdd(packet) + 1)) return',
    'if (maxAttributes >= 0) return',
  ),
  // How many, and when.
  slots('one message more than the quota', 'this.#sent >= this.#running.quota', 'this.#sent > this.#running.quota'),
  slots(
    'one message less than the quota',
    'this.#sent >= this.#running.quota',
    'this.#sent >= this.#running.quota - (this.#running.quota > 1 ? 1 : 0)',
  ),
  slots(
    'unused quota is carried over',
    'running.quota = 0\n    this.#sent = 0\n',
    'running.quota = 0\n    this.#sent = Math.min(0, this.#sent - running.quota)\n',
  ),
  budget(
    'the remainder is rounded up in every slot',
    'Math.floor(((k + 1) * maxRate) / slots) - Math.floor((k * maxRate) / slots)',
    'Math.ceil(maxRate / slots)',
  ),
  budget(
    'a low rate gets slots without quota',
    'Math.min(maxRate, Math.floor(MICROS_PER_SECOND / slot))',
    'maxRate === 0 ? 0 : Math.floor(MICROS_PER_SECOND / slot)',
  ),
  budget('a term holds a second late', 'from <= second) ??', 'from < second) ??'),
  budget(
    'a slot ends a slot late',
    'this.endsAt = start + slotBegins(this.slot + 1, slots)',
    'this.endsAt = start + slotBegins(this.slot + 2, slots)',
  ),
  lanes('a new rate holds at once', 'secondOf(now) + 1)])', 'secondOf(now))])'),

  // Identifiers and max-outstanding.
  identifiers(
    'max-outstanding is off by one',
    'Math.min(this.#most() - this.places.taken, this.#free)',
    'Math.min(this.#most() + 1 - this.places.taken, this.#free)',
  ),
  identifiers(
    'an identifier is free at once after a time-out',
    'identifier.quarantinedUntil = after(now, this.#quarantineTime)\n',
    'identifier.quarantinedUntil = now\n',
  ),
  identifiers('a quarantine ends early', 'if ((first.quarantinedUntil as Instant) > now) return\n', ''),
  identifiers(
    'an identifier is given back twice',
    'this.#endUse(identifier)\n    this.#makeFree(identifier)\n  }',
    'this.#endUse(identifier)\n    this.#makeFree(identifier)\n    this.#makeFree(identifier)\n  }',
  ),
  identifiers(
    'an identifier never comes back from its quarantine',
    'this.#makeFree(this.#inQuarantine.shift())',
    'this.#inQuarantine.shift()',
  ),
  identifiers(
    'most recently used first',
    'else this.#last.next = identifier\n    this.#last = identifier',
    'else {\n      identifier.next = this.first\n      this.first = identifier\n    }\n    this.#last ??= identifier',
  ),
  identifiers('what an identifier carried before is forgotten', 'identifier.last = identifier.held\n', ''),

  // Deadlines.
  wheel('a deadline comes a step early', 'Math.ceil(deadline / WHEEL_STEP)', 'Math.floor(deadline / WHEEL_STEP) - 1'),
  wheel(
    'a deadline beyond one turn comes a turn early',
    'if (stepOf(item.deadline) <= upTo) {',
    'if (stepOf(item.deadline) <= upTo + 1024) {',
  ),
  sending(
    'a time-out has no jitter',
    'lane.options.timeout * (1 + TIMEOUT_JITTER * this.jitter())',
    'lane.options.timeout',
  ),
  sending('a refusal ends a transmission at once', 'const deadline = after(now, REFUSED_WAIT)', 'const deadline = now'),

  // Health, and what happens when no answer comes.
  ...ENDING_MUTATIONS,
  ...HEALTH_MUTATIONS,

  // The main path.
  lanes(
    'the server queues are not asked',
    'if (lane.queue.waiting.isEmpty()) continue',
    'if (lane.number >= 0) continue',
  ),
  requeue(
    'the parked never return',
    'if (pool.live > 0) {\n      outage.parked.dissolve',
    'if (pool.live > 0 && outage.parked.waiting.queued < 0) {\n      outage.parked.dissolve',
  ),
  engine('a wake for a slot is forgotten', 'next = earliest(next, lanes.nextWakeAt(now))', 'lanes.nextWakeAt(now)'),
  engine(
    'a late retry leaves its slot unused (once a bug)',
    "if (request.stage === 'retry' && failover.retryIsTooLate(request, now)) return false",
    "if (request.stage === 'retry' && failover.retryIsTooLate(request, now)) return true",
  ),
  engine(
    'a message behind an older one leaves its slot unused (once a bug)',
    'return lane.schedule.nextPromotionAt(now) !== now',
    'return true',
  ),
  assigning('State is not bound to its server', 'packet.stateAt === 0 ? undefined', 'packet.stateAt >= 0 ? undefined'),
  limits(
    'a lane wakes for a slot though no identifier is free',
    'return this.identifiers.room() > 0 ? this.nextQuotaAt(now) : this.identifiers.nextWakeAt()',
    'return this.nextQuotaAt(now)',
  ),
  sending(
    'a newcomer overtakes those that wait',
    'identifier === undefined || lane.queue.waiting.hasPrecedenceOver(request, hadItsTurn, now)',
    'identifier === undefined',
  ),
  sending(
    'a retry needs no quota',
    "if (request.stage === 'retry') {\n      if (!lane.limits.budget.tryTake(now)) return false",
    "if (request.stage === 'retry') {\n      lane.limits.budget.tryTake(now)",
  ),
  sending(
    'an abandoned identifier is free at once',
    'attempt.lane.limits.identifiers.abandon(attempt.identifier)',
    'attempt.lane.limits.identifiers.release(attempt.identifier)',
  ),
  sending(
    'silence frees the identifier like an answer',
    "if (how === 'responded') limits",
    'if (how !== undefined) limits',
  ),
  sending(
    'outstanding is not counted down',
    'this.#parts.register.places.outstanding[request.class] -= 1',
    'this.#parts.register.places.outstanding[request.class] -= 0',
  ),
  failover(
    'one retry too many',
    'attempt.tries <= lane.options.maxRetries',
    'attempt.tries <= lane.options.maxRetries + 1',
  ),
  failover('one retry too few', 'attempt.tries <= lane.options.maxRetries', 'attempt.tries < lane.options.maxRetries'),
  assigning(
    'a failed server is tried again',
    'tried.with(from.number, signsOf(attempt))\n    const obstacle',
    'tried\n    const obstacle',
  ),
  healthChanges(
    'the queue of a Down server stays',
    "if (change.to === 'down') this.emptyQueueOf(lane, now)",
    "if (change.to === 'active') this.emptyQueueOf(lane, now)",
  ),
  healthChanges(
    'what is shed while a queue moves comes back to life (once a bug)',
    'for (let moved = 0; moved < MOVED_AT_ONCE; moved += 1) {\n      const next = waiting.removeOldest()\n      if (next === undefined) return\n      this.#parts.assigning.moveAway(next, lane, now)\n    }',
    'const all: Request[] = []\n    for (let next = waiting.removeOldest(); next !== undefined && all.length < MOVED_AT_ONCE; next = waiting.removeOldest()) all.push(next)\n    for (const next of all) this.#parts.assigning.moveAway(next, lane, now)',
  ),
  outage(
    'a live request tries a Down server without end',
    'this.#nextTrialAt = after(now, this.#options.probeInterval)\n    return lane',
    'return lane',
  ),
  register('what is shed is not counted', 'ledger.count(ENTRY.shed[end.reason])\n', ''),
  register(
    'what expires is counted as given up, too',
    'ledger.count(ENTRY.expired)',
    'ledger.count(ENTRY.expired)\n        ledger.count(ENTRY.givenUp)',
  ),
  places('what ends stays in the queue', 'if (request.queue !== undefined) this.leaveQueue(request)\n', ''),
  register(
    'an ended request is remembered as under way',
    'this.exchanges.endAll(request)\n    this.records.ended(request, now)',
    'this.records.ended(request, now)',
  ),
  endings('a place is left out of the law', '  for (const { name } of PLACES) left -= places[name]\n', ''),
  endings('the last number is left out of the law', 'at < numbers.length', 'at < numbers.length - 1'),
  ledger('all classes count in one place', 'TRAFFIC_CLASSES.indexOf(each) * LEDGER_BYTES', '0'),
  exchanges(
    'answers are forgotten at once',
    'const row = this.#answered.add(this.#key, after(now, this.limits.answerCache))',
    'const row = this.#answered.add(this.#key, now)',
  ),
  exchanges(
    'answers are never forgotten',
    'this.#answered.forgetSome(FORGOTTEN_WITH_ONE, this.limits.maxAnswers, now, this.#forgetAnswer)\n',
    '',
  ),
  records(
    'a record is known only by its octets',
    'if (hasEventTimestamp(packet)) return true\n',
    'if (packet.length > 0) return false\n',
  ),
  records(
    'any delay makes the same record',
    'return Math.abs(since(first.at, receivedAt) - grown) <= DELAY_TOLERANCE',
    'return grown >= 0 || DELAY_TOLERANCE > 0',
  ),
  repetition(
    'a retransmission is not absorbed',
    'before !== undefined && isSamePacket(before.exchange.packet, packet)\n',
    'before !== undefined && now < 0\n',
  ),
  repetition('a retransmission gets no cached answer', 'outbox.reply(from, octets)\n', ''),
  repetition(
    'a superseded request lives on',
    "register.end(request, { how: 'superseded' }, now)\n",
    'register.exchanges.end(exchange, request)\n',
  ),
  repetition(
    'an accounting record ends like an Access-Request',
    'if (request.class === RECORD_CLASS) {\n      register.exchanges',
    'if (now < 0) {\n      register.exchanges',
  ),
  answering(
    'an answer goes to one of those who wait for it',
    'const waiting = this.#parts.register.delivered(request, answer, now)\n',
    'const waiting = this.#parts.register.delivered(request, answer, now).slice(0, 1)\n',
  ),

  // The order within a session.
  assigning(
    'a record does not follow those of its session',
    'if (itsSessions?.isLive() === true) request.lane = itsSessions\n',
    '',
  ),
  assigning('nobody knows where the first of a session went', 'sessions.setLaneOf(request, request.lane)\n', ''),
  requeue(
    'a trial goes before an older one that was given back',
    'if (before !== undefined && before.arrival < oldest.arrival) return\n',
    '',
  ),
  ...ACCOUNTING_MUTATIONS,
  ...WAITING_MUTATIONS,
  ...PACKET_IO_MUTATIONS,
  ...RELOAD_MUTATIONS,
  ...LANE_MUTATIONS,
  ...SHARED_MUTATIONS,
  ...SHELL_MUTATIONS,
  ...SIGNING_MUTATIONS,
  ...TRANSPORT_MUTATIONS,
  ...WATCH_MUTATIONS,
  ...FAIRNESS_MUTATIONS,
  ...WINDOW_MUTATIONS,
  ...WIRE_MUTATIONS,
]
