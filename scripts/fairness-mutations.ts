/**
 * Faults in the turns of clients, in whom a full queue takes from, in clients' own rates, and in how long a login may wait.
 */
import { inFile, type Mutation } from './mutation.ts'

const ring = inFile('src/queues/containers/round-robin.ts')
const ranking = inFile('src/queues/containers/ranking.ts')
const line = inFile('src/queues/flow-line.ts')
const fresh = inFile('src/queues/fresh-messages.ts')
const holdings = inFile('src/queues/holdings.ts')
const patience = inFile('src/queues/patience.ts')
const backlog = inFile('src/queues/backlog.ts')
const serverQueue = inFile('src/queues/server-queue.ts')
const flows = inFile('src/proxy/clients/flows.ts')
const rates = inFile('src/proxy/clients/client-rates.ts')
const limits = inFile('src/proxy/work/lane-limits.ts')
const share = inFile('src/proxy/clients/client-share.ts')
const table = inFile('src/proxy/clients/client-table.ts')
const forgotten = inFile('src/proxy/register/forgotten.ts')
const register = inFile('src/proxy/register/register.ts')
const regrouping = inFile('src/proxy/register/regrouping.ts')
const sessions = inFile('src/proxy/register/waiting-sessions.ts')
const repetition = inFile('src/proxy/admission/repetition.ts')
const sending = inFile('src/proxy/serving/sending.ts')
const view = inFile('src/observe/view/interval.ts')
const use = inFile('src/observe/view/client-use.ts')
const plan = inFile('src/simulation/plan/plan.ts')
const inHand = inFile('src/observe/view/in-hand.ts')
const schedule = inFile('src/proxy/work/lane-schedule.ts')

export const FAIRNESS_MUTATIONS: readonly Mutation[] = [
  // Turns.
  ring(
    'credit survives an empty queue',
    '    taker.previous = undefined\n    taker.credit = 0\n',
    '    taker.previous = undefined\n',
  ),
  ring(
    'who joins has a turn of credit at once',
    '    const current = this.#current\n    taker.credit = 0\n',
    '    const current = this.#current\n    taker.credit = taker.weight\n',
  ),
  ring(
    'who joins goes first',
    '    current.previous = taker\n  }',
    '    current.previous = taker\n    this.#begin(taker)\n  }',
  ),
  ring('a turn is one message, whatever the weight', 'taker.credit += taker.weight', 'taker.credit += 1'),
  ring('a turn never ends', 'if (current.credit <= 0) this.#begin', 'if (current.credit < -1e9) this.#begin'),
  line('a served message costs no turn', 'else this.#turns.spend()', 'else this.#turns.current'),
  line(
    'who rests blocks the line',
    '      if (restsUntil === undefined) return item\n',
    '      return restsUntil === undefined ? item : undefined\n',
  ),
  line('what rests is counted on when it may go', '#resting) if (restsUntil > now) messages', '#resting) messages'),
  line('who rests never wakes', 'this.#resting.firstAt <= now) {', 'this.#resting.firstAt < 0) {'),
  line(
    'who rests never leaves a queue that moves (once a bug)',
    'this.#wake(now ?? Number.POSITIVE_INFINITY)',
    'if (now !== undefined) this.#wake(now)',
  ),
  line('what is promised does not count', 'allowance.left(now) > allowance.promised', 'allowance.left(now) > 0'),
  line('parts have turns among the clients', 'return this.#isInner ? flow : wholeOf(flow)', 'return flow'),
  fresh(
    'what was given back waits for its turn again',
    'givenBack.first() ?? dissolved.first() ?? byFlow.first(now)',
    'byFlow.first(now) ?? givenBack.first() ?? dissolved.first()',
  ),
  fresh(
    'what dissolves goes before what servers gave back (once a bug)',
    'givenBack.first() ?? dissolved.first()',
    'dissolved.first() ?? givenBack.first()',
  ),
  fresh(
    'a newcomer overtakes the other clients',
    'return own !== undefined || byFlow.hasTurns()',
    'return own !== undefined',
  ),
  fresh(
    'who has had its turn waits for those of others',
    'if (hadItsTurn) return own !== undefined && own.arrival < item.arrival',
    'if (hadItsTurn && byFlow.length === 0) return false',
  ),
  schedule(
    'a lane wakes for clients that rest',
    'return restsUntil === undefined || roomAt === undefined || restsUntil < roomAt ? roomAt : restsUntil',
    'return roomAt',
  ),
  serverQueue('a promise to a client is not kept', 'if (allowance !== undefined) allowance.promised += by', ''),

  // Whose message goes, if too many wait.
  ranking(
    'a holder that loses some keeps its rank',
    'if (number > 0) this.#place(holder, number, near)',
    'if (number > group.number) this.#place(holder, number, near)',
  ),
  holdings(
    'a thin client is the victim',
    'return this.#rankings[by].first?.of',
    "return [...this.#byFlow.values()].find((one) => one.messages > 0 && by !== 'interims') ?? this.#rankings[by].first?.of",
  ),
  holdings('weights do not count where a queue is full', 'Math.ceil(holding.messages / weight)', 'holding.messages'),
  holdings(
    'interim updates are shed of any client',
    'Math.ceil(holding.interimUpdates / weight)',
    'Math.min(1, holding.interimUpdates)',
  ),
  holdings(
    'octets are no matter',
    'Math.ceil(holding.octets / (OCTETS_IN_RANK * weight))',
    'Math.min(1, holding.octets)',
  ),
  holdings(
    'a share is of nobody',
    'holding.messages <= most) return undefined',
    'holding.messages <= most + 1) return undefined',
  ),
  register('a share in per cent is a number', '(limits.maxMessages * maxShare) / WHOLE', 'maxShare'),

  // Rates of clients.
  sending('the rate of a client is never used up', 'allowance?.tryTake(now) === false || ', ''),
  rates(
    'a new rate of a client never begins',
    '    this.#own.announce(key, [termOf({ maxRate, slot }, second + 1)])\n',
    '',
  ),
  share('what becomes of a removed client counts nowhere (once a bug)', 'removed.#counts = this.#counts', ''),
  share('who waits of a removed client counts nowhere', 'removed.#queued = this.#queued', ''),
  patience(
    'a login that came once waits longer than any may (once a bug)',
    'return instant(Math.min(due, of.receivedAt + maxAgeMost))',
    'return instant(isKnown ? Math.min(due, of.receivedAt + maxAgeMost) : due)',
  ),
  limits(
    'what waits for the slots of its client says that the server is slow (once a bug)',
    ' && !queue.restsAt(now)',
    '',
  ),
  rates(
    'a rate that comes back in its second has new slots (once a bug)',
    'second === this.#leftIn ? this.#left.get(key) : undefined',
    'undefined',
  ),
  rates(
    'a client keeps its rate when it has none any more (once a bug)',
    'if (!kept.has(share))',
    'if (kept.has(share) && !kept.has(share))',
  ),
  sending(
    'a client that rests has precedence over what was set aside (once a bug)',
    'hasPrecedenceOver(request, hadItsTurn, now)',
    'hasPrecedenceOver(request, hadItsTurn)',
  ),

  // Flows.
  flows('an address is never forgotten (once a bug)', 'if (flow.whole !== undefined) this.#forgetIdle(flow.whole)', ''),
  flows('a flow that waits is forgotten', '    if (flow.waiting > 0) return\n', ''),
  flows('who shares a flow leaves it while others wait there', ' || (common !== undefined && common.waiting > 0)', ''),
  flows('the tables of flows have no bound', 'this.size >= this.#most || ', ''),
  table('a client that lost addresses keeps what waits of them', '.filter((share) => !carved.has(share))', ''),
  regrouping(
    'what was given back waits for its turn again, if a reload changes whose it is (once a bug)',
    ' || promoter !== undefined) return undefined',
    ') return undefined',
  ),
  regrouping(
    'former clients of one address have turns apart (once a bug)',
    'client === undefined ? clients.nobodys.flow :',
    'client === undefined ? request.client.share.flow :',
  ),
  register(
    'the share of the queue is that of the client that a message came from (once a bug)',
    '= request.flow.of\n',
    '= request.client.options\n',
  ),
  fresh(
    'what dissolves in two queues goes in the order in which it came from them (once a bug)',
    'dissolved: new ArrivalList<T>(fields.inQueue)',
    'dissolved: new ChainedList<T>(fields.inQueue) as never',
  ),
  regrouping(
    'a client is not promised what its client before was',
    '      Request.fields.promoter.get(request)?.promise(request)\n',
    '',
  ),
  sessions(
    'a reload parts a session (once a bug)',
    'this.flowOf(request.from.address, packet) ?? ownFlowOf(request)',
    'ownFlowOf(request)',
  ),
  sessions(
    'records that came before any waited have turns apart (once a bug)',
    'if (this.#wants.flows && !this.#isOn) this.#begin()\n    else if',
    'if',
  ),
  regrouping(
    'what waits keeps its former turns',
    'holdings.heldBy(({ of }) => !kept.has(of))',
    'holdings.heldBy(({ of }) => kept.has(of) && !kept.has(of))',
  ),

  // How long a login may wait.
  patience('a duplicate of the network is a copy', 'if (gap < LEAST_GAP) return\n', ''),
  patience(
    'a duplicate of the network does not renew',
    '    this.latestAt = at\n    if (gap < LEAST_GAP) return\n',
    '    if (gap < LEAST_GAP) return\n    this.latestAt = at\n',
  ),
  patience('gaps never grow', 'ratio >= LEAST_RATIO && ratio <= MOST_RATIO', 'ratio > 1e9'),
  patience('gaps grow by any ratio', 'Math.min(MOST_GROWTH, ratio)', 'ratio'),
  patience(
    'a login is forgotten after its next copy is due',
    '(1 - MARGIN_OF_GAP) * this.gapToCome - MARGIN',
    '(1 + MARGIN_OF_GAP) * this.gapToCome',
  ),
  patience(
    'what was sent is given up before the next copy',
    'wasSent ? patience.justAfterDue',
    'wasSent ? patience.justBeforeDue',
  ),
  patience(
    'a login waits as long as its client asks',
    'instant(Math.min(due, of.receivedAt + maxAgeMost))',
    'instant(due)',
  ),
  backlog(
    'the oldest is the first to expire (once a bug)',
    'earliest(longest?.receivedAt,',
    'earliest(copy === undefined ? undefined : this.#fields.agesFrom(copy),',
  ),
  backlog(
    'who sends each instant hides the age of the others (once a bug)',
    '[oldest, copy, longest].map',
    '[oldest, copy].map',
  ),
  backlog(
    'the share of its age is that of max_age_limit (once a bug)',
    'Math.max(1, this.#overdueAt(item) - 1 - from)',
    'this.#limits.maxAge',
  ),
  view(
    'a login is old when it has waited for max_age_most (once a bug)',
    '=> of.ageShare)',
    '=> of.oldestAge / 30_000_000)',
  ),
  backlog(
    'a copy does not renew what waits',
    'if (!this.has(item) || !this.#hasPatience(item)) return\n',
    'if (item.arrival >= 0) return\n',
  ),
  forgotten(
    'a tombstone outlives its gap',
    'const REMEMBERED_FOR = seconds(30)',
    'const REMEMBERED_FOR = seconds(300)',
  ),
  forgotten('tombstones have no bound', 'REMEMBERED_PER_MESSAGE * maxMessages', 'Number.POSITIVE_INFINITY'),
  forgotten(
    'a tombstone is found for another login',
    'this.#key[word] = packet.authenticatorWord(word)',
    'this.#key[word] = 0',
  ),
  register('what was shed is not known again', "end.how === 'expired' || end.how === 'shed'", "end.how === 'expired'"),
  register(
    'the next copy of a forgotten login is its first',
    '    patience.heard(request.receivedAt)\n    startCourse(request).patience = patience\n',
    '',
  ),
  repetition(
    'a copy that comes too late keeps its place',
    'if (isRepeated && this.#forgets(before.request, arrival, now))',
    'if (isRepeated && now < 0 && this.#forgets(before.request, arrival, now))',
  ),
  // Who sees them.
  plan('a turn needs no slot (once a promise)', 'bngs / rate + slotOf(rate)', 'bngs / rate'),
  view(
    "what a client loses by its own share is everybody's loss (once a bug)",
    "this.ended(name, 'shed') - beyond",
    "this.ended(name, 'shed') - 0 * beyond",
  ),
  view(
    'a record that is shed for a share is no loss (once a bug)',
    'name === RECORD_CLASS ? 0 : this.shedBeyondShares(name)',
    'this.shedBeyondShares(name)',
  ),
  use(
    'whoever has a rate of its own waits for it',
    'now.maxRate > 0 && sent >= USED_UP * now.maxRate * seconds',
    'now.maxRate > 0 && sent + seconds >= 0',
  ),
  view(
    'one client at its own rate excuses the servers for all',
    '(sum, { expired }) => sum + expired, 0) === all ?',
    '(sum, { expired }) => sum + expired, 0) > 0 ?',
  ),
  inHand(
    'a stop counts on what a client may not be sent (once a bug)',
    'maxRate === 0 ? 0 : waiting[name].queued - Math.floor(maxRate * limitSeconds)',
    '0 * waiting[name].queued * limitSeconds',
  ),
  inHand(
    'what rests at one server hides what is too much at another (once a bug)',
    'Math.min(ofClients, allResting) - (allResting - lane.resting)',
    'ofClients',
  ),
  inHand(
    'what a client may not be sent is counted again at the servers',
    'waiting - Math.max(0, ofClients - restingOf(answering))',
    'waiting',
  ),
]
