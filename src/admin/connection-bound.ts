/**
 * How many connections the admin API may hold, so that strangers at its TCP address never use up the descriptors of the
 * process: what it still needs then are files, sockets of a reload and of a thread that starts again.
 *
 * Half of what is free at the start is for TCP, a quarter is for the socket of the machine, which has a bound of its own:
 * whoever holds the TCP address full does not lock out the operator. The last quarter stays free.
 */

const MOST = 64
const LEAST = 2

export interface ConnectionBounds {
  readonly tcp: number
  readonly socket: number
}

/** `free`: descriptors that the process may still open; undefined where the system does not say. */
export function connectionBounds(free: number | undefined): ConnectionBounds {
  const share = (part: number): number =>
    free === undefined ? MOST : Math.min(MOST, Math.max(LEAST, Math.floor(free / part)))
  return { tcp: share(2), socket: share(4) }
}

/** The soft limit in the text of /proc/self/limits; undefined where there is none. */
export function descriptorLimitIn(text: string): number | undefined {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(text) ?? []
  return soft === undefined ? undefined : Number(soft)
}
