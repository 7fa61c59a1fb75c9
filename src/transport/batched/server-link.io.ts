/**
 * A link to a server: a connected socket, whose error queue gives back what was refused.
 *
 * The kernel keeps a copy of the datagram that an ICMP message quotes (IP_RECVERR, man 7 ip). Its identifier and its authenticator
 * say which attempt was refused. Like dgram's, a link without a route opens itself later.
 */
import { codeOf, systemCodeOf } from '../../coded-error.ts'
import { PROBE_PORT } from '../../proxy/border/ports.ts'
import { failureOf, LinkOpening } from '../failures.ts'
import { type Arrivals, type ConnectPlan, IDENTIFIERS, type Link, type LinkReport } from '../ports.ts'
import { type Batch, type BatchedSocket, CLOSED, MOST_CALLS } from './batch.io.ts'
import { EAGAIN, ECONNREFUSED, EINTR, MSG_DONTWAIT, MSG_ERRQUEUE } from './kernel/linux.ts'
import { SLOTS } from './kernel/receive-ring.ts'
import { noChain } from './kernel/send-slab.ts'
import { systemCode } from './libc.io.ts'

const MOST_ERRORS = 64

export class ServerLink implements Link, BatchedSocket {
  readonly isReliable = false
  readonly capacity = IDENTIFIERS
  readonly chain = noChain()
  descriptor = CLOSED
  hasErrors = false
  readonly #batch: Batch
  readonly #plan: ConnectPlan
  readonly #arrivals: Arrivals
  readonly #opening = new LinkOpening()
  #report: LinkReport | undefined

  constructor(batch: Batch, plan: ConnectPlan, arrivals: Arrivals) {
    this.#batch = batch
    this.#plan = plan
    this.#arrivals = arrivals
  }

  /** @throws a coded error if it can't be opened, unless only a route is missing. */
  open(): void {
    this.#opening.begin(performance.now())
    try {
      this.#use(this.#batch.sockets.connect(this.#plan))
    } catch (error) {
      if (codeOf(error) !== 'NO_ROUTE') throw error
      this.#down(reasonOf(error))
    }
  }

  send(octets: Uint8Array): void {
    if (this.descriptor !== CLOSED) {
      if (this.#batch.put(octets, this)) this.#batch.slab.push(this.chain, octets.length)
      return
    }
    this.#plan.failed(this.#opening.reason)
    this.#tryAgain()
  }

  close(): void {
    this.#opening.close()
    this.#closeSocket()
  }

  report(): LinkReport | undefined {
    return this.#report
  }

  failed(code: string): void {
    const { server, failed } = this.#plan
    failed(code)
    if (failureOf(code, server) === 'gone' && this.descriptor !== CLOSED) {
      this.#closeSocket()
      this.#down(code)
    }
  }

  /** Hands over the responses that wait; returns how many there were. */
  read(): number {
    if (this.hasErrors) this.#readErrors()
    const { libc, responses } = this.#batch
    const { lane, link } = this.#plan
    let total = 0
    for (let calls = 0; calls < MOST_CALLS && this.descriptor !== CLOSED; calls += 1) {
      const count = libc.recvmmsg(this.descriptor, responses.headers, SLOTS, MSG_DONTWAIT)
      if (count < 0) {
        if (count === -ECONNREFUSED) continue
        if (count !== -EAGAIN && count !== -EINTR) this.failed(systemCode(count))
        break
      }
      for (let slot = 0; slot < count; slot += 1) {
        if (link === PROBE_PORT) this.#arrivals.probeAnswer(lane, responses.octets(slot))
        else this.#arrivals.response(lane, link, responses.octets(slot))
      }
      total += count
      if (count < SLOTS) break
    }
    return total
  }

  /** What came back: a refused datagram with its octets, or what else ICMP said. */
  #readErrors(): void {
    this.hasErrors = false
    const { libc, requests, sockets } = this.#batch
    const { lane, link } = this.#plan
    for (let read = 0; read < MOST_ERRORS && this.descriptor !== CLOSED; read += 1) {
      const length = libc.recvmsg(this.descriptor, requests.headers, MSG_ERRQUEUE | MSG_DONTWAIT)
      if (length < 0) {
        // Else an error that has no datagram would be reported for ever.
        if (read === 0) sockets.clearError(this.descriptor)
        return
      }
      const code = requests.readControl(0).refusedWith
      requests.reset(1)
      if (code === ECONNREFUSED) this.#arrivals.linkChanged(lane, link, 'refused', requests.octetsOf(0, length))
      else this.failed(systemCode(-code))
    }
  }

  #use(socket: number): void {
    if (!this.#opening.opened()) {
      this.#batch.sockets.close(socket)
      return
    }
    this.descriptor = socket
    this.#batch.poller.add(this)
    this.#report = this.#batch.sockets.report(socket, this.#batch.addresses)
    this.#plan.opened(this.#report.local)
  }

  #down(reason: string): void {
    this.#opening.failed(reason)
    this.#arrivals.linkChanged(this.#plan.lane, this.#plan.link, 'down')
  }

  #closeSocket(): void {
    if (this.descriptor === CLOSED) return
    this.#batch.flushOf(this)
    this.#batch.poller.remove(this)
    this.#batch.sockets.close(this.descriptor)
    this.descriptor = CLOSED
    this.#report = undefined
  }

  #tryAgain(): void {
    if (!this.#opening.begin(performance.now())) return
    try {
      this.#use(this.#batch.sockets.connect(this.#plan))
    } catch (error) {
      this.#opening.failed(reasonOf(error))
      return
    }
    this.#arrivals.linkChanged(this.#plan.lane, this.#plan.link, 'up')
  }
}

const reasonOf = (error: unknown): string => systemCodeOf((error as Error).cause) ?? 'UNKNOWN'
