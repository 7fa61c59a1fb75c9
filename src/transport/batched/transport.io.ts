/**
 * UDP by batches: one call of the system reads up to 64 datagrams of a socket, and one sends all that a turn has for it.
 *
 *     wait (epoll_pwait2) -> read (recvmmsg: responses first, then requests) -> the engine -> send (sendmmsg)
 *
 * It runs in the thread of its instance, without libuv on the packets' way, and calls the C library through koffi.
 */
import type { Duration } from '../../units.ts'
import type { Clock } from '../clock.io.ts'
import type { Arrivals, ConnectPlan, Link, ListenPlan, Pace, Transport, TransportCounts } from '../ports.ts'
import { Batch } from './batch.io.ts'
import { EpollPace, type Waiting } from './epoll-pace.io.ts'
import type { Libc } from './libc.io.ts'
import { ListeningLink } from './listening-link.io.ts'
import type { Polled } from './poller.io.ts'
import { SecondLook } from './second-look.ts'
import { ServerLink } from './server-link.io.ts'
import type { Descriptors, Steering } from './sockets.io.ts'
import { Tick } from './tick.ts'
import { TurnTimes } from './turn-times.ts'

export interface BatchedOptions {
  /** How long a turn may gather what arrives: 0 to 1,000 microseconds. */
  readonly batchTick: Duration
  readonly steering: Steering
  readonly descriptors: Descriptors
}

export class BatchedTransport implements Transport, Waiting {
  readonly tellsAsked = true
  messages = 0
  readonly #batch: Batch
  readonly #batchTick: Duration
  /** The first `#readyCount` wait for `deliver`. To cut an array is a slow call for each turn. */
  readonly #ready: (Polled | undefined)[] = []
  #readyCount = 0
  #isPaced = false

  /** @throws a coded error if this machine can't: the kernel is too old, a call is forbidden, no descriptor is left. */
  constructor(libc: Libc, options: BatchedOptions) {
    this.#batch = new Batch(libc, options)
    this.#batchTick = options.batchTick
  }

  async listen(plan: ListenPlan, arrivals: Arrivals): Promise<Link> {
    return new ListeningLink(this.#batch, plan, arrivals)
  }

  async connect(plan: ConnectPlan, arrivals: Arrivals): Promise<Link> {
    const link = new ServerLink(this.#batch, plan, arrivals)
    link.open()
    return link
  }

  deliver(): void {
    if (!this.#isPaced) this.poll(0 as Duration)
    this.#batch.newTurn()
    let messages = 0
    const count = this.#readyCount
    for (let i = 0; i < count; i += 1) {
      const one = this.#ready[i]
      if (one instanceof ServerLink) messages += one.read()
    }
    for (let i = 0; i < count; i += 1) {
      const one = this.#ready[i]
      if (one instanceof ListeningLink) messages += one.read()
      this.#ready[i] = undefined
    }
    this.#readyCount = 0
    this.messages = messages
  }

  flush(): void {
    this.#batch.flush()
  }

  room(length: number): Uint8Array {
    return this.#batch.room(length)
  }

  pace(turn: () => void, clock: Clock): Pace {
    this.#isPaced = true
    const [tick, look] = [new Tick(this.#batchTick), new SecondLook(this.#batchTick)]
    return new EpollPace(this, { turn, clock, tick, look, times: new TurnTimes() })
  }

  get forwarded(): number {
    return this.#batch.slab.forwarded
  }

  poll(atMost: Duration): boolean {
    this.#readyCount = this.#batch.poller.wait(atMost, this.#ready, this.#readyCount)
    return this.#readyCount > 0
  }

  pollResponses(): boolean {
    const from = this.#readyCount
    const end = this.#batch.poller.wait(0 as Duration, this.#ready, from)
    let kept = from
    for (let i = from; i < end; i += 1) {
      const one = this.#ready[i]
      this.#ready[i] = undefined
      if (!(one instanceof ServerLink)) continue
      this.#ready[kept] = one
      kept += 1
    }
    this.#readyCount = kept
    return kept > 0
  }

  sleep(duration: Duration): void {
    this.#batch.poller.sleep(duration)
  }

  wasWoken(): boolean {
    return this.#batch.poller.wasWoken()
  }

  /** What has happened since it was opened. */
  counts(): TransportCounts {
    return { ...this.#batch.counts }
  }
}
