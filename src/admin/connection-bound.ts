/**
 * How many connections the admin API may hold. Strangers at its TCP address must not use up the descriptors of the process:
 * it needs them for files, and for the sockets of a reload and of a thread that starts again.
 *
 * Of the descriptors that are free at the start, TCP gets half, the Unix socket a quarter, and a quarter stays free. The
 * bounds are separate, so a full TCP address does not lock out the operator.
 */

const MOST = 64
const LEAST = 2

/** `free`: descriptors that the process may still open; undefined if the system does not say. */
export function connectionBounds(free: number | undefined) {
  const share = (part: number): number =>
    free === undefined ? MOST : Math.min(MOST, Math.max(LEAST, Math.floor(free / part)))
  return { tcp: share(2), socket: share(4) }
}

/** The soft limit in the text of /proc/self/limits; undefined if there is none. */
export function descriptorLimitIn(text: string): number | undefined {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(text) ?? []
  return soft === undefined ? undefined : Number(soft)
}
