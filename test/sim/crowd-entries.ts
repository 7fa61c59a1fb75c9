/**
 * Every entry into an engine with many waiting messages, with every policy, algorithm and order of service: arrivals with room
 * and without, answers, slots that begin, an outage, reloads after which too much waits or it is too old.
 *
 * The caller says what is measured of each call: a test counts steps (`steps.ts`), a bench takes the time
 * (`bench/crowd-cost.ts`).
 */

import { perClass, type TrafficClass } from '../../src/classes.ts'
import type { EngineOptions, ServerOptions } from '../../src/proxy/border/options.ts'
import type { BacklogLimits } from '../../src/queues/backlog.ts'
import { type Duration, micros, millis, seconds } from '../../src/units.ts'
import { classes, deadServer } from '../proxy/options.ts'
import { answerTo, Crowd, type CrowdSize, STATUS, TIMEOUT } from './crowd.ts'

const ALGORITHMS = ['first_server', 'round_robin', 'hash'] as const
/** Shedding comes first: while no interim update waits, the first one that does is a change of its own. */
const POLICIES = ['shed_interim_first', 'drop_newest', 'drop_oldest'] as const
const ORDERS = ['authentication_first', 'fifo'] as const
/** Calls of each kind in each configuration: so that a cost that is high only now and then shows. */
const CALLS = 2
/** Messages served one by one, each counted. */
const SERVED = 3

/** What one call took, in whatever is measured, by the kind of the entry: each call's. */
export type Costs = ReadonlyMap<string, readonly number[]>

export const costsOf = (size: CrowdSize, measure: Measure): Costs => {
  const crowd = new Crowd(size)
  const count = new Count(crowd, measure)
  for (const [place, algorithm] of ALGORITHMS.entries()) {
    for (const [other, overflow] of POLICIES.entries()) {
      // Each with each, and each of them with both orders.
      const serviceOrder = ORDERS[(place + other) % ORDERS.length] as (typeof ORDERS)[number]
      const before = crowd.options.queues
      const queues = perClass((each) => ({ ...before[each], overflow }))
      crowd.reload({ classes: classes({ algorithm, hashKey: SESSION }), serviceOrder, queues })
      // The first use of a key's bucket compares all servers; from then on it is remembered.
      if (algorithm === 'hash' && other === 0) arrivals(new Count(crowd, measure), '')
      crowd.settle()
      atTheBound(count, overflow)
      arrivals(count, '')
      exchanges(count)
    }
  }
  outage(count)
  ends(count)
  crowd.engine.inspection.check()
  return count.costs
}

/** Does it, and says what it took. */
export type Measure = (act: () => void) => number

const SESSION = { vendor: 0, type: 44 }
const NEW_SESSION = 1_000_000_000

/** Counts what a crowd's engine does, by the kind of the entry. */
class Count {
  readonly crowd: Crowd
  readonly costs = new Map<string, number[]>()
  readonly #measure: Measure
  isMassEnding = false

  constructor(crowd: Crowd, measure: Measure) {
    this.crowd = crowd
    this.#measure = measure
  }

  get now(): Crowd['now'] {
    return this.crowd.now
  }

  /** One entry. Where it does the same to many (they expire, say), what it does to each is counted. */
  one(entry: string, act: (engine: Crowd['engine']) => void): void {
    const { done } = this.crowd
    const cost = this.#measure(() => act(this.crowd.engine))
    const each = cost / Math.max(1, this.crowd.done - done)
    const costs = this.costs.get(entry)
    if (costs === undefined) this.costs.set(entry, [each])
    else costs.push(each)
  }

  /** Some messages are served, one at each call; then the engine says when to come again. */
  serving(): void {
    // What ended in many queues at once makes each of them be looked at once: that is a part of their end.
    if (this.isMassEnding) this.crowd.engine.serve(this.now, 1)
    let isMore = true
    for (let served = 0; isMore && served < SERVED; served += 1) {
      this.one('serve', (engine) => {
        isMore = engine.serve(this.now, 1)
      })
    }
    this.one('nextWakeAt', (engine) => engine.nextWakeAt(this.now))
  }

  passing(by: Duration, where = ''): void {
    this.crowd.pass(by)
    this.one(`wake${where}`, (engine) => engine.wake(this.now))
    // Many servers may have changed in that wake: each of them is looked at once.
    this.crowd.engine.serve(this.now, 1)
    this.serving()
  }

  receiving(trafficClass: TrafficClass, kind: string, { from, bytes }: ReturnType<Crowd['makeLogin']>): void {
    this.one(`receive: ${kind}`, (engine) => engine.receive(trafficClass, from, bytes, this.now))
    this.one(`receive again: ${kind}`, (engine) => engine.receive(trafficClass, from, bytes, this.now))
    this.serving()
  }
}

/** Each kind of message comes, is served or waits, and comes again. */
const arrivals = (count: Count, where: string): void => {
  // Of a session that has others waiting, and of a new one.
  for (const session of [8, NEW_SESSION]) {
    for (const [kind, status] of Object.entries(STATUS)) {
      count.receiving('accounting', `${kind}${where}`, count.crowd.makeRecord({ status, session }))
    }
    count.receiving('authentication', `login${where}`, count.crowd.makeLogin(session))
  }
}

/** The same where one more is too many. */
const atTheBound = (count: Count, overflow: (typeof POLICIES)[number]): void => {
  const { crowd } = count
  const before = crowd.options.queues
  const { classes } = crowd.engine.inspection.overview(crowd.now)
  crowd.reload({ queues: perClass((each) => ({ ...before[each], maxMessages: classes[each].queued })) })
  arrivals(count, ` (full, ${overflow})`)
  crowd.reload({ queues: before })
}

/** Answers come, right ones and wrong ones, and what they make room for goes. */
const exchanges = (count: Count): void => {
  for (const { lane, port, bytes } of count.crowd.forwarded.splice(0, CALLS)) {
    const answer = answerTo(bytes)
    const forged = Uint8Array.from(answer, (octet, at) => (at === 10 ? octet ^ 1 : octet))
    count.one('refused', (engine) => engine.refused(lane, port, count.now))
    count.one('respond: forged', (engine) => engine.respond(lane, port, forged, count.now))
    count.one('respond', (engine) => engine.respond(lane, port, answer, count.now))
    count.one('respond again', (engine) => engine.respond(lane, port, answer, count.now))
    count.one('probe answered', (engine) => engine.probeAnswered(lane, forged, count.now))
    count.serving()
    count.passing(millis(50))
  }
}

/** What is outstanding times out, servers go Down with a crowd that waits for them, one is tried, and they come back. */
const outage = (count: Count): void => {
  const { crowd } = count
  const dead = deadServer({
    consecutiveFailures: 1,
    probe: 'none',
    probeInterval: seconds(1),
    deadTime: seconds(3_600),
  })
  crowd.reload({ classes: classes({ algorithm: 'round_robin' }), deadServer: dead })
  crowd.forwarded.length = 0
  for (let passed = 0; passed < 1.2 * TIMEOUT; passed += seconds(1)) count.passing(seconds(1), ' (outage)')
  const last = crowd.forwarded.at(-1)
  if (last === undefined) throw new Error('steps: no request has tried a server that is Down')
  count.one('respond: it is back', (engine) => engine.respond(last.lane, last.port, answerTo(last.bytes), count.now))
  count.serving()
  for (const isHeldDown of [true, false]) {
    crowd.reload({ servers: held(crowd.options, isHeldDown) })
    count.serving()
    count.passing(seconds(1), ' (outage)')
  }
}

const held = ({ servers }: EngineOptions, isHeldDown: boolean): EngineOptions['servers'] =>
  servers.map((server) => {
    const { authentication, accounting } = server.lanes as Required<ServerOptions['lanes']>
    const lanes = { authentication: { ...authentication, isHeldDown }, accounting: { ...accounting, isHeldDown } }
    return { ...server, lanes }
  })

/** A reload makes half of what waits too much, then all of it too old. */
const ends = (count: Count): void => {
  const { crowd } = count
  const limitQueues = (of: (queue: BacklogLimits) => Partial<BacklogLimits>): void => {
    const { queues } = crowd.options
    crowd.reload({ queues: perClass((each) => ({ ...queues[each], ...of(queues[each]) })) })
  }
  count.isMassEnding = true
  limitQueues(({ maxMessages }) => ({ maxMessages: Math.ceil(maxMessages / 16) }))
  arrivals(count, ' (far too many)')
  limitQueues(() => ({ maxAge: micros(1) }))
  count.passing(seconds(1), ' (all too old)')
}
