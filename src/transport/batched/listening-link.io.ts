/**
 * A link that clients send to. One at a wildcard knows which address each datagram was sent to (IP_PKTINFO, man 7 ip), and the
 * answer leaves from there: also from an address that came a moment ago.
 */
import type { Endpoint } from '../../addresses.ts'
import { micros } from '../../units.ts'
import { type Arrivals, IDENTIFIERS, type Link, type LinkReport, type ListenPlan } from '../ports.ts'
import { type Batch, type BatchedSocket, CLOSED, MOST_CALLS } from './batch.io.ts'
import { EAGAIN, EINTR, MSG_DONTWAIT } from './kernel/linux.ts'
import { type ControlData, SLOTS } from './kernel/receive-ring.ts'
import { noChain } from './kernel/send-slab.ts'
import { systemCode } from './libc.io.ts'

/** An age above says that one of the clocks was set. Microseconds. */
const OLDEST = 5_000_000

export class ListeningLink implements Link, BatchedSocket {
  readonly isReliable = false
  readonly capacity = IDENTIFIERS
  readonly chain = noChain()
  descriptor: number
  hasErrors = false
  readonly #batch: Batch
  readonly #plan: ListenPlan
  readonly #arrivals: Arrivals
  readonly #report: LinkReport

  /** @throws a coded error if it can't be opened. */
  constructor(batch: Batch, plan: ListenPlan, arrivals: Arrivals) {
    this.#batch = batch
    this.#plan = plan
    this.#arrivals = arrivals
    this.descriptor = batch.sockets.listen(plan, batch.steering)
    this.#report = batch.sockets.report(this.descriptor, batch.addresses)
    batch.poller.add(this)
  }

  send(octets: Uint8Array, to?: Endpoint, asked?: string): void {
    if (this.descriptor === CLOSED || to === undefined) {
      this.#plan.failed('EBADF')
      return
    }
    const { addresses, slab } = this.#batch
    const from = asked === undefined ? undefined : addresses.of(asked)
    if (this.#batch.put(octets, this)) slab.push(this.chain, octets.length, addresses.of(to.address), to.port, from)
  }

  close(): void {
    if (this.descriptor === CLOSED) return
    this.#batch.flushOf(this)
    this.#batch.poller.remove(this)
    this.#batch.sockets.close(this.descriptor)
    this.descriptor = CLOSED
  }

  report(): LinkReport | undefined {
    if (this.descriptor === CLOSED) return undefined
    return { ...this.#report, kernelDrops: this.#batch.sockets.drops(this.descriptor) }
  }

  failed(code: string): void {
    this.#plan.failed(code)
  }

  /** Hands over the requests that wait; returns how many there were. */
  read(): number {
    const { libc, requests } = this.#batch
    const { peers, class: trafficClass } = this.#plan
    let total = 0
    for (let calls = 0; calls < MOST_CALLS && this.descriptor !== CLOSED; calls += 1) {
      const count = libc.recvmmsg(this.descriptor, requests.headers, SLOTS, MSG_DONTWAIT)
      if (count < 0) {
        if (count !== -EAGAIN && count !== -EINTR) this.failed(systemCode(count))
        break
      }
      for (let slot = 0; slot < count; slot += 1) {
        const control = requests.readControl(slot)
        const from = peers.at(requests.senderAddress(slot), requests.senderPort(slot), control.asked)
        this.#arrivals.request(trafficClass, from, requests.octets(slot), micros(this.#age(control)))
      }
      requests.reset(count)
      total += count
      if (count < SLOTS) break
    }
    return total
  }

  /** How long a datagram has been in the socket's buffer. */
  #age({ seconds, nanoseconds }: ControlData): number {
    if (seconds === 0) return 0
    const { seconds: nowSeconds, nanoseconds: nowNanoseconds } = this.#batch.timeOfDay()
    const age = (nowSeconds - seconds) * 1_000_000 + Math.round((nowNanoseconds - nanoseconds) / 1_000)
    if (age >= 0 && age <= OLDEST) return age
    this.#batch.counts.strangeAge += 1
    return 0
  }
}
