/**
 * What a daemon has in hand, and what of it would be lost if the daemon ended.
 *
 * A login that is not answered is tried again by its client, or the client has gone: nothing is lost. A record comes again
 * after the restart if its client still sends it, else it is lost for good. The forecast is an estimate from the rates and
 * states of servers. It is wrong if servers change, so a stop checks again at its end.
 */

import { type PerClass, perClass, sumOverClasses, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { ClassSnapshot, ClientSnapshot, EngineSnapshot, LaneSnapshot } from '../../proxy/border/snapshot.ts'
import { MICROS_PER_SECOND } from '../../units.ts'
import { effectiveCeiling } from './diagnosis.ts'

export interface ClassInHand extends Pick<ClassSnapshot, 'queued' | 'outstanding' | 'clientsGaveUp'> {
  /** The longest time since a client sent one of those; 0 if there are none. */
  readonly longestGivenUpSeconds: number
}
export type InHand = PerClass<ClassInHand>

/** Why messages can't be finished in time; `in-hand-text.ts` says what each of them is. */
export const OBSTACLES = [
  'no-live-server',
  'no-answering-server',
  'client-rate',
  'queue-too-long',
  'set-aside',
  'no-time',
] as const
export type Obstacle = (typeof OBSTACLES)[number]

export interface ClassForecast extends ClassInHand {
  /** Of queued and outstanding. */
  readonly unfinishable: number
  /** The parts of `unfinishable`. */
  readonly because: readonly { readonly obstacle: Obstacle; readonly messages: number }[]
}

export interface Forecast {
  /** `drain_limit`. */
  readonly limitSeconds: number
  readonly classes: PerClass<ClassForecast>
  /** Whether a stop would lose nothing. */
  readonly isSafe: boolean
}

export const inHandOf = ({ classes }: Pick<EngineSnapshot, 'classes'>): InHand =>
  perClass((each) => classInHand(classes[each]))

export const totalOf = (inHand: InHand): { readonly queued: number; readonly outstanding: number } => ({
  queued: sumOverClasses((each) => inHand[each].queued),
  outstanding: sumOverClasses((each) => inHand[each].outstanding),
})

/** What a stop within `limitSeconds` would lose; `engine` is the sum of all instances. */
export function forecastOf(
  engine: Pick<EngineSnapshot, 'classes' | 'lanes' | 'clients'>,
  limitSeconds: number,
): Forecast {
  const classes = perClass((name): ClassForecast => {
    const lanes = engine.lanes.filter((lane) => lane.class === name)
    const held = heldByClients(engine.clients, name, limitSeconds)
    const because = obstaclesOf({ of: engine.classes[name], lanes, held }, limitSeconds)
    const unfinishable = because.reduce((sum, { messages }) => sum + messages, 0)
    return { ...classInHand(engine.classes[name]), unfinishable, because }
  })
  return { limitSeconds, classes, isSafe: TRAFFIC_CLASSES.every((each) => classes[each].unfinishable === 0) }
}

interface ClassNow {
  readonly of: ClassSnapshot
  readonly lanes: readonly LaneSnapshot[]
  /** What the clients' own rates don't let through in the time. */
  readonly held: number
}

function obstaclesOf({ of, lanes, held }: ClassNow, limitSeconds: number): ClassForecast['because'] {
  const all = of.queued + of.outstanding
  const only = (obstacle: Obstacle): ClassForecast['because'] => (all === 0 ? [] : [{ obstacle, messages: all }])
  const live = lanes.filter(isLive)
  if (live.length === 0) return only('no-live-server')
  const answering = live.filter(isAnswering)
  if (answering.length === 0) return only('no-answering-server')
  if (limitSeconds === 0) return only('no-time')
  // What is outstanding at a silent server must go to another one.
  const stuck = lanes.reduce((sum, lane) => sum + (answering.includes(lane) ? 0 : lane.outstanding), 0)
  const waiting = of.queued - of.setAside + Math.min(stuck, of.outstanding)
  // A record that was set aside waits for its client's rate no more.
  const ofClients = Math.min(held, of.queued - of.setAside)
  const excess = excessOf(waiting, { answering, lanes, ofClients }, limitSeconds)
  const found: ClassForecast['because'] = [
    { obstacle: 'client-rate', messages: ofClients },
    { obstacle: 'queue-too-long', messages: Math.max(0, Math.min(excess, waiting - ofClients)) },
    { obstacle: 'set-aside', messages: of.setAside },
  ]
  return found.filter(({ messages }) => messages > 0)
}

const isLive = (lane: LaneSnapshot): boolean => lane.state !== 'down' && !lane.isHeldDown && !lane.retiring

/** The classes that have servers of which none serves. */
export const unservedBy = ({ lanes }: Pick<EngineSnapshot, 'lanes'>): TrafficClass[] =>
  TRAFFIC_CLASSES.filter((name) => {
    const ofClass = lanes.filter((lane) => lane.class === name && !lane.retiring)
    return ofClass.length > 0 && !ofClass.some(isLive)
  })

/** A server that never answered may have another secret, so it can't be relied on. */
const isAnswering = ({ state, unheard }: LaneSnapshot): boolean => state === 'active' && unheard === undefined

interface Queues {
  readonly answering: readonly LaneSnapshot[]
  readonly lanes: readonly LaneSnapshot[]
  /** What the clients' own rates hold back. */
  readonly ofClients: number
}

/**
 * How many of those that wait can't be sent in time: each server has its own queue, the others may go to any server. What a
 * client's rate holds back leaves its place there to others. Where it lies is not known: at a server lies at least what does not
 * fit into all that rests elsewhere, and no more is taken off, so no server's excess hides behind a client of another one.
 */
function excessOf(waiting: number, { answering, lanes, ofClients }: Queues, limitSeconds: number): number {
  const allResting = restingOf(lanes)
  let excess = 0
  let room = 0
  let shared = waiting - Math.max(0, ofClients - restingOf(answering))
  for (const lane of answering) {
    const capacity = Math.floor((effectiveCeiling(lane) ?? Number.POSITIVE_INFINITY) * limitSeconds)
    const heldHere = Math.max(0, Math.min(ofClients, allResting) - (allResting - lane.resting))
    const demand = lane.queued - heldHere
    excess += Math.max(0, demand - capacity)
    room += Math.max(0, capacity - demand)
    shared -= lane.queued
  }
  return excess + Math.max(0, shared - room)
}

const restingOf = (lanes: readonly LaneSnapshot[]): number => lanes.reduce((sum, { resting }) => sum + resting, 0)

/** What of the clients that have a max-rate of their own waits beyond it. */
const heldByClients = (clients: readonly ClientSnapshot[], name: TrafficClass, limitSeconds: number): number =>
  clients.reduce((sum, { maxRate, waiting }) => {
    const excess = maxRate === 0 ? 0 : waiting[name].queued - Math.floor(maxRate * limitSeconds)
    return sum + Math.max(0, excess)
  }, 0)

const classInHand = (of: ClassSnapshot): ClassInHand => ({
  queued: of.queued,
  outstanding: of.outstanding,
  clientsGaveUp: of.clientsGaveUp,
  longestGivenUpSeconds: Math.round(of.longestGivenUp / MICROS_PER_SECOND),
})
