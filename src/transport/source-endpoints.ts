/**
 * From which local address and port each link of a lane sends.
 *
 * A configured range of source ports is dealt out in turn: first the port for probes, then the source ports. Each of these has
 * one port for each instance.
 */
import { type Endpoint, endpointText } from '../addresses.ts'
import { type LanePlan, PROBE_PORT } from '../proxy/border/ports.ts'

/** Which of how many instances this one is. */
export interface Share {
  readonly number: number
  readonly of: number
}

/** Undefined: the system chooses both. A port of 0: it chooses the port. */
export function sourceOf(plan: LanePlan, link: number, share: Share): Endpoint | undefined {
  const { sourceAddress, sourcePorts } = plan
  if (sourceAddress === undefined && sourcePorts === undefined) return undefined
  const address = sourceAddress ?? (plan.address.includes(':') ? '::' : '0.0.0.0')
  if (!sourcePorts) return { address, port: 0 }
  const { probe, step, behind } = sourcePorts
  const place = (behind + link - PROBE_PORT) * share.of + share.number
  return { address, port: probe + place * step }
}

/** Where a lane leads, and from where: a lane's number stands for one path for ever. */
export const pathOf = (plan: LanePlan): string =>
  `${endpointText(plan)} from ${plan.sourceAddress ?? 'any address'}, ports ${sourceOf(plan, PROBE_PORT, { number: 0, of: 1 })?.port || 'any'}`
