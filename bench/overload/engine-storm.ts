/**
 * A storm with the real engine: its clients are one BNG of the simulation, with what an attacker or a bad network adds.
 */
import type { SessionKind } from '../../src/simulation/peers/nas-plan.ts'
import { NO_FAULTS } from '../../src/simulation/peers/network.ts'
import { userOf } from '../../src/simulation/peers/packets.ts'
import type { Observer } from '../../src/simulation/world/observer.ts'
import { START, World, type WorldPlan } from '../../src/simulation/world/world.ts'
import { MICROS_PER_SECOND, millis, seconds } from '../../src/units.ts'
import { type MaxAge, withMaxAge } from './engine-options.ts'
import { nas, optionsFor, server } from './rig.ts'
import { type Attack, DIAL_WITHIN, figuresOf, type Storm, type StormFigures } from './storm.ts'

const BNG = 'bng'
const REPEATED_EVERY = millis(10)

export function playEngine(storm: Storm, maxAge: MaxAge, attack: Attack = {}): StormFigures {
  const { sessions, until } = storm
  const waits: number[] = []
  let lastUpAt = 0
  let worked = 0
  const watching: Observer = {
    cameUp: (_client, waited, now) => {
      waits.push(waited)
      lastUpAt = now - START
    },
    worked: (_server, packet) => {
      if (attack.loops === undefined || !userOf(packet).startsWith(`${BNG}-loop`)) worked += 1
    },
  }
  const world = new World(planOf(storm, maxAge, attack), [watching])
  for (let second = 1; waits.length < sessions && second * MICROS_PER_SECOND <= until; second += 1)
    world.run(seconds(second))
  return figuresOf({ sessions, waits, lastUpAt, worked })
}

function planOf(storm: Storm, maxAge: MaxAge, attack: Attack): WorldPlan {
  const { sessions, kinds, loss = 0, restart, seed } = storm
  const { loops = [], repeaters = 0, doubledAfter } = attack
  const client = nas({
    name: BNG,
    address: '10.0.0.1',
    sessions,
    dialWithin: DIAL_WITHIN,
    kinds: repeaters === 0 ? kinds : kinds.flatMap((one) => withRepeaters(one, repeaters)),
    loops,
  })
  const servers = [server()]
  const engine = withMaxAge(optionsFor([client], servers), maxAge)
  const doubled = doubledAfter === undefined ? {} : { duplicate: 1, apart: doubledAfter }
  return {
    seed,
    engine,
    servers,
    clients: [client],
    network: { clientToProxy: { ...NO_FAULTS, loss, ...doubled } },
    script:
      restart === undefined
        ? []
        : [{ at: restart.at, run: (world, now) => world.restart(engine, restart.downFor, now) }],
  }
}

/** A share of a kind's sessions is as patient as the others, but repeats without pause. */
const withRepeaters = ({ share, authentication }: SessionKind, repeaters: number): SessionKind[] => {
  const tries = Math.round((authentication.timeout * authentication.tries) / REPEATED_EVERY)
  return [
    { share: share * (1 - repeaters), authentication },
    { share: share * repeaters, authentication: { ...authentication, timeout: REPEATED_EVERY, tries } },
  ]
}
