/**
 * How many steps each entry into the engine takes, in a small crowd and in a large one, and whether that grows.
 *
 * Of each kind of entry the dearest call counts, over every policy, algorithm and order of service. Ten times as many of
 * anything are some three doublings, and a doubling may cost a few steps (one more level of a heap). What looks at
 * everything that waits, at every client or at every server takes hundreds.
 */
import type { EngineOptions, QueueOptions, ServerOptions } from '../../src/proxy/ports.ts'
import { type Duration, micros, millis, seconds, type TrafficClass } from '../../src/units.ts'
import { classes, deadServer } from '../proxy/options.ts'
import { answerTo, Crowd, type CrowdSize, STATUS, TIMEOUT } from './crowd.ts'
import { countSteps } from './step-count.ts'

/** What one doubling of what waits, of clients or of servers may add. */
const STEPS_PER_DOUBLING = 8
/** How far two calls of one kind are apart that do the same: chains of a hash table, packets of other lengths. */
const NOISE = { factor: 1.25, steps: 100 }

const ALGORITHMS = ['first_server', 'round_robin', 'hash'] as const
const POLICIES = ['drop_newest', 'drop_oldest', 'shed_interim_first'] as const
const ORDERS = ['authentication_first', 'fifo'] as const
/** Calls of each kind in each configuration: what is dear only now and then shows as well. */
const CALLS = 2
/** Messages served one by one, each counted. */
const SERVED = 3

/** The most steps of one call, by the kind of the entry. */
export type Steps = ReadonlyMap<string, number>

export const stepsOf = (size: CrowdSize): Steps => {
  const crowd = new Crowd(size)
  const count = new Count(crowd)
  for (const [place, algorithm] of ALGORITHMS.entries()) {
    for (const [other, overflow] of POLICIES.entries()) {
      // Each with each, and each of them with both orders.
      const serviceOrder = ORDERS[(place + other) % ORDERS.length] as (typeof ORDERS)[number]
      const { authentication, accounting } = crowd.options.queues
      const queues = { authentication: { ...authentication, overflow }, accounting: { ...accounting, overflow } }
      crowd.reload({ classes: classes({ algorithm, hashKey: SESSION }), serviceOrder, queues })
      // The first use of a key's bucket compares all servers; from then on it is remembered.
      if (algorithm === 'hash' && other === 0) arrivals(new Count(crowd), '')
      arrivals(count, '')
      atTheBound(count, overflow)
      exchanges(count)
    }
  }
  outage(count)
  ends(count)
  crowd.engine.check()
  return count.steps
}

const SESSION = { vendor: 0, type: 44 }
const NEW_SESSION = 1_000_000_000

/** Counts what a crowd's engine does, by the kind of the entry. */
class Count {
  readonly crowd: Crowd
  readonly steps = new Map<string, number>()

  constructor(crowd: Crowd) {
    this.crowd = crowd
  }

  get now(): Crowd['now'] {
    return this.crowd.now
  }

  /** One entry. Where it does the same to many (they expire, say), what it does to each is counted. */
  one(entry: string, act: (engine: Crowd['engine']) => void): void {
    const { done } = this.crowd
    const steps = countSteps(() => act(this.crowd.engine))
    const each = Math.ceil(steps / Math.max(1, this.crowd.done - done))
    this.steps.set(entry, Math.max(this.steps.get(entry) ?? 0, each))
  }

  /** Some messages are served, one at each call; then the engine says when to come again. */
  serving(): void {
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
  const { authentication, accounting } = crowd.engine.overview(crowd.now).classes
  crowd.reload({
    queues: {
      authentication: { ...before.authentication, maxMessages: authentication.queued },
      accounting: { ...before.accounting, maxMessages: accounting.queued },
    },
  })
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
  for (let passed = 0; passed < 1.2 * TIMEOUT; passed += seconds(2)) count.passing(seconds(2), ' (outage)')
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
  const change = (of: (queue: QueueOptions) => Partial<QueueOptions>): void => {
    const { authentication, accounting } = crowd.options.queues
    crowd.reload({
      queues: {
        authentication: { ...authentication, ...of(authentication) },
        accounting: { ...accounting, ...of(accounting) },
      },
    })
  }
  change(({ maxMessages }) => ({ maxMessages: Math.ceil(maxMessages / 16) }))
  arrivals(count, ' (far too many)')
  change(() => ({ maxAge: micros(1) }))
  count.passing(seconds(1), ' (all too old)')
}

/** The entries that grow by more than the logarithm from one size to another, in words. */
export const growing = (from: readonly [CrowdSize, Steps], to: readonly [CrowdSize, Steps]): string[] => {
  const [[small, few], [large, many]] = [from, to]
  const doublings = (['waiting', 'clients', 'servers'] as const).reduce(
    (sum, of) => sum + Math.log2(large[of] / small[of]),
    0,
  )
  return [...many].flatMap(([entry, steps]) => {
    const before = few.get(entry)
    if (before === undefined) return [`${entry}: only in the larger crowd`]
    return steps <= NOISE.factor * before + NOISE.steps + doublings * STEPS_PER_DOUBLING
      ? []
      : [`${entry}: ${before} steps, then ${steps}`]
  })
}
