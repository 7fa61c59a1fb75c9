/**
 * What follows from failures of sockets: whether a datagram is sent at all, whether a socket is of use any more, and when one
 * that could not be opened is opened again.
 *
 * A socket to a link-local server is bound to its interface by number. If the interface is made anew under the same name, the
 * socket leads nowhere for good. So it is closed with the first failure and opened again like one that had no route.
 *
 * Pure: the sockets are in `transport.io.ts` and `socket.io.ts`.
 */
import { type Endpoint, endpointText } from '../addresses.ts'
import { codedError, type ErrorCode, systemCodeOf } from '../coded-error.ts'
import { withAdvice } from '../system-errors.ts'
import type { ConnectPlan, ListenPlan, OpenPlan } from './ports.ts'

/** Datagrams that may wait for the system at one socket before we drop instead of growing. */
const MOST_UNSENT = 16_384
/** While a server has no route, opening its link is tried again with what is sent there, at most so often. */
const TRY_AGAIN_MS = 1_000
/** What sending says if the interface of the socket is gone. */
const GONE = ['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'ENODEV', 'ENXIO', 'EADDRNOTAVAIL']

/** The code of a failure that keeps one more datagram from being sent to `port`, beside `unsent` others. */
export const hindranceOf = (isOpen: boolean, unsent: number, port?: number): string | undefined =>
  !isOpen ? 'EBADF' : port === 0 ? 'EINVAL' : unsent >= MOST_UNSENT ? 'ENOBUFS' : undefined

/** `refused`: nobody listens at the server. `gone`: the socket is of no use any more. `failed`: this datagram is lost. */
export function failureOf(code: string, server: Endpoint): 'refused' | 'gone' | 'failed' {
  if (code === 'ECONNREFUSED') return 'refused'
  return server.address.includes('%') && GONE.includes(code) ? 'gone' : 'failed'
}

/** When the socket of a link is opened; `now` is in milliseconds of the process. */
export class LinkOpening {
  #triedAt = Number.NEGATIVE_INFINITY
  #isUnderWay = false
  #isClosed = false
  #reason = 'ENETUNREACH'

  /** The system's code that sending fails with while there is no socket. */
  get reason(): string {
    return this.#isClosed ? 'EBADF' : this.#reason
  }

  /** Whether the socket is to be opened now; `opened` or `failed` follows. */
  begin(now: number): boolean {
    if (this.#isUnderWay || this.#isClosed || now - this.#triedAt < TRY_AGAIN_MS) return false
    this.#triedAt = now
    this.#isUnderWay = true
    return true
  }

  /** Whether the socket that was opened is still wanted. */
  opened(): boolean {
    this.#isUnderWay = false
    return !this.#isClosed
  }

  /** There is no socket, or none any more. */
  failed(reason: string): void {
    this.#isUnderWay = false
    this.#reason = reason
  }

  close(): void {
    this.#isClosed = true
  }
}

type WhatToOpen = Pick<OpenPlan, 'purpose'> &
  Partial<Pick<ListenPlan, 'ifNotLocal'>> &
  Partial<Pick<ConnectPlan, 'local' | 'server'>>

/** The coded error of a socket that can't be opened. */
export function openingFailed(plan: WhatToOpen, error: unknown): Error {
  const { purpose, local, server, ifNotLocal } = plan

  const otherwise = ifNotLocal === undefined ? '' : `, or ${ifNotLocal}`
  const system = systemCodeOf(error) ?? (error instanceof Error ? error.message : String(error))
  // An interface that is not there: the zone can't be turned into a number.
  const isGone = system === 'EINVAL' && (local?.address.includes('%') ?? false)
  const where = local ? endpointText(local) : server ? `towards ${endpointText(server)}` : 'any address'
  const noRoute = [
    'NO_ROUTE',
    `no way leads there (${system}); see "ip route"; the server is silent until there is one`,
  ] as const
  const known: Readonly<Record<string, readonly [ErrorCode, string]>> = {
    ENETUNREACH: noRoute,
    EHOSTUNREACH: noRoute,
    ENETDOWN: noRoute,
    EADDRINUSE: ['ADDRESS_IN_USE', 'another program has this port; stop it, or change the configuration'],
    EACCES: ['ADDRESS_NOT_PERMITTED', 'not permitted; choose a port above 1023, or grant CAP_NET_BIND_SERVICE'],
    EADDRNOTAVAIL: ['ADDRESS_NOT_LOCAL', `this machine does not have that address; see "ip address"${otherwise}`],
  }
  const [code, advice] = known[isGone ? 'EADDRNOTAVAIL' : system] ?? [
    'SOCKET_FAILED' as const,
    withAdvice(`the system says ${system}`, system),
  ]
  return codedError(code, `${purpose}: can't open UDP ${where}: ${advice}`, error)
}
