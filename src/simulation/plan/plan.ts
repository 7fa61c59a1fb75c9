/**
 * From what an operator knows (sessions, servers, how patient the clients are) to the throttle's settings, with the sum
 * behind each: rates from the servers' capacity, max-outstanding from the round trip, queues from storm and outage.
 *
 * Beside the numbers it says which promise can be kept and which can't: a sentence for each, with the numbers in it. The
 * arithmetic is the simple one; `radsluice plan` runs the simulation on top of it.
 */

import type { PerClass } from '../../classes.ts'
import type { Algorithm } from '../../proxy/border/options.ts'
import { timeoutWithin } from '../../throttle/failover-time.ts'
import { type Duration, MICROS_PER_SECOND, micros, millis, seconds } from '../../units.ts'

export interface Demand {
  readonly sessions: number
  /** Sessions that dial at one time when the worst happens. */
  readonly storm: number
  /** 0: no interim updates. */
  readonly interimPeriod: Duration
  readonly hasAccounting: boolean
  readonly servers: number
  /** Messages a second that one server works off, both classes together. */
  readonly capacity: number
  /** Independent instances of radsluice that share these servers and the load. */
  readonly instances: number
  readonly algorithm: Algorithm
  /** The clients': between two transmissions, and transmissions in all. */
  readonly timeout: Duration
  readonly tries: number
  /** From radsluice to a server and back, the server's work included, when it is busy. */
  readonly roundTrip: Duration
  /** Accounting is to be held while all servers are away for so long. */
  readonly outage: Duration
}

/** One class of one instance. */
export interface ClassProposal {
  /** Messages a second to each server. */
  readonly maxRate: number
  readonly maxOutstanding: number
  readonly maxMessages: number
  readonly maxBytes: number
  readonly maxAge: Duration
  /** For a server's answer, tried twice: it leaves time for another server within `maxAge`. */
  readonly timeout: Duration
}

/** `holds` is false where the proposal can't do what one may expect of it. */
export interface Finding {
  readonly holds: boolean
  readonly sentence: string
}

export interface Proposal {
  readonly demand: Demand
  readonly classes: PerClass<ClassProposal>
  /** Seconds that the servers need for a storm at these rates. */
  readonly drain: PerClass<number>
  readonly findings: readonly Finding[]
}

/** What a server has beyond its rate, to catch up after a hiccup. */
const HEADROOM = 0.05
/** Accounting gets at least this share of a server, at most the other, and a quarter more than its steady load. */
const LEAST_ACCOUNTING = 0.25
const MOST_ACCOUNTING = 0.75
const OVER_STEADY = 1.25
/** A queue is sized with a fifth of room, and each message taken for so many octets. */
const ROOM = 1.2
const OCTETS_EACH = 1_024
const MOST_MESSAGES = 10_000_000
const LEAST_OUTSTANDING = 32
const MOST_OUTSTANDING = 4_000
/** Below this, RFC 2866 accounting of a whole night is lost to a short outage; above, nobody wants it any more. */
const ACCOUNTING_AGE = seconds(3_600)
const FAVOURED_AGE = seconds(6)
const LONGEST_AGE = seconds(8)

export function planFor(demand: Demand): Proposal {
  const usable = Math.max(2, Math.floor((demand.capacity * (1 - HEADROOM)) / demand.instances))
  const steady = steadyAccounting(demand) / working(demand) / demand.instances
  const wanted = Math.min(usable * MOST_ACCOUNTING, Math.max(usable * LEAST_ACCOUNTING, steady * OVER_STEADY))
  // Neither may be 0, which is unlimited.
  const accountingRate = demand.hasAccounting ? Math.min(usable - 1, Math.ceil(wanted)) : 0
  const rates = { authentication: usable - accountingRate, accounting: Math.max(1, accountingRate) }
  const ofAll = (rate: number): number => rate * working(demand) * demand.instances
  const spareAccounting = ofAll(rates.accounting) - steadyAccounting(demand)
  const drain = {
    authentication: demand.storm / ofAll(rates.authentication),
    accounting: demand.hasAccounting
      ? spareAccounting > 0
        ? demand.storm / spareAccounting
        : Number.POSITIVE_INFINITY
      : 0,
  }
  const backlog = demand.storm + steadyAccounting(demand) * (demand.outage / MICROS_PER_SECOND)
  const classes = {
    authentication: classProposal(demand, rates.authentication, demand.storm, ageWithin(demand)),
    accounting: classProposal(demand, rates.accounting, backlog, micros(Math.max(ACCOUNTING_AGE, 2 * demand.outage))),
  }
  return { demand, classes, drain, findings: findingsOf(demand, classes, drain) }
}

/** Servers that get load while all are alive. */
const working = ({ algorithm, servers }: Demand): number => (algorithm === 'first_server' ? 1 : servers)

/** Interim updates a second, of all sessions. */
const steadyAccounting = ({ hasAccounting, interimPeriod, sessions }: Demand): number =>
  hasAccounting && interimPeriod > 0 ? (sessions * MICROS_PER_SECOND) / interimPeriod : 0

const classProposal = (demand: Demand, maxRate: number, waiting: number, maxAge: Duration): ClassProposal => {
  const maxMessages = Math.min(MOST_MESSAGES, roundUp(Math.max(1_000, (waiting * ROOM) / demand.instances)))
  return {
    maxRate,
    maxOutstanding: outstandingFor(demand, maxRate),
    maxMessages,
    maxBytes: maxMessages * OCTETS_EACH,
    maxAge,
    timeout: timeoutWithin(maxAge),
  }
}

/**
 * Little's law: rate x round trip are under way at any time, and a slot's quota leaves at once. Twice that, so that a
 * server that answers half as fast for a moment does not hold back what its rate allows.
 */
const outstandingFor = (demand: Demand, maxRate: number): number => {
  const needed = 2 * (maxRate * (demand.roundTrip / MICROS_PER_SECOND) + maxRate / 20)
  return Math.min(MOST_OUTSTANDING, Math.max(LEAST_OUTSTANDING, Math.ceil(needed / 16) * 16))
}

/**
 * How long an Access-Request may wait. It expires between two transmissions of its client: so the next one comes in
 * soon after, as new, and the last one that comes in still has time to be answered. That needs a span of so many
 * time-outs that divides the tries, less a margin; about 5 s is long enough to use every slot.
 */
export function ageWithin({ timeout, tries }: Pick<Demand, 'timeout' | 'tries'>): Duration {
  const margin = Math.min(seconds(1), Math.round(timeout / 5))
  let spans = 1
  for (let more = 2; more <= tries; more += 1) {
    if (tries % more === 0 && more * timeout <= FAVOURED_AGE) spans = more
  }
  return millis(Math.max(10, Math.floor(Math.min(LONGEST_AGE, spans * timeout - margin) / 1_000)))
}

function findingsOf(demand: Demand, classes: PerClass<ClassProposal>, drain: PerClass<number>): Finding[] {
  const { servers, instances, capacity } = demand
  const rate = classes.authentication.maxRate
  const all = rate * working(demand) * instances
  const patience = (demand.timeout * demand.tries) / MICROS_PER_SECOND
  const late = Math.max(0, Math.round(demand.storm - all * patience))
  const storm = `at ${text(all)}/s a storm of ${text(demand.storm)} takes ${span(drain.authentication)}`
  const sums = rate + (demand.hasAccounting ? classes.accounting.maxRate : 0)
  return [
    {
      holds: sums * instances <= capacity,
      sentence: `a server is sent ${text(sums * instances)} of the ${text(capacity)} messages a second that it can do, retries included${instances > 1 ? `, by ${instances} instances together` : ''}`,
    },
    late === 0
      ? { holds: true, sentence: `${storm}; your clients give up after ${span(patience)}: every session is up before` }
      : {
          holds: false,
          sentence: `${storm}; your clients give up after ${span(patience)}: ${text(late)} sessions will retry`,
        },
    ...ageFindings(demand, classes),
    ...outstandingFindings(demand, classes),
    ...accountingFindings(demand, classes, drain),
    ...serverFindings(demand, all, drain),
    ...(servers > 1 && demand.algorithm !== 'first_server'
      ? [
          {
            holds: true,
            sentence: `with one of ${servers} servers down the others keep their rate, and the same storm takes ${span((drain.authentication * servers) / (servers - 1))}`,
          },
        ]
      : []),
  ]
}

const ageFindings = (demand: Demand, { authentication }: PerClass<ClassProposal>): Finding[] => {
  const answeredBy = authentication.maxAge + demand.roundTrip
  const holds = answeredBy < demand.timeout * demand.tries
  return [
    {
      holds,
      sentence: holds
        ? `an Access-Request waits ${span(authentication.maxAge / MICROS_PER_SECOND)} at most, so what is sent still finds its client waiting`
        : `an answer takes ${span(answeredBy / MICROS_PER_SECOND)}, and your clients give up after ${span((demand.timeout * demand.tries) / MICROS_PER_SECOND)}: servers will work for clients that are gone`,
    },
  ]
}

const outstandingFindings = (demand: Demand, { authentication }: PerClass<ClassProposal>): Finding[] => {
  const trip = demand.roundTrip / MICROS_PER_SECOND
  const held = Math.floor(authentication.maxOutstanding / trip)
  if (held < authentication.maxRate) {
    return [
      {
        holds: false,
        sentence: `with a round trip of ${span(trip)}, ${authentication.maxOutstanding} outstanding allow ${text(held)}/s and not ${text(authentication.maxRate)}/s`,
      },
    ]
  }
  return [
    demand.roundTrip * 2 > authentication.timeout
      ? {
          holds: false,
          sentence: `a round trip of ${span(trip)} comes near the time-out of ${span(authentication.timeout / MICROS_PER_SECOND)}: slow answers will be asked for twice; raise farm.authentication.timeout`,
        }
      : {
          holds: true,
          sentence: `${authentication.maxOutstanding} outstanding hold the rate with answers of up to ${span(authentication.maxOutstanding / authentication.maxRate)}`,
        },
  ]
}

const accountingFindings = (
  demand: Demand,
  { accounting }: PerClass<ClassProposal>,
  drain: PerClass<number>,
): Finding[] => {
  if (!demand.hasAccounting) return []
  const steady = steadyAccounting(demand)
  const all = accounting.maxRate * working(demand) * demand.instances
  if (steady > all) {
    const period = Math.ceil(demand.sessions / all)
    return [
      {
        holds: false,
        sentence: `interim updates alone are ${text(Math.ceil(steady))}/s, and ${text(all)}/s go out: the queue only grows; make the period ${span(period)} or longer, or add servers`,
      },
    ]
  }
  const outage = demand.outage / MICROS_PER_SECOND
  const held = (steady * outage + demand.storm) / demand.instances
  return [
    {
      holds: drain.accounting * MICROS_PER_SECOND <= accounting.maxAge,
      sentence: `the storm's accounting needs ${span(drain.accounting)} beside ${text(Math.ceil(steady))}/s of interim updates, and may wait ${span(accounting.maxAge / MICROS_PER_SECOND)}`,
    },
    {
      holds: held <= accounting.maxMessages,
      sentence: `the accounting queue holds ${text(accounting.maxMessages)} records (${text(Math.ceil(accounting.maxBytes / 1024 ** 2))} MiB): a storm and ${span(outage)} without any server are ${text(Math.ceil(held))}`,
    },
  ]
}

const serverFindings = (demand: Demand, all: number, drain: PerClass<number>): Finding[] => {
  const { servers, algorithm } = demand
  if (servers === 1) return [{ holds: false, sentence: 'there is one server: while it is down there is no service' }]
  if (algorithm !== 'first_server') return []
  return [
    {
      holds: false,
      sentence: `first_server uses one of your ${servers} servers; round_robin would send ${text(all * servers)}/s and take the storm in ${span(drain.authentication / servers)}`,
    },
  ]
}

/** Two leading digits: 48,000 and not 47,213. */
const roundUp = (count: number): number => {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1)
  return Math.ceil(count / unit) * unit
}

const text = (count: number): string => count.toLocaleString('en-US')

/** A length of time for a sentence, from seconds: `133 s`, `5 s`, `250 ms`, `never`. */
const span = (of: number): string => {
  if (!Number.isFinite(of)) return 'for ever'
  if (of < 1) return `${Math.round(of * 1_000)} ms`
  return of < 10 ? `${Math.round(of * 10) / 10} s` : `${text(Math.round(of))} s`
}
