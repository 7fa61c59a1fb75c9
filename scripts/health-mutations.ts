/**
 * Faults in what speaks against a server, and in what happens when no answer comes: among them each rule that trials
 * found wrong in 0.1.0.
 */
import { inFile, type Mutation } from './mutation.ts'

const health = inFile('src/throttle/server-health.ts')
const punctuality = inFile('src/throttle/punctuality.ts')
const answering = inFile('src/proxy/serving/answering.ts')
const failover = inFile('src/proxy/serving/failover.ts')
const pool = inFile('src/proxy/pool/pool.ts')
const failing = inFile('src/proxy/pool/failing.ts')
const limits = inFile('src/proxy/work/lane-limits.ts')
const silence = inFile('src/proxy/work/silence.ts')
const contact = inFile('src/proxy/work/contact.ts')
const sum = inFile('src/instances/shared/sum.ts')
const register = inFile('src/proxy/register/register.ts')
const request = inFile('src/proxy/work/request.ts')
const sending = inFile('src/proxy/serving/sending.ts')
const refusals = inFile('src/proxy/serving/refusals.ts')
const aside = inFile('src/proxy/pool/set-aside.ts')
const backlog = inFile('src/queues/backlog.ts')
const assigning = inFile('src/proxy/serving/assigning.ts')
const healthChanges = inFile('src/proxy/serving/health-changes.ts')

export const HEALTH_MUTATIONS: readonly Mutation[] = [
  // Active, Not Responding, Down.
  health(
    'a reload leaves a server asked that is not to be asked yet',
    ' || !this.#hasFailedEnough(this.#askedUntil)',
    '',
  ),
  health(
    'Down one failure late',
    'if (this.#failures < consecutiveFailures || this.#firstFailureAt === undefined) return false',
    'if (this.#failures <= consecutiveFailures || this.#firstFailureAt === undefined) return false',
  ),
  health(
    'an answer does not reset the failures',
    'this.#answeredAt = now\n    this.#heardAt = now\n    this.#forgetFailures()',
    'this.#answeredAt = now\n    this.#heardAt = now',
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
    'after(now, micros(interval + spread)) : undefined',
    'after(now, micros((interval + spread) / 2)) : undefined',
  ),
  health(
    'a server is judged before it is asked',
    "if (this.#options.probe === 'status_server') {",
    "if (this.#options.probe === 'status_server' && now < 0) {",
  ),
  health(
    'a server that answers one request in each second can be Down',
    'aliveUntil !== undefined && now < aliveUntil ? undefined : this.#goDown(',
    'aliveUntil !== undefined && now < 0 ? undefined : this.#goDown(',
  ),

  // Signs of life.
  failover(
    'every request without an answer speaks against its server (0.1.0)',
    'const isSilent = lane.contact.signsOfLife === attempt.signsBefore',
    'const isSilent = lane.contact.signsOfLife >= attempt.signsBefore',
  ),
  failover(
    'what a living server left unanswered speaks against the next one',
    'lane.health.failed(now, wasLeftByLiving)',
    'lane.health.failed(now)',
  ),
  failover(
    'a late answer to what another server left unanswered is one in time',
    'attempt.isOverdue = true\n    if (attempt.request?.course?.wasLeftByLiving === true) return\n',
    'if (attempt.request?.course?.wasLeftByLiving === true) return\n    attempt.isOverdue = true\n',
  ),
  sending(
    'a retry does not begin the wait for a sign of life anew',
    'attempt.signsBefore = lane.contact.signsOfLife\n',
    '',
  ),
  answering(
    'a response that can not be passed on is no sign of life (0.1.0)',
    "this.#parts.sending.finish(attempt, 'responded', now)\n    this.#hear(attempt, now)\n    if (request",
    "this.#parts.sending.finish(attempt, 'responded', now)\n    if (request",
  ),
  answering(
    'a replay is a sign of life',
    'if (!lane.contact.heard(attempt, now)) return\n',
    'if (lane.contact.heard(attempt, now) && now < 0) return\n',
  ),
  contact(
    'an answer under a former secret says that the present one is right',
    'if (!this.#isUnderItsSecret(attempt)) return isFirst\n',
    '',
  ),
  contact(
    'one ICMP error hides a wrong secret for ever',
    'if (this.#silentSinceRefused >= ENOUGH_SILENT) this.#refusedAt = undefined',
    '',
  ),
  silence('loss is told as lateness', "return isMost(late) ? 'late' : 'late-or-lost'", "return 'late'"),
  sum('what the first instance heard counts alone', 'heardAt: latest(a.heardAt, b.heardAt)', 'heardAt: a.heardAt'),
  answering('a late response makes a server Active', 'lane.health.respondedLate(now)', 'lane.health.responded(now)'),
  answering(
    'a response without a required Message-Authenticator is a sign of life',
    "return fault !== 'missing-message-authenticator' && !this.#isRequired(lane, attempt, now)",
    "return fault !== 'missing-message-authenticator'",
  ),
  answering(
    'a record whose response can not be passed on is not recorded',
    'if (isRecorded(request, bytes)) {',
    'if (bytes[0] === 0) {',
  ),
  answering(
    'a probe that is answered too late counts',
    'if (since(sentAt, now) > limit) {',
    'if (since(sentAt, now) < 0) {',
  ),

  // Failing.
  health('nobody is Failing', 'if (!isAnotherBetter()) return undefined', 'if (isAnotherBetter()) return undefined'),
  health('Failing recovers with any response', 'if (!this.punctuality.hasRecovered(now)) return undefined\n', ''),
  punctuality('Failing never recovers', 'this.#tally.answered * 2 >= this.#tally.ended', 'this.#tally.answered < 0'),
  punctuality('what is long ago counts for ever', 'this.#sumEnded -= this.#ended[place]!\n', ''),
  pool('a Failing server stays the first choice', 'return isFailing(lane) ? 1 : 0', 'return 0'),
  failing('a Failing server gets every request as a trial', 'const ONE_REQUEST_IN = 20', 'const ONE_REQUEST_IN = 1'),
  failing(
    'a Failing server that is no first choice is never tried',
    '(passedOver < ONE_REQUEST_IN && since(triedAt, now) < interval)',
    'passedOver < ONE_REQUEST_IN',
  ),
  healthChanges(
    'what returns from a Failing server goes back to it',
    'return this.#parts.pools.of(lane).lanes.some(isOther)',
    'return false',
  ),
  healthChanges('what waits for a Failing server stays there', 'else this.leaveFailing(pool)\n', ''),

  // Failover within the patience of clients.
  assigning(
    'max-transmissions is forgotten',
    "if (maxTransmissions > 0 && courseOf(request).transmissions >= maxTransmissions) return 'max-transmissions'",
    '',
  ),
  assigning(
    'an old Access-Request is sent again',
    "return now <= worthSendingUntil(request, register.places.backlogs[request.class].limits) ? undefined : 'max-age'",
    "return now > 0 ? undefined : 'max-age'",
  ),
  assigning('a copy past max-age waits again (once a bug)', 'if (this.#isTooOld(request, now)) {', 'if (now < 0) {'),
  register('a retransmission renews nothing (0.1.0)', 'course.latestCopyAt = receivedAt\n', ''),
  register(
    'a copy that was read late makes its login older',
    'else if (receivedAt > latestCopyAt(request)) {',
    'else {',
  ),
  request(
    'a copy in a queue is as old as its request (0.1.0)',
    "of.stage === 'fresh' ? of.receivedAt : latestCopyAt(of)",
    'of.receivedAt',
  ),
  backlog(
    'a copy never expires',
    'this.isOverdue(copy, now) ? copy : undefined',
    'copy.arrival < 0 ? copy : undefined',
  ),
  assigning(
    'records of one session do not move together',
    'const next = isTheirs ? itsSessions : ',
    'const next = isTheirs && now < 0 ? itsSessions : ',
  ),
  failover(
    'a login that waits on is not sent again for the copies of its client',
    'else if (latestCopyAt(request) <= attempt.sentAt || assigning.obstacleTo(request, now) !== undefined) {',
    'else if (now > 0) {',
  ),
  failover(
    'a login that waits on is sent again without a copy of its client',
    'else if (latestCopyAt(request) <= attempt.sentAt || assigning.obstacleTo(request, now) !== undefined) {',
    'else if (assigning.obstacleTo(request, now) !== undefined) {',
  ),
  failover(
    'a login that waits on keeps its place from a request that finds none',
    'while (limits.identifiers.room() < wanted && limits.canMakeRoom()) ',
    'while (now < 0 && limits.identifiers.room() < wanted && limits.canMakeRoom()) ',
  ),
  failover(
    'a due retry of another login ends one that waits on',
    'if (queue.waiting.queued > 0 && !queue.restsAt(now)) return false',
    'if (!queue.waiting.isEmpty() && !queue.restsAt(now)) return false',
  ),
  failover(
    'a login waits on beyond 30 s',
    'Math.min(after(request.receivedAt, LONGEST), asked + 1)',
    'Math.max(after(request.receivedAt, LONGEST), asked + 1)',
  ),
  failover(
    "a login waits on with a secret that is not the server's any more",
    'if (secret !== lane.server.secret && !secret.equals(lane.server.secret)) return false\n',
    'if (secret.bytes.length === 0) return false\n',
  ),
  failover(
    'a login that waits on holds up a stop',
    '!lane.isLive() || this.isEnding) return false',
    '!lane.isLive()) return false',
  ),
  failover(
    'a login stays at a silent server that it was sent to last',
    'const isSilent = lane.contact.signsOfLife === signsAtFirst',
    'const isSilent = lane.contact.signsOfLife < signsAtFirst',
  ),
  failover(
    'a login never goes back to a server that was silent and answers again',
    'signs !== undefined && (isSilent || other.contact.signsOfLife > signs)',
    'signs !== undefined && isSilent',
  ),
  answering(
    'an answer after the time-out reaches nobody',
    'if (request === undefined || !isInHand(request)) return',
    'if (request !== attempt.request || request === undefined) return',
  ),
  answering(
    'a request that a late answer has ended stays at the other server',
    'if (current !== undefined) this.#parts.sending.abandon(current, now)\n    this.#parts.register.places.leave(request)',
    'this.#parts.register.places.leave(request)',
  ),

  limits(
    'places are given up that make no room',
    'this.waitingOn.size > 0 && this.identifiers.lacking() <= this.waitingOn.size',
    'this.waitingOn.size > 0',
  ),
  failover(
    'a login that is tried again can be put out by another',
    '    lane.limits.waitingOn.delete(attempt)\n    lane.queue.waiting.put(request)',
    '    lane.queue.waiting.put(request)',
  ),
  assigning(
    'a server that lived and left a login unanswered is asked again',
    'signsAtFirst === signsAtTimeout ? signsAtTimeout : Number.POSITIVE_INFINITY',
    'signsAtFirst',
  ),
  sending(
    'who is abandoned after its time-out keeps its place for another',
    'if (attempt.isWaitingOn || attempt.request?.queue !== undefined) {',
    'if (attempt.request?.queue !== undefined) {',
  ),
  sending(
    'a record set aside that a late answer ends keeps its share',
    "      this.finish(attempt, 'silent', now)\n      return\n    }\n    this.#letGo(attempt)",
    '      this.#letGo(attempt)\n      this.wheel.remove(attempt)\n      this.#quarantine(attempt, now)\n      return\n    }\n    this.#letGo(attempt)',
  ),

  // Records that wait.
  assigning(
    'a record is given up when all servers have failed it (0.1.0)',
    'else if (request.class === RECORD_CLASS) this.#keepTrying(request, now)',
    'else if (now < 0) this.#keepTrying(request, now)',
  ),
  assigning(
    'a record that a living server left is tried at once',
    'const isAside = course?.wasLeftByLiving === true',
    'const isAside = now < 0',
  ),
  assigning(
    'records set aside take all identifiers',
    'if (lane.limits.aside < shareOf(mostUnanswered(lane))) return false',
    'if (now > 0) return false',
  ),
  aside('a record set aside comes back at the same pace for ever', 'FIRST_WAIT * 2 ** course.timesAside', 'FIRST_WAIT'),
  aside('a record set aside waits longer and longer without end', 'Math.min(LONGEST_WAIT, ', 'Math.max(0, '),

  // Refused ports.
  refusals(
    'a refusal that quotes no authenticator moves its request',
    'known.length >= HEADER',
    'known.length >= NAMES_ONE',
  ),
  refusals(
    'the authenticator of a refusal is not compared',
    'Math.min(quoted.length, HEADER)',
    'Math.min(quoted.length, 4)',
  ),
  refusals('a conversation is moved', 'if (request.packet.stateAt !== 0) return false', ''),
  refusals('a request moves again and again', 'if (request.course?.refused !== undefined) return false', ''),
  refusals(
    'a request is moved away from a server that answers',
    'if (heardAt !== undefined && since(heardAt, now) <= MICROS_PER_SECOND) return false',
    '',
  ),
  refusals(
    'the first server has its whole time-out after the second refused too',
    'if (first !== undefined) this.#parts.sending.shorten(first, now)',
    '',
  ),
  refusals('a response of the server that refused it answers nobody', 'attempt.formerly = request\n', '\n'),
  refusals(
    'a quote of nothing that is outstanding shortens the last wait',
    'known === undefined ? lane.limits.lastSent[port] : attemptOf(lane, port, known)',
    '(known && attemptOf(lane, port, known)) ?? lane.limits.lastSent[port]',
  ),
  sending(
    'a late response of the server that refused it answers nobody',
    'attempt.formerly = attempt.request ?? attempt.formerly',
    'attempt.formerly = attempt.request',
  ),
  answering(
    'what the server that refused it answered is outstanding elsewhere',
    'if (request !== undefined && isElsewhere) this.#takeAway(request, now)',
    '',
  ),
  assigning(
    'what moves is moved back',
    'tried.with(from.number, signsOf(attempt))\n    const next',
    'tried.with(-1, signsOf(attempt))\n    const next',
  ),
]
