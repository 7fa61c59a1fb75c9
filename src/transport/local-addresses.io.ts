/**
 * Which addresses this machine has now: what a wildcard listener expands to, and what a configuration is checked against.
 *
 * The system lists the addresses of interfaces that are up and have a carrier. It may allow others too (127.0.0.2,
 * `ip_nonlocal_bind`, a local route), so whether a socket can be opened is known by opening it.
 */
import { networkInterfaces } from 'node:os'
import { codedError } from '../coded-error.ts'

/**
 * All addresses of all interfaces, each once, loopback included. A link-local one has its zone, since without it no socket
 * can be opened: `fe80::1%eth0`. About 1.5 ms where there are a thousand.
 * @throws a coded error where the system has no descriptor left to ask with.
 */
export const addressesOfThisMachine = (): string[] => [...scopesOfThisMachine().keys()]

/**
 * The same with the scope id of each: the index of a link-local one's interface, 0 for the others. An interface that is made anew
 * has another one under the same name, and a socket of the former hears nothing there.
 * @throws a coded error where the system has no descriptor left to ask with.
 */
export const scopesOfThisMachine = (): Map<string, number> =>
  new Map(
    Object.entries(interfaces()).flatMap(([name, of]) =>
      (of ?? []).map((one): [string, number] =>
        one.family === 'IPv6' && one.scopeid > 0 ? [`${one.address}%${name}`, one.scopeid] : [one.address, 0],
      ),
    ),
  )

function interfaces(): ReturnType<typeof networkInterfaces> {
  try {
    return networkInterfaces()
  } catch (error) {
    const why = (error as Error).message
    const sentence = `the addresses of this machine can't be listed (${why}); most likely no descriptor is left: raise the limit (LimitNOFILE= of the unit, "ulimit -n")`
    throw codedError('SOCKET_FAILED', sentence, error)
  }
}
