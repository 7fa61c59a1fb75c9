/**
 * Makes two worlds of a scenario and settings: one with radsluice between clients and servers, one without.
 *
 * Both have the same clients, seed and servers. Without radsluice each BNG asks one server: the first one if the algorithm is
 * `first_server`, else the BNGs are spread over the servers. All share one secret then, since no proxy can change it.
 */
import { formatAddress, parsePrefix } from '../../addresses.ts'
import type { ClientOptions, EngineOptions } from '../../proxy/border/options.ts'
import { ClientTable } from '../../proxy/clients/client-table.ts'
import { Secret } from '../../radius/secret.ts'
import { type Duration, micros } from '../../units.ts'
import type { ServerPlan } from '../peers/home-server.ts'
import type { NasPlan } from '../peers/nas-plan.ts'
import type { Faults } from '../peers/network.ts'
import { type Direction, perDirection, type ScriptEntry, type World, type WorldPlan } from '../world/world.ts'
import type { Scenario, ScenarioEvent } from './scenario.ts'

export interface ScenarioWorlds {
  readonly withRadsluice: WorldPlan
  readonly withoutRadsluice: WorldPlan
}

/** `problem`: the settings leave no room for the scenario. */
export function worldsOf(scenario: Scenario, options: EngineOptions): ScenarioWorlds | { readonly problem: string } {
  const bngs = bngsOf(scenario, options)
  if ('problem' in bngs) return bngs
  const missing = missingServer(scenario, options)
  if (missing !== undefined) {
    const known = options.servers.map(({ name }) => name).join(', ')
    return { problem: `the scenario speaks of a server ${missing}, and the configuration has none; known are ${known}` }
  }
  const shared = new Secret('one secret for clients and servers')
  const all = options.servers.map(({ name, secret }) => serverOf(scenario, name, secret))
  const asked = options.classes.authentication.algorithm === 'first_server' ? all.slice(0, 1) : all
  const common = {
    seed: scenario.seed,
    network: networkOf(scenario),
    script: scenario.events.flatMap((event) => scriptOf(event, scenario)),
  }
  return {
    withRadsluice: {
      ...common,
      engine: options,
      servers: all,
      clients: bngs.map((bng, index) => clientOf(scenario, index, bng)),
    },
    withoutRadsluice: {
      ...common,
      engine: undefined,
      servers: asked.map((server) => ({ ...server, secret: shared })),
      clients: bngs.map(({ address }, index) => clientOf(scenario, index, { address, secret: shared })),
    },
  }
}

interface Bng {
  readonly address: string
  readonly secret: Secret
}

/** An address for each BNG, from the networks of the configuration in turn. */
function bngsOf({ bngs }: Scenario, { clients }: EngineOptions): Bng[] | { readonly problem: string } {
  const table = new ClientTable(clients)
  const walks = clients.map((client) => ({ secret: client.secret, own: addressesOf(client, table) }))
  const found: Bng[] = []
  while (found.length < bngs) {
    const before = found.length
    for (const { secret, own } of walks) {
      const address = found.length < bngs ? own.next().value : undefined
      if (address !== undefined) found.push({ address, secret })
    }
    if (found.length === before) {
      return {
        problem: `${bngs} BNGs need as many addresses, and the configuration's clients have room for ${before}; lower bngs, or widen a client's network`,
      }
    }
  }
  return found
}

/** More than any scenario has BNGs. */
const MOST_ADDRESSES = 70_000

/** A longer prefix within a client's network belongs to another client. */
function* addressesOf(client: ClientOptions, table: ClientTable): Generator<string, undefined> {
  const prefix = parsePrefix(client.network)
  if (prefix === undefined) return undefined
  const free = prefix.bytes.length * 8 - prefix.bits
  const count = Math.min(2 ** free, MOST_ADDRESSES)
  // The first of several addresses is that of the network itself.
  for (let offset = count > 2 ? 1 : 0; offset < count; offset += 1) {
    const bytes = Uint8Array.from(prefix.bytes)
    let carry = offset
    for (let at = bytes.length - 1; carry > 0 && at >= 0; at -= 1) {
      carry += bytes[at] ?? 0
      bytes[at] = carry & 0xff
      carry >>= 8
    }
    const address = formatAddress(bytes) + (prefix.zone ?? '')
    if (table.find(address)?.options === client) yield address
  }
  return undefined
}

const missingServer = ({ events, servers }: Scenario, options: EngineOptions): string | undefined => {
  const spokenOf = [
    ...servers.each.map(({ name }) => name),
    ...events.flatMap((event) => (event.kind === 'silence' && event.server !== undefined ? [event.server] : [])),
  ]
  return spokenOf.find((name) => !options.servers.some((server) => server.name === name))
}

const serverOf = ({ servers: { each, ...strength } }: Scenario, name: string, secret: Secret): ServerPlan => ({
  ...(each.find((one) => one.name === name) ?? strength),
  ...{ name, secret, answersTwice: 0, challenges: 0 },
})

const clientOf = (scenario: Scenario, index: number, bng: Bng): NasPlan => {
  const { sessions, bngs, clients, accounting } = scenario
  return {
    ...bng,
    name: `bng-${index + 1}`,
    sessions: Math.floor(sessions / bngs) + (index < sessions % bngs ? 1 : 0),
    dialWithin: scenario.dialWithin,
    authentication: { ...clients, redialAfter: clients.redial },
    accounting,
    sessionTime: scenario.sessionTime,
    ...(scenario.begin === 'up' ? { upAtStart: { interimWithin: accounting.interimWithin } } : {}),
  }
}

const networkOf = ({ network }: Scenario): Record<Direction, Faults> =>
  perDirection(() => ({ delay: network.delay, spread: micros(0), loss: network.loss, duplicate: 0 }))

const scriptOf = (event: ScenarioEvent, { network }: Scenario): ScriptEntry[] => {
  switch (event.kind) {
    case 'reboot':
      return [{ at: event.at, run: (world, now) => world.clients[event.bng - 1]?.reboot(now, event.within) }]
    case 'silence': {
      const meant = (world: World) =>
        world.servers.filter(({ plan }) => event.server === undefined || plan.name === event.server)
      return fromTo(event, {
        begin: (world) => {
          for (const server of meant(world)) server.die()
        },
        end: (world) => {
          for (const server of meant(world)) server.rise()
        },
      })
    }
    case 'loss': {
      const [to, from] =
        event.side === 'clients'
          ? (['clientToProxy', 'proxyToClient'] as const)
          : (['proxyToServer', 'serverToProxy'] as const)
      const lose = ({ links }: World, loss: number): void => {
        for (const link of [links[to], links[from]]) link.faults = { ...link.faults, loss }
      }
      return fromTo(event, { begin: (world) => lose(world, event.share), end: (world) => lose(world, network.loss) })
    }
  }
}

const fromTo = (
  { at, lasts }: { readonly at: Duration; readonly lasts: Duration },
  { begin, end }: Record<'begin' | 'end', ScriptEntry['run']>,
): ScriptEntry[] => [
  { at, run: begin },
  { at: micros(at + lasts), run: end },
]
