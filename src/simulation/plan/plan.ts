/**
 * Computes the throttle's settings from what an operator knows: rates from the servers' capacity, max-outstanding from the
 * round trip, queues from storm and outage.
 *
 * For each promise, a finding says whether it can be kept, with the numbers. The arithmetic is simple, so `radsluice plan` also
 * runs the simulation.
 */

import { type PerClass, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { Algorithm } from '../../proxy/border/options.ts'
import { timeoutWithin } from '../../throttle/failover-time.ts'
import { type Duration, durationText, MICROS_PER_SECOND, micros, millis, seconds } from '../../units.ts'

export interface Demand {
  readonly sessions: number
  /** Sessions that dial at one time when the worst happens. */
  readonly storm: number
  /** BNGs, which share the sessions evenly. */
  readonly bngs: number
  /** 0 is none. */
  readonly interimPeriod: Duration
  readonly hasAccounting: boolean
  readonly servers: number
  /** Messages a second that one server works off, both classes together. */
  readonly capacity: number
  /** Independent instances of radsluice that share these servers and the load. */
  readonly instances: number
  readonly algorithm: Algorithm
  /** Of the clients: the time between two transmissions, and the number of transmissions. */
  readonly timeout: Duration
  readonly tries: number
  /** From radsluice to a busy server and back, with the server's work. */
  readonly roundTrip: Duration
  /** Accounting is to be kept while all servers are dead for so long. */
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
  /** Two tries of it leave time for another server within `maxAge`. */
  readonly timeout: Duration
}

/** `holds` is false if the proposal can't keep a promise. */
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

/** The share of a server's capacity that is left for catching up. */
const HEADROOM = 0.05
/** Accounting gets a quarter more than its steady load, between these shares of a server. */
const LEAST_ACCOUNTING = 0.25
const MOST_ACCOUNTING = 0.75
const OVER_STEADY = 1.25
/** A queue has a fifth of room, and each message is taken to have so many octets. */
const ROOM = 1.2
const OCTETS_EACH = 1_024
const MOST_MESSAGES = 10_000_000
const OVER_LITTLE = 4
const LEAST_OUTSTANDING = 32
const MOST_OUTSTANDING = 4_000
/** A shorter outage must not lose accounting, and older accounting is of no use. */
const ACCOUNTING_AGE = seconds(3_600)
/** The default of `throttle.slot`, seconds. */
const SLOT = 0.05
const FAVOURED_AGE = seconds(6)
const LONGEST_AGE = seconds(8)

export function planFor(demand: Demand): Proposal {
  const usable = Math.max(2, Math.floor((demand.capacity * (1 - HEADROOM)) / demand.instances))
  const steady = steadyAccounting(demand) / working(demand) / demand.instances
  const wanted = Math.min(usable * MOST_ACCOUNTING, Math.max(usable * LEAST_ACCOUNTING, steady * OVER_STEADY))
  // A rate of 0 would be unlimited.
  const accountingRate = demand.hasAccounting ? Math.min(usable - 1, Math.ceil(wanted)) : 0
  const rates = { authentication: usable - accountingRate, accounting: Math.max(1, accountingRate) }
  const ofAll = (rate: number): number => rate * working(demand) * demand.instances
  const spareAccounting = ofAll(rates.accounting) - steadyAccounting(demand)
  const accountingDrain = spareAccounting > 0 ? demand.storm / spareAccounting : Number.POSITIVE_INFINITY
  const drain = {
    authentication: demand.storm / ofAll(rates.authentication),
    accounting: demand.hasAccounting ? accountingDrain : 0,
  }
  const backlog = demand.storm + steadyAccounting(demand) * (demand.outage / MICROS_PER_SECOND)
  const classes = {
    authentication: classProposal(demand, rates.authentication, demand.storm, ageWithin(demand)),
    accounting: classProposal(demand, rates.accounting, backlog, micros(Math.max(ACCOUNTING_AGE, 2 * demand.outage))),
  }
  return { demand, classes, drain, findings: findingsOf(demand, classes, drain) }
}

/** How many servers get load while all are alive. */
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
 * Four times what Little's law says (rate x round trip), so that a server can answer four times as slowly for a moment and still
 * get its rate. More would only let more requests grow old inside a server that falls behind.
 */
const outstandingFor = (demand: Demand, maxRate: number): number => {
  const needed = Math.ceil((OVER_LITTLE * maxRate * demand.roundTrip) / MICROS_PER_SECOND)
  return Math.min(MOST_OUTSTANDING, Math.max(LEAST_OUTSTANDING, needed))
}

/**
 * How long an Access-Request may wait. It expires just before a transmission of its client, which then comes in as new. So
 * this is a number of time-outs that divides the tries, less a margin. About 5 s are enough to use every slot.
 */
export function ageWithin({ timeout, tries }: Pick<Demand, 'timeout' | 'tries'>): Duration {
  const margin = Math.min(seconds(1), Math.round(timeout / 5))
  let spans = 1
  for (let more = 2; more <= tries; more += 1) {
    if (tries % more === 0 && more * timeout <= FAVOURED_AGE) spans = more
  }
  return millis(Math.max(10, Math.floor(Math.min(LONGEST_AGE, spans * timeout - margin) / 1_000)))
}

/** For a template: the sentence of a finding. */
const finding =
  (holds: boolean) =>
  (words: TemplateStringsArray, ...numbers: readonly (string | number)[]): Finding => ({
    holds,
    sentence: String.raw({ raw: words }, ...numbers),
  })
const yes = finding(true)
const no = finding(false)

function findingsOf(demand: Demand, classes: PerClass<ClassProposal>, drain: PerClass<number>): Finding[] {
  const { servers, instances, capacity, algorithm } = demand
  const rate = classes.authentication.maxRate
  const all = rate * working(demand) * instances
  const patience = patienceOf(demand)
  const late = Math.max(0, Math.round(demand.storm - all * (patience / MICROS_PER_SECOND)))
  const sums = (rate + (demand.hasAccounting ? classes.accounting.maxRate : 0)) * instances
  const by = instances > 1 ? `, by ${instances} instances together` : ''
  const remain = late === 0 ? 'every session is up before' : `${text(late)} sessions will retry`
  const storm = `at ${text(all)}/s a storm of ${text(demand.storm)} takes ${span(drain.authentication)}`
  const without = span((drain.authentication * servers) / (servers - 1))
  const oneDown = yes`with one of ${servers} servers down the others keep their rate, and the same storm takes ${without}`
  return [
    finding(
      sums <= capacity,
    )`a server is sent ${text(sums)} of the ${text(capacity)} messages a second that it can do, retries included${by}`,
    finding(late === 0)`${storm}; your clients give up after ${spanOf(patience)}: ${remain}`,
    ageFinding(demand, classes.authentication),
    outstandingFinding(demand, classes.authentication),
    ...accountingFindings(demand, classes.accounting, drain),
    ...serverFindings(demand, all, drain),
    ...turnFindings(demand, rate, all),
    ...(servers > 1 && algorithm !== 'first_server' ? [oneDown] : []),
  ]
}

const ageFinding = (demand: Demand, { maxAge }: ClassProposal): Finding => {
  const answeredBy = maxAge + demand.roundTrip
  const patience = patienceOf(demand)
  return answeredBy < patience
    ? yes`a login waits ${spanOf(maxAge)} at most until it comes again, then until just before the next copy, so what is sent still finds its client waiting`
    : no`an answer takes ${spanOf(answeredBy)}, and your clients give up after ${spanOf(patience)}: servers will work for clients that are gone`
}

const outstandingFinding = ({ roundTrip }: Demand, { maxOutstanding, maxRate, timeout }: ClassProposal): Finding => {
  const held = Math.floor(maxOutstanding / (roundTrip / MICROS_PER_SECOND))
  if (held < maxRate) {
    return no`with a round trip of ${spanOf(roundTrip)}, ${maxOutstanding} outstanding allow ${text(held)}/s and not ${text(maxRate)}/s`
  }
  return roundTrip * 2 > timeout
    ? no`a round trip of ${spanOf(roundTrip)} comes near the time-out of ${spanOf(timeout)}: slow answers will be asked for twice; raise farm.authentication.timeout`
    : yes`${maxOutstanding} outstanding hold the rate with answers of up to ${span(maxOutstanding / maxRate)}`
}

function accountingFindings(demand: Demand, accounting: ClassProposal, drain: PerClass<number>): Finding[] {
  if (!demand.hasAccounting) return []
  const { maxRate, maxAge, maxMessages, maxBytes } = accounting
  const steady = steadyAccounting(demand)
  const updates = `${text(Math.ceil(steady))}/s`
  const all = maxRate * working(demand) * demand.instances
  if (steady > all) {
    const period = span(Math.ceil(demand.sessions / all))
    return [
      no`interim updates alone are ${updates}, and ${text(all)}/s go out: the queue only grows; make the period ${period} or longer, or add servers`,
    ]
  }
  const held = (steady * (demand.outage / MICROS_PER_SECOND) + demand.storm) / demand.instances
  const isInTime = drain.accounting * MICROS_PER_SECOND <= maxAge
  const size = `${text(maxMessages)} records (${text(Math.ceil(maxBytes / 1024 ** 2))} MiB)`
  return [
    finding(
      isInTime,
    )`the storm's accounting needs ${span(drain.accounting)} beside ${updates} of interim updates, and may wait ${spanOf(maxAge)}`,
    finding(
      held <= maxMessages,
    )`the accounting queue holds ${size}: a storm and ${spanOf(demand.outage)} without any server are ${text(Math.ceil(held))}`,
  ]
}

function serverFindings({ servers, algorithm }: Demand, all: number, drain: PerClass<number>): Finding[] {
  if (servers === 1) return [no`there is one server: while it is down there is no service`]
  if (algorithm !== 'first_server') return []
  const inTurn = `${text(all * servers)}/s and take the storm in ${span(drain.authentication / servers)}`
  return [no`first_server uses one of your ${servers} servers; round_robin would send ${inTurn}`]
}

/** What the storm of one BNG means for the others: each BNG has turns, at each server and in each instance. */
function turnFindings({ sessions, storm, bngs }: Demand, rate: number, all: number): Finding[] {
  if (bngs === 1) return []
  const ofOne = Math.min(storm, Math.ceil(sessions / bngs))
  const turn = bngs / rate + slotOf(rate)
  const others = bngs === 2 ? 'the other BNG has' : `the other ${text(bngs - 1)} BNGs have`
  return [
    yes`while one of ${text(bngs)} BNGs has a storm of ${text(ofOne)}, ${others} turns: a login there waits for one message of each BNG and a slot, ${span(turn)} at most, and the server's own time; and not for the storm, ${span(ofOne / all)}`,
  ]
}

/** The length of a slot at that rate, seconds: by default `throttle.slot`, and longer where that would leave slots empty. */
const slotOf = (rate: number): number => Math.max(SLOT, 1 / rate)

const patienceOf = ({ timeout, tries }: Demand): number => timeout * tries

/** To two leading digits. */
const roundUp = (count: number): number => {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1)
  return Math.ceil(count / unit) * unit
}

const text = (count: number): string => count.toLocaleString('en-US')

/** A time for a sentence, from microseconds. */
const spanOf = (of: number): string => span(of / MICROS_PER_SECOND)

/** The same from seconds: `133 s`, `5 s`, `250 ms`, `never`. */
const span = (of: number): string => {
  if (!Number.isFinite(of)) return 'for ever'
  if (of < 1) return `${Math.round(of * 1_000)} ms`
  return of < 10 ? `${Math.round(of * 10) / 10} s` : `${text(Math.round(of))} s`
}

const OVERFLOW = { authentication: 'drop_newest', accounting: 'shed_interim_first' } as const
/** For the algorithm `hash`: what is in nearly every message of the class. */
const HASH_KEY = { authentication: 'User-Name', accounting: 'Acct-Session-Id' } as const

/** The proposal as a configuration file, which loads as it stands once the secrets are there. The addresses are those of RFC 5737. */
export function yamlOf({ demand, classes }: Proposal): string {
  return [
    ...introductionOf(demand),
    'listen:',
    '  authentication: ["0.0.0.0:1812"]',
    `  accounting: ${demand.hasAccounting ? '["0.0.0.0:1813"]' : '[]'}`,
    '',
    'clients: # your BNGs',
    '  - name: bng',
    '    address: 192.0.2.0/24',
    '    secret_file: /etc/radsluice/secrets/bng',
    ...(demand.bngs > 1 ? ['    fairness_key: address # each BNG has turns of its own'] : []),
    '',
    'queues:',
    ...TRAFFIC_CLASSES.map((each) => `  ${each}: ${queueOf(classes[each], each)}`),
    '',
    'farm:',
    ...TRAFFIC_CLASSES.map((each) => `  ${each}: ${laneOf(demand.algorithm, classes[each], each)}`),
    '  servers: # yours',
    ...Array.from({ length: demand.servers }, (_, index) => serverOf(index + 1)).flat(),
    '',
  ].join('\n')
}

const introductionOf = ({ sessions, storm, servers, capacity, instances }: Demand): string[] => [
  `# Proposed by "radsluice plan" for ${text(sessions)} sessions, a storm of ${text(storm)}, and`,
  `# ${servers} ${servers === 1 ? 'server that does' : 'servers that do'} ${text(capacity)} messages a second${servers === 1 ? '' : ' each'}.`,
  ...(instances > 1 ? [`# One of ${instances} instances: the rates are its share of the servers.`] : []),
  '# Names, addresses and secrets are examples; fill in your own.',
]

/** A login is judged by its copies, if it has any; a record by its age. */
const ageText = (maxAge: Duration, trafficClass: TrafficClass): string =>
  trafficClass === 'authentication' ? `auto, max_age_limit: ${durationText(maxAge)}` : durationText(maxAge)

const queueOf = ({ maxMessages, maxBytes, maxAge }: ClassProposal, trafficClass: TrafficClass): string =>
  `{ max_messages: ${maxMessages}, max_bytes: ${Math.ceil(maxBytes / 1024 ** 2)}MiB, max_age: ${ageText(maxAge, trafficClass)}, overflow: ${OVERFLOW[trafficClass]} }`

const laneOf = (algorithm: Algorithm, of: ClassProposal, trafficClass: TrafficClass): string => {
  const hash = algorithm === 'hash' ? `, hash_key: ${HASH_KEY[trafficClass]}` : ''
  return `{ algorithm: ${algorithm}${hash}, max_rate: ${of.maxRate}, max_outstanding: ${of.maxOutstanding}, timeout: ${durationText(of.timeout)} }`
}

const serverOf = (number: number): string[] => [
  `    - name: server-${number}`,
  `      address: 198.51.100.${number}`,
  `      secret_file: /etc/radsluice/secrets/server-${number}`,
]
