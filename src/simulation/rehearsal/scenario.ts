/**
 * A scenario: how many clients and sessions, how patient they are, what the servers can do, and what goes wrong when.
 *
 * The values are complete and checked. Scenario files and the command line's options become one of these. The throttle's
 * settings are no part of it, since they are what is tried.
 */
import type { TrafficClass } from '../../classes.ts'
import type { Duration } from '../../units.ts'
import type { ServerPlan } from '../peers/home-server.ts'
import type { NasPlan, Retransmission } from '../peers/nas-plan.ts'

export interface Scenario {
  readonly name: string
  readonly seed: number
  readonly length: Duration
  /** Of all BNGs together, which share them evenly. */
  readonly sessions: number
  readonly bngs: number
  /** `down`: all sessions dial at the start, within `dialWithin`. `up`: they are up already. */
  readonly begin: 'down' | 'up'
  readonly dialWithin: Duration
  /** How long a session stays up, on average; 0 is for ever. */
  readonly sessionTime: Duration
  readonly clients: Retransmission & {
    /** The pause until a session dials again, plus or minus `redialSpread` (0-1) of it. */
    readonly redial: Duration
    readonly redialSpread: number
  }
  readonly accounting: Omit<NasPlan['accounting'], 'tellsTime' | 'octetsPerSecond'> & {
    /** Sessions that are up at the start send their first update within this. */
    readonly interimWithin: Duration
  }
  readonly servers: ServerStrength & {
    /** Servers that differ from the others, by name. */
    readonly each: readonly (ServerStrength & { readonly name: string })[]
  }
  /** Of each link: client, radsluice, server and back. */
  readonly network: { readonly delay: Duration; readonly loss: number }
  readonly events: readonly ScenarioEvent[]
}

export type ServerStrength = Pick<ServerPlan, 'capacity' | 'backlog' | 'latency'>

export type ScenarioEvent =
  /** A BNG (counted from 1) forgets everything; its sessions dial again within a time. */
  | { readonly kind: 'reboot'; readonly at: Duration; readonly bng: number; readonly within: Duration }
  /** A server, or all of them, is dead for a time. What waits there is lost. */
  | { readonly kind: 'silence'; readonly at: Duration; readonly lasts: Duration; readonly server: string | undefined }
  /** A share of all datagrams on one side, 0-1, is lost for a time. */
  | {
      readonly kind: 'loss'
      readonly at: Duration
      readonly lasts: Duration
      readonly share: number
      readonly side: 'clients' | 'servers'
    }

/** How long a client waits for an answer to one message before it gives up. */
export const patienceOf = (scenario: Scenario, trafficClass: TrafficClass): Duration => {
  const { timeout, tries } = trafficClass === 'authentication' ? scenario.clients : scenario.accounting
  return (timeout * tries) as Duration
}

/** When the first thing goes wrong, from the start. */
export const disturbedAt = ({ begin, events }: Scenario): Duration =>
  (begin === 'down' || events.length === 0 ? 0 : Math.min(...events.map(({ at }) => at))) as Duration
