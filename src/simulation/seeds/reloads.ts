/**
 * Reloads after which the servers are the same as before: one is asked from another source, has another name, or was taken
 * out and put back within a moment.
 *
 * No limit may be overrun by that: a server does not see that we think of it as another one.
 */
import type { EngineOptions, ServerOptions } from '../../proxy/border/options.ts'
import { type Duration, micros } from '../../units.ts'
import type { Random } from '../peers/random.ts'
import type { ScriptEntry } from '../world/world.ts'

/** How long a server is out at most, microseconds: within a grid second, or over its end. */
const OUT_AT_MOST = 1_500_000
const SOURCES = 3

/** Some reloads within the length of a world; the last one brings the options back as they were. */
export const reloadsToTheSame = (options: EngineOptions, length: Duration, random: Random): ScriptEntry[] => {
  const script: ScriptEntry[] = []
  const reload = (at: number, servers: readonly ServerOptions[]): void => {
    script.push({ at: micros(at), run: (world, now) => world.reconfigure({ ...options, servers }, now) })
  }
  const count = random.between(1, 6)
  const every = Math.floor(length / (count + 1))
  for (let number = 1; number <= count; number += 1) {
    const at = number * every + random.between(0, Math.max(0, every - OUT_AT_MOST - 1))
    const [first, ...others] = random.chance(0.5) ? options.servers : options.servers.toReversed()
    if (first === undefined) return []
    if (random.chance(0.4)) {
      reload(at, others)
      reload(at + random.between(1, OUT_AT_MOST), options.servers)
    } else reload(at, [changed(first, random), ...others])
  }
  reload(length, options.servers)
  return script
}

function changed(server: ServerOptions, random: Random): ServerOptions {
  const renamed = random.chance(0.5) ? { ...server, name: `${server.name} renamed` } : server
  return random.chance(0.6) ? { ...renamed, sourceAddress: `10.9.0.${random.between(1, SOURCES)}` } : renamed
}
